# Reads the elements of an .h5ad file (the encodings of anndata 0.8 and newer)
# with hdf5r. An HDF5 data set of samples x genes is genes x samples for R, in
# the same order of bytes.

h5_attribute <- function(node, name) {
    if (node$attr_exists(name)) {
        attribute <- node$attr_open(name)
        on.exit(attribute$close())
        # An empty one, as that of a table without columns, cannot be read.
        if (attribute$get_storage_size() > 0) attribute$read()
    }
}

h5_encoding <- function(node) {
    encoding <- h5_attribute(node, "encoding-type")
    if (is.null(encoding)) {
        if (is_h5_group(node)) "dict" else "array"
    } else {
        encoding
    }
}

is_h5_group <- function(node) inherits(node, "H5Group")

h5_keys <- function(group) {
    keys <- names(group)
    keys[order(keys, method = "radix")]
}

# Opens a member, for as long as `use` takes.
h5_with <- function(parent, name, use, ...) {
    node <- parent[[name]]
    on.exit(node$close())
    use(node, ...)
}

h5_has <- function(parent, name) name %in% names(parent)

# The values of a data set; integers of 64 bits become doubles if R's are too
# short.
h5_values <- function(node) {
    space <- node$get_space()
    on.exit(space$close())
    empty <- space$get_simple_extent_npoints() == 0
    # hdf5r cannot read an empty set of strings.
    if (empty && inherits(node$get_type(), "H5T_STRING")) {
        character()
    } else {
        as_double(node$read())
    }
}

# close_all() collects R's garbage first, which takes longer than most reading.
h5_close <- function(file) {
    if (length(file$get_obj_ids()) > 1L) file$close_all() else file$close()
}

# An array with one field per column, as a list of columns.
h5_fields <- function(node) {
    type <- node$get_type()
    on.exit(type$close())
    stats::setNames(as.list(h5_values(node)), type$get_cpd_labels())
}

as_double <- function(values) {
    if (inherits(values, "integer64")) {
        shape <- dim(values)
        values <- as.double(values)
        dim(values) <- shape
    }
    values
}

h5_element <- function(node) {
    encoding <- h5_encoding(node)
    part <- function(name) h5_with(node, name, h5_values)
    switch(encoding,
        array = , `numeric-scalar` = , string = ,
        `string-array` = , `rec-array` = h5_data_set(node),
        categorical = list(kind = "factor", codes = part("codes"),
            levels = as.character(part("categories")),
            ordered = isTRUE(h5_attribute(node, "ordered"))),
        `nullable-integer` = , `nullable-boolean` = ,
        `nullable-string-array` = list(kind = "nullable",
            values = part("values"), missing = as.logical(part("mask"))),
        csr_matrix = , csc_matrix = list(kind = "sparse",
            format = substr(encoding, 1L, 3L),
            shape = h5_attribute(node, "shape"), data = part("data"),
            indices = part("indices"), indptr = part("indptr")),
        dataframe = h5_table(node),
        dict = , anndata = , raw = h5_dict(node),
        null = NULL,
        fail(paste("%s is stored as \"%s\", which R cannot read: read the file",
            "in Python, or drop that element there"), node$get_obj_name(),
            encoding))
}

h5_dict <- function(node) {
    keys <- h5_keys(node)
    dict_of(lapply(stats::setNames(nm = keys), function(key) {
        h5_with(node, key, h5_element)
    }))
}

h5_data_set <- function(node) {
    space <- node$get_space()
    on.exit(space$close())
    scalar <- space$get_simple_extent_ndims() == 0L
    values <- h5_values(node)
    if (is.data.frame(values)) {
        table_element(values)
    } else if (scalar) {
        list(kind = "scalar", value = as.vector(values))
    } else {
        if (length(dim(values)) > 1L) {
            values <- aperm(values)
        }
        list(kind = if (is.character(values)) "strings" else "numbers",
            values = values)
    }
}

h5_table <- function(node) {
    if (h5_attribute(node, "encoding-version") != "0.2.0") {
        old_file(node)
    }
    keys <- as.character(h5_attribute(node, "column-order"))
    columns <- lapply(stats::setNames(keys, keys), function(key) {
        h5_with(node, key, h5_element)
    })
    index <- h5_index(node)
    list(kind = "table", columns = columns, index = index,
        n_rows = length(index))
}

h5_index <- function(node) {
    as.character(h5_with(node, h5_attribute(node, "_index"), function(index) {
        value_of(h5_element(index))
    }))
}

old_file <- function(node) {
    fail(paste("%s was written by anndata older than 0.8: read the file in",
        "Python and write it again"), node$get_obj_name())
}

# X or a layer, genes x samples: a matrix, or sparse as it is stored; of all
# genes, or of some.
h5_layer <- function(node, genes = NULL) {
    if (is_h5_group(node)) {
        values <- layer_of(h5_element(node))
        if (is.null(genes)) values else values[genes, , drop = FALSE]
    } else if (is.null(genes)) {
        h5_values(node)
    } else {
        as_double(node[genes, , drop = FALSE])
    }
}
