# The genes that verbs use: all, or those that run_filter_genes() marks in the
# column filter_pass, as Python's _core/genes_in_use.py. A verb, or a figure,
# sees data of the marked genes alone, so that its results are those that it has
# after the others are dropped. Results per gene are NA for the other genes.

# Which genes are marked; NULL if all are used.
genes_in_use <- function(x) {
    if (!"filter_genes" %in% record_names(x)) {
        return(NULL)
    }
    mask <- as.logical(get_column(x, "var", slot_name("var", "filter_pass")))
    if (length(mask) && !all(mask)) mask
}

# A verb in R that reads values per gene: as on_data().
on_data_in_use <- function(adata, copy, run) {
    on_data(adata, copy, function(x) {
        data <- run(only_genes_in_use(x))
        if (inherits(data, "narrowed_data")) data$all else data
    })
}

only_genes_in_use <- function(x) {
    mask <- genes_in_use(x)
    if (is.null(mask)) x else new_narrowed(x, which(mask))
}

# A kind of its own: what is per gene is read of some genes, by their positions
# `at`, and results are written for all.

# nolint start: object_name_linter. A method is called generic.kind.

add_kind("narrowed", function(x) inherits(x, "narrowed_data"))

new_narrowed <- function(x, at) {
    structure(list(all = x, part = pick_genes(x, at), at = at),
        class = "narrowed_data")
}

#' @exportS3Method
get_stored.narrowed <- function(x, layer = NULL) get_stored(x$part, layer)

#' @exportS3Method
get_counts.narrowed <- function(x) get_counts(x$part)

#' @exportS3Method
get_raw.narrowed <- function(x) get_raw(x$part)

#' @exportS3Method
column_value.narrowed <- function(x, group, key) {
    values <- column_value(x$all, group, key)
    if (group == "var") values[x$at] else values
}

#' @exportS3Method
frame_value.narrowed <- function(x, group, key) {
    values <- frame_value(x$all, group, key)
    if (group == "varm" && !is.null(values)) {
        values <- values[x$at, , drop = FALSE]
    }
    values
}

#' @exportS3Method
axis_names.narrowed <- function(x, group) {
    names <- axis_names(x$all, group)
    if (group == "var") names[x$at] else names
}

#' @exportS3Method
column_names.narrowed <- function(x, group) column_names(x$all, group)

#' @exportS3Method
has_slot.narrowed <- function(x, group, key) has_slot(x$all, group, key)

#' @exportS3Method
get_record.narrowed <- function(x, name) get_record(x$all, name)

#' @exportS3Method
record_names.narrowed <- function(x) record_names(x$all)

#' @exportS3Method
label_name.narrowed <- function(x, label) label_name(x$all, label)

#' @exportS3Method
need_current.narrowed <- function(x, reads) need_current(x$all, reads)

#' @exportS3Method
place_words.narrowed <- function(x) place_words(x$all)

#' @exportS3Method
set_assay.narrowed <- function(x, assay) {
    new_narrowed(set_assay(x$all, assay), x$at)
}

#' @exportS3Method
pick_genes.narrowed <- function(x, at) new_narrowed(x$all, x$at[at])

#' @exportS3Method
write_results.narrowed <- function(x, verb, results, settings, key_added,
                                   reads) {
    where <- match(seq_along(gene_names(x$all)), x$at)
    spread <- function(values) {
        if (is.logical(values)) values[where] %in% TRUE else values[where]
    }
    results$var <- lapply(results$var, spread)
    results$varm <- lapply(results$varm, function(values) {
        frame <- frame_of(values)
        as.data.frame(lapply(frame, spread), col.names = names(frame),
            optional = TRUE)
    })
    x$all <- write_results(x$all, verb, results, settings, key_added, reads)
    x
}

# nolint end
