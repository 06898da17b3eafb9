#' Hold out samples of each class for the test
#'
#' Runs Python's `ts.pp.split`. By default a class holds out a quarter of its
#' samples, at least 2 and at most 50. With `n_folds` every sample is held out
#' in one of the folds, for [run_cross_validate()].
#'
#' @inheritParams run_filter_genes
#' @param n_test Samples of each class to hold out, exactly, instead of a
#'   share of them.
#' @param test_fraction Share of each class's samples to hold out.
#' @param max_test Most samples of a class that this share holds out.
#' @param n_folds Divide the samples into this many folds, each class as evenly
#'   as can be.
#' @param groups Name of a column; samples of one group (a donor) stay together.
#' @param seed Seed of the random numbers.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `obs` `split` (`"train"` or `"test"`; with folds `"both"`) and the record
#'   `split` with the table `counts` (`class`, `n`, `n_test`, `n_train`,
#'   `difference` from the number asked for). With folds also `obs` `fold`,
#'   where a sample is held out, from 1; `counts` then has one row per class and
#'   `fold`, without `difference`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- simulate_counts(90, 100, tissues = 3)
#'     run_split(adata, "tissue")
#'     table(adata$obs$tissue, adata$obs$split)
#'     run_split(adata, "tissue", n_folds = 5)
#'     table(adata$obs$tissue, adata$obs$fold)
#' }
run_split <- function(adata, label = NULL, n_test = NULL,
                      test_fraction = 0.25, max_test = 50, n_folds = NULL,
                      groups = NULL, exclude = NULL, min_class_size = 0,
                      seed = 42, key_added = NULL, copy = FALSE) {
    if (selects_classes(exclude, min_class_size)) {
        adata <- keep_classes(owned(adata, copy), label, exclude,
            min_class_size)
        copy <- FALSE
    }
    in_python("pp.split", adata, list(label = label, n_test = n_test,
        test_fraction = test_fraction, max_test = max_test, n_folds = n_folds,
        groups = groups, seed = seed, key_added = key_added), copy = copy)
}
