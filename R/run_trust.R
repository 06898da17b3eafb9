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
#' @param model What [run_cnn()] returned, after [run_select_genes()]; or a
#'   model of another package that [class_probabilities()] knows, a function of
#'   samples x genes, or a model of Python. Such a model is explained here, by
#'   sampled Shapley values where Python has no exact method, on at most ten
#'   held-out samples of each class that it predicts correctly; its genes are
#'   those of `adata` unless it names them. `NULL` if there are only
#'   `attributions`.
#' @param attributions `NULL`, or an explanation from elsewhere to be checked:
#'   the name of a layer (assay); a matrix, genes x samples; a matrix or data
#'   frame of genes x classes, such as coefficients; or a named list with the
#'   genes of each class, the most important first.
#' @param train `NULL`, or a function of `x` (samples x genes), `y` (the
#'   classes) and `seed` that trains a model like `model`, for the checks that
#'   train again.
#' @param n_top Genes of each class that are checked, if the explanation is not
#'   one that `adata` has; by default ten, or a tenth of the genes if these are
#'   fewer.
#' @param checks `"quick"` (nothing is trained; if the model is a mean of
#'   networks, these are compared), `"full"`, or names of checks as
#'   `ts.tl.trust` lists them.
#' @param n_samples Explained samples of each class to look at.
#' @param n_seeds,n_folds Networks trained with other seeds, and without a part
#'   of the training samples each; none where `checks` is `"quick"`.
#' @param n_boot Bootstraps of the explained samples.
#' @param seed Seed of the random numbers.
#' @param ... More settings of `ts.tl.trust`, such as `groups` (the column of
#'   the samples, for example the donor, of which the samples of one value are
#'   left out together) and `folder` (where finished networks are kept, to go
#'   on after an interruption).
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
#'
#'     # A published list, and no model.
#'     genes <- rownames(simulate_counts(60, 40, tissues = 3))
#'     lists <- list(genes[1:3], genes[4:6], genes[7:9])
#'     names(lists) <- levels(adata$obs$tissue)
#'     run_trust(adata, NULL, attributions = lists, checks = "specificity")
#' }
run_trust <- function(adata, model, label = NULL, attributions = NULL,
                      train = NULL, n_top = NULL, checks = "quick",
                      n_samples = 3, n_seeds = 2, n_folds = 3, n_boot = 20,
                      seed = 42, key_added = NULL, copy = FALSE, ...) {
    levels <- c("quick", "full")
    if (!(length(checks) == 1 && checks %in% levels)) {
        checks <- as.list(checks)
    }
    names <- reading(adata, function(x) {
        list(genes = gene_names(only_genes_in_use(x)),
            samples = sample_names(x))
    })
    genes <- names$genes
    model <- model_for_python(model, genes)
    attributions <- attributions_for_python(attributions, names$samples)
    in_python("tl.trust", adata, list(label = label,
        attributions = attributions, train = training_for_python(train, genes),
        n_top = n_top, checks = checks,
        n_samples = n_samples, n_seeds = n_seeds, n_folds = n_folds,
        n_boot = n_boot, seed = seed, key_added = key_added, ...),
        list(model), copy)
}
