# The arguments of every exported verb, figure and core function, as JSON: of
# each its kind ("required", "value", "choices" or "call") and its default.
described <- function(default) {
    if (is.symbol(default) && !nzchar(as.character(default))) {
        list(kind = "required")
    } else if (is.call(default) && identical(default[[1L]], quote(c))) {
        list(kind = "choices", value = as.list(default)[-1L])
    } else if (is.call(default)) {
        list(kind = "call", value = deparse(default))
    } else {
        list(kind = "value", value = default)
    }
}

functions <- grep("^(run|plot|core)_", getNamespaceExports("tissueshap"),
    value = TRUE)
arguments <- lapply(stats::setNames(nm = sort(functions)), function(name) {
    lapply(formals(getExportedValue("tissueshap", name)), described)
})
cat("\n", jsonlite::toJSON(arguments, digits = NA, auto_unbox = TRUE,
    null = "null"), sep = "")
