# What a value of R is in an AnnData, and back. An element is a list with its
# `kind`, made of plain vectors: R hands elements to Python in memory (by
# reticulate, python/tissueshap/_bridge/elements.py) and writes them to a file
# (by hdf5r, h5_write.R) under one rule of what becomes what.
#
# Vectors of one value are scalars in Python; one with a dimension (an array)
# stays an array, so that it comes back as one.

element_of <- function(value, dtype = NULL) {
    if (is.null(value)) {
        NULL
    } else if (is_table(value)) {
        table_element(value)
    } else if (methods::is(value, "sparseMatrix")) {
        sparse_element(value)
    } else if (is_plain_list(value)) {
        names(value) <- names_at(names(value), seq_along(value))
        dict_of(lapply(value, element_of))
    } else if (is.factor(value)) {
        factor_element(value)
    } else {
        value <- plain_vector(value)
        single <- length(value) == 1L && is.null(dim(value))
        if (is.null(value)) {
            NULL
        } else if (single) {
            scalar_element(value)
        } else {
            vector_element(value, dtype)
        }
    }
}

# Elements by name; NULL is none.
dict_of <- function(items) {
    list(kind = "dict", items = items[lengths(items) > 0L])
}

is_table <- function(value) {
    is.data.frame(value) || methods::is(value, "DataFrame")
}

# Dates are strings in Python; NULL for what Python cannot hold, as a function.
plain_vector <- function(value) {
    if (inherits(value, c("Date", "POSIXt"))) {
        format(value)
    } else if (isS4(value) && methods::is(value, "Vector")) {
        tryCatch(plain_vector(as.vector(value)), error = function(e) NULL)
    } else if (is.atomic(value) && !is.complex(value) && !is.raw(value)) {
        shape <- dim(value)
        if (is.object(value)) {
            value <- as.vector(unclass(value))
        }
        attributes(value) <- NULL
        dim(value) <- shape
        value
    }
}

scalar_element <- function(value) {
    if (!is.na(value)) {
        list(kind = "scalar", value = plain_text(value))
    } else if (!is.character(value)) {
        list(kind = "scalar", value = NaN)
    }
}

plain_text <- function(value) {
    if (is.character(value)) enc2utf8(value) else value
}

# A column, too: one of a single row is an array there.
vector_element <- function(value, dtype = NULL) {
    shape <- dim(value)
    if (is.character(value)) {
        if (!anyNA(value)) {
            list(kind = "strings", values = enc2utf8(value))
        } else {
            factor_element(factor(value, sort(unique(as.vector(value)),
                method = "radix")))
        }
    } else if (anyNA(value) && !is.double(value)) {
        if (length(shape) > 1L) {
            storage.mode(value) <- "double"
            return(vector_element(value, dtype))
        }
        missing <- is.na(as.vector(value))
        value <- as.vector(value)
        value[missing] <- if (is.logical(value)) FALSE else 0L
        list(kind = "nullable", values = value, missing = missing)
    } else {
        list(kind = "numbers", values = value, dtype = dtype)
    }
}

factor_element <- function(value) {
    codes <- as.integer(value) - 1L
    codes[is.na(codes)] <- -1L
    list(kind = "factor", codes = codes, levels = enc2utf8(levels(value)),
        ordered = is.ordered(value))
}

column_element <- function(value, dtype = NULL) {
    if (is.factor(value)) {
        factor_element(value)
    } else {
        value <- plain_vector(value)
        if (is.null(value) || length(dim(value)) > 1L) {
            NULL
        } else {
            vector_element(value, dtype)
        }
    }
}

# `dtypes` names the columns whose type the contract fixes.
table_element <- function(value, index = NULL, dtypes = list()) {
    columns <- as.list(value)
    columns <- lapply(stats::setNames(names(columns), names(columns)),
        function(name) column_element(columns[[name]], dtypes[[name]]))
    lost <- names(columns)[!lengths(columns)]
    if (length(lost)) {
        message("An AnnData cannot hold these columns, left out: ",
            first(lost))
    }
    named <- if (is.data.frame(value)) {
        .row_names_info(value) > 0L
    } else {
        !is.null(rownames(value))
    }
    if (is.null(index) && named) {
        index <- rownames(value)
    }
    list(kind = "table", columns = columns[lengths(columns) > 0L],
        index = index, n_rows = nrow(value))
}

frame_of <- function(values) {
    frame <- as.data.frame(unname(as.matrix(values)))
    names(frame) <- names_at(colnames(values), seq_len(ncol(values)))
    frame
}

# With the columns that stand for the classes.
stored_frame <- function(values) {
    frame <- frame_of(values)
    names(frame) <- class_columns(names(frame))
    frame
}

# As Python's _schema.plain_name(), column() and columns_in().
plain_names <- function(names) escaped(names, schema()$name_escape)

class_columns <- function(classes) escaped(classes, schema()$column_escape)

escaped <- function(names, escapes) {
    for (bad in names(escapes)) {
        names <- gsub(bad, escapes[[bad]], names, fixed = TRUE)
    }
    names
}

