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
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small")
#'     run_shap(run_predict(adata, model), model, n_draws = 20)
#'     run_rank_genes(adata)
#' }
run_rank_genes <- function(adata, label = NULL, statistic = "median",
                           key_added = NULL, copy = FALSE) {
    in_python("tl.rank_genes", adata, list(label = label,
        statistic = statistic, key_added = key_added), copy = copy)
}
