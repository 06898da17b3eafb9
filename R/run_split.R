#' Hold out samples of each class for the test
#'
#' Runs Python's `ts.pp.split`.
#'
#' @inheritParams run_filter_genes
#' @param n_test Samples of each class to hold out.
#' @param groups Name of a column; samples of one group (a donor) stay together.
#' @param seed Seed of the random numbers.
#' @return `adata`, invisibly, as [run_filter_genes()] returns it. Written are
#'   `obs` `split` (`"train"` or `"test"`) and the record `split` with the
#'   table `counts` (`class`, `n`, `n_test`, `n_train`, `difference`).
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- simulate_counts(90, 100, tissues = 3)
#'     run_split(adata, "tissue", n_test = 5)
#'     table(adata$obs$tissue, adata$obs$split)
#' }
run_split <- function(adata, label = NULL, n_test = 50, groups = NULL,
                      seed = 42, key_added = NULL, copy = FALSE) {
    in_python("pp.split", adata, list(label = label, n_test = n_test,
        groups = groups, seed = seed, key_added = key_added), copy = copy)
}
