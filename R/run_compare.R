#' Compare the genes of SHAP with those of differential expression
#'
#' Runs Python's `ts.tl.compare`, after [run_select_genes()] and [run_de()].
#'
#' @inheritParams run_filter_genes
#' @param ... More settings of `ts.tl.compare`.
#' @return `adata`, invisibly, as [run_filter_genes()] returns it. Written is
#'   the record `compare`.
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- run_compare(example_results())
#'     S4Vectors::metadata(results)$tissueshap$compare$per_class
#' }
run_compare <- function(adata, label = NULL, key_added = NULL, copy = FALSE,
                        ...) {
    in_python("tl.compare", adata, list(label = label, key_added = key_added,
        ...), copy = copy)
}
