# The path of an .h5ad file, and such a file while R has it open. A verb that R
# does itself reads from it what it needs and adds its results; all else stays
# as it is stored. Python is not needed then.

# nolint start: object_name_linter. A method is called generic.kind.

add_kind("path", function(x) is.character(x) && length(x) == 1L,
    "the path of an .h5ad file")

add_kind("file", function(x) inherits(x, "h5ad_file"))

# A path.

#' @exportS3Method
open_data.path <- function(x, frame = parent.frame()) {
    if (!has_hdf5r()) {
        return(read_by_python(x))
    }
    file <- open_h5ad(x)
    withr::defer(h5_close(file$file), frame)
    file
}

read_by_python <- function(path) {
    tryCatch(python_bridge(), error = function(e) {
        fail(paste("%s can be read with the R package hdf5r, which is missing",
            "(install.packages(\"hdf5r\")), or with Python: %s"), path,
            conditionMessage(e))
    })
    read_h5ad(path)
}

#' @exportS3Method
get_record.path <- function(x, name) {
    reading(x, function(data) get_record(data, name))
}

#' @exportS3Method
parts_of.path <- function(x) reading(x, parts_of)

#' @exportS3Method
on_data.path <- function(adata, copy, run) {
    refuse_copy(adata, copy)
    if (has_hdf5r()) {
        edit_h5ad(adata, run)
    } else {
        write_h5ad(run(read_by_python(adata)), adata)
    }
    invisible(adata)
}

#' @exportS3Method
run_python.path <- function(adata, copy, run) {
    refuse_copy(adata, copy)
    write_h5ad(run(read_h5ad(adata)), adata)
}

# A file is read, cut and written by Python.
#' @exportS3Method
keep_samples.path <- function(x, at, label) {
    write_h5ad(keep_samples(read_h5ad(x), at, label), x)
}

#' @exportS3Method
owned.path <- function(x, copy) {
    refuse_copy(x, copy)
    x
}

refuse_copy <- function(path, copy) {
    if (copy) {
        fail(paste("copy = TRUE has no meaning for a file: read %s with",
            "as_summarized_experiment() or read_h5ad()"), path)
    }
}

#' @exportS3Method
to_anndata.path <- function(x) read_h5ad(x)

#' @exportS3Method
save_data.path <- function(x, path) save_data(read_h5ad(x), path)

# An open file: reading.

# Whether there is a node at a path, given as its parts.
h5ad_has <- function(x, ...) {
    parts <- c(...)
    for (i in seq_along(parts)) {
        if (!x$file$link_exists(paste(parts[seq_len(i)], collapse = "/"))) {
            return(FALSE)
        }
    }
    TRUE
}

h5ad_value <- function(x, ...) {
    if (h5ad_has(x, ...)) {
        value_of(h5_with(x$file, paste(c(...), collapse = "/"), h5_element))
    }
}

# Of all genes, or of those that were picked.
#' @exportS3Method
get_stored.file <- function(x, layer = NULL) {
    if (is.null(layer)) {
        need_x(x)
        at <- "X"
    } else if (has_slot(x, "layers", layer)) {
        at <- paste0("layers/", layer)
    } else {
        return(NULL)
    }
    values <- h5_with(x$file, at, h5_layer, x$genes)
    dimnames(values) <- list(gene_names(x), sample_names(x))
    values
}

# Its genes are matched by name, those that a file of the package's own names.
#' @exportS3Method
get_raw.file <- function(x) {
    if (!h5ad_has(x, "raw", "X")) {
        return(NULL)
    }
    values <- h5_with(x$file, "raw/X", h5_layer)
    own <- h5_with(x$file, "raw/var", h5_index)
    at <- match(gene_names(x), own)
    if (anyNA(at)) {
        fail("raw lacks %d genes of the data: %s", sum(is.na(at)),
            first(gene_names(x)[is.na(at)]))
    }
    values <- values[at, , drop = FALSE]
    dimnames(values) <- list(gene_names(x), sample_names(x))
    values
}

need_x <- function(x) {
    if (!h5_has(x$file, "X")) {
        fail("%s has no X: put the raw counts there, samples x genes", x$path)
    }
}

#' @exportS3Method
column_value.file <- function(x, group, key) h5ad_value(x, group, key)

#' @exportS3Method
column_names.file <- function(x, group) {
    h5_with(x$file, group, function(side) {
        as.character(h5_attribute(side, "column-order"))
    })
}

#' @exportS3Method
frame_value.file <- function(x, group, key) h5ad_value(x, group, key)

#' @exportS3Method
has_slot.file <- function(x, group, key) h5ad_has(x, group, key)

#' @exportS3Method
axis_names.file <- function(x, group) {
    names <- h5_with(x$file, group, h5_index)
    if (group == "var" && !is.null(x$genes)) names[x$genes] else names
}

#' @exportS3Method
get_record.file <- function(x, name) {
    h5ad_value(x, "uns", schema()$uns_key, name)
}

#' @exportS3Method
record_names.file <- function(x) {
    if (h5ad_has(x, "uns", schema()$uns_key)) {
        h5_with(x$file, paste0("uns/", schema()$uns_key), h5_keys)
    }
}

