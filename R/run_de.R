#' Test each class against the average of the others
#'
#' See [core_de()].
#'
#' @inheritParams run_filter_genes
#' @inheritParams core_de
#' @return `adata`, invisibly, as [run_filter_genes()] returns it. Written are
#'   `varm` `de_logfc`, `de_pvalue` and `de_fdr` (genes x classes; in a
#'   SummarizedExperiment nested in `rowData`), `var` `de_significant`, and the
#'   record `de` with `counts` and `dispersion`.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = matrix(rnbinom(1200, mu = 50, size = 10), 100, 12)),
#'         colData = data.frame(tissue = rep(c("a", "b", "c"), 4)))
#'     se <- run_de(run_tmm(se), "tissue", lfc = 1)
#'     SummarizedExperiment::rowData(se)$de_fdr
#' }
run_de <- function(adata, label = NULL, fdr = 0.01, lfc = 4,
                   method = c("edgeR_QL", "edgeR_LRT", "limma_voom",
                       "limma"),
                   key_added = NULL, copy = FALSE) {
    method <- match.arg(method)
    on_data(adata, copy, function(x) {
        class <- get_label(x, label)
        params <- list(fdr = fdr, lfc = lfc, method = method)
        data <- if (method == "limma") log_values(x) else normalised_counts(x)
        found <- do.call(core_de, c(data, list(label = class$values), params))
        write_slots(x, "de", found, c(list(label = class$name), params),
            c("edgeR", "limma"), key_added)
    })
}

normalised_counts <- function(x) {
    list(counts = get_counts(x),
        lib_size = need_column(x, "obs", slot_name("obs", "lib_size")),
        norm_factor = need_column(x, "obs", slot_name("obs", "norm_factor")))
}

log_values <- function(x) {
    name <- slot_name("layers", "log2")
    found <- get_matrix(x, name)
    if (is.null(found)) {
        fail("layers \"%s\" is missing: read the data with values = \"log\"",
            name)
    }
    list(counts = found)
}
