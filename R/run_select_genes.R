#' Select the genes that the classifier uses most
#'
#' Runs Python's `ts.tl.select_genes`: the top ranks of all classes. By default
#' they end where the values, in the mean class, fall below a third of the
#' highest; the published rule is `method = "unique_fraction"`.
#'
#' @inheritParams run_filter_genes
#' @param method `"peak"`, `"unique_fraction"`, `"top_n"`, `"elbow"` or
#'   `"permutation_fdr"`.
#' @param threshold For `"peak"` the share of the highest value, a third by
#'   default; for `"unique_fraction"` that of the places that hold a gene of
#'   their own, half by default.
#' @param n_top Number of ranks, for `method = "top_n"`.
#' @param fdr False discovery rate, for `method = "permutation_fdr"`.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `var` `shap_selected` (logical) and the record `select_genes` with
#'   `n_ranks`, `n_genes` and `unique_fraction`, and the tables `curve`
#'   (`n_ranks`, `n_unique`, `n_total`, `unique_fraction`,
#'   `exclusive_fraction`), `by_share`, and `genes` (`class`, `gene`, `rank`,
#'   `value`, `exclusive`: in this class only).
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- run_select_genes(example_results(), method = "top_n",
#'         n_top = 10)
#'     S4Vectors::metadata(results)$tissueshap$select_genes$n_genes
#' }
run_select_genes <- function(adata, label = NULL, method = "peak",
                             threshold = NULL, n_top = NULL, fdr = 0.05,
                             key_added = NULL, copy = FALSE) {
    in_python("tl.select_genes", adata, list(label = label, method = method,
        threshold = threshold, n_top = n_top, fdr = fdr,
        key_added = key_added), copy = copy)
}
