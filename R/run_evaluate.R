#' Score the predictions for the held-out samples
#'
#' Runs Python's `ts.tl.evaluate`.
#'
#' @inheritParams run_filter_genes
#' @param baseline Score a logistic regression beside the classifier.
#' @param seed Seed of the random numbers.
#' @return `adata`, invisibly, as [run_filter_genes()] returns it. Written is
#'   the record `evaluate` with `macro_f1`, `accuracy`, `baseline_macro_f1` and
#'   the tables `per_class` and `confusion`.
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- run_evaluate(example_results())
#'     S4Vectors::metadata(results)$tissueshap$evaluate$macro_f1
#' }
run_evaluate <- function(adata, label = NULL, baseline = TRUE, seed = 42,
                         key_added = NULL, copy = FALSE) {
    in_python("tl.evaluate", adata, list(label = label, baseline = baseline,
        seed = seed, key_added = key_added), copy = copy)
}
