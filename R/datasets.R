#' Data sets: a simulated compendium, and real cells
#'
#' `simulate_counts()` runs Python's `ts.datasets.simulate`: negative binomial
#' counts of tissues with planted marker genes, recorded in `uns["truth"]`.
#' `pbmc68k()` runs `ts.datasets.pbmc68k`: 700 blood cells of ten types with
#' their counts, which come with scanpy.
#'
#' @param n_samples,n_genes The size.
#' @param tissues Names of the tissues, or how many to make, or a named list of
#'   their relative sizes, or `NULL` for the 47 of GTEx.
#' @param donors Let donors contribute several tissues.
#' @param seed Seed of the random numbers.
#' @param ... More settings of `ts.datasets.simulate`.
#' @return An AnnData (a Python object), samples x genes, with the classes in
#'   `obs` `tissue`, or `cell_type`.
#' @export
#' @examples
#' if (python_available()) {
#'     simulate_counts(60, 100, tissues = 3)
#' }
simulate_counts <- function(n_samples = 2000, n_genes = 5000, tissues = NULL,
                            donors = TRUE, seed = 42, ...) {
    if (is.numeric(tissues) && length(tissues) == 1L &&
        is.null(names(tissues))) {
        tissues <- paste("tissue", seq_len(tissues))
    }
    call_python("datasets.simulate", list(n_samples, n_genes),
        list(tissues = if (is.null(tissues)) NULL else as.list(tissues),
            donors = donors, seed = seed, ...))
}

#' @rdname simulate_counts
#' @export
pbmc68k <- function() {
    call_python("datasets.pbmc68k", list())
}
