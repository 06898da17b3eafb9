#' How many genes differential expression calls where there is nothing to find
#'
#' See [core_de_error_rate()].
#'
#' @inheritParams run_filter_genes
#' @inheritParams core_de_error_rate
#' @return `adata`, as [run_filter_genes()] returns it. Written is the record
#'   `de_error_rate` with the tables `calls` and `rates`, as
#'   [core_de_error_rate()] describes them.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = matrix(rnbinom(1600, mu = 50, size = 10), 100, 16)),
#'         colData = data.frame(tissue = rep(c("a", "b"), 8)))
#'     se <- run_de_error_rate(run_tmm(se), "tissue", methods = "wilcoxon",
#'         n_permutations = 2)
#' }
run_de_error_rate <- function(adata, label = NULL,
                              methods = c("edgeR_QL", "limma_voom",
                                  "wilcoxon"),
                              null = c("permuted", "within_class"),
                              n_permutations = 5, fdr = 0.01, lfc = 4,
                              rest = c("mean_of_classes", "weighted",
                                  "pooled"),
                              assay = NULL, seed = 42,
                              BPPARAM = BiocParallel::SerialParam(),
                              key_added = NULL, copy = FALSE) {
    methods <- choice_of(methods, names(schema()$de_methods), several = TRUE)
    null <- choice_of(null)
    rest <- choice_of(rest)
    check_same_values(methods)
    on_data_in_use(adata, copy, function(x) {
        x <- remember_assay(x, assay)
        class <- get_label(x, label)
        made_by <- de_source(methods[[1L]])
        need_current(x, made_by)
        data <- if (made_by == "log2") log_values(x) else normalised_counts(x)
        params <- list(methods = methods, null = null,
            n_permutations = n_permutations, fdr = fdr, lfc = lfc, rest = rest)
        found <- do.call(core_de_error_rate, c(data,
            list(label = class$values, BPPARAM = BPPARAM, seed = seed), params))
        write_slots(x, "de_error_rate", found, c(list(label = class$name),
            params, list(seed = seed)), c("edgeR", "limma"), key_added, made_by)
    })
}
