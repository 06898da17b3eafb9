#' Apply a classifier
#'
#' Runs Python's `ts.tl.predict`. Without the layer, raw counts are prepared as
#' the training samples were, with what the model carries: its genes are found
#' by any identifier that both have, each sample is normalised by the model's
#' own reference alone, and genes that the data lack have their training
#' median. After [run_calibrate()] a model's probabilities are calibrated, and
#' it says which samples it cannot judge.
#'
#' @inheritParams run_filter_genes
#' @param model What [run_cnn()] returned.
#' @param layer The layer (assay) to read; by default the one that the
#'   classifier was trained on. If it is not there, raw counts are read.
#' @param counts Where raw counts to prepare are, even if the layer is there:
#'   the name of a layer (assay), `"raw"` or `"X"`. By default where an earlier
#'   verb found them, then where those of the training samples were, then `X`.
#' @param fill `NULL`, or the value, on the layer's scale, of genes of the model
#'   that `adata` lacks: `model$scale$floor` is a gene that is not expressed. By
#'   default missing genes are an error.
#' @param min_overlap Share of the model's genes that raw counts must have.
#' @param check_scale Refuse values that are clearly on another scale than the
#'   training data (log-transformed to another base, without the shift, raw
#'   counts), and samples in which nothing was measured; `FALSE` warns of them,
#'   and goes on. Missing and infinite values are always refused.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `obsm` `proba` (samples x classes, probabilities), `obs` `predicted` (a
#'   factor) and `confidence` (the predicted class's probability), and the
#'   record `predict`. A calibrated model also writes `prediction_set` (classes
#'   that hold the sample's own with a probability of 95 percent), `novelty`
#'   (distance from the nearest class in the last hidden layer),
#'   `novelty_pvalue`, `nearest_class`, `second_class` (whose mixture with the
#'   nearest class is closest to the sample), `mixture_pvalue` (share of samples
#'   of known classes that such a mixture is as much closer to than their
#'   nearest class), the `obsm` `X_classes` (a map of the classes) and
#'   `verdict`. A sample that a mixture of two classes is closer to, by more
#'   than for 95 percent of samples of known classes, is `"ambiguous"`. Any
#'   other sample that lies further from every class than 95 percent of them is
#'   `"unfamiliar"`. The rest are `"known"` if their set has one class, and
#'   `"ambiguous"` if it has several or none.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 2)
#'     run_predict(adata, model)
#'     table(adata$obs$tissue, adata$obs$predicted)
#' }
run_predict <- function(adata, model, layer = NULL, counts = NULL,
                        fill = NULL, min_overlap = 0.9, check_scale = TRUE,
                        key_added = NULL, copy = FALSE) {
    in_python("tl.predict", adata, list(layer = layer, counts = counts,
        fill = fill, min_overlap = min_overlap, check_scale = check_scale,
        key_added = key_added), list(model), copy)
}
