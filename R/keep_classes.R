# The classes that a verb keeps: `exclude` and `min_class_size`, as in Python's
# pp/_keep_classes.py.

selects_classes <- function(exclude, min_class_size) {
    check_number(min_class_size, "min_class_size", 0, integer = TRUE)
    length(exclude) > 0L || min_class_size > 0
}

# Drops the samples of other classes. Returns the data.
keep_classes <- function(x, label, exclude, min_class_size) {
    keep <- reading(x, function(x) {
        class_mask(as.character(get_label(x, label)$values), exclude,
            min_class_size)
    })
    if (all(keep)) {
        return(x)
    }
    name <- reading(x, function(x) label_name(x, label))
    keep_samples(x, which(keep), name)
}

# As class_mask() in Python's io/_classes.py.
class_mask <- function(classes, exclude, min_class_size) {
    sizes <- table(classes)
    hit <- lapply(globs(as.character(exclude)), grepl, x = names(sizes))
    unused <- !vapply(hit, any, logical(1))
    if (any(unused)) {
        warning(sprintf("exclude = \"%s\" matches no class; they are %s",
            exclude[unused][1L], first(names(sizes))), call. = FALSE)
    }
    out <- Reduce(`|`, hit, logical(length(sizes)))
    if (any(out)) {
        message(sprintf("excluded %d samples of %d classes: %s",
            sum(sizes[out]), sum(out), first(names(sizes)[out])))
    }
    small <- !out & sizes < min_class_size
    if (any(small)) {
        message(sprintf("dropped classes of fewer than %d samples: %s",
            as.integer(min_class_size), first(sprintf("%s (%d)",
                names(sizes)[small], as.integer(sizes[small])))))
    }
    left <- names(sizes)[!out & !small]
    if (length(left) < 2L) {
        fail(paste("%d classes are left of %s, at least two are needed: check",
            "label, exclude and min_class_size"), length(left),
            first(names(sizes)))
    }
    classes %in% left
}

# As Python's fnmatch; glob2rx() takes brackets for characters.
globs <- function(patterns) {
    patterns <- gsub("([.()+^$|{}\\\\])", "\\\\\\1", patterns)
    patterns <- gsub("?", ".", gsub("*", ".*", patterns, fixed = TRUE),
        fixed = TRUE)
    sprintf("^%s$", gsub("[!", "[^", patterns, fixed = TRUE))
}
