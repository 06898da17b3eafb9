#' Compare the ways of balancing the training classes
#'
#' Runs Python's `ts.tl.compare_balancing`: one training for each method on the
#' same split, and the scores on the same held-out samples.
#'
#' @inheritParams run_filter_genes
#' @param methods Among `"none"`, `"class_weight"`, `"undersample"`, `"random"`
#'   and `"smote"`.
#' @param preset The network, as for [run_cnn()].
#' @param epochs Passes over the training rows, instead of the preset's.
#' @param seed Seed of the random numbers.
#' @param ... More settings of `ts.tl.compare_balancing`.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `compare_balancing` with the tables `summary` (`method`,
#'   `macro_f1`, `accuracy`, `n_train`) and `per_class` (`method`, `class`,
#'   `n_train`, `f1`).
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     run_compare_balancing(adata, methods = c("none", "smote"),
#'         preset = "small", epochs = 2)
#' }
run_compare_balancing <- function(adata, label = NULL,
                                  methods = c("none", "class_weight",
                                      "undersample", "random", "smote"),
                                  preset = "default", epochs = NULL,
                                  seed = 42, key_added = NULL, copy = FALSE,
                                  ...) {
    in_python("tl.compare_balancing", adata, list(label = label,
        methods = as.list(methods), preset = preset, epochs = epochs,
        seed = seed, key_added = key_added, ...), copy = copy)
}
