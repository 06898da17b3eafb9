#' Calibrate a classifier, so that it can be applied to other samples
#'
#' Runs Python's `ts.tl.calibrate`: on samples that the network has not seen,
#' it fits the scaling of the probabilities, thresholds of prediction sets, and
#' the distance from the training samples with which samples of unknown
#' classes are recognised. Where no samples were held out to monitor the
#' training, networks are trained on folds of the training samples.
#'
#' @inheritParams run_predict
#' @inheritParams run_filter_genes
#' @param adata What [run_cnn()] was called with.
#' @param n_folds Number of folds. Each is a training.
#' @param n_centres Number of cluster centres of the training samples that are
#'   kept for [run_explain()].
#' @param seed Seed of the folds, their trainings and the centres.
#' @return The calibrated classifier, for [run_predict()] and [run_explain()].
#'   Written is the record `calibrate`, with the expected calibration error on
#'   the test samples before and after (`ece_before`, `ece_after`) and the
#'   table `reliability`; not into a SummarizedExperiment, since only the model
#'   is returned.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 2, n_models = 1)
#'     model <- run_calibrate(adata, model, n_folds = 2)
#'     new <- simulate_counts(60, 100, tissues = 3, seed = 1)
#'     run_predict(new, model)
#'     table(new$obs$verdict)
#' }
run_calibrate <- function(adata, model, label = NULL, n_folds = 5,
                          n_centres = 50, seed = 42, key_added = NULL) {
    model_from("tl.calibrate", adata, list(label = label, n_folds = n_folds,
        n_centres = n_centres, seed = seed, key_added = key_added),
        list(model))
}
