# A kind of data of its own, as a new file R/kind_NAME.R would add it: a list
# with AnnData's slots, genes x samples. All that it needs is in this file.

# nolint start: object_name_linter. A method is called generic.kind.

list_kind <- list(
    get_stored.list_data = function(x, layer = NULL) {
        values <- if (is.null(layer)) x$counts else x$layers[[layer]]
        if (!is.null(values)) {
            dimnames(values) <- list(x$var_names, x$obs_names)
        }
        values
    },
    column_value.list_data = function(x, group, key) x[[group]][[key]],
    column_names.list_data = function(x, group) names(x[[group]]),
    frame_value.list_data = function(x, group, key) x[[group]][[key]],
    has_slot.list_data = function(x, group, key) key %in% names(x[[group]]),
    axis_names.list_data = function(x, group) x[[paste0(group, "_names")]],
    get_record.list_data = function(x, name) x$uns$tissueshap[[name]],
    record_names.list_data = function(x) names(x$uns$tissueshap),
    parts_of.list_data = function(x) unclass(x),
    set_slots.list_data = function(x, slots) {
        for (slot in slots) {
            if (slot$group == "uns") {
                x$uns$tissueshap[[slot$key]] <- slot$value
            } else {
                x[[slot$group]][[slot$key]] <- slot$value
            }
        }
        x
    },
    pick_genes.list_data = function(x, at) {
        rows <- function(value) value[at, , drop = FALSE]
        x$counts <- rows(x$counts)
        x$layers <- lapply(x$layers, rows)
        x$var <- rows(x$var)
        x$varm <- lapply(x$varm, rows)
        x$var_names <- x$var_names[at]
        x
    },
    keep_genes.list_data = function(x, key) pick_genes(x, which(x$var[[key]])))

# nolint end

with_list_kind <- function(frame = parent.frame()) {
    before <- kinds$known
    withr::defer(kinds$known <- before, frame)
    add_kind("list_data", function(x) inherits(x, "list_data"),
        "a list of slots")
    namespace <- asNamespace("tissueshap")
    for (name in names(list_kind)) {
        registerS3method(sub("\\..*", "", name), "list_data",
            list_kind[[name]], namespace)
    }
}

# An experiment as such a list.
as_list_data <- function(x) structure(parts_of(x), class = "list_data")
