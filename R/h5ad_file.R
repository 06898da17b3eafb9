# An .h5ad file, open: a verb that R does itself reads from it what it needs and
# adds what it found; all else stays as it is stored. Python is not needed.

has_hdf5r <- function() requireNamespace("hdf5r", quietly = TRUE)

open_h5ad <- function(path, mode = "r") {
    if (!file.exists(path)) {
        fail("%s does not exist: check the path", path)
    }
    if (!hdf5r::is_hdf5(path)) {
        fail("%s is not an HDF5 file: is it complete, and is it an .h5ad?",
            path)
    }
    file <- hdf5r::H5File$new(path, mode)
    lacking <- setdiff(c("obs", "var"), names(file))
    if (length(lacking)) {
        h5_close(file)
        fail("%s is HDF5 but not .h5ad: it has no obs and var", path)
    }
    structure(list(file = file, path = path), class = "h5ad_file")
}

with_h5ad <- function(path, use) {
    x <- open_h5ad(path)
    on.exit(h5_close(x$file))
    use(x)
}

# `change` works on a copy beside the file, which then replaces it in one step:
# a verb that fails, or is interrupted, leaves the file as it was.
edit_h5ad <- function(path, change) {
    with_h5ad(path, function(x) NULL)
    replace_file(path, function(temporary) {
        if (!file.copy(path, temporary)) {
            fail("%s cannot be written: is the disk full?", dirname(path))
        }
        x <- open_h5ad(temporary, "r+")
        h5_without_flush()
        cache$h5_dropped <- FALSE
        tryCatch(change(x), finally = h5_close(x$file))
        if (cache$h5_dropped) {
            compact_h5ad(temporary)
        }
    })
}

# hdf5r would write to the disk after each attribute; the file is there when it
# is closed, or not at all.
h5_without_flush <- function(frame = parent.frame()) {
    withr::local_options(hdf5r.flush_on_write = FALSE, .local_envir = frame)
}

replace_file <- function(path, make) {
    path <- path.expand(path)
    if (!dir.exists(dirname(path))) {
        fail("%s does not exist: create the folder before writing to it",
            dirname(path))
    }
    if (dir.exists(path)) {
        fail("%s is a folder: name a file, such as %s", path,
            file.path(path, "adata.h5ad"))
    }
    # A link stays a link.
    path <- normalizePath(path, mustWork = FALSE)
    temporary <- tempfile(paste0(".", basename(path), "."), dirname(path))
    on.exit(unlink(temporary))
    make(temporary)
    if (!file.rename(temporary, path)) {
        fail("%s cannot be replaced: may you write there?", path)
    }
    invisible(path)
}

# HDF5 does not give back the room of what was replaced: what is left is copied
# into a new file.
compact_h5ad <- function(path) {
    from <- hdf5r::H5File$new(path, "r")
    packed <- paste0(path, "-packed")
    on.exit({
        h5_close(from)
        unlink(packed)
    })
    to <- hdf5r::H5File$new(packed, "w")
    for (key in names(from)) {
        from$obj_copy_to(to, key, key)
    }
    h5_mark(to, "anndata", "0.1.0")
    h5_close(to)
    file.rename(packed, path)
}

h5ad_names <- function(x, side) {
    found <- h5_with(x$file, side, h5_index)
    if (side == "var" && !is.null(x$genes)) found[x$genes] else found
}

need_x <- function(x) {
    if (!h5_has(x$file, "X")) {
        fail("%s has no X: put the raw counts there, samples x genes", x$path)
    }
}

# Of all genes, or of those that were picked.
h5ad_matrix <- function(x, layer) {
    if (is.null(layer)) {
        need_x(x)
        at <- "X"
    } else if (h5ad_has(x, "layers", layer)) {
        at <- paste0("layers/", layer)
    } else {
        return(NULL)
    }
    found <- h5_with(x$file, at, h5_layer, x$genes)
    dimnames(found) <- list(h5ad_names(x, "var"), h5ad_names(x, "obs"))
    found
}

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

h5ad_record <- function(x, verb) h5ad_value(x, "uns", schema()$uns_key, verb)

