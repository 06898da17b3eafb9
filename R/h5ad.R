#' Read and write .h5ad files
#'
#' @param path The file. Writing replaces it in one step, whole or not at all.
#' @param adata An AnnData or a SummarizedExperiment.
#' @return `read_h5ad()`: an AnnData (a Python object). `write_h5ad()`: the
#'   path, invisibly.
#' @export
#' @examples
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
write_h5ad <- function(adata, path) {
    call_python("io.write_h5ad", list(as_anndata(adata), path))
    invisible(path)
}
