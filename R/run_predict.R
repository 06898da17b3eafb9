#' Apply a classifier
#'
#' Runs Python's `ts.tl.predict`.
#'
#' @inheritParams run_filter_genes
#' @param model What [run_cnn()] returned.
#' @param layer The layer (assay) to read.
#' @param fill `NULL`, or the value, on the layer's scale, of genes of the model
#'   that `adata` lacks: `model$scale$floor` is a gene that is not expressed. By
#'   default missing genes are an error.
#' @param check_scale Refuse values that are clearly on another scale than the
#'   training data (log-transformed to another base, without the shift, raw
#'   counts), and samples in which nothing was measured; `FALSE` warns of them,
#'   and goes on. Missing and infinite values are always refused.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `obsm` `proba` (samples x classes, probabilities), `obs` `predicted` (a
#'   factor) and `confidence` (the predicted class's probability), and the
#'   record `predict`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 2)
#'     run_predict(adata, model)
#'     table(adata$obs$tissue, adata$obs$predicted)
#' }
run_predict <- function(adata, model, layer = "log2", fill = NULL,
                        check_scale = TRUE, key_added = NULL, copy = FALSE) {
    in_python("tl.predict", adata, list(layer = layer, fill = fill,
        check_scale = check_scale, key_added = key_added), list(model), copy)
}
