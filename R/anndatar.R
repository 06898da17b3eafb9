# The only file that knows what an object of the package anndataR is made of: an
# R6 object with AnnData's slots, samples x genes, which is changed in place.
# Only its public bindings are used, so that every backend of anndataR will do.

# A view cannot be written to, and is copied as in Python.
own_anndatar <- function(x, copy) {
    if (copy || inherits(x, "AnnDataView")) x$as_InMemoryAnnData() else x
}

# Some genes. Objects can be cut by `[` since anndataR 1.0; before, a new one is
# made of their parts.
anndatar_genes <- function(x, at, by_bracket = anndatar_has_bracket()) {
    if (by_bracket) {
        return(x[, at])
    }
    make <- getExportedValue("anndataR", "AnnData")
    do.call(make, anndatar_cut(x, at))
}

anndatar_has_bracket <- function() {
    is.function(utils::getS3method("[", "AbstractAnnData", optional = TRUE))
}

anndatar_cut <- function(x, at) {
    each <- function(items, cut) if (length(items)) lapply(items, cut)
    rows <- function(value) value[at, , drop = FALSE]
    columns <- function(value) value[, at, drop = FALSE]
    list(X = columns(x$X), obs = x$obs, var = rows(x$var),
        layers = each(x$layers, columns), obsm = x$obsm,
        varm = each(x$varm, rows), obsp = x$obsp,
        varp = each(x$varp, function(value) value[at, at, drop = FALSE]),
        uns = x$uns)
}

# NULL is an empty slot; a slot that there is not is an error.
anndatar_slot <- function(x, slot) field(x, slot, "anndataR::AnnData")

anndatar_names <- function(x, group) {
    size <- if (group == "obs") x$n_obs() else x$n_vars()
    as.character(names_at(anndatar_slot(x, paste0(group, "_names")),
        seq_len(size)))
}

# Genes x samples of samples x genes, and back; without names.
anndatar_turned <- function(value) {
    if (is.matrix(value)) unname(t(value)) else bare(Matrix::t(value))
}

anndatar_layer <- function(value) anndatar_turned(sparse_or_dense(value))

anndatar_counts <- function(x) {
    counts <- anndatar_slot(x, "X")
    if (is.null(counts)) {
        fail("adata$X is empty: put the raw counts there, samples x genes")
    }
    anndatar_layer(counts)
}

anndatar_matrix <- function(x, layer) {
    layers <- anndatar_slot(x, "layers")
    if (is.null(layer)) {
        found <- anndatar_counts(x)
    } else if (layer %in% names(layers)) {
        found <- anndatar_layer(layers[[layer]])
    } else {
        return(NULL)
    }
    dimnames(found) <- list(anndatar_names(x, "var"), anndatar_names(x, "obs"))
    found
}

# Columns of obs and var, or items of the other slots. A slot is set once, since
# a backend on disk writes all of it.
anndatar_set <- function(x, group, values) {
    if (length(values) == 0L) {
        return(invisible())
    }
    items <- with_items(anndatar_slot(x, group), values)
    tryCatch({
        x[[group]] <- items
    }, error = function(e) {
        fail(paste("%s of the object of anndataR cannot be written (%s): open",
            "its file with mode = \"r+\", or pass copy = TRUE"), group,
            conditionMessage(e))
    })
}

with_items <- function(held, values) {
    if (is.null(held)) {
        held <- list()
    }
    for (key in names(values)) {
        held[[key]] <- values[[key]]
    }
    held
}

# The rows of a frame are called what they are in obs or var.
anndatar_frame <- function(x, group, value) {
    if (!is.data.frame(value)) {
        return(value)
    }
    index <- anndatar_names(x, sub("m$", "", group))
    if (anyDuplicated(index)) {
        return(value)
    }
    names(value) <- plain_names(names(value))
    rownames(value) <- index
    value
}

anndatar_record <- function(x, entries) {
    held <- with_items(anndatar_slot(x, "uns")[[schema()$uns_key]], entries)
    anndatar_set(x, "uns", stats::setNames(list(held), schema()$uns_key))
}

anndatar_write <- function(x, verb, found, entry, key_added) {
    named <- function(values) {
        if (length(values) && !is.null(key_added)) {
            names(values) <- paste(key_added, names(values), sep = "_")
        }
        values
    }
    for (group in c("obs", "var")) {
        anndatar_set(x, group, named(found[[group]]))
    }
    anndatar_set(x, "layers", named(lapply(found$layers, anndatar_turned)))
    for (group in c("obsm", "varm")) {
        anndatar_set(x, group, named(lapply(found[[group]], function(value) {
            anndatar_frame(x, group, value)
        })))
    }
    entries <- stats::setNames(list(entry),
        if (is.null(key_added)) verb else key_added)
    entries$label <- entry$params$label
    anndatar_record(x, entries)
    x
}

# With what a verb of Python changed.
anndatar_add <- function(x, changed) {
    anndatar_set(x, "layers", lapply(changed$layers, function(element) {
        anndatar_turned(layer_of(element))
    }))
    for (group in c("obs", "var")) {
        anndatar_set(x, group, lapply(changed[[group]], value_of))
    }
    for (group in c("obsm", "varm")) {
        anndatar_set(x, group, lapply(changed[[group]], function(element) {
            anndatar_frame(x, group, value_of(element))
        }))
    }
    anndatar_record(x, lapply(changed$record, value_of))
    x
}

anndatar_elements <- function(x) {
    layer <- function(value, dtype = NULL) {
        layer_element(anndatar_layer(value), dtype)
    }
    layers <- x$layers
    side <- function(group) {
        columns <- x[[group]]
        dtypes <- lapply(stats::setNames(nm = names(columns)), slot_dtype,
            group = group)
        table_element(columns, anndatar_names(x, group), dtypes)
    }
    aligned <- function(group) {
        items <- x[[group]]
        index <- anndatar_names(x, sub("[mp]$", "", group))
        dict_of(lapply(stats::setNames(nm = names(items)), function(key) {
            nested_element(items[[key]], group, key, index)
        }))
    }
    list(counts = layer_element(anndatar_counts(x)),
        layers = dict_of(lapply(stats::setNames(nm = names(layers)),
            function(key) layer(layers[[key]], slot_dtype("layers", key)))),
        obs = side("obs"), var = side("var"), obsm = aligned("obsm"),
        varm = aligned("varm"), obsp = aligned("obsp"), varp = aligned("varp"),
        uns = element_of(as.list(x$uns)))
}

# As build_experiment() takes it.
anndatar_parts <- function(x) {
    items <- function(group) {
        lapply(x[[group]], function(value) {
            if (is.data.frame(value)) value else unname(value)
        })
    }
    side <- function(group) {
        found <- x[[group]]
        rownames(found) <- NULL
        found
    }
    list(counts = anndatar_counts(x),
        layers = lapply(x$layers, anndatar_layer),
        obs = side("obs"), var = side("var"), obsm = items("obsm"),
        varm = items("varm"), uns = as.list(x$uns),
        obs_names = anndatar_names(x, "obs"),
        var_names = anndatar_names(x, "var"),
        left_out = Filter(function(group) length(x[[group]]) > 0L,
            c("obsp", "varp")))
}
