# What a record was made from, and whether that has changed since: as
# python/tissueshap/_core/provenance/, for the kinds of data that R writes
# itself. Fingerprints are the same; those of a layer's
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
        genes = fingerprint(in_byte_order(gene_names(only_genes_in_use(x)))),
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
    origin <- lapply(stats::setNames(nm = parts), current_fingerprint, x = x,
        label = label)
    ids <- lapply(stats::setNames(nm = reads), function(key) {
        get_record(x, key)$id
    })
    if (any(c("labels", "train") %in% parts)) {
        origin$label <- label
    }
    origin$records <- ids[lengths(ids) > 0L]
    origin[lengths(origin) > 0L]
}

# Refuses records that are out of date; what they were made from comes first.
need_current <- function(x, reads) UseMethod("need_current", kind_of(x))

#' @exportS3Method
need_current.default <- function(x, reads) {
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
