#' Explain new samples against the background that a model carries
#'
#' Runs Python's `ts.tl.explain`. The training samples are not needed, and
#' samples may be of classes that the model does not know: what is explained
#' then is why it assigns them to the class that it names.
#'
#' @inheritParams run_predict
#' @inheritParams run_filter_genes
#' @param model What [run_calibrate()] returned.
#' @param target The class to explain: `"predicted"`, a class's name, or
#'   `"all"`.
#' @param n_draws Draws per sample, with `tolerance` the most.
#' @param tolerance Stop a sample when the standard errors of its 20 largest
#'   values are this share of them.
#' @param output Explain the probability, or the logit before it.
#' @param seed Seed of the random numbers.
#' @return `adata`, as [run_filter_genes()] returns it. Written are what
#'   [run_shap()] writes, and the record `explain` with `n_filled`, the number
#'   of the model's genes that the data lack, and `filled_share`, their share
#'   of the sum of the absolute values.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 2, n_models = 1)
#'     model <- run_calibrate(adata, model, n_folds = 2)
#'     run_explain(simulate_counts(60, 100, tissues = 3, seed = 1), model,
#'         n_draws = 5)
#' }
run_explain <- function(adata, model, target = "predicted", n_draws = 200,
                        tolerance = NULL, output = c("probability", "logit"),
                        layer = NULL, counts = NULL, min_overlap = 0.9,
                        seed = 42, key_added = NULL, copy = FALSE) {
    in_python("tl.explain", adata, list(target = target, n_draws = n_draws,
        tolerance = tolerance, output = choice_of(output), layer = layer,
        counts = counts, min_overlap = min_overlap, seed = seed,
        key_added = key_added),
        list(model), copy)
}