h5ad_write <- function(x, verb, found, entry, key_added) {
    named <- function(key) named_slot(key, key_added)
    for (group in c("obs", "var")) {
        for (key in names(found[[group]])) {
            h5ad_set_column(x, group, named(key),
                column_element(found[[group]][[key]], slot_dtype(group, key)))
        }
    }
    for (key in names(found$layers)) {
        element <- layer_element(found$layers[[key]],
            slot_dtype("layers", key))
        h5ad_in(x, "layers", function(group) {
            h5_drop(group, named(key))
            h5_put_layer(group, named(key), element)
        })
    }
    for (group in c("obsm", "varm")) {
        side <- sub("m$", "", group)
        index <- h5ad_names(x, side)
        # The rows are called what they are in obs or var.
        name <- h5_with(x$file, side, h5_attribute, "_index")
        for (key in names(found[[group]])) {
            element <- table_element(found[[group]][[key]], index)
            element$name <- name
            h5ad_set(x, group, named(key), element)
        }
    }
    h5ad_set(x, c("uns", schema()$uns_key),
        if (is.null(key_added)) verb else key_added, element_of(entry))
    if (!is.null(entry$params$label)) {
        h5ad_set(x, c("uns", schema()$uns_key), "label",
            element_of(entry$params$label))
    }
    x
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

h5ad_set <- function(x, groups, key, element) {
    h5ad_in(x, groups, function(group) {
        h5_drop(group, key)
        h5_put(group, key, element)
    })
}

h5ad_set_column <- function(x, side, key, element) {
    h5ad_in(x, side, function(group) {
        h5_drop(group, key)
        h5_put(group, key, element)
        held <- as.character(h5_attribute(group, "column-order"))
        h5_note_columns(group, union(held, key))
    })
}

# All that the contract has, as build_experiment() takes it.
h5ad_parts <- function(x) {
    all_of <- function(group, read) {
        if (!h5_has(x$file, group)) {
            return(list())
        }
        h5_with(x$file, group, function(held) {
            keys <- h5_keys(held)
            lapply(stats::setNames(keys, keys), function(key) {
                h5_with(held, key, read)
            })
        })
    }
    read <- function(node) value_of(h5_element(node))
    side <- function(name) {
        found <- h5_with(x$file, name, read)
        rownames(found) <- NULL
        found
    }
    need_x(x)
    list(counts = h5_with(x$file, "X", h5_layer),
        layers = all_of("layers", h5_layer),
        obs = side("obs"), var = side("var"),
        obsm = all_of("obsm", read), varm = all_of("varm", read),
        uns = all_of("uns", read),
        obs_names = h5ad_names(x, "obs"), var_names = h5ad_names(x, "var"),
        left_out = h5ad_left_out(x))
}

h5ad_left_out <- function(x) {
    Filter(function(group) {
        h5_has(x$file, group) && h5_with(x$file, group, function(held) {
            length(names(held)) > 0L
        })
    }, c("obsp", "varp", "raw"))
}

# Writes a whole AnnData, from its elements.
write_elements <- function(elements, path) {
    replace_file(path, function(temporary) {
        file <- hdf5r::H5File$new(temporary, "w")
        on.exit(h5_close(file))
        h5_without_flush()
        h5_mark(file, "anndata", "0.1.0")
        h5_put_layer(file, "X", elements$counts)
        for (side in c("obs", "var")) {
            h5_put(file, side, with_categories(elements[[side]]))
        }
        layers <- h5_group(file, "layers")
        for (key in names(elements$layers$items)) {
            h5_put_layer(layers, key, elements$layers$items[[key]])
        }
        layers$close()
        for (group in c("obsm", "varm", "obsp", "varp", "uns")) {
            held <- elements[[group]]
            h5_put(file, group, if (is.null(held)) dict_of(list()) else held)
        }
    })
}

# Texts that repeat themselves become categories, as anndata does.
with_categories <- function(table) {
    table$columns <- lapply(table$columns, function(column) {
        if (column$kind == "strings" && anyDuplicated(column$values)) {
            factor_element(factor(column$values,
                sort(unique(column$values), method = "radix")))
        } else {
            column
        }
    })
    table
}
