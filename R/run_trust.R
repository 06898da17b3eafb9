#' Measure how far the explanation can be trusted
#'
#' Runs Python's `ts.tl.trust`: whether the values add up and are those of this
#' model, whether held-out samples are new to it and predicted, whether another
#' column of the samples goes with the class, whether the model uses the genes,
#' whether they come from the learned weights, mark their class on held-out
#' samples, are stable, beat simple methods, and are right where the truth is
#' known.
#'
#' @inheritParams run_predict
#' @inheritParams run_filter_genes
#' @param checks `"quick"` (at most one training, where it takes less than a
#'   minute), `"full"`, or names of checks as `ts.tl.trust` lists them.
#' @param n_samples Explained samples of each class to look at.
#' @param n_seeds,n_folds Networks trained with other seeds (one where `checks`
#'   is `"quick"`), and without a part of the training samples each.
#' @param n_boot Bootstraps of the explained samples.
#' @param seed Seed of the random numbers.
#' @param ... More settings of `ts.tl.trust`.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `trust` with the table `summary` (`question`, `measure`,
#'   `value`, `chance`, `threshold`, `verdict`, `reason`) and its details,
#'   `specificity` among them: of each class the selected genes that stand out
#'   in it on held-out samples (`class`, `n_test`, `n_genes`, `n_standing_out`,
#'   `share`).
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(60, 40, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 20)
#'     run_shap(adata, model, n_draws = 50)
#'     run_select_genes(run_rank_genes(adata), method = "elbow")
#'     run_trust(adata, model, checks = "completeness")
#' }
run_trust <- function(adata, model, label = NULL, checks = "quick",
                      n_samples = 3, n_seeds = 2, n_folds = 3, n_boot = 20,
                      seed = 42, key_added = NULL, copy = FALSE, ...) {
    levels <- c("quick", "full")
    if (!(length(checks) == 1 && checks %in% levels)) {
        checks <- as.list(checks)
    }
    in_python("tl.trust", adata, list(label = label, checks = checks,
        n_samples = n_samples, n_seeds = n_seeds, n_folds = n_folds,
        n_boot = n_boot, seed = seed, key_added = key_added, ...),
        list(model), copy)
}
