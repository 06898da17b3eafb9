# The only file that knows what a SummarizedExperiment is made of: layers are
# assays, obs is colData, var is rowData. A frame of obsm or varm is a nested
# DataFrame there, an array a matrix, so that both are subset with the rest; in
# a SingleCellExperiment what is in obsm are the reduced dimensions.

need_experiment <- function() {
    if (!requireNamespace("SummarizedExperiment", quietly = TRUE)) {
        missing_package("SummarizedExperiment",
            "BiocManager::install(\"SummarizedExperiment\")")
    }
}

is_single_cell <- function(x) methods::is(x, "SingleCellExperiment")

assay_names <- function(x) {
    held <- SummarizedExperiment::assayNames(x)
    if (is.null(held)) character(length(SummarizedExperiment::assays(x))) else
        held
}

# The position of the assay that holds the counts: the one named, else the one
# that an earlier verb was told, else "counts", or "X" as zellkonverter calls
# AnnData's X, or the one without a name.
counts_assay <- function(x, assay = NULL) {
    held <- assay_names(x)
    if (is.null(assay)) {
        assay <- get_record(x, "assay")
    }
    if (!is.null(assay)) {
        at <- match(assay, held)
        if (!is_string(assay) || is.na(at)) {
            fail("assay must be one of %s, not %s", quoted(held[nzchar(held)]),
                paste(deparse(assay), collapse = ""))
        }
        return(at)
    }
    at <- match(c("counts", "X", ""), held)
    at <- at[!is.na(at)]
    if (length(at) == 0L) {
        fail(paste("the SummarizedExperiment has no assay \"counts\"; it has:",
            "%s. Which one holds the raw counts? Pass assay = \"...\""),
            if (length(held)) first(held) else "no assay at all")
    }
    at[1L]
}

# Verbs that read counts remember which assay holds them.
remember_assay <- function(x, assay) {
    if (is.null(assay)) {
        return(x)
    }
    if (kind_of(x) != "experiment") {
        fail(paste("assay names an assay of a SummarizedExperiment; the counts",
            "of any other kind of data are in X: leave it out"))
    }
    counts_assay(x, assay)
    set_record(x, "assay", assay)
}

side_of <- function(x, group) {
    switch(group,
        obs = , obsm = SummarizedExperiment::colData(x),
        var = , varm = SummarizedExperiment::rowData(x))
}

set_side <- function(x, group, key, value) {
    if (group %in% c("obs", "obsm")) {
        SummarizedExperiment::colData(x)[[key]] <- value
    } else {
        SummarizedExperiment::rowData(x)[[key]] <- value
    }
    x
}

# zellkonverter keeps varm in one column of rowData, a table of tables.
varm_table <- function(x) {
    held <- SummarizedExperiment::rowData(x)[["varm"]]
    if (is_table(held)) held
}

get_nested <- function(x, group, key) {
    if (group == "obsm" && is_single_cell(x) &&
        key %in% SingleCellExperiment::reducedDimNames(x)) {
        SingleCellExperiment::reducedDim(x, key)
    } else if (group == "varm" && key %in% names(varm_table(x))) {
        varm_table(x)[[key]]
    } else {
        side_of(x, group)[[key]]
    }
}

# The rows of a table are named as in the experiment; an array has no names.
name_rows <- function(value, names) {
    if (is_table(value)) {
        rownames(value) <- names
    }
    value
}

