# What the verbs ask of data, whatever their kind. A kind is one file,
# kind_NAME.R: it introduces the kind with add_kind() and has its methods of the
# generics below. Generics with a default need a method only where the kind
# differs from an object that R holds in memory and copies when it changes it.
#
# Methods are dispatched on what kind_of() returns, not on the class of the
# object: the class of an AnnData depends on the version of the Python package,
# and a path is a character vector like any other.

kinds <- new.env(parent = emptyenv())

# `is` recognises an object of the kind; `words` are what an error says the user
# can pass, NULL for a kind that only this package makes.
add_kind <- function(name, is, words = NULL) {
    kinds$known[[name]] <- list(is = is, words = words)
}

kind_of <- function(x) {
    for (name in names(kinds$known)) {
        if (kinds$known[[name]]$is(x)) {
            return(structure(name, class = name))
        }
    }
    wrong_type("adata", x, any_of(unique(unlist(lapply(kinds$known, `[[`,
        "words")))), remedy_for(x))
}

remedy_for <- function(x) {
    if (is.matrix(x)) {
        "of a matrix make SummarizedExperiment(list(counts = x), colData = )"
    } else if (inherits(x, "DGEList")) {
        paste("of it make SummarizedExperiment(list(counts = x$counts),",
            "colData = x$samples, rowData = x$genes)")
    }
}

# Reading. `group` is "obs", "var", "layers", "obsm" or "varm".

# X, or the layer named: genes x samples with names, NULL if there is none. A
# matrix that is sparse, or on disk, stays so.
get_stored <- function(x, layer = NULL) UseMethod("get_stored", kind_of(x))

# A column of obs or var, NULL if there is none. A factor stays a factor.
column_value <- function(x, group, key) UseMethod("column_value", kind_of(x))

column_names <- function(x, group) UseMethod("column_names", kind_of(x))

# A frame or array of obsm or varm, NULL if there is none.
frame_value <- function(x, group, key) UseMethod("frame_value", kind_of(x))

has_slot <- function(x, group, key) UseMethod("has_slot", kind_of(x))

# The names of the samples ("obs") or genes ("var"); numbers if they have none.
axis_names <- function(x, group) UseMethod("axis_names", kind_of(x))

# What an earlier verb recorded, NULL if there is no such record.
get_record <- function(x, name) UseMethod("get_record", kind_of(x))

record_names <- function(x) UseMethod("record_names", kind_of(x))

# All that the data hold, as values of R: `counts` and `layers` (genes x
# samples, in memory), `obs` and `var` (tables), `obsm`, `varm` and, if the kind
# has them, `obsp` and `varp`, `uns`, `obs_names`, `var_names`, and `left_out`,
# the names of other groups that are not empty.
parts_of <- function(x) UseMethod("parts_of", kind_of(x))

# Writing: slots as slots.R prepares them. Returns the data.
set_slots <- function(x, slots) UseMethod("set_slots", kind_of(x))

# Some genes by position, so that a figure does not fetch whole matrices.
pick_genes <- function(x, at) UseMethod("pick_genes", kind_of(x))

# Drops the genes that a logical column of var does not mark.
keep_genes <- function(x, key) UseMethod("keep_genes", kind_of(x))

# Some samples by position; the factor `label` loses levels without samples.
keep_samples <- function(x, at, label) UseMethod("keep_samples", kind_of(x))

#' @exportS3Method
keep_samples.default <- function(x, at, label) {
    fail("samples of %s cannot be dropped here: drop them first", class(x)[1L])
}

# What messages call the parts of an object, by the name of the part in an
# AnnData; NULL for AnnData's own names.
place_words <- function(x) UseMethod("place_words", kind_of(x))

#' @exportS3Method
place_words.default <- function(x) NULL

# Notes where the counts are: the name of an assay or a layer, "X" or "raw".
set_assay <- function(x, assay) UseMethod("set_assay", kind_of(x))

#' @exportS3Method
set_assay.default <- function(x, assay) {
    counts_at(x, assay)
    set_slots(x, list(new_slot("uns", "assay", assay)))
}

# The raw counts: genes x samples with names.
get_counts <- function(x) UseMethod("get_counts", kind_of(x))

#' @exportS3Method
get_counts.default <- function(x) {
    assay <- get_record(x, "assay")
    counts_at(x, if (is.null(assay)) "X" else assay)
}

# AnnData's raw of the genes of the data, NULL if there is none.
get_raw <- function(x) UseMethod("get_raw", kind_of(x))

#' @exportS3Method
get_raw.default <- function(x) NULL

# The data, or a file of them opened until the function `frame` returns.
open_data <- function(x, frame = parent.frame()) {
    UseMethod("open_data", kind_of(x))
}

