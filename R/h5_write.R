# Writes elements (elements.R) as anndata stores them: every node says what it
# is in the attributes encoding-type and encoding-version.
#
# hdf5r takes milliseconds to make a node and each of its attributes, and a
# tenth of one to copy a node. So an empty node of each kind (encoding, type,
# shape) is made once a session, in a file of its own, and copied from there.

# Types, spaces and the file of empty nodes are made once.
h5_kept <- function(name, make) {
    name <- paste0("h5_", name)
    if (is.null(cache[[name]])) {
        cache[[name]] <- make()
    }
    cache[[name]]
}

h5_text <- function() {
    h5_kept("text", function() {
        hdf5r::H5T_STRING$new(size = Inf)$set_cset(
            hdf5r::h5const$H5T_CSET_UTF8)
    })
}

# h5py's booleans are an enumeration of FALSE and TRUE, without R's NA.
h5_boolean <- function() {
    h5_kept("boolean", function() {
        hdf5r::H5T_LOGICAL$new(include_NA = FALSE)
    })
}

h5_scalar <- function() {
    h5_kept("scalar", function() hdf5r::H5S$new("scalar"))
}

# Calls `use` with the space of so many values.
h5_with_space <- function(shape, use) {
    space <- hdf5r::H5S$new("simple", dims = shape, maxdims = shape)
    on.exit(space$close())
    use(space)
}

# The type of values in a file, by its name.
h5_dtype <- function(values, dtype = NULL) {
    if (is.character(values)) {
        "string"
    } else if (is.logical(values)) {
        "bool"
    } else if (!is.null(dtype)) {
        dtype
    } else if (is.integer(values)) {
        "int32"
    } else {
        "float64"
    }
}

h5_type <- function(dtype) {
    types <- hdf5r::h5types
    switch(dtype, string = h5_text(), bool = h5_boolean(),
        float32 = types$H5T_IEEE_F32LE, float64 = types$H5T_IEEE_F64LE,
        int8 = types$H5T_STD_I8LE, int32 = types$H5T_STD_I32LE,
        int64 = types$H5T_STD_I64LE)
}

h5_mark <- function(node, encoding, version) {
    h5_note(node, "encoding-type", encoding)
    h5_note(node, "encoding-version", version)
}

h5_note <- function(node, name, value, dtype = NULL, scalar = TRUE) {
    type <- h5_type(h5_dtype(value, dtype))
    # No value can be written into an empty space.
    write <- function(space) {
        node$create_attr(name, robj = if (length(value)) value, dtype = type,
            space = space)$close()
    }
    if (scalar) write(h5_scalar()) else h5_with_space(length(value), write)
}

# A copy of the empty node of a kind; `make(parent, name)` makes the first.
h5_copy <- function(parent, name, kind, make) {
    kinds <- h5_kept("kinds", function() {
        hdf5r::H5File$new(tempfile("kinds", fileext = ".h5"), "w")
    })
    kind <- paste(kind, collapse = " ")
    if (!kinds$exists(kind)) {
        make(kinds, kind)$close()
    }
    parent$obj_copy_from(kinds, kind, h5_name(name))
    parent$open(name)
}

# A data set of `values` in the order of R's memory, with its marks.
h5_data <- function(parent, name, values, dtype = NULL, encoding = NULL,
                    scalar = FALSE) {
    dtype <- h5_dtype(values, dtype)
    shape <- if (!scalar) h5_shape(values)
    node <- h5_copy(parent, name, c("data", encoding, dtype, shape),
        function(kinds, kind) {
            made <- h5_empty(kinds, kind, shape, h5_type(dtype))
            if (!is.null(encoding)) {
                h5_mark(made, encoding, "0.2.0")
            }
            made
        })
    if (length(values)) {
        node$write_low_level(values)
    }
    node
}

h5_shape <- function(values) {
    if (is.null(dim(values))) length(values) else dim(values)
}

# Without values; packed where that pays. No shape is a scalar's.
h5_empty <- function(parent, name, shape, type) {
    packed <- prod(shape) > 64 && !is.null(shape)
    make <- function(space) {
        parent$create_dataset(h5_name(name), dtype = type, space = space,
            chunk_dims = if (packed) h5_chunk(shape),
            gzip_level = if (packed) 4L)
    }
    if (is.null(shape)) make(h5_scalar()) else h5_with_space(shape, make)
}

# About 10^5 values, whole samples if a sample is not longer.
h5_chunk <- function(shape) {
    limit <- 131072
    first <- min(shape[1L], limit)
    rest <- rep(1L, length(shape) - 1L)
    if (length(rest)) {
        rest[1L] <- min(shape[2L], max(1, limit %/% first))
    }
    as.integer(c(first, rest))
}

