#' Balance the classes of the training set
#'
#' Runs Python's `ts.pp.oversample`. What is written is a small table of which
#' samples are mixed in which proportion, not the mixtures themselves.
#'
#' @inheritParams run_filter_genes
#' @param method SMOTE, random over- or undersampling, weights, or nothing.
#' @param k_neighbors Neighbours that SMOTE mixes a sample with.
#' @param engine Whose SMOTE: this package's, or smote-variants'.
#' @param layer The layer (assay) to mix.
#' @param seed Seed of the random numbers.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `oversample` with `table`, a row a training row (`sample` and
#'   `neighbour`, positions from 0; `mix`, the neighbour's share; `weight`),
#'   `counts` (`class`, `n_train`, `n_balanced`) and `n_obs`.
#' @export
#' @examples
#' if (python_available()) {
#'     adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
#'     run_split(adata, "tissue", n_test = 5)
#'     run_oversample(adata, method = "random")
#' }
run_oversample <- function(adata, label = NULL,
                           method = c("smote", "random", "undersample",
                               "class_weight", "none"),
                           k_neighbors = 5,
                           engine = c("tissueshap", "smote_variants"),
                           layer = "tmm", seed = 42, key_added = NULL,
                           copy = FALSE) {
    in_python("pp.oversample", adata, list(label = label,
        method = choice_of(method), k_neighbors = k_neighbors,
        engine = choice_of(engine), layer = layer, seed = seed,
        key_added = key_added), copy = copy)
}
