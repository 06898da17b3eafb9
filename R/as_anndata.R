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
#' | whole numbers | integer; numeric beyond 32 bits | int32; float64 |
#' | float32, float64 | numeric | float64, or as the contract has it |
#' | nullable boolean, integer | logical, integer with `NA` | nullable |
#' | texts | character | texts |
#' | texts, some missing | character with `NA` | categorical |
#' | categorical, ordered or not | factor | categorical, of texts |
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
    x <- remember_assay(x, assay)
    assemble <- function(elements) {
        python_bridge()$assemble(portable(dict_of(elements)))
    }
    switch(kind_of(x),
        anndata = x,
        path = read_h5ad(x),
        anndatar = assemble(anndatar_elements(x)),
        experiment = assemble(experiment_elements(x)))
}

#' @rdname as_anndata
#' @export
as_summarized_experiment <- function(x) {
    need_experiment()
    switch(kind_of(x),
        experiment = x,
        path = build_experiment(with_data(x, parts_of)),
        anndata = , anndatar = build_experiment(parts_of(x)))
}

#' @rdname as_anndata
#' @export
as_single_cell_experiment <- function(x) {
    if (!requireNamespace("SingleCellExperiment", quietly = TRUE)) {
        missing_package("SingleCellExperiment",
            "BiocManager::install(\"SingleCellExperiment\")")
    }
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

# An AnnData, or an open file, in R's own kinds: what build_experiment() takes.
parts_of <- function(x) {
    found <- switch(kind_of(x), anndata = anndata_parts(x),
        anndatar = anndatar_parts(x), file = h5ad_parts(x))
    if (length(found$left_out)) {
        message("An experiment has no place for these, left out: ",
            paste(found$left_out, collapse = ", "))
    }
    found$left_out <- NULL
    found
}

anndata_parts <- function(x) {
    found <- python_bridge()$parts(x)
    values <- function(group) lapply(found[[group]], value_of)
    list(counts = layer_of(found$counts),
        layers = lapply(found$layers, layer_of),
        obs = value_of(found$obs), var = value_of(found$var),
        obsm = values("obsm"), varm = values("varm"), uns = values("uns"),
        obs_names = as.character(unlist(found$obs_names)),
        var_names = as.character(unlist(found$var_names)),
        left_out = unlist(found$left_out))
}

# An element as reticulate hands it on: a vector of one value would be a scalar,
# and an empty list has no names.
portable <- function(element) {
    arrays <- function(...) {
        for (part in c(...)) {
            element[[part]] <<- as.array(element[[part]])
        }
        element
    }
    texts <- function(part) {
        element[[part]] <<- as.list(as.vector(element[[part]]))
        element
    }
    switch(element$kind,
        scalar = element,
        numbers = arrays("values"),
        strings = {
            element$shape <- as.list(dim(as.array(element$values)))
            texts("values")
        },
        factor = {
            arrays("codes")
            texts("levels")
        },
        nullable = arrays("values", "missing"),
        sparse = {
            arrays("data", "indices", "indptr")
            texts("shape")
        },
        table = {
            element$columns <- as_dict(lapply(element$columns, portable))
            if (is.null(element$index)) element else texts("index")
        },
        dict = {
            element$items <- as_dict(lapply(element$items, portable))
            element
        })
}

# An empty list of R would be an empty list of Python.
as_dict <- function(x) {
    if (length(x)) x else reticulate::dict()
}
