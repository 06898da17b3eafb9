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
#'   \pkg{hdf5r} is installed; columns of strings that repeat themselves become
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
    save_data(remember_assay(adata, assay), path)
    invisible(path)
}

save_data <- function(x, path) UseMethod("save_data", kind_of(x))

#' @exportS3Method
save_data.default <- function(x, path) {
    if (has_hdf5r()) {
        write_elements(elements_of(x), path)
    } else {
        save_data(as_anndata(x), path)
    }
}

# Writes a whole AnnData, from its elements.
write_elements <- function(elements, path) {
    replace_file(path, function(temporary) {
        file <- hdf5r::H5File$new(temporary, "w")
        on.exit(h5_close(file))
        h5_without_flush()
        h5_mark(file, "anndata", "0.1.0")
        h5_put_layer(file, "X", elements$counts)
        for (side in c("obs", "var")) {
            h5_put(file, side, with_categories(elements[[side]]))
        }
        layers <- h5_group(file, "layers")
        for (key in names(elements$layers$items)) {
            h5_put_layer(layers, key, elements$layers$items[[key]])
        }
        layers$close()
        for (group in c("obsm", "varm", "obsp", "varp", "uns")) {
            element <- elements[[group]]
            h5_put(file, group,
                if (is.null(element)) dict_of(list()) else element)
        }
    })
}

# Strings that repeat themselves become categories, as anndata does.
with_categories <- function(table) {
    table$columns <- lapply(table$columns, function(column) {
        if (column$kind == "strings" && anyDuplicated(column$values)) {
            factor_element(factor(column$values,
                sort(unique(column$values), method = "radix")))
        } else {
            column
        }
    })
    table
}
