# The only file that knows what a SummarizedExperiment is made of: layers are
# assays, obs is colData, var is rowData, and a frame of obsm or varm is a
# nested DataFrame there, so that it is subset with the rest.

need_experiment <- function() {
    if (!requireNamespace("SummarizedExperiment", quietly = TRUE)) {
        missing_package("SummarizedExperiment",
            "BiocManager::install(\"SummarizedExperiment\")")
    }
}

side_of <- function(x, group) {
    switch(group,
        obs = , obsm = SummarizedExperiment::colData(x),
        var = , varm = SummarizedExperiment::rowData(x))
}

set_side <- function(x, group, key, value) {
    if (group %in% c("obs", "obsm")) {
        SummarizedExperiment::colData(x)[[key]] <- value
    } else {
        SummarizedExperiment::rowData(x)[[key]] <- value
    }
    x
}

write_experiment <- function(x, verb, found, params, versions, key_added) {
    named <- function(key) paste(c(key_added, key), collapse = "_")
    for (group in c("obs", "var")) {
        for (key in names(found[[group]])) {
            x <- set_side(x, group, named(key), found[[group]][[key]])
        }
    }
    for (group in c("obsm", "varm")) {
        for (key in names(found[[group]])) {
            x <- set_side(x, group, named(key),
                nested_frame(found[[group]][[key]]))
        }
    }
    for (key in names(found$layers)) {
        SummarizedExperiment::assay(x, named(key), withDimnames = FALSE) <-
            unname(found$layers[[key]])
    }
    entry <- c(list(params = params, versions = c(versions,
        tissueshap = as.character(utils::packageVersion("tissueshap")))),
        found$uns)
    uns <- schema()$uns_key
    record <- S4Vectors::metadata(x)[[uns]]
    record[[if (is.null(key_added)) verb else key_added]] <- entry
    if (!is.null(params$label)) {
        record$label <- params$label
    }
    S4Vectors::metadata(x)[[uns]] <- record
    x
}

# Columns are named as in Python, where HDF5 takes "/" for a path.
nested_frame <- function(values) {
    frame <- S4Vectors::DataFrame(unname(as.matrix(values)))
    names(frame) <- if (is.null(colnames(values))) {
        as.character(seq_len(ncol(values)))
    } else {
        class_columns(colnames(values))
    }
    frame
}

class_columns <- function(classes) {
    escapes <- schema()$column_escape
    for (bad in names(escapes)) {
        classes <- gsub(bad, escapes[[bad]], classes, fixed = TRUE)
    }
    classes
}

# The columns of colData or rowData that are plain, and those that are nested.
split_side <- function(side) {
    nested <- vapply(as.list(side), function(column) {
        length(dim(column)) == 2L
    }, logical(1))
    frames <- lapply(as.list(side)[nested], function(column) {
        list(values = unname(as.matrix(column)),
            columns = as.list(colnames(column)))
    })
    plain <- as.data.frame(side[, !nested, drop = FALSE], optional = TRUE)
    rownames(plain) <- NULL
    list(plain = plain, frames = frames)
}

build_experiment <- function(parts) {
    colnames <- as.character(parts$obs_names)
    rownames <- as.character(parts$var_names)
    assays <- lapply(c(list(counts = parts$counts), parts$layers), unname)
    x <- SummarizedExperiment::SummarizedExperiment(assays,
        colData = S4Vectors::DataFrame(parts$obs, check.names = FALSE,
            row.names = colnames),
        rowData = S4Vectors::DataFrame(parts$var, check.names = FALSE,
            row.names = rownames),
        metadata = parts$uns)
    dimnames(x) <- list(rownames, colnames)
    for (group in c("obsm", "varm")) {
        for (key in names(parts[[group]])) {
            held <- parts[[group]][[key]]
            values <- held$values
            colnames(values) <- unlist(held$columns)
            x <- set_side(x, group, key, nested_frame(values))
        }
    }
    x
}
