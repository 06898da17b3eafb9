#' Compare the genes of SHAP with those of differential expression
#'
#' Runs Python's `ts.tl.compare`, after [run_select_genes()] and [run_de()].
#'
#' @inheritParams run_filter_genes
#' @param ... More settings of `ts.tl.compare`.
#' @return `adata`, invisibly, as [run_filter_genes()] returns it. Written is
#'   the record `compare`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(run_split(adata, "tissue", n_test = 5))
#'     model <- run_cnn(adata, preset = "small")
#'     run_shap(run_predict(adata, model), model, n_draws = 20)
#'     run_select_genes(run_rank_genes(adata))
#'     run_compare(run_de(adata, lfc = 1))
#' }
run_compare <- function(adata, label = NULL, key_added = NULL, copy = FALSE,
                        ...) {
    in_python("tl.compare", adata, list(label = label, key_added = key_added,
        ...), copy = copy)
}
