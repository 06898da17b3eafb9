#' Train a network to distinguish the classes
#'
#' Runs Python's `ts.tl.cnn` on the samples that [run_split()] marked `train`,
#' balanced as [run_oversample()] says, if it was run.
#'
#' @inheritParams run_filter_genes
#' @param adata An AnnData (of Python, or of \pkg{anndataR}), a
#'   SummarizedExperiment, or the path of an `.h5ad` file.
#' @param preset `"default"`, `"paper"` or `"small"`.
#' @param arch `"cnn"` (the genes as an image), `"mlp"` or `"linear"`, instead
#'   of the preset's.
#' @param layout Where a `"cnn"` has each gene on its image: `"input"`,
#'   `"permuted"`, or by similarity, `"clustered"` or `"umap"`.
#' @param standardise What has mean 0 and variance 1 before the first layer:
#'   `"genes"`, `"samples"` or `"none"`, instead of the preset's choice.
#' @param epochs Passes over the training rows, instead of the preset's.
#' @param n_models Networks to train and to average; the preset's number by
#'   default.
#' @param seed Seed of the random numbers.
#' @param ... More settings of `ts.tl.cnn`.
#' @return The classifier, a Python object: the argument `model` of
#'   [run_predict()] and [run_shap()]; its `history` is a data frame of the
#'   loss. Written is the record `cnn`, but not into a SummarizedExperiment,
#'   since only the model is returned.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small", epochs = 2)
#' }
run_cnn <- function(adata, label = NULL,
                    preset = c("default", "paper", "small"), arch = NULL,
                    layout = NULL, standardise = NULL, epochs = NULL,
                    n_models = NULL, seed = 42, ...) {
    arguments <- list(label = label, preset = choice_of(preset), arch = arch,
        layout = layout, standardise = standardise, epochs = epochs,
        n_models = n_models, seed = seed, ...)
    model_from("tl.cnn", adata, arguments)
}

# Run a verb of Python that returns a model and writes its record.
model_from <- function(verb, adata, arguments, positional = list()) {
    refuse_inside_python(sprintf("ts.%s(adata)", verb))
    words <- place_words(adata)
    model <- NULL
    run_python(adata, FALSE, function(data) {
        model <<- call_python(verb, c(list(data), positional), arguments, words)
        data
    })
    model
}
