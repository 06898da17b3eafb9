#' Predict and explain each sample by a network that has not seen it
#'
#' Runs Python's `ts.tl.cross_validate` on the folds of
#' `run_split(n_folds = 5)`: each fold's network is trained on the samples of
#' the other folds, balanced as [run_oversample()] says, if it was run, and
#' predicts and explains the fold's samples. It takes the place of
#' [run_predict()] and [run_shap()] where no test set can be spared; the network
#' for new samples is another one, which [run_cnn()] trains on all samples.
#'
#' @inheritParams run_filter_genes
#' @param adata An AnnData (of Python, or of \pkg{anndataR}), a
#'   SummarizedExperiment, or the path of an `.h5ad` file.
#' @param train Settings of [run_cnn()], a named list.
#' @param explain Settings of [run_shap()], a named list.
#' @param layer The classifiers' input.
#' @param seed Seed of the random numbers: the first fold's, the next one's is
#'   1 more.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   what [run_predict()] and [run_shap()] write, each sample's by its own
#'   fold's network, and the record `cross_validate` with the tables `folds`
#'   (`fold`, `n_train`, `n_rows`, `n_test`, `n_correct`, `n_explained`,
#'   `seconds`) and `history`. [run_evaluate()], [run_rank_genes()] and
#'   [run_select_genes()] report how they differ from fold to fold.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(60, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_folds = 2))
#'     run_cross_validate(adata, train = list(epochs = 2),
#'         explain = list(n_draws = 5))
#' }
run_cross_validate <- function(adata, label = NULL, train = list(),
                               explain = list(), layer = "log2", seed = 42,
                               copy = FALSE) {
    in_python("tl.cross_validate", adata, list(label = label,
        train = settings_dict(train), explain = settings_dict(explain),
        layer = layer, seed = seed), copy = copy)
}

# A named list as the dictionary that Python takes.
settings_dict <- function(settings) {
    as_dict(lapply(settings, python_value))
}
