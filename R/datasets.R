#' Data sets: a simulated compendium, and real cells
#'
#' `simulate_counts()` runs Python's `ts.datasets.simulate`: negative binomial
#' counts of tissues with planted marker genes, recorded in `uns["truth"]`, or
#' with `profiles` counts around the mean expression of real classes.
#' `pbmc68k()` runs `ts.datasets.pbmc68k`: 700 blood cells of ten types with
#' their counts, which come with scanpy.
#'
#' @param n_samples,n_genes The size.
#' @param tissues Names of the tissues, or how many to make, or a named list of
#'   their relative sizes, or `NULL` for the 47 of GTEx.
#' @param donors Let donors contribute several tissues.
#' @param seed Seed of the random numbers.
#' @param profiles Mean expression, such as TPM, to draw samples around: a
#'   matrix or data frame, genes x classes, with the genes as row names.
#' @param map Which columns of `profiles` to draw, and the names of their
#'   classes: `c(Heart.Muscle = "Heart")`; `NULL` takes all.
#' @param n_per_class Samples of each class of `profiles`: one number, or
#'   numbers named by class, `c(Heart = 20, Liver = 10)`.
#' @param ... More settings of `ts.datasets.simulate`.
#' @return An AnnData (a Python object), samples x genes, with the classes in
#'   `obs` `tissue`, or `cell_type`.
#' @export
#' @examples
#' if (python_available()) {
#'     simulate_counts(60, 100, tissues = 3)
#'     tpm <- cbind(Heart = c(900, 0.1, 40, 55), Liver = c(0.2, 2500, 38, 60))
#'     rownames(tpm) <- c("MYH6", "ALB", "ACTB", "GAPDH")
#'     simulate_counts(profiles = tpm, n_per_class = 3)
#' }
simulate_counts <- function(n_samples = 2000, n_genes = 5000, tissues = NULL,
                            donors = TRUE, seed = 42, profiles = NULL,
                            map = NULL, n_per_class = 25, ...) {
    if (is.numeric(tissues) && length(tissues) == 1L &&
        is.null(names(tissues))) {
        tissues <- paste("tissue", seq_len(tissues))
    }
    call_python("datasets.simulate", list(n_samples, n_genes),
        list(tissues = if (is.null(tissues)) NULL else as.list(tissues),
            donors = donors, seed = seed, profiles = gene_frame(profiles),
            map = named_list(map), n_per_class = named_list(n_per_class), ...))
}

named_list <- function(x) if (is.null(names(x))) x else as.list(x)

# Python reads the genes' names from the index of a data frame.
gene_frame <- function(profiles) {
    if (is.null(profiles)) {
        return(NULL)
    }
    if (length(dim(profiles)) != 2L) {
        wrong_type("profiles", profiles,
            "a matrix or data frame, genes x classes")
    }
    frame <- as.data.frame(profiles, optional = TRUE)
    if (!is.character(attr(frame, "row.names"))) {
        fail(paste("profiles has no row names: give it the genes' names as row",
            "names"))
    }
    frame
}

#' @rdname simulate_counts
#' @export
pbmc68k <- function() {
    call_python("datasets.pbmc68k", list())
}
