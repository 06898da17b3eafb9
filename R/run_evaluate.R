#' Score the predictions for the held-out samples
#'
#' Runs Python's `ts.tl.evaluate`.
#'
#' @inheritParams run_filter_genes
#' @param baseline Score a logistic regression as well as the classifier.
#' @param layer The layer (assay) that the regression reads; by default the one
#'   that the classifier was trained on.
#' @param seed Seed of the random numbers.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `evaluate` with `macro_f1` and `accuracy` (0 to 1),
#'   `baseline_macro_f1`, `baseline_accuracy` and `n_test`, and the tables
#'   `per_class` (`class`, `n`, `precision`, `recall`, `f1`, `baseline_f1`)
#'   and `confusion` (`true`, `predicted`, `n`).
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- run_evaluate(example_results())
#'     S4Vectors::metadata(results)$tissueshap$evaluate$macro_f1
#' }
run_evaluate <- function(adata, label = NULL, baseline = TRUE,
                         layer = NULL, seed = 42, key_added = NULL,
                         copy = FALSE) {
    in_python("tl.evaluate", adata, list(label = label, baseline = baseline,
        layer = layer, seed = seed, key_added = key_added), copy = copy)
}
