#' Rank the genes of each class by their SHAP values
#'
#' Runs Python's `ts.tl.rank_genes`: by the signed median, or another
#' statistic, over the class's explained samples.
#'
#' @inheritParams run_filter_genes
#' @param statistic What to rank by: `"median"`, `"mean"` or `"mean_abs"`.
#' @param by Whether a sample counts for the class that was `"explained"` for
#'   it, or for its own, by `"label"`.
#' @param n_boot Bootstraps of each class's samples, for an interval of the
#'   statistic.
#' @param seed Seed of the bootstraps.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `varm` `shap_median` and `shap_rank` (genes x classes; rank 1 is the
#'   highest), with `n_boot` also `shap_low` and `shap_high`, the ends of a 95
#'   % bootstrap interval; and the record `rank_genes` with the table `counts`
#'   (`class`, `n_explained`).
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- run_rank_genes(example_results())
#' }
run_rank_genes <- function(adata, label = NULL, statistic = "median",
                           by = c("explained", "label"), n_boot = 0,
                           seed = 42, key_added = NULL, copy = FALSE) {
    in_python("tl.rank_genes", adata, list(label = label,
        statistic = statistic, by = choice_of(by), n_boot = n_boot,
        seed = seed, key_added = key_added), copy = copy)
}
