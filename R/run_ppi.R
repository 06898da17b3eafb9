#' Count the interactions among the selected genes, against chance
#'
#' Runs Python's `ts.tl.ppi`: edges of a protein interaction network inside
#' each list of selected genes, against random networks in which every gene
#' keeps its number of partners.
#'
#' @inheritParams run_filter_genes
#' @param edges STRING's `protein.links` file or a table of edges (columns `a`
#'   and `b`), by its path; or a data frame with these columns.
#' @param source `"shap"`, `"de"`, or both.
#' @param by `"all"` (one list), `"class"` (a list a class), `"exclusive"` (a
#'   list a class, of the genes that no other class has); one or more.
#' @param score Smallest score of an interaction, 0 to 1, when `edges` is a
#'   file.
#' @param aliases STRING's `protein.info` file, which names the proteins'
#'   genes, when `edges` is its `protein.links`.
#' @param ... More settings of `ts.tl.ppi`.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `ppi` with its `table`: a row a list, with `source`, `by`,
#'   `class`, `n_genes` (in the network), `n_connected`, `n_edges`, `expected`
#'   (by chance), `enrichment` (their ratio), `pvalue` (Poisson, upper tail)
#'   and `p.adjust` (Benjamini-Hochberg).
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_de(adata, "tissue", lfc = 1)
#'     genes <- rownames(as_summarized_experiment(adata))
#'     edges <- data.frame(a = genes[1:50], b = genes[51:100])
#'     run_ppi(adata, edges, source = "de", by = "all")
#'     adata$uns[["tissueshap"]][["ppi"]][["table"]]
#' }
run_ppi <- function(adata, edges, label = NULL, source = "shap",
                    by = c("all", "class", "exclusive"), score = 0.4,
                    aliases = NULL, key_added = NULL, copy = FALSE, ...) {
    in_python("tl.ppi", adata, list(edges = edges, source = as.list(source),
        by = as.list(by), score = score, aliases = aliases, label = label,
        key_added = key_added, ...), copy = copy)
}
