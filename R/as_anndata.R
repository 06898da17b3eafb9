#' Between AnnData, SummarizedExperiment and SingleCellExperiment
#'
#' The assay of the counts (`counts`, `X` as \pkg{zellkonverter} calls it, or
#' the one named by `assay`) is AnnData's `X`, other assays are layers;
#' `colData` is `obs`, `rowData` is `var`; data frames and matrices nested in
#' them are `obsm` and `varm`; the reduced dimensions of a SingleCellExperiment
#' are `obsm`, too; `metadata` is `uns`, with what the verbs recorded in
#' `metadata(x)$tissueshap`.
#'
#' @details
#' | AnnData | R | back in AnnData |
#' |---|---|---|
#' | bool | logical | bool |
#' | integers | integer; numeric beyond 32 bits | int32; float64 |
#' | float32, float64 | numeric | float64, or as the contract has it |
#' | nullable boolean, integer | logical, integer with `NA` | nullable |
#' | strings | character | strings |
#' | strings, some missing | character with `NA` | categorical |
#' | categorical, ordered or not | factor | categorical, of strings |
#' | data frame | data frame (nested: `DataFrame`) | data frame |
#' | sparse matrix | `dgCMatrix` | sparse matrix of float64 |
#' | dictionary, scalar, array | list, one value, vector or matrix | the same |
#'
#' The contract is the package's file `schema.json`: a layer `tmm` is float32.
#'
#' What an experiment has no place for (`obsp`, `varp`, `raw`) is left out, with
#' a message; so is in `metadata` what Python cannot hold, such as a function.
#'
#' @section zellkonverter and anndataR:
#' What `zellkonverter::readH5AD()` returns is a SingleCellExperiment like any
#' other: its assay `X` (sparse, or on disk with `use_hdf5 = TRUE`) is read as
#' the counts, and where it has `varm` (a table of tables in `rowData(x)$varm`)
#' the verbs read and write it there, so that `zellkonverter::writeH5AD()` finds
#' it. A matrix of `reducedDims` has named columns where Python had a frame.
#'
#' An object of \pkg{anndataR} (0.99.0 or newer; in memory, or on disk and
#' opened to be written to) is an R6 object, and every verb changes it in place
#' through its public bindings. A view is copied first, as in Python, and a verb
#' that drops genes returns a new object; keep what is returned in both cases.
#'
#' Neither package is needed. The tests of tissueshap use objects shaped as
#' these packages make them (zellkonverter 1.16, anndataR 1.0), and anndataR
#' itself where it is installed.
#'
#' @param x A SummarizedExperiment (or SingleCellExperiment), an AnnData (of
#'   Python or of \pkg{anndataR}), or the path of an `.h5ad` file. From a path,
#'   an experiment is read without Python where \pkg{hdf5r} is installed.
#' @param assay The assay of a SummarizedExperiment that holds the raw counts,
#'   as for [run_filter_genes()].
#' @return `as_anndata()`: an AnnData (a Python object).
#'   `as_summarized_experiment()`: a SummarizedExperiment, all of it in R.
#'   `as_single_cell_experiment()`: a SingleCellExperiment with `obsm` as its
#'   reduced dimensions.
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     adata <- simulate_counts(60, 100, tissues = 3)
#'     as_summarized_experiment(adata)
#' }
as_anndata <- function(x, assay = NULL) {
    to_anndata(remember_assay(x, assay))
}

to_anndata <- function(x) UseMethod("to_anndata", kind_of(x))

#' @exportS3Method
to_anndata.default <- function(x) {
    python_bridge()$assemble(portable(dict_of(elements_of(x))))
}

#' @rdname as_anndata
#' @export
as_summarized_experiment <- function(x) {
    need_experiment()
    to_experiment(x)
}

to_experiment <- function(x) UseMethod("to_experiment", kind_of(x))

#' @exportS3Method
to_experiment.default <- function(x) {
    parts <- parts_of(x)
    pairs <- Filter(function(group) length(parts[[group]]), c("obsp", "varp"))
    left_out <- c(pairs, parts$left_out)
    if (length(left_out)) {
        message("An experiment has no place for these, left out: ",
            paste(left_out, collapse = ", "))
    }
    build_experiment(parts)
}

#' @rdname as_anndata
#' @export
as_single_cell_experiment <- function(x) {
    need_package("SingleCellExperiment", "BiocManager::install")
    x <- as_summarized_experiment(x)
    if (is_single_cell(x)) {
        return(x)
    }
    side <- SummarizedExperiment::colData(x)
    nested <- vapply(as.list(side), function(column) {
        length(dim(column)) == 2L
    }, logical(1))
    SummarizedExperiment::colData(x) <- side[, !nested, drop = FALSE]
    x <- methods::as(x, "SingleCellExperiment")
    for (key in names(side)[nested]) {
        x <- set_nested(x, "obsm", key, side[[key]])
    }
    x
}

# The elements of an AnnData, by its groups.
elements_of <- function(x) {
    parts <- parts_of(x)
    index <- list(obs = parts$obs_names, var = parts$var_names)
    each <- function(group, make) {
        keys <- names(parts[[group]])
        dict_of(lapply(stats::setNames(nm = keys), function(key) {
            make(parts[[group]][[key]], group, key)
        }))
    }
    layer <- function(value, group, key) {
        layer_element(value, slot_dtype(group, key))
    }
    aligned <- function(value, group, key) {
        nested_element(value, group, key, index[[sub("[mp]$", "", group)]])
    }
    side <- function(group) {
        columns <- parts[[group]]
        table_element(columns, index[[group]], lapply(
            stats::setNames(nm = names(columns)), slot_dtype, group = group))
    }
    uns <- element_of(parts$uns)
    tell_lost(place_of(x, "uns"), setdiff(names(parts$uns), names(uns$items)))
    list(counts = layer_element(parts$counts), layers = each("layers", layer),
        obs = side("obs"), var = side("var"),
        obsm = each("obsm", aligned), varm = each("varm", aligned),
        obsp = each("obsp", aligned), varp = each("varp", aligned), uns = uns)
}

tell_lost <- function(where, names) {
    if (length(names)) {
        message("An AnnData cannot hold these of ", where, ", left out: ",
            first(names))
    }
}

# A table is a frame, all else an array, whose columns have no names there. A
# slot that is a frame by the contract may have become a matrix on its way.
nested_element <- function(value, group, key, index) {
    frame <- identical(schema()[[group]][[key]]$dtype, "frame")
    if (frame && is.matrix(value) && !is.null(colnames(value))) {
        value <- frame_of(value)
    }
    if (is_table(value)) {
        table_element(value, index)
    } else if (methods::is(value, "sparseMatrix")) {
        element_of(value)
    } else {
        list(kind = "numbers", values = unname(as.matrix(value)),
            dtype = slot_dtype(group, key))
    }
}
