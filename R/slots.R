# Slots on their way into data. A slot is a list of its `group` ("obs", "var",
# "layers", "obsm", "varm", or "uns" for a record), its `key`, its `value` and
# its `dtype` in a file, if the contract fixes one that R does not have. Here
# keys get their prefix, classes the columns that stand for them, and nothing of
# the user's is replaced; set_slots() only puts each slot where its kind of data
# has it.

slot_groups <- c("obs", "var", "layers", "obsm", "varm")

new_slot <- function(group, key, value, dtype = NULL) {
    list(group = group, key = key, value = value, dtype = dtype)
}

# Writes the results of a core, by slot, how they were made, and from which
# records.
write_slots <- function(x, verb, results, params, packages = character(),
                        key_added = NULL, reads = character()) {
    check_key(key_added)
    versions <- lapply(stats::setNames(nm = packages), function(package) {
        as.character(utils::packageVersion(package))
    })
    settings <- list(
        params = params[!vapply(params, is.null, logical(1))],
        versions = c(list(R = as.character(getRversion())), versions))
    write_results(x, verb, results, settings, key_added, reads)
}

# A method is for a kind whose slots another host prepares.
write_results <- function(x, verb, results, settings, key_added, reads) {
    UseMethod("write_results", kind_of(x))
}

#' @exportS3Method
write_results.default <- function(x, verb, results, settings, key_added,
                                  reads) {
    set_slots(x, result_slots(x, verb, results, settings, key_added, reads))
}

# The slots of a verb of R, its record among them.
result_slots <- function(x, verb, results, settings, key_added, reads) {
    slots <- list()
    for (group in slot_groups) {
        slots <- c(slots, lapply(names(results[[group]]), function(key) {
            value <- results[[group]][[key]]
            if (group %in% c("obsm", "varm")) {
                value <- stored_frame(value)
            }
            new_slot(group, named_slot(key, key_added), value,
                slot_dtype(group, key))
        }))
    }
    refuse_taken(x, verb, slots, key_added)
    entry <- record_of(x, verb, settings, slots, key_added, reads)
    label <- settings$params$label
    c(slots,
        list(new_slot("uns", record_name(verb, key_added),
            c(entry, results$uns))),
        if (!is.null(label)) list(new_slot("uns", "label", label)))
}

record_of <- function(x, verb, settings, slots, key_added, reads) {
    settings$versions$tissueshap <- as.character(
        utils::packageVersion("tissueshap"))
    origin <- made_from(x, verb, settings$params, reads)
    id <- fingerprint(jsonlite::toJSON(list(verb, settings$params, origin),
        auto_unbox = TRUE, digits = NA))
    before <- get_record(x, record_name(verb, key_added))$slots
    list(verb = verb, params = settings$params, versions = settings$versions,
        made_from = origin, id = id,
        slots = in_byte_order(union(paths_of(slots), as.character(before))))
}

# What a verb of Python changed: the elements that the bridge's changes() lists.
changed_slots <- function(changes) {
    slots_in <- function(group, values, value) {
        lapply(names(values), function(key) {
            new_slot(group, key, value(values[[key]]))
        })
    }
    framed <- function(element) {
        value <- value_of(element)
        if (is.data.frame(value)) {
            names(value) <- plain_names(names(value))
        }
        value
    }
    c(slots_in("layers", changes$layers, layer_of),
        slots_in("obs", changes$obs, value_of),
        slots_in("var", changes$var, value_of),
        slots_in("obsm", changes$obsm, framed),
        slots_in("varm", changes$varm, framed),
        slots_in("uns", changes$record, value_of))
}

# The values by group and key, for data whose groups are set as a whole.
values_by_group <- function(slots) {
    lapply(slots_by_group(slots), function(slots) {
        stats::setNames(lapply(slots, `[[`, "value"),
            vapply(slots, `[[`, "", "key"))
    })
}

slots_by_group <- function(slots) {
    groups <- vapply(slots, `[[`, "", "group")
    split(slots, factor(groups, unique(groups)))
}

paths_of <- function(slots) {
    vapply(slots, function(slot) paste(slot$group, slot$key, sep = "/"), "")
}

# What both have in common is not repeated: "shap" under "log_shap" is
# "log_shap".
named_slot <- function(key, key_added) {
    if (is.null(key_added)) {
        return(key)
    }
    prefix <- strsplit(key_added, "_", fixed = TRUE)[[1L]]
    words <- strsplit(key, "_", fixed = TRUE)[[1L]]
    for (n in rev(seq_len(min(length(prefix) - 1L, length(words))))) {
        if (identical(utils::tail(prefix, n), utils::head(words, n))) {
            words <- words[-seq_len(n)]
            break
        }
    }
    paste(c(key_added, words), collapse = "_")
}

record_name <- function(verb, key_added) {
    if (is.null(key_added)) verb else key_added
}

# The type that the contract gives to a slot, if R has no such type.
slot_dtype <- function(group, key) {
    entries <- schema()[[group]]
    if (group == "obsm" && startsWith(key, "X_umap")) {
        key <- "X_umap"
    }
    dtype <- entries[[key]]$dtype
    if (identical(dtype, "float32")) dtype else NULL
}

# Whose a slot is, as in python/tissueshap/_core/slots/.

# The slots that records list, "group/key"; a record of an earlier version lists
# none, and stands for what its verb writes.
is_ours <- function(x, group, key) {
    slot <- paste(group, key, sep = "/")
    for (name in record_names(x)) {
        entry <- get_record(x, name)
        if (!is_plain_list(entry)) {
            next
        }
        slots <- entry$slots
        if (if (is.null(slots)) written_under(name, group, key) else
            slot %in% slots) {
            return(TRUE)
        }
    }
    FALSE
}

is_plain_list <- function(x) is.list(x) && !isS4(x)

written_under <- function(name, group, key) {
    entries <- schema()[[group]]
    by <- schema()$uns[[name]]$by
    if (is.null(by)) {
        prefix <- paste0(name, "_")
        return(startsWith(key, prefix) &&
            substring(key, nchar(prefix) + 1L) %in% names(entries))
    }
    key %in% names(entries) && identical(entries[[key]]$by, by)
}

refuse_taken <- function(x, verb, slots, key_added) {
    others <- setdiff(c(names(schema()$uns), "label", "assay"), verb)
    if (!is.null(key_added) && key_added %in% others) {
        fail(paste("key_added = \"%s\" is the name of another record of",
            "tissueshap: choose another one"), key_added)
    }
    for (slot in slots) {
        if (is_label(x, slot$group, slot$key) ||
            has_slot(x, slot$group, slot$key) &&
                !is_ours(x, slot$group, slot$key)) {
            slot_taken(x, slot$group, slot$key)
        }
    }
}

is_label <- function(x, group, key) {
    group == "obs" && identical(key, get_record(x, "label"))
}

slot_taken <- function(x, group, key) {
    fail(paste("%s \"%s\" is there already and was not written by tissueshap:",
        "it would be replaced; rename or delete it, or pass another key_added",
        "=, which goes before the names of what is written"),
        place_of(x, group), key)
}

# A column that the user names: a name that a verb writes under is refused,
# except for the donors' own.
refuse_reserved <- function(name, argument) {
    by <- written_by("obs", name)
    if (is.null(by) || argument != "label" && name == slot_name("obs",
        "donor")) {
        return(invisible())
    }
    fail(paste("%s = \"%s\": this name is reserved for what %s() writes; give",
        "the column another name"), argument, name, by)
}
