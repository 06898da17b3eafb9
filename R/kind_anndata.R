# An AnnData of Python, by reticulate: samples x genes, changed in place. Python
# prepares and writes its slots (python/tissueshap/_core/slots/).

# nolint start: object_name_linter. A method is called generic.kind.

# Python's classes are named by their modules, and anndata 0.13 has its AnnData
# in another than 0.12.
python_anndata <- "^anndata\\.([a-z_.]+\\.)?AnnData$"

add_kind("anndata", function(x) any(grepl(python_anndata, class(x))),
    "an AnnData")

# Reading.

#' @exportS3Method
get_stored.anndata <- function(x, layer = NULL) {
    bridge <- python_bridge()
    if (!is.null(layer) && !layer %in% bridge$keys(x, "layers")) {
        return(NULL)
    }
    values <- bridge$matrix(x, layer)
    dimnames(values) <- list(bridge$index(x, "var"), bridge$index(x, "obs"))
    values
}

#' @exportS3Method
column_value.anndata <- function(x, group, key) {
    value_of(python_bridge()$column(x, group, key))
}

#' @exportS3Method
frame_value.anndata <- function(x, group, key) {
    value_of(python_bridge()$frame(x, group, key))
}

#' @exportS3Method
has_slot.anndata <- function(x, group, key) {
    key %in% python_bridge()$keys(x, group)
}

#' @exportS3Method
axis_names.anndata <- function(x, group) python_bridge()$index(x, group)

#' @exportS3Method
get_record.anndata <- function(x, name) {
    value_of(python_bridge()$record(x, name))
}

#' @exportS3Method
record_names.anndata <- function(x) python_bridge()$record_names(x)

#' @exportS3Method
parts_of.anndata <- function(x) {
    parts <- python_bridge()$parts(x)
    values <- function(group) lapply(parts[[group]], value_of)
    list(counts = layer_of(parts$counts),
        layers = lapply(parts$layers, layer_of),
        obs = value_of(parts$obs), var = value_of(parts$var),
        obsm = values("obsm"), varm = values("varm"), uns = values("uns"),
        obs_names = as.character(unlist(parts$obs_names)),
        var_names = as.character(unlist(parts$var_names)),
        left_out = as.character(unlist(parts$left_out)))
}

#' @exportS3Method
label_name.anndata <- function(x, label) {
    call_python("_core.slots.label_name", list(x, label))
}

#' @exportS3Method
need_current.anndata <- function(x, reads) {
    call_python("_core.slots.current", c(list(x), as.list(reads)))
    invisible(x)
}

#' @exportS3Method
set_assay.anndata <- function(x, assay) {
    call_python("_core.counts.counts_of", list(x, assay), list(
        option = "assay"))
    x
}

#' @exportS3Method
get_counts.anndata <- function(x) {
    bridge <- python_bridge()
    values <- bridge$counts(x)
    dimnames(values) <- list(bridge$index(x, "var"), bridge$index(x, "obs"))
    values
}

# Writing.

#' @exportS3Method
write_results.anndata <- function(x, verb, results, settings, key_added,
                                  reads) {
    python_bridge()$write(x, verb, portable(result_elements(results)),
        portable(element_of(settings$params)),
        portable(element_of(settings$versions)), key_added, as.list(reads))
    if (verb == "de" && is.null(key_added)) {
        call_python("ranking.add_tests", list(x))
    }
    x
}

result_elements <- function(results) {
    over <- function(group, make) dict_of(lapply(results[[group]], make))
    dict_of(list(
        obs = over("obs", column_element), var = over("var", column_element),
        layers = over("layers", layer_element),
        obsm = over("obsm", frame_element), varm = over("varm", frame_element),
        uns = over("uns", element_of)))
}

#' @exportS3Method
pick_genes.anndata <- function(x, at) {
    python_bridge()$pick_genes(x, as.list(as.integer(at - 1L)))
}

#' @exportS3Method
keep_genes.anndata <- function(x, key) {
    call_python("_core.slots.subset_genes", list(x, key))
    x
}

#' @exportS3Method
keep_samples.anndata <- function(x, at, label) {
    python_bridge()$keep_samples(x, as.list(as.integer(at - 1L)), label)
    x
}

# Verbs and conversion.

#' @exportS3Method
owned.anndata <- function(x, copy) if (copy) x$copy() else x

#' @exportS3Method
run_python.anndata <- function(adata, copy, run) {
    shown_if_new(run(owned(adata, copy)), adata)
}

#' @exportS3Method
to_anndata.anndata <- function(x) x

#' @exportS3Method
save_data.anndata <- function(x, path) {
    call_python("io.write_h5ad", list(x, path))
}

# nolint end
