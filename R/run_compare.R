#' Compare the genes of SHAP with those of differential expression
#'
#' Runs Python's `ts.tl.compare`, after [run_select_genes()] and [run_de()].
#'
#' @inheritParams run_filter_genes
#' @param ... More settings of `ts.tl.compare`.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `compare` with `n_genes`, `n_shap`, `n_de`, `n_both`,
#'   `overlap_fraction`, `expected` (overlap by chance) and `pvalue`, and the
#'   tables `per_class` (`class`, `n_shap`, `n_de`, `n_both`, `n_up`,
#'   `n_down`, `fraction`, `expected`, `pvalue`), `genes` (a row for each
#'   class and gene in either set: `in_shap`, `in_de`, `logfc`, `fdr`,
#'   `missed_by`) and `by_rank`.
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