# `notes` are attributes of one value in addition to the marks.
h5_group <- function(parent, name, encoding = "dict", version = "0.1.0",
                     notes = list()) {
    h5_copy(parent, name, c("group", encoding, version, unlist(notes)),
        function(kinds, kind) {
            made <- kinds$create_group(kind)
            h5_mark(made, encoding, version)
            for (note in names(notes)) {
                h5_note(made, note, notes[[note]])
            }
            made
        })
}

h5_name <- function(name) {
    if (grepl("/", name, fixed = TRUE)) {
        fail(paste("\"%s\" cannot be a name in an .h5ad file, since HDF5 takes",
            "\"/\" for a path: rename it"), name)
    }
    name
}

h5_drop <- function(parent, name) {
    if (h5_has(parent, name)) {
        parent$link_delete(name)
        cache$h5_dropped <- TRUE
    }
}

# Replaces the values of an array with one field per column, which are numbers:
# columns by the names of the fields.
h5_put_fields <- function(node, columns) {
    node[] <- structure(columns, class = "data.frame",
        row.names = .set_row_names(length(columns[[1L]])))
}

h5_put <- function(parent, name, element) {
    node <- switch(element$kind,
        scalar = h5_put_scalar(parent, name, element$value),
        numbers = , strings = h5_put_array(parent, name, element),
        factor = h5_put_factor(parent, name, element),
        nullable = h5_put_nullable(parent, name, element),
        sparse = h5_put_sparse(parent, name, element),
        table = h5_put_table(parent, name, element),
        dict = {
            group <- h5_group(parent, name)
            for (key in names(element$items)) {
                h5_put(group, key, element$items[[key]])
            }
            group
        })
    node$close()
}

h5_put_scalar <- function(parent, name, value) {
    # Python's integers have 64 bits.
    h5_data(parent, name, value, if (is.integer(value)) "int64",
        if (is.character(value)) "string" else "numeric-scalar", scalar = TRUE)
}

h5_put_array <- function(parent, name, element) {
    values <- element$values
    if (length(dim(values)) > 1L) {
        values <- aperm(values)
    }
    h5_put_stored(parent, name, values, element$dtype)
}

# As h5_put_array(), for values that lie as the file has them.
h5_put_stored <- function(parent, name, values, dtype = NULL) {
    h5_data(parent, name, values, dtype,
        if (is.character(values)) "string-array" else "array")
}

h5_put_part <- function(parent, name, values, dtype = NULL) {
    h5_put_stored(parent, name, values, dtype)$close()
}

h5_put_factor <- function(parent, name, element) {
    group <- h5_group(parent, name, "categorical", "0.2.0",
        list(ordered = element$ordered))
    h5_put_part(group, "categories", element$levels)
    h5_put_part(group, "codes", element$codes,
        if (length(element$levels) < 128L) "int8")
    group
}

h5_put_nullable <- function(parent, name, element) {
    type <- if (is.logical(element$values)) "boolean" else "integer"
    group <- h5_group(parent, name, paste0("nullable-", type))
    h5_put_part(group, "values", element$values)
    h5_put_part(group, "mask", element$missing)
    group
}

h5_put_sparse <- function(parent, name, element) {
    group <- h5_group(parent, name, paste0(element$format, "_matrix"))
    h5_note(group, "shape", as.integer(element$shape), "int64", scalar = FALSE)
    # anndata does not mark these three.
    for (part in c("data", "indices", "indptr")) {
        h5_data(group, part, element[[part]],
            if (part == "data") element$dtype)$close()
    }
    group
}

h5_put_table <- function(parent, name, element) {
    index <- if (is.null(element$name)) "_index" else element$name
    group <- h5_group(parent, name, "dataframe", "0.2.0",
        list("_index" = index))
    if (is.null(element$index)) {
        h5_put_part(group, index, seq_len(element$n_rows) - 1L, "int64")
    } else {
        h5_put_part(group, index, enc2utf8(as.character(element$index)))
    }
    h5_note_columns(group, names(element$columns))
    for (key in names(element$columns)) {
        h5_put(group, key, element$columns[[key]])
    }
    group
}

h5_note_columns <- function(group, columns) {
    if (group$attr_exists("column-order")) {
        group$attr_delete("column-order")
    }
    h5_note(group, "column-order",
        if (length(columns)) enc2utf8(columns) else numeric(), scalar = FALSE)
}

h5_put_layer <- function(parent, name, element) {
    if (element$kind == "sparse") {
        h5_put_sparse(parent, name, element)$close()
    } else {
        h5_put_part(parent, name, element$values, element$dtype)
    }
}
