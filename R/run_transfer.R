#' Score the predictions for another cohort
#'
#' Runs Python's `ts.tl.transfer`, after [run_predict()] on the other cohort.
#'
#' @inheritParams run_filter_genes
#' @param map A named character vector or list: the classifier's class for a
#'   class of the cohort, `c("zone of skin" = "Skin")`. Names that are not in
#'   it stand for themselves.
#' @param reference The training cohort, after [run_cnn()]: a logistic
#'   regression is trained on its training samples, and scored on the same
#'   samples as the classifier. Without it none is trained.
#' @param seed Seed of the logistic regression.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `transfer` with `accuracy` and `macro_f1` (0 to 1),
#'   `n_correct` and `n_scored`, and the tables `per_class` (`class`, `n`,
#'   `precision`, `recall`, `f1`), `confusion` (`true`, `predicted`, `n`),
#'   `unknown` (classes that the classifier does not have) and `map`; with
#'   `reference` also `baseline_accuracy`, `baseline_macro_f1`,
#'   `baseline_n_correct`, `baseline_n_genes` and the column `baseline_f1`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 2)
#'     other <- simulate_counts(60, 100, tissues = 3, seed = 1)
#'     run_log2(run_tmm(other, reference = adata))
#'     run_transfer(run_predict(other, model), reference = adata)
#' }
run_transfer <- function(adata, label = NULL, map = NULL, reference = NULL,
                         seed = 42, key_added = NULL, copy = FALSE) {
    in_python("tl.transfer", adata, list(label = label, map = class_map(map),
        reference = if (!is.null(reference)) as_anndata(reference),
        seed = seed, key_added = key_added), copy = copy)
}
