# An object of the package anndataR: an R6 object with AnnData's slots, samples
# x genes, which is changed in place. Only its public bindings are used, so that
# every backend of anndataR will do.

# nolint start: object_name_linter. A method is called generic.kind.

add_kind("anndatar", function(x) inherits(x, "AbstractAnnData"), "an AnnData")

# NULL is an empty slot; a slot that there is not is an error.
anndatar_slot <- function(x, slot) field(x, slot, "anndataR::AnnData")

# Genes x samples of samples x genes, and back; without names.
anndatar_turned <- function(value) {
    if (is.matrix(value)) unname(t(value)) else bare(Matrix::t(value))
}

# Reading.

anndatar_layer <- function(value) anndatar_turned(sparse_or_dense(value))

anndatar_counts <- function(x) {
    counts <- anndatar_slot(x, "X")
    if (is.null(counts)) {
        fail("adata$X is empty: put the raw counts there, samples x genes")
    }
    anndatar_layer(counts)
}

#' @exportS3Method
get_stored.anndatar <- function(x, layer = NULL) {
    layers <- anndatar_slot(x, "layers")
    if (is.null(layer)) {
        values <- anndatar_counts(x)
    } else if (layer %in% names(layers)) {
        values <- anndatar_layer(layers[[layer]])
    } else {
        return(NULL)
    }
    dimnames(values) <- list(gene_names(x), sample_names(x))
    values
}

#' @exportS3Method
column_value.anndatar <- function(x, group, key) x[[group]][[key]]

#' @exportS3Method
column_names.anndatar <- function(x, group) names(x[[group]])

#' @exportS3Method
frame_value.anndatar <- function(x, group, key) x[[group]][[key]]

#' @exportS3Method
has_slot.anndatar <- function(x, group, key) key %in% names(x[[group]])

#' @exportS3Method
axis_names.anndatar <- function(x, group) {
    size <- if (group == "obs") x$n_obs() else x$n_vars()
    as.character(names_at(anndatar_slot(x, paste0(group, "_names")),
        seq_len(size)))
}

#' @exportS3Method
get_record.anndatar <- function(x, name) x$uns[[schema()$uns_key]][[name]]

#' @exportS3Method
record_names.anndatar <- function(x) names(x$uns[[schema()$uns_key]])

#' @exportS3Method
parts_of.anndatar <- function(x) {
    side <- function(group) {
        columns <- x[[group]]
        rownames(columns) <- NULL
        columns
    }
    list(counts = anndatar_counts(x),
        layers = lapply(x$layers, anndatar_layer),
        obs = side("obs"), var = side("var"), obsm = x$obsm, varm = x$varm,
        obsp = x$obsp, varp = x$varp, uns = as.list(x$uns),
        obs_names = sample_names(x), var_names = gene_names(x))
}

# Writing.

#' @exportS3Method
set_slots.anndatar <- function(x, slots) {
    values <- values_by_group(slots)
    for (group in names(values)) {
        anndatar_set(x, group, switch(group,
            layers = lapply(values$layers, anndatar_turned),
            obsm = , varm = lapply(values[[group]], anndatar_frame, x = x,
                group = group),
            uns = stats::setNames(list(with_items(
                x$uns[[schema()$uns_key]], values$uns)), schema()$uns_key),
            values[[group]]))
    }
    x
}

# Columns of obs and var, or items of the other slots. A slot is set once, since
# a backend on disk writes all of it.
anndatar_set <- function(x, group, values) {
    items <- with_items(anndatar_slot(x, group), values)
    tryCatch({
        x[[group]] <- items
    }, error = function(e) {
        fail(paste("%s of the object of anndataR cannot be written (%s): open",
            "its file with mode = \"r+\", or pass copy = TRUE"), group,
            conditionMessage(e))
    })
}

with_items <- function(items, values) {
    if (is.null(items)) {
        items <- list()
    }
    for (key in names(values)) {
        items[[key]] <- values[[key]]
    }
    items
}

# The rows of a frame are called what they are in obs or var.
anndatar_frame <- function(value, x, group) {
    index <- axis_names(x, sub("m$", "", group))
    if (is.data.frame(value) && !anyDuplicated(index)) {
        rownames(value) <- index
    }
    value
}

# Objects can be cut by `[` since anndataR 1.0; before, a new one is made of
# their parts.
#' @exportS3Method
pick_genes.anndatar <- function(x, at) anndatar_genes(x, at)

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

# It cannot lose genes in place.
#' @exportS3Method
keep_genes.anndatar <- function(x, key) {
    anndatar_genes(x, which(get_column(x, "var", key)))$as_InMemoryAnnData()
}

# Nor samples.
#' @exportS3Method
keep_samples.anndatar <- function(x, at, label) {
    x <- anndatar_samples(x, at)
    values <- x$obs[[label]]
    if (is.factor(values)) {
        anndatar_set(x, "obs", stats::setNames(list(droplevels(values)), label))
    }
    x
}

anndatar_samples <- function(x, at, by_bracket = anndatar_has_bracket()) {
    if (by_bracket) {
        return(x[at, ]$as_InMemoryAnnData())
    }
    each <- function(items, cut) if (length(items)) lapply(items, cut)
    rows <- function(value) value[at, , drop = FALSE]
    make <- getExportedValue("anndataR", "AnnData")
    make(X = rows(x$X), obs = rows(x$obs), var = x$var,
        layers = each(x$layers, rows), obsm = each(x$obsm, rows),
        varm = x$varm, obsp = each(x$obsp, function(value) {
            value[at, at, drop = FALSE]
        }), varp = x$varp, uns = x$uns)$as_InMemoryAnnData()
}

# A view cannot be written to, and is copied as in Python.
#' @exportS3Method
owned.anndatar <- function(x, copy) {
    if (copy || inherits(x, "AnnDataView")) x$as_InMemoryAnnData() else x
}

# nolint end