# The columns that stand for classes, of those that there are; NA if there is
# none. Earlier versions had one name for the classes a/b and a|b.
columns_in <- function(classes, stored) {
    columns <- class_columns(classes)
    old <- plain_names(classes)
    present <- ifelse(columns %in% stored, columns,
        ifelse(old %in% setdiff(stored, columns), old, NA))
    stats::setNames(as.character(present), classes)
}

frame_element <- function(values) table_element(frame_of(values))

# R's columns are Python's: one format, without a transpose.
sparse_element <- function(value) {
    value <- as_csc(value)
    list(kind = "sparse", format = "csc", shape = dim(value), data = value@x,
        indices = value@i, indptr = value@p)
}

as_csc <- function(value) {
    value <- methods::as(methods::as(value, "dMatrix"), "generalMatrix")
    methods::as(value, "CsparseMatrix")
}

value_of <- function(element) {
    if (is.null(element)) {
        return(NULL)
    }
    switch(element$kind,
        scalar = element$value,
        numbers = as_array(element$values),
        strings = as_array(as.character(unlist(element$values)),
            dim(element$values)),
        factor = factor_value(element),
        nullable = {
            values <- as.vector(unlist(element$values))
            values[as.vector(element$missing)] <- NA
            values
        },
        sparse = sparse_value(element),
        table = table_value(element),
        dict = lapply(element$items, value_of),
        fail("there is no kind of element called %s", element$kind))
}

factor_value <- function(element) {
    levels <- as.character(unlist(element$levels))
    codes <- as.vector(element$codes) + 1L
    codes[codes == 0L] <- NA
    factor(levels[codes], levels, ordered = element$ordered)
}

as_array <- function(values, shape = dim(values)) {
    if (length(shape) > 1L || length(values) == 1L) {
        array(values, if (is.null(shape)) length(values) else shape)
    } else {
        as.vector(values)
    }
}

table_value <- function(element) {
    columns <- lapply(element$columns, function(column) {
        values <- value_of(column)
        if (is.factor(values)) values else as.vector(values)
    })
    frame <- structure(columns, class = "data.frame",
        row.names = .set_row_names(element$n_rows))
    if (is.null(names(frame))) {
        names(frame) <- character()
    }
    index <- as.character(unlist(element$index))
    counted <- identical(index, counted_index(element$n_rows))
    if (length(index) && !counted && !anyDuplicated(index)) {
        rownames(frame) <- index
    }
    frame
}

# How a file names the rows of a table that has no names.
counted_index <- function(n) as.character(seq_len(n) - 1L)

sparse_value <- function(element) {
    columns <- sparse_columns(element)
    if (element$format == "csr") Matrix::t(columns) else columns
}

# The rows of a CSR matrix are the columns of its transpose: what is stored
# samples x genes becomes genes x samples without moving a value.
sparse_columns <- function(element) {
    shape <- as.integer(unlist(element$shape))
    dims <- if (element$format == "csr") rev(shape) else shape
    check_sparse(element, dims)
    Matrix::sparseMatrix(i = as.vector(element$indices),
        p = as.vector(element$indptr), x = as.double(element$data),
        dims = dims, index1 = FALSE, repr = "C")
}

# As Python's io._h5ad: what a damaged file holds must not be used.
check_sparse <- function(element, dims) {
    i <- as.vector(element$indices)
    p <- as.vector(element$indptr)
    fits <- lengths_fit(i, p, length(element$data), dims) &&
        bounds_fit(i, p, dims)
    if (!fits) {
        fail(paste("a sparse matrix of %d x %d is damaged (indices or indptr",
            "out of bounds): write the file again"), dims[1L], dims[2L])
    }
    column <- rep.int(seq_along(p[-1L]), diff(p))
    if (anyDuplicated((column - 1) * dims[1L] + i)) {
        fail(paste("a sparse matrix of %d x %d holds a value twice: add the",
            "values up and write the file again"), dims[1L], dims[2L])
    }
}

lengths_fit <- function(i, p, n, dims) {
    length(p) == dims[2L] + 1L && length(i) == n && !anyNA(p) && !anyNA(i)
}

bounds_fit <- function(i, p, dims) {
    p[1L] == 0 && p[length(p)] == length(i) && all(diff(p) >= 0) &&
        all(i >= 0 & i < dims[1L])
}

# A layer is samples x genes in Python and genes x samples here.
layer_of <- function(element) {
    if (element$kind != "sparse") {
        as.matrix(element$values)
    } else if (element$format == "csr") {
        sparse_columns(element)
    } else {
        Matrix::t(sparse_columns(element))
    }
}

# What is on disk, or delayed, as a matrix in memory.
sparse_or_dense <- function(value) {
    if (is.matrix(value) || methods::is(value, "sparseMatrix")) {
        value
    } else if (methods::is(value, "DelayedMatrix") &&
        DelayedArray::is_sparse(value)) {
        methods::as(value, "CsparseMatrix")
    } else {
        as.matrix(value)
    }
}

layer_element <- function(value, dtype = NULL) {
    if (methods::is(value, "sparseMatrix")) {
        element <- sparse_element(value)
        element$format <- "csr"
        element$shape <- rev(element$shape)
        element$dtype <- dtype
        element
    } else {
        list(kind = "numbers", values = unname(as.matrix(value)),
            dtype = dtype)
    }
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
