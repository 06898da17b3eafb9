#' Read and write .h5ad files
#'
#' `read_h5ad()` reads the whole file into Python's memory. The verbs take the
#' path of a file as well: those that R does itself ([run_filter_genes()],
#' [run_tmm()], [run_de()], and [run_enrich()] with R's engines) then need no
#' Python where the package \pkg{hdf5r} is installed, read what they ask for,
#' and leave all else in the file as it is. [as_summarized_experiment()] reads a
#' file without Python, too.
#'
#' @param path The file. Writing replaces it in one step, whole or not at all.
#' @param adata An AnnData (of Python or of \pkg{anndataR}) or a
#'   SummarizedExperiment. An object of R is written without Python where
#'   \pkg{hdf5r} is installed; columns of text that repeat themselves become
#'   categories, as in Python.
#' @inheritParams as_anndata
#' @return `read_h5ad()`: an AnnData (a Python object). `write_h5ad()`: the
#'   path, invisibly.
#' @export
#' @examples
#' if (requireNamespace("hdf5r", quietly = TRUE) &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     counts <- matrix(rpois(600, 20), 100,
#'         dimnames = list(paste0("gene", 1:100), paste0("sample", 1:6)))
#'     path <- tempfile(fileext = ".h5ad")
#'     write_h5ad(SummarizedExperiment::SummarizedExperiment(
#'         list(counts = counts)), path)
#'     run_tmm(path)
#'     as_summarized_experiment(path)
#' }
#' if (python_available()) {
#'     path <- tempfile(fileext = ".h5ad")
#'     write_h5ad(simulate_counts(60, 100, tissues = 3), path)
#'     read_h5ad(path)
#' }
read_h5ad <- function(path) {
    call_python("io.read_h5ad", list(path))
}

#' @rdname read_h5ad
#' @export
write_h5ad <- function(adata, path, assay = NULL) {
    adata <- remember_assay(adata, assay)
    elements <- switch(kind_of(adata), experiment = experiment_elements,
        anndatar = anndatar_elements)
    if (!is.null(elements) && has_hdf5r()) {
        write_elements(elements(adata), path)
    } else {
        call_python("io.write_h5ad", list(as_anndata(adata), path))
    }
    invisible(path)
}
