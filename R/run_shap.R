#' Explain the predictions by expected gradients (SHAP)
#'
#' Runs Python's `ts.tl.shap`.
#'
#' @inheritParams run_predict
#' @inheritParams run_filter_genes
#' @param model What [run_cnn()] returned, or a model of another package that
#'   [class_probabilities()] knows, which is explained by sampled Shapley values
#'   (10 draws of 2 x genes + 1 evaluations per sample, up to 50 of few genes),
#'   or a model of Python. Its genes are those of `adata` unless it names them.
#' @param label Name of the column with the classes; by default the one that the
#'   classifier was trained with, otherwise the recorded one.
#' @param target The class to explain: `"predicted"`, `"true"`, a class's name,
#'   or `"all"`, for which `varm` `shap_mean_abs` summarises every class and
#'   [plot_shap_bar()] draws it.
#' @param samples Which samples to explain: those of the test set that were
#'   predicted correctly, the test set, or all.
#' @param background Which samples to compare with: the real training samples
#'   (`"train"`), the oversampled set as published (`"balanced"`), the real ones
#'   with each class as often as any other (`"stratified"`), those of other
#'   classes than the explained one (`"others"`), k-means centres (`"kmeans"`),
#'   or a matrix, samples x genes.
#' @param n_centres Centres of `"kmeans"`.
#' @param n_draws Draws per sample, with `tolerance` the most; sampled Shapley
#'   values take 10 or fewer.
#' @param tolerance Stop a sample when the standard errors of its 20 largest
#'   values are this share of them.
#' @param output Explain the probability, or the logit before it. Models of R
#'   are explained by their probabilities.
#' @param method Draw stratified, or as the Python package shap does.
#' @param batch_size Rows of a gradient pass; `NULL` chooses.
#' @param mixed_precision Compute the gradients in bfloat16 where possible.
#' @param class_layers With `target = "all"`, keep a layer for each class, named
#'   `shap_class_<class>`.
#' @param seed Seed of the random numbers.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   the layer `shap` (each gene's contribution to the explained class's
#'   probability or, with `output = "logit"`, logit; genes x samples in an
#'   experiment; missing where a sample is not explained) and the record
#'   `shap` with the table `samples` (one row per explained sample: `sample`,
#'   its position from 0; `explained`, the class; `n_draws`; `output` and
#'   `base`, whose difference the contributions add up to; `completeness`, the
#'   relative error of that sum; `relative_error`). For `target = "all"` also
#'   `varm` `shap_mean_abs` (genes x classes) and the table `pairs`.
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
                     background = "train", n_centres = 50, n_draws = 200,
                     tolerance = NULL, output = c("probability", "logit"),
                     method = c("stratified", "monte_carlo"),
                     batch_size = NULL, mixed_precision = FALSE,
                     class_layers = FALSE, layer = NULL, seed = 42,
                     key_added = NULL, copy = FALSE) {
    in_python("tl.shap", adata, list(label = label, target = target,
        samples = choice_of(samples), background = background,
        n_centres = n_centres, n_draws = n_draws, tolerance = tolerance,
        output = choice_of(output), method = choice_of(method),
        batch_size = batch_size, mixed_precision = mixed_precision,
        class_layers = class_layers, layer = layer, seed = seed,
        key_added = key_added),
        list(model_for_python(model, axis_names(adata, "var"))), copy)
}
