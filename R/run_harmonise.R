#' Bring a second cohort onto the scale of the one a classifier was trained on
#'
#' Runs Python's `ts.pp.harmonise`: each gene is standardised within its own
#' cohort, then given the mean and standard deviation of the training cohort.
#'
#' @inheritParams run_filter_genes
#' @param reference The training cohort, as `adata` is given.
#' @param method `"zscore"`.
#' @param layer The layer (assay) to read in both.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   the layer `harmonised` (log2 values on the reference's scale; missing for
#'   genes that it lacks) and the record `harmonise` with `n_genes`,
#'   `n_constant` and `n_reference`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     other <- run_tmm(simulate_counts(60, 100, tissues = 3, seed = 1))
#'     run_harmonise(run_log2(other), adata)
#' }
run_harmonise <- function(adata, reference, method = "zscore",
                          layer = "log2", key_added = NULL, copy = FALSE) {
    in_python("pp.harmonise", adata, list(method = method, layer = layer,
        key_added = key_added), list(as_anndata(reference)), copy)
}