#' @exportS3Method
open_data.default <- function(x, frame = parent.frame()) x

# The name of the column of classes: the one given, or the recorded one.
label_name <- function(x, label) UseMethod("label_name", kind_of(x))

#' @exportS3Method
label_name.default <- function(x, label) {
    place <- place_of(x, "obs")
    if (is.null(label)) {
        label <- get_record(x, "label")
    }
    if (is.null(label)) {
        fail("which column of %s holds the classes? Pass label = \"...\"",
            place)
    }
    refuse_reserved(label, "label")
    columns <- column_names(x, "obs")
    if (sum(columns == label) > 1L) {
        fail("%s has the column \"%s\" twice: rename or drop one of them",
            place, label)
    }
    if (!label %in% columns) {
        fail("%s has no column \"%s\"; it has: %s", place, label,
            first(columns, 20L))
    }
    label
}

# What follows asks the generics, and is the same for each kind.

gene_names <- function(x) axis_names(x, "var")

sample_names <- function(x) axis_names(x, "obs")

reading <- function(x, use) use(open_data(x))

counts_at <- function(x, place) {
    values <- get_stored(x, place)
    if (is.null(values)) {
        values <- switch(place, X = get_stored(x), raw = get_raw(x))
    }
    if (is.null(values)) {
        fail(paste("the data have no layer \"%s\" to read counts from: pass",
            "assay = \"...\", the name of a layer, \"X\" or \"raw\""), place)
    }
    values
}

remember_assay <- function(x, assay) {
    if (is.null(assay)) x else set_assay(x, assay)
}

# What a group of slots is called in an object.
place_of <- function(x, group) {
    words <- place_words(x)
    if (is.null(words)) group else words[[group]]
}

get_matrix <- function(x, layer = NULL) {
    values <- get_stored(x, layer)
    if (is.null(values)) NULL else as.matrix(values)
}

get_column <- function(x, group, key) {
    values <- column_value(x, group, key)
    if (is.null(values)) NULL else as.vector(values)
}

# A frame of varm or obsm as a matrix with the stored names of its columns.
get_frame <- function(x, group, key, slot = key) {
    frame <- frame_value(x, group, key)
    if (is.null(frame)) {
        missing_slot(x, group, key, slot)
    }
    frame <- as.matrix(frame)
    rownames(frame) <- NULL
    frame
}

# The positions in the plane of a gene set, samples x 2.
get_embedding <- function(x, gene_set) {
    prefix <- slot_name("obsm", "X_umap")
    key <- paste(prefix, class_columns(gene_set), sep = "_")
    # As Python's _schema.key_of().
    old <- paste(prefix, plain_names(gene_set), sep = "_")
    if (!has_slot(x, "obsm", key) && has_slot(x, "obsm", old)) {
        key <- old
    }
    unname(get_frame(x, "obsm", key, slot = "X_umap"))
}

get_label <- function(x, label) {
    name <- label_name(x, label)
    list(name = name, values = class_values(x, name))
}

# A factor keeps its levels, in their order.
class_values <- function(x, name) {
    values <- column_value(x, "obs", name)
    if (is.factor(values)) {
        factor(values, levels(values), ordered = FALSE)
    } else if (!is.null(values)) {
        as.vector(values)
    }
}

# A classifier's input: `layer`, or what the classifier here was trained on.
input_layer <- function(x, layer = NULL) {
    trained <- get_record(x, "cnn")$params$layer
    if (!is.null(layer)) {
        layer
    } else if (!is.null(trained)) {
        as.character(trained)
    } else {
        slot_name("layers", "log2")
    }
}

# Of the layer "X", without one of this name, the data's X, as in Python.
need_matrix <- function(x, layer) {
    values <- get_matrix(x, layer)
    if (is.null(values) && identical(layer, "X")) {
        values <- get_matrix(x)
    }
    if (is.null(values)) {
        missing_slot(x, "layers", layer)
    }
    values
}

need_column <- function(x, group, key) {
    values <- get_column(x, group, key)
    if (is.null(values)) {
        missing_slot(x, group, key)
    }
    values
}

need_record <- function(x, name, verb = name) {
    record <- get_record(x, name)
    if (is.null(record)) {
        fail("there is no record of %s: run run_%s() first", name, verb)
    }
    record
}

# `slot` is its name in the contract, which has the verb that writes it.
missing_slot <- function(x, group, key, slot = key) {
    by <- written_by(group, slot)
    fail("%s \"%s\" is missing%s", place_of(x, group), key,
        if (is.null(by)) "" else sprintf(": run %s() first", by))
}
