# Keeps some genes of an open .h5ad file: every element along the genes is
# written again, in the type that it is stored in.

h5ad_keep_genes <- function(x, keep) {
    if (h5_has(x$file, "X")) {
        h5_keep_layer(x$file, "X", keep)
    }
    for (group in intersect(c("layers", "varm", "varp"), names(x$file))) {
        members <- x$file[[group]]
        for (name in h5_keys(members)) {
            switch(group, layers = h5_keep_layer(members, name, keep),
                varm = h5_keep_rows(members, name, keep),
                varp = {
                    h5_keep_layer(members, name, keep)
                    h5_keep_rows(members, name, keep)
                })
        }
        members$close()
    }
    h5_keep_rows(x$file, "var", keep)
    x
}

# Columns as Python sees them, which vary fastest in the file.
h5_keep_layer <- function(parent, name, keep) {
    node <- parent[[name]]
    if (is_h5_group(node)) {
        kept <- h5_layer(node)[keep, , drop = FALSE]
        element <- layer_element(kept)
        csc <- h5_encoding(node) == "csc_matrix"
        if (csc) {
            element <- sparse_element(Matrix::t(kept))
        }
        h5_replace_sparse(parent, name, node, element)
    } else {
        h5_replace(parent, name, node, node$read()[keep, , drop = FALSE])
    }
}

h5_keep_rows <- function(parent, name, keep) {
    node <- parent[[name]]
    if (!is_h5_group(node)) {
        values <- node$read()
        last <- length(dim(values))
        values <- switch(max(last, 1L), values[keep],
            values[, keep, drop = FALSE], values[, , keep, drop = FALSE])
        return(h5_replace(parent, name, node, values))
    }
    encoding <- h5_encoding(node)
    if (endsWith(encoding, "_matrix")) {
        kept <- Matrix::t(h5_layer(node))[keep, , drop = FALSE]
        return(h5_replace_sparse(parent, name, node,
            if (encoding == "csc_matrix") sparse_element(kept) else
                layer_element(Matrix::t(kept))))
    }
    members <- if (encoding == "categorical") "codes" else h5_keys(node)
    for (member in members) {
        h5_keep_rows(node, member, keep)
    }
    node$close()
}

# The same data set with other values: type and attributes stay.
h5_replace <- function(parent, name, node, values) {
    force(values)
    type <- node$get_type()
    marks <- h5_marks(node)
    node$close()
    h5_drop(parent, name)
    made <- h5_retyped(parent, name, values, type)
    h5_mark(made, marks[1L], marks[2L])
    made$close()
}

h5_replace_sparse <- function(parent, name, node, element) {
    force(element)
    types <- lapply(stats::setNames(nm = c("data", "indices", "indptr")),
        function(part) h5_with(node, part, function(data) data$get_type()))
    marks <- h5_marks(node)
    node$close()
    h5_drop(parent, name)
    group <- h5_group(parent, name, marks[1L], marks[2L])
    h5_note(group, "shape", as.integer(element$shape), "int64", scalar = FALSE)
    for (part in names(types)) {
        h5_retyped(group, part, element[[part]], types[[part]])$close()
    }
    group$close()
}

# In a type that a file has, which may be any.
h5_retyped <- function(parent, name, values, type) {
    made <- h5_empty(parent, name, h5_shape(values), type)
    if (length(values)) {
        made$write_low_level(values)
    }
    made
}

h5_marks <- function(node) {
    marks <- c(h5_attribute(node, "encoding-type"),
        h5_attribute(node, "encoding-version"))
    if (length(marks) == 2L) marks else c("array", "0.2.0")
}
