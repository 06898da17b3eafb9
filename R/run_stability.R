#' Compare the SHAP genes with those of another cohort, seed or fold
#'
#' Runs Python's `ts.tl.stability`: for each class the overlap of the top
#' ranks against chance, and the rank-biased overlap of the rankings.
#'
#' @inheritParams run_filter_genes
#' @param other The other cohort after [run_rank_genes()], as `adata` is given.
#' @param other_label Name of its column with the classes.
#' @param map A named character vector or list: the class of `adata` for a
#'   class of `other`, `c("zone of skin" = "Skin")`. Names that are not in it
#'   stand for themselves.
#' @param n_top Ranks that count as selected; by default those of
#'   [run_select_genes()].
#' @param ... More settings of `ts.tl.stability`.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `stability` with `n_genes` (shared), `median_fraction` and
#'   `median_rbo`, and the tables `per_class` (`class`, `other`, `n_top`,
#'   `n_both`, `fraction`, `expected`, `pvalue`, `fdr`, `jaccard`, `rbo`,
#'   `rbo_expected`, `closest`) and `genes` (in both selections, with both
#'   ranks).
#' @export
#' @examples
#' if (python_available()) {
#'     explained <- function(seed) {
#'         adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'         run_log2(run_split(adata, "tissue", n_test = 5, seed = seed))
#'         model <- run_cnn(adata, preset = "small", epochs = 2,
#'             seed = seed)
#'         run_shap(run_predict(adata, model), model, n_draws = 20)
#'         run_select_genes(run_rank_genes(adata))
#'     }
#'     run_stability(explained(1), explained(2))
#' }
run_stability <- function(adata, other, label = NULL, other_label = NULL,
                          map = NULL, n_top = NULL, key_added = NULL,
                          copy = FALSE, ...) {
    in_python("tl.stability", adata, list(label = label,
        other_label = other_label, map = class_map(map), n_top = n_top,
        key_added = key_added, ...), list(as_anndata(other)), copy)
}

# Named strings as the dictionary that Python takes.
class_map <- function(map) {
    if (is.null(map)) NULL else as_dict(as.list(map))
}
