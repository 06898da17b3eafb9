#' Cluster the samples by each gene set, and score the clusters
#'
#' Runs Python's `ts.tl.cluster`: UMAP and k-means by the genes of each set,
#' and the V-measure of the clusters against the classes.
#'
#' @inheritParams run_filter_genes
#' @param gene_sets Among `"shap"`, `"de"`, `"all"` and `"random"`, or a named
#'   list of genes. By default all four; `"shap"` and `"de"` are left out if the
#'   genes were not selected or tested.
#' @param samples Which samples: `"test"`, `"train"` or `"all"`.
#' @param n_starts Runs of k-means a set.
#' @param n_random Random gene sets.
#' @param layer The layer (assay) to read; by default the one that the
#'   classifier was trained on, or `"log2"`.
#' @param seed Seed of the random numbers.
#' @param ... More settings of `ts.tl.cluster`.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `obsm` `X_umap_<gene set>` (samples x 2; missing where a sample is not
#'   embedded) and the record `cluster` with `n_clusters` and the tables
#'   `v_measure` (one row per start: `gene_set`, `replicate`, `start`,
#'   `v_measure`, `homogeneity`, `completeness`, each from 0 to 1), `summary`
#'   (one row per set: `n_genes`, `n_sets`, the means and `sd`) and `genes`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 10))
#'     run_cluster(adata, gene_sets = "all", n_starts = 2, on = "expression")
#'     adata$uns[["tissueshap"]][["cluster"]][["summary"]]
#' }
run_cluster <- function(adata, label = NULL,
                        gene_sets = NULL,
                        samples = "test", n_starts = 100, n_random = 10,
                        layer = NULL, seed = 42, key_added = NULL,
                        copy = FALSE, ...) {
    in_python("tl.cluster", adata, list(label = label,
        gene_sets = if (!is.null(gene_sets)) as.list(gene_sets),
        samples = samples,
        n_starts = n_starts, n_random = n_random, layer = layer, seed = seed,
        key_added = key_added, ...), copy = copy)
}
