# Whose a slot is, what a record was made from, and whether that has changed
# since: python/tissueshap/_core/slots/ and _core/provenance/, for the kinds of
# data that R writes itself. Fingerprints are the same; those of a layer's
# values and of a model are Python's alone, and what is not there is not
# compared.

fingerprint <- function(texts) {
    path <- tempfile()
    on.exit(unlink(path))
    writeBin(charToRaw(paste(enc2utf8(texts), collapse = "\n")), path)
    unname(tools::md5sum(path))
}

in_byte_order <- function(texts) sort(enc2utf8(texts), method = "radix")

# A number or a truth value is another text in Python: NULL.
fingerprint_of_column <- function(x, key, kept = TRUE) {
    values <- if (!is.null(key)) get_column(x, "obs", key)
    if (is.character(values) || is.integer(values)) {
        pairs <- paste(sample_names(x), values, sep = "\t")
        fingerprint(in_byte_order(pairs[kept]))
    }
}

current_fingerprint <- function(x, part, label) {
    split <- slot_name("obs", "split")
    switch(part,
        samples = fingerprint(in_byte_order(sample_names(x))),
        order = fingerprint(sample_names(x)),
        genes = fingerprint(in_byte_order(gene_names(x))),
        labels = fingerprint_of_column(x, label),
        split = {
            folds <- any(get_column(x, "obs", split) == "both")
            fingerprint_of_column(x, if (folds) "fold" else split)
        },
        train = {
            sides <- get_column(x, "obs", split)
            if (!is.null(sides)) fingerprint_of_column(x, label,
                sides %in% c("train", "both"))
        })
}

depends_on <- function(verb) as.character(unlist(schema()$uns[[verb]]$from))

made_from <- function(x, verb, params, reads) {
    label <- params$label
    if (is.null(label)) {
        label <- get_record(x, "label")
    }
    parts <- union(c("samples", "genes"), depends_on(verb))
    found <- lapply(stats::setNames(nm = parts), current_fingerprint, x = x,
        label = label)
    ids <- lapply(stats::setNames(nm = reads), function(key) {
        get_record(x, key)$id
    })
    if (any(c("labels", "train") %in% parts)) {
        found$label <- label
    }
    found$records <- ids[lengths(ids) > 0L]
    found[lengths(found) > 0L]
}

# Refuses records that are out of date; what they were made from comes first.
need_current <- function(x, reads) {
    if (kind_of(x) == "anndata") {
        call_python("_core.slots.current", c(list(x), as.list(reads)))
    } else {
        of_samples <- list()
        for (key in reads) {
            of_samples <- check_current(x, key, of_samples)
        }
        for (key in names(of_samples)) {
            if (!identical(of_samples[[key]], of_samples[[1L]])) {
                entry <- get_record(x, key)
                stale(key, entry$verb, sprintf("other samples than '%s'",
                    names(of_samples)[1L]))
            }
        }
    }
    invisible(x)
}

# What a fingerprint is of, in the words of a message.
changed_words <- c(order = "other samples, or samples in another order",
    genes = "other genes", labels = "other classes of the samples",
    split = "another split",
    train = "other training samples, or other classes of them")

# Adds the samples of the records that depend on them to `of_samples`.
check_current <- function(x, key, of_samples) {
    entry <- get_record(x, key)
    origin <- entry$made_from
    if (is.null(origin)) {
        return(of_samples)
    }
    verb <- if (is.null(entry$verb)) key else entry$verb
    for (name in setdiff(names(origin$records), key)) {
        of_samples <- check_current(x, name, of_samples)
        need_same_run(x, key, verb, name, origin$records[[name]])
    }
    for (part in comparable_parts(x, origin, verb)) {
        now <- current_fingerprint(x, part, origin$label)
        if (!is.null(now) && !identical(now, origin[[part]])) {
            stale(key, verb, changed_words[[part]])
        }
    }
    if ("samples" %in% depends_on(verb)) {
        of_samples[[key]] <- origin$samples
    }
    of_samples
}

need_same_run <- function(x, key, verb, name, then) {
    now <- get_record(x, name)$id
    if (!is.null(now) && !identical(now, then)) {
        stale(key, verb, sprintf("an earlier run of '%s'", name))
    }
}

# Sides and classes can be compared where the samples are the same.
comparable_parts <- function(x, origin, verb) {
    parts <- intersect(names(changed_words), names(origin))
    if (!"genes" %in% depends_on(verb)) {
        parts <- setdiff(parts, "genes")
    }
    same <- identical(current_fingerprint(x, "samples"), origin$samples)
    if (same) parts else setdiff(parts, c("labels", "split", "train"))
}

stale <- function(key, verb, changed) {
    fail("the record '%s' was made from %s: run %s() again", key, changed,
        written_by("uns", verb))
}

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

written_under <- function(name, group, key) {
    held <- schema()[[group]]
    by <- schema()$uns[[name]]$by
    if (is.null(by)) {
        prefix <- paste0(name, "_")
        return(startsWith(key, prefix) &&
            substring(key, nchar(prefix) + 1L) %in% names(held))
    }
    key %in% names(held) && identical(held[[key]]$by, by)
}

refuse_taken <- function(x, verb, found, key_added) {
    others <- setdiff(c(names(schema()$uns), "label", "assay"), verb)
    if (!is.null(key_added) && key_added %in% others) {
        fail(paste("key_added = \"%s\" is the name of another record of",
            "tissueshap: choose another one"), key_added)
    }
    for (slot in slots_of(found, key_added)) {
        group <- sub("/.*", "", slot)
        key <- sub("[^/]*/", "", slot)
        if (is_label(x, group, key) || has_slot(x, group, key) &&
            !is_ours(x, group, key)) {
            slot_taken(x, group, key)
        }
    }
}

is_label <- function(x, group, key) {
    group == "obs" && identical(key, get_record(x, "label"))
}

# What a verb found, as "group/key".
slots_of <- function(found, key_added) {
    groups <- c("obs", "var", "layers", "obsm", "varm")
    as.character(unlist(lapply(groups, function(group) {
        keys <- vapply(names(found[[group]]), named_slot, "", key_added)
        if (length(keys)) paste(group, keys, sep = "/")
    })))
}

listed_slots <- function(x, found, verb, key_added) {
    before <- get_record(x, if (is.null(key_added)) verb else key_added)$slots
    in_byte_order(union(slots_of(found, key_added), as.character(before)))
}

slot_taken <- function(x, group, key) {
    fail(paste("%s \"%s\" is there already and was not written by tissueshap:",
        "it would be replaced; rename or delete it, or pass another key_added",
        "=, which goes before the names of what is written"),
        place_of(x, group), key)
}

named_slot <- function(key, key_added) {
    paste(c(key_added, key), collapse = "_")
}

# A column that the user names: a name that a verb writes under is refused, but
# for the donors' own.
refuse_reserved <- function(name, argument) {
    by <- written_by("obs", name)
    if (is.null(by) || argument != "label" && name == slot_name("obs",
        "donor")) {
        return(invisible())
    }
    fail(paste("%s = \"%s\": this name is reserved for what %s() writes; give",
        "the column another name"), argument, name, by)
}
