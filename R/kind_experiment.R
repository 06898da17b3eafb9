# A SummarizedExperiment: layers are assays, obs is colData, var is rowData. A
# frame of obsm or varm is a nested DataFrame there, an array a matrix, so that
# both are subset with the rest; in a SingleCellExperiment what is in obsm are
# the reduced dimensions.

# nolint start: object_name_linter. A method is called generic.kind.

add_kind("experiment", function(x) methods::is(x, "SummarizedExperiment"),
    "a SummarizedExperiment")

#' @exportS3Method
place_words.experiment <- function(x) {
    c(obs = "colData", var = "rowData", layers = "assay", obsm = "colData",
        varm = "rowData", uns = "metadata", X = "the assay of the counts",
        obs_names = "the column names", var_names = "the row names")
}

is_single_cell <- function(x) methods::is(x, "SingleCellExperiment")

side_of <- function(x, group) {
    switch(group,
        obs = , obsm = SummarizedExperiment::colData(x),
        var = , varm = SummarizedExperiment::rowData(x))
}

# zellkonverter keeps varm in one column of rowData, a table of tables.
varm_table <- function(x) {
    varm <- SummarizedExperiment::rowData(x)[["varm"]]
    if (is_table(varm)) varm
}

# The assay of the counts.

assay_names <- function(x) {
    assays <- SummarizedExperiment::assayNames(x)
    if (is.null(assays)) {
        character(length(SummarizedExperiment::assays(x)))
    } else {
        assays
    }
}

# Its position. The first of these: the assay named, the one that was named in
# an earlier verb, "counts", "X" (zellkonverter's name of AnnData's X), the one
# without a name.
counts_assay <- function(x, assay = get_record(x, "assay")) {
    assays <- assay_names(x)
    if (!is.null(assay)) {
        check_choice(assay, "assay", assays[nzchar(assays)])
        return(match(assay, assays))
    }
    at <- match(c("counts", "X", ""), assays)
    at <- at[!is.na(at)]
    if (length(at) == 0L) {
        fail(paste("the SummarizedExperiment has no assay \"counts\"; it has:",
            "%s. Which one holds the raw counts? Pass assay = \"...\""),
            if (length(assays)) first(assays) else "no assay at all")
    }
    at[1L]
}

# Verbs that read counts remember which assay holds them.
#' @exportS3Method
set_assay.experiment <- function(x, assay) {
    counts_assay(x, assay)
    set_slots(x, list(new_slot("uns", "assay", assay)))
}

#' @exportS3Method
get_counts.experiment <- function(x) get_stored(x)

# Reading.

#' @exportS3Method
get_stored.experiment <- function(x, layer = NULL) {
    at <- if (is.null(layer)) counts_assay(x) else match(layer, assay_names(x))
    if (!is.na(at)) SummarizedExperiment::assay(x, at)
}

#' @exportS3Method
column_value.experiment <- function(x, group, key) side_of(x, group)[[key]]

#' @exportS3Method
column_names.experiment <- function(x, group) names(side_of(x, group))

#' @exportS3Method
frame_value.experiment <- function(x, group, key) {
    if (group == "obsm" && is_single_cell(x) &&
        key %in% SingleCellExperiment::reducedDimNames(x)) {
        SingleCellExperiment::reducedDim(x, key)
    } else if (group == "varm" && key %in% names(varm_table(x))) {
        varm_table(x)[[key]]
    } else {
        side_of(x, group)[[key]]
    }
}

#' @exportS3Method
has_slot.experiment <- function(x, group, key) {
    switch(group,
        layers = key %in% SummarizedExperiment::assayNames(x),
        obsm = , varm = !is.null(frame_value(x, group, key)),
        key %in% names(side_of(x, group)))
}

#' @exportS3Method
axis_names.experiment <- function(x, group) {
    at <- if (group == "obs") 2L else 1L
    as.character(names_at(dimnames(x)[[at]], seq_len(dim(x)[at])))
}

records_of <- function(x) S4Vectors::metadata(x)[[schema()$uns_key]]

#' @exportS3Method
get_record.experiment <- function(x, name) records_of(x)[[name]]

#' @exportS3Method
record_names.experiment <- function(x) names(records_of(x))

#' @exportS3Method
parts_of.experiment <- function(x) {
    assays <- assay_names(x)
    values <- function(at) {
        sparse_or_dense(SummarizedExperiment::assay(x, at,
            withDimnames = FALSE))
    }
    counts <- counts_assay(x)
    layers <- setdiff(seq_along(assays), counts)
    names(layers) <- ifelse(nzchar(assays[layers]), assays[layers],
        paste0("assay", layers))
    uns <- as.list(S4Vectors::metadata(x))
    if (!is.null(get_record(x, "assay"))) {
        # It is X there.
        uns[[schema()$uns_key]]$assay <- NULL
    }
    obs <- split_side(x, "obs")
    var <- split_side(x, "var")
    list(counts = values(counts), layers = lapply(layers, values),
        obs = obs$plain, var = var$plain, obsm = obs$nested,
        varm = var$nested, uns = uns,
        obs_names = sample_names(x), var_names = gene_names(x))
}

