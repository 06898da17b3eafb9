#' Normalise by trimmed means of M values (TMM)
#'
#' See [core_tmm()].
#'
#' @inheritParams run_filter_genes
#' @param reference `NULL`, or what to normalise new samples by: an AnnData or
#'   SummarizedExperiment after `run_tmm()`, or the `uns` of [core_tmm()].
#' @inheritParams core_tmm
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `obs` `lib_size` (the sample's total count) and `norm_factor`, the layer
#'   `tmm` (counts per million on effective library sizes; sparse or delayed
#'   where the counts are), and the record
#'   `tmm` with `reference_sample`, `reference` and `reference_scale`.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = matrix(rpois(200, 10), 20, 10)))
#'     se <- run_tmm(se)
#'     se$norm_factor
#' }
run_tmm <- function(adata, reference = NULL, assay = NULL, key_added = NULL,
                    copy = FALSE, BPPARAM = BiocParallel::SerialParam()) {
    on_data(adata, copy, function(x) {
        x <- remember_assay(x, assay)
        mask <- genes_in_use(x)
        results <- core_tmm(get_counts(x), frozen_reference(reference), mask,
            BPPARAM)
        write_slots(x, "tmm", results, list(frozen = !is.null(reference)),
            "edgeR", key_added, if (!is.null(mask)) "filter_genes")
    })
}

frozen_reference <- function(reference) {
    if (is.null(reference) || is_plain_list(reference)) {
        return(reference)
    }
    record <- get_record(reference, "tmm")
    if (is.null(record)) {
        fail("reference has no record of TMM: run run_tmm() on it first")
    }
    record
}