#' @exportS3Method
parts_of.file <- function(x) {
    all_of <- function(group, read) {
        if (!h5_has(x$file, group)) {
            return(list())
        }
        h5_with(x$file, group, function(members) {
            keys <- h5_keys(members)
            lapply(stats::setNames(keys, keys), function(key) {
                h5_with(members, key, read)
            })
        })
    }
    read <- function(node) value_of(h5_element(node))
    side <- function(name) {
        columns <- h5_with(x$file, name, read)
        rownames(columns) <- NULL
        columns
    }
    need_x(x)
    list(counts = h5_with(x$file, "X", h5_layer),
        layers = all_of("layers", h5_layer),
        obs = side("obs"), var = side("var"),
        obsm = all_of("obsm", read), varm = all_of("varm", read),
        uns = all_of("uns", read),
        obs_names = sample_names(x), var_names = gene_names(x),
        left_out = h5ad_left_out(x))
}

h5ad_left_out <- function(x) {
    Filter(function(group) {
        h5_has(x$file, group) && h5_with(x$file, group, function(members) {
            length(names(members)) > 0L
        })
    }, c("obsp", "varp", "raw"))
}

# An open file: writing.

#' @exportS3Method
set_slots.file <- function(x, slots) {
    groups <- slots_by_group(slots)
    for (group in names(groups)) {
        put <- switch(group,
            obs = , var = h5ad_put_column,
            layers = h5ad_put_layer,
            obsm = , varm = h5ad_put_aligned,
            uns = h5ad_put_record)
        put(x, group, groups[[group]])
    }
    x
}

#' @exportS3Method
write_results.file <- function(x, verb, results, settings, key_added, reads) {
    x <- write_results.default(x, verb, results, settings, key_added, reads)
    if (verb == "de" && is.null(key_added)) {
        h5ad_add_tests(x)
    }
    x
}

# Columns of scanpy's records of genes, and the frames of run_de() that fill
# them, as in Python's ranking.add_tests().
scanpy_tests <- c(logfoldchanges = "de_logfc", pvals = "de_pvalue",
    pvals_adj = "de_fdr")

# Fills in what run_de() finds where genes were ranked before: arrays with one
# field per class, in place.
h5ad_add_tests <- function(x) {
    for (key in scanpy_keys(x)) {
        h5_with(x$file, paste0("uns/", key), function(record) {
            genes <- h5_with(record, "names", h5_fields)
            at <- lapply(genes, match, gene_names(x))
            for (column in intersect(names(scanpy_tests), h5_keys(record))) {
                frame <- get_frame(x, "varm", scanpy_tests[[column]])
                stored <- columns_in(names(genes), colnames(frame))
                # A class that was not tested has none.
                tested <- function(class) {
                    if (is.na(stored[[class]])) NA_real_ else
                        frame[at[[class]], stored[[class]]]
                }
                h5_with(record, column, h5_put_fields, lapply(
                    stats::setNames(nm = names(genes)), function(class) {
                        rep_len(tested(class), length(at[[class]]))
                    }))
            }
        })
    }
}

scanpy_keys <- function(x) {
    slots <- unlist(lapply(record_names(x), function(name) {
        entry <- get_record(x, name)
        if (is_plain_list(entry)) as.character(entry$slots)
    }))
    keys <- sub("^scanpy/", "", grep("^scanpy/", slots, value = TRUE))
    Filter(function(key) has_slot(x, "uns", key), unique(keys))
}

h5ad_put_column <- function(x, group, slots) {
    h5ad_in(x, group, function(side) {
        for (slot in slots) {
            h5_drop(side, slot$key)
            h5_put(side, slot$key, column_element(slot$value, slot$dtype))
        }
        columns <- as.character(h5_attribute(side, "column-order"))
        h5_note_columns(side, union(columns, vapply(slots, `[[`, "", "key")))
    })
}

h5ad_put_layer <- function(x, group, slots) {
    h5ad_in(x, group, function(layers) {
        for (slot in slots) {
            h5_drop(layers, slot$key)
            h5_put_layer(layers, slot$key, layer_element(slot$value,
                slot$dtype))
        }
    })
}

# The rows of a frame are called what they are in obs or var.
h5ad_put_aligned <- function(x, group, slots) {
    side <- sub("m$", "", group)
    index <- axis_names(x, side)
    index_name <- h5_with(x$file, side, h5_attribute, "_index")
    elements <- lapply(slots, function(slot) {
        element <- nested_element(slot$value, group, slot$key, index)
        if (element$kind == "table") {
            element$name <- index_name
        }
        element
    })
    h5ad_put(x, group, slots, elements)
}

h5ad_put_record <- function(x, group, slots) {
    h5ad_put(x, c(group, schema()$uns_key), slots,
        lapply(slots, function(slot) element_of(slot$value)))
}

h5ad_put <- function(x, groups, slots, elements) {
    h5ad_in(x, groups, function(group) {
        for (i in seq_along(slots)) {
            h5_drop(group, slots[[i]]$key)
            h5_put(group, slots[[i]]$key, elements[[i]])
        }
    })
}

# Opens nested groups, made where they are not there.
h5ad_in <- function(x, groups, use) {
    at <- x$file
    for (name in groups) {
        at <- if (h5_has(at, name)) at[[name]] else h5_group(at, name)
    }
    on.exit(at$close())
    use(at)
}

#' @exportS3Method
pick_genes.file <- function(x, at) {
    x$genes <- at
    x
}

#' @exportS3Method
keep_genes.file <- function(x, key) {
    h5ad_keep_genes(x, which(h5ad_value(x, "var", key)))
}

# nolint end