# The columns of colData or rowData that are plain, and those that are nested.
split_side <- function(x, group) {
    side <- side_of(x, group)
    varm <- if (group == "var") varm_table(x)
    if (!is.null(varm)) {
        side$varm <- NULL
        for (key in names(varm)) {
            side[[key]] <- varm[[key]]
        }
    }
    columns <- as.list(side)
    is_nested <- vapply(columns, function(column) length(dim(column)) == 2L,
        logical(1))
    nested <- columns[is_nested]
    if (group == "obs" && is_single_cell(x)) {
        for (key in SingleCellExperiment::reducedDimNames(x)) {
            nested[[key]] <- SingleCellExperiment::reducedDim(x, key,
                withDimnames = FALSE)
        }
    }
    list(plain = side[, !is_nested, drop = FALSE], nested = nested)
}

# Writing.

#' @exportS3Method
set_slots.experiment <- function(x, slots) {
    refuse_other_shape(x, slots)
    for (slot in slots) {
        set <- switch(slot$group, obs = , var = set_side,
            layers = set_layer, obsm = , varm = set_nested, uns = set_record)
        x <- set(x, slot$group, slot$key, slot$value)
    }
    x
}

# A column and a frame of one name are two slots in Python, and one place here.
refuse_other_shape <- function(x, slots) {
    for (slot in slots) {
        if (slot$group %in% c("obs", "var", "obsm", "varm")) {
            column <- side_of(x, slot$group)[[slot$key]]
            nested <- length(dim(column)) == 2L
            if (!is.null(column) &&
                nested != (slot$group %in% c("obsm", "varm"))) {
                slot_taken(x, slot$group, slot$key)
            }
        }
    }
}

set_side <- function(x, group, key, value) {
    if (group %in% c("obs", "obsm")) {
        SummarizedExperiment::colData(x)[[key]] <- value
    } else {
        SummarizedExperiment::rowData(x)[[key]] <- value
    }
    x
}

# The rows of a table are named as in the experiment; an array has no names.
set_nested <- function(x, group, key, value) {
    if (is.data.frame(value)) {
        value <- S4Vectors::DataFrame(value, check.names = FALSE)
    }
    if (is_table(value)) {
        rownames(value) <- if (group == "obsm") colnames(x) else rownames(x)
    }
    if (group == "obsm" && is_single_cell(x)) {
        SingleCellExperiment::reducedDim(x, key, withDimnames = FALSE) <- value
        x
    } else if (group == "varm" && !is.null(varm_table(x))) {
        SummarizedExperiment::rowData(x)$varm[[key]] <- value
        x
    } else {
        set_side(x, group, key, value)
    }
}

set_layer <- function(x, group, key, value) {
    SummarizedExperiment::assay(x, key, withDimnames = FALSE) <- bare(value)
    x
}

bare <- function(value) {
    dimnames(value) <- list(NULL, NULL)
    value
}

set_record <- function(x, group, key, value) {
    S4Vectors::metadata(x)[[schema()$uns_key]][[key]] <- value
    x
}

#' @exportS3Method
pick_genes.experiment <- function(x, at) x[at, ]

#' @exportS3Method
keep_genes.experiment <- function(x, key) x[get_column(x, "var", key), ]

#' @exportS3Method
keep_samples.experiment <- function(x, at, label) {
    x <- x[, at]
    values <- column_value(x, "obs", label)
    if (is.factor(values)) {
        x <- set_side(x, "obs", label, droplevels(values))
    }
    x
}

# Conversion.

#' @exportS3Method
to_experiment.experiment <- function(x) x

need_experiment <- function() {
    need_package("SummarizedExperiment", "BiocManager::install")
}

build_experiment <- function(parts) {
    colnames <- as.character(parts$obs_names)
    rownames <- as.character(parts$var_names)
    side <- function(columns, names) {
        side <- S4Vectors::DataFrame(columns, check.names = FALSE)
        # Names may repeat here, and not in a data frame.
        rownames(side) <- names
        side
    }
    # X is called so next to a layer "counts", which is one by its name.
    x_name <- if ("counts" %in% names(parts$layers)) "X" else "counts"
    assays <- lapply(c(stats::setNames(list(parts$counts), x_name),
        parts$layers), bare)
    key <- schema()$uns_key
    if (!is.null(parts$uns[[key]]$assay) &&
        !parts$uns[[key]]$assay %in% names(assays)) {
        parts$uns[[key]]$assay <- NULL
    }
    x <- SummarizedExperiment::SummarizedExperiment(assays,
        colData = side(parts$obs, colnames),
        rowData = side(parts$var, rownames), metadata = parts$uns)
    dimnames(x) <- list(rownames, colnames)
    for (group in c("obsm", "varm")) {
        for (key in names(parts[[group]])) {
            value <- parts[[group]][[key]]
            if (is.data.frame(value)) {
                names(value) <- plain_names(names(value))
            } else {
                value <- unname(value)
            }
            x <- set_nested(x, group, key, value)
        }
    }
    x
}

# nolint end
