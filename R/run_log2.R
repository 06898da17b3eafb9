#' Log-transform: the classifier's input
#'
#' Runs Python's `ts.pp.log2`: `log2(x + offset) + shift`.
#'
#' @inheritParams run_filter_genes
#' @param layer The layer (assay) to read.
#' @param offset,shift As in the formula. `offset = 0.001, shift = 10` are those
#'   of Yap et al. (2021), for `run_cnn(preset = "paper")`.
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   the layer `log2` (`log2(x + 20)` by default, of counts per
#'   million) and the record `log2`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_log2(adata)
#' }
run_log2 <- function(adata, layer = "tmm", offset = 20, shift = 0,
                     key_added = NULL, copy = FALSE) {
    in_python("pp.log2", adata, list(layer = layer, offset = offset,
        shift = shift, key_added = key_added), copy = copy)
}