set_nested <- function(x, group, key, value) {
    value <- name_rows(value, if (group == "obsm") colnames(x) else rownames(x))
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

set_layer <- function(x, key, value) {
    SummarizedExperiment::assay(x, key, withDimnames = FALSE) <- bare(value)
    x
}

bare <- function(value) {
    dimnames(value) <- list(NULL, NULL)
    value
}

set_record <- function(x, key, value) {
    S4Vectors::metadata(x)[[schema()$uns_key]][[key]] <- value
    x
}

write_experiment <- function(x, verb, found, entry, key_added) {
    named <- function(key) named_slot(key, key_added)
    for (group in c("obs", "var")) {
        for (key in names(found[[group]])) {
            x <- set_side(x, group, named(key), found[[group]][[key]])
        }
    }
    for (group in c("obsm", "varm")) {
        for (key in names(found[[group]])) {
            x <- set_nested(x, group, named(key),
                nested_frame(found[[group]][[key]]))
        }
    }
    for (key in names(found$layers)) {
        x <- set_layer(x, named(key), found$layers[[key]])
    }
    x <- set_record(x, if (is.null(key_added)) verb else key_added, entry)
    label <- entry$params$label
    if (is.null(label)) x else set_record(x, "label", label)
}

nested_frame <- function(values) {
    S4Vectors::DataFrame(values, check.names = FALSE)
}

# The elements of an AnnData, by its groups.
experiment_elements <- function(x, assay = NULL) {
    held <- assay_names(x)
    counts <- counts_assay(x, assay)
    layer <- function(at) {
        layer_element(sparse_or_dense(SummarizedExperiment::assay(x, at,
            withDimnames = FALSE)), slot_dtype("layers", held[at]))
    }
    others <- setdiff(seq_along(held), counts)
    layers <- stats::setNames(others, ifelse(nzchar(held[others]),
        held[others], paste0("assay", others)))
    if (!is.null(get_record(x, "assay"))) {
        # It is X there.
        x <- set_record(x, "assay", NULL)
    }
    obs <- side_elements(x, "obs", sample_names(x))
    var <- side_elements(x, "var", gene_names(x))
    if (is_single_cell(x)) {
        reduced <- SingleCellExperiment::reducedDimNames(x)
        obs$nested[reduced] <- lapply(stats::setNames(nm = reduced),
            function(key) {
                nested_element(SingleCellExperiment::reducedDim(x, key,
                    withDimnames = FALSE), "obsm", key, sample_names(x))
            })
    }
    uns <- element_of(as.list(S4Vectors::metadata(x)))$items
    tell_lost("metadata", setdiff(names(S4Vectors::metadata(x)), names(uns)))
    list(counts = layer(counts),
        layers = dict_of(lapply(layers, layer)),
        obs = obs$plain, var = var$plain, obsm = dict_of(obs$nested),
        varm = dict_of(var$nested), uns = dict_of(uns))
}

tell_lost <- function(where, names) {
    if (length(names)) {
        message("An AnnData cannot hold these of ", where, ", left out: ",
            first(names))
    }
}

# The columns of colData or rowData that are plain, and those that are nested.
side_elements <- function(x, group, index) {
    side <- side_of(x, group)
    held <- if (group == "var") varm_table(x)
    if (!is.null(held)) {
        side$varm <- NULL
        for (key in names(held)) {
            side[[key]] <- held[[key]]
        }
    }
    columns <- as.list(side)
    nested <- vapply(columns, function(column) length(dim(column)) == 2L,
        logical(1))
    dtypes <- lapply(stats::setNames(nm = names(columns)), slot_dtype,
        group = group)
    inner <- paste0(group, "m")
    list(plain = table_element(side[, !nested, drop = FALSE], index, dtypes),
        nested = lapply(stats::setNames(nm = names(columns)[nested]),
            function(key) {
                nested_element(columns[[key]], inner, key, index)
            }))
}

# A table is a frame, all else an array, whose columns have no names there. A
# slot that is a frame by the contract may have become a matrix on its way.
nested_element <- function(value, group, key, index) {
    frame <- identical(schema()[[group]][[key]]$dtype, "frame")
    if (frame && is.matrix(value) && !is.null(colnames(value))) {
        value <- frame_of(value)
    }
    if (is_table(value)) {
        table_element(value, index)
    } else if (methods::is(value, "sparseMatrix")) {
        element_of(value)
    } else {
        list(kind = "numbers", values = unname(as.matrix(value)),
            dtype = slot_dtype(group, key))
    }
}

nested_value <- function(value) {
    if (is.data.frame(value)) {
        found <- S4Vectors::DataFrame(value, check.names = FALSE)
        names(found) <- plain_names(names(value))
        found
    } else {
        value
    }
}

# A column and a frame of one name are two slots in Python, and one place here.
refuse_other_shape <- function(x, changed) {
    for (group in c("obs", "var", "obsm", "varm")) {
        for (key in names(changed[[group]])) {
            held <- side_of(x, group)[[key]]
            nested <- length(dim(held)) == 2L
            if (!is.null(held) && nested != (group %in% c("obsm", "varm"))) {
                slot_taken(x, group, key)
            }
        }
    }
}

# An experiment with what a verb of Python changed.
add_found <- function(x, changed) {
    refuse_other_shape(x, changed)
    for (key in names(changed$layers)) {
        x <- set_layer(x, key, layer_of(changed$layers[[key]]))
    }
    for (group in c("obs", "var")) {
        for (key in names(changed[[group]])) {
            x <- set_side(x, group, key, value_of(changed[[group]][[key]]))
        }
    }
    for (group in c("obsm", "varm")) {
        for (key in names(changed[[group]])) {
            x <- set_nested(x, group, key,
                nested_value(value_of(changed[[group]][[key]])))
        }
    }
    for (key in names(changed$record)) {
        x <- set_record(x, key, value_of(changed$record[[key]]))
    }
    x
}

build_experiment <- function(parts) {
    colnames <- as.character(parts$obs_names)
    rownames <- as.character(parts$var_names)
    side <- function(columns, names) {
        found <- S4Vectors::DataFrame(columns, check.names = FALSE)
        # Names may repeat here, and not in a data frame.
        rownames(found) <- names
        found
    }
    assays <- lapply(c(list(counts = parts$counts), parts$layers), bare)
    x <- SummarizedExperiment::SummarizedExperiment(assays,
        colData = side(parts$obs, colnames),
        rowData = side(parts$var, rownames), metadata = parts$uns)
    dimnames(x) <- list(rownames, colnames)
    for (group in c("obsm", "varm")) {
        for (key in names(parts[[group]])) {
            value <- name_rows(nested_value(parts[[group]][[key]]),
                if (group == "obsm") colnames else rownames)
            x <- set_side(x, group, key, value)
        }
    }
    x
}
