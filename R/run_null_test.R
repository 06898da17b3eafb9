#' Compare a gene set's clusters with those of random gene sets
#'
#' Runs Python's `ts.tl.null_test`.
#'
#' @inheritParams run_cluster
#' @param gene_set `"shap"`, `"de"`, or a named list with one vector of genes.
#' @param n_sets Random gene sets of the same size.
#' @param ... More settings of `ts.tl.null_test`.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `null_test` with `observed` (the set's mean V-measure),
#'   `null_mean`, `null_sd`, `empirical_pvalue`, `t_statistic` and `t_pvalue`
#'   (one-tailed), and the tables `null` (one row per random set: `replicate`,
#'   `v_measure`) and `v_measure` (one row per start).
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 10))
#'     run_null_test(adata, gene_set = list(mine = adata$var_names[1:5]),
#'         n_sets = 5, n_starts = 2, on = "expression")
#' }
run_null_test <- function(adata, label = NULL, gene_set = "shap",
                          samples = "test", n_sets = 100, n_starts = 100,
                          layer = NULL, seed = 42, key_added = NULL,
                          copy = FALSE, ...) {
    in_python("tl.null_test", adata, list(label = label, gene_set = gene_set,
        samples = samples, n_sets = n_sets, n_starts = n_starts,
        layer = layer, seed = seed, key_added = key_added, ...), copy = copy)
}
