#' Explain the predictions by expected gradients (SHAP)
#'
#' Runs Python's `ts.tl.shap`.
#'
#' @inheritParams run_predict
#' @inheritParams run_filter_genes
#' @param target The class to explain: `"predicted"`, or as `ts.tl.shap` says.
#' @param samples Which samples to explain: those of the test set that were
#'   predicted correctly, the test set, or all.
#' @param background Which samples to compare with.
#' @param n_draws Draws a sample.
#' @param output Explain the probability, or the logit before it.
#' @param seed Seed of the random numbers.
#' @param ... More settings of `ts.tl.shap`.
#' @return `adata`, invisibly, as [run_filter_genes()] returns it. Written are
#'   the layer `shap` and the record `shap` with the table `samples`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 2)
#'     run_predict(adata, model)
#'     run_shap(adata, model, n_draws = 5)
#' }
run_shap <- function(adata, model, label = NULL, target = "predicted",
                     samples = c("correct", "test", "all"),
                     background = "train", n_draws = 50,
                     output = c("probability", "logit"), seed = 42,
                     key_added = NULL, copy = FALSE, ...) {
    in_python("tl.shap", adata, list(label = label, target = target,
        samples = match.arg(samples), background = background,
        n_draws = n_draws, output = match.arg(output), seed = seed,
        key_added = key_added, ...), list(model), copy)
}
