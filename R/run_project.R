#' Project another cohort into the embedding of the first
#'
#' Runs Python's `ts.tl.project`: the UMAP of [run_cluster()] is fitted again
#' on the first cohort with the recorded seed, and the new samples placed in it.
#'
#' @inheritParams run_filter_genes
#' @param reference The first cohort after [run_cluster()], as `adata` is given.
#' @param gene_sets Names among the gene sets that were embedded; all by
#'   default.
#' @param layer The layer (assay) of the new cohort; by default the one that
#'   [run_cluster()] read.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `obsm` `X_umap_<gene set>` (samples x 2) and the record `project` with
#'   the table `reference`, the positions of the first cohort (`gene_set`,
#'   `sample`, `class`, `umap_1`, `umap_2`).
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 10))
#'     run_cluster(adata, gene_sets = "all", n_starts = 2)
#'     other <- simulate_counts(60, 100, tissues = 3, seed = 1)
#'     run_log2(run_tmm(other, reference = adata))
#'     run_project(other, adata)
#' }
run_project <- function(adata, reference, gene_sets = NULL, layer = NULL,
                        key_added = NULL, copy = FALSE) {
    in_python("tl.project", adata, list(
        gene_sets = if (!is.null(gene_sets)) as.list(gene_sets),
        layer = layer, key_added = key_added),
        list(as_anndata(reference)), copy)
}
