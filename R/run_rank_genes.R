#' Rank the genes of each class by their SHAP values
#'
#' Runs Python's `ts.tl.rank_genes`: by the signed median, or another
#' statistic, over the class's explained samples.
#'
#' @inheritParams run_filter_genes
#' @param statistic What to rank by.
#' @return `adata`, invisibly, as [run_filter_genes()] returns it. Written are
#'   `varm` `shap_median` and `shap_rank`.
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- run_rank_genes(example_results())
#' }
run_rank_genes <- function(adata, label = NULL, statistic = "median",
                           key_added = NULL, copy = FALSE) {
    in_python("tl.rank_genes", adata, list(label = label,
        statistic = statistic, key_added = key_added), copy = copy)
}
