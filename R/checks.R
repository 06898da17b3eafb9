# What every core asks of its input. Messages name the thing, the place and the
# remedy, in one wording for each kind of mistake.

fail <- function(...) stop(sprintf(...), call. = FALSE)

quoted <- function(x, n = 20L) first(paste0("\"", x, "\""), n)

# As it would be written in code.
code_of <- function(x) substr(paste(deparse(x), collapse = ""), 1L, 80L)

first <- function(x, n = 5L) {
    shown <- paste(utils::head(x, n), collapse = ", ")
    if (length(x) > n) paste0(shown, ", ... (", length(x), ")") else shown
}

# What another package returned, by name. `$` would make NULL of a name that its
# version does not have, and NULL chooses a branch or drops out of a list.
field <- function(x, name, by) {
    if (!name %in% names(x)) {
        package <- sub("::.*", "", by)
        fail(paste("%s of %s %s returned no \"%s\" (it has: %s): this version",
            "has changed; install the one that your Bioconductor release has,",
            "or report this"), by, package,
            as.character(utils::packageVersion(package)), name,
            first(names(x), 20L))
    }
    x[[name]]
}

# match.arg() in this package's words: `value` is an argument, whose choices are
# its default unless they are given. A choice may be shortened.
choice_of <- function(value, choices = NULL, several = FALSE) {
    name <- deparse(substitute(value))
    if (is.null(choices)) {
        choices <- eval(formals(sys.function(sys.parent()))[[name]])
        if (is.null(value) || identical(value, choices)) {
            return(choices[1L])
        }
    }
    if (is.character(value)) {
        at <- pmatch(value, choices, nomatch = 0L, duplicates.ok = TRUE)
        value[at > 0L] <- choices[at]
    }
    check_choice(value, name, choices, several)
}

check_choice <- function(value, name, choices, several = FALSE) {
    fits <- is.character(value) && all(value %in% choices) &&
        if (several) length(value) > 0L else length(value) == 1L
    if (!fits) {
        unknown <- if (several) setdiff(value, choices) else value
        fail("%s must be %s%s, not %s", name,
            if (length(choices) > 2L) "one of " else "",
            any_of(paste0("\"", choices, "\"", recycle0 = TRUE)),
            code_of(unknown))
    }
    value
}

any_of <- function(words, n = 20L) {
    if (length(words) > n) {
        first(words, n)
    } else if (length(words) > 1L) {
        paste(paste(words[-length(words)], collapse = ", "), "or",
            words[length(words)])
    } else if (length(words)) {
        words
    } else {
        "NULL"
    }
}

wrong_type <- function(name, value, expected, remedy = NULL) {
    fail("%s must be %s, not %s%s", name, expected,
        paste(class(value), collapse = "/"),
        if (is.null(remedy)) "" else paste0("; ", remedy))
}

# `installer` is the function that installs it.
need_package <- function(package, installer) {
    if (!requireNamespace(package, quietly = TRUE)) {
        missing_package(package, sprintf("%s(\"%s\")", installer, package))
    }
}

# A class of its own, so that Python too knows which package is missing.
missing_package <- function(package, command) {
    stop(structure(class = c("packageNotFoundError", "error", "condition"),
        list(message = sprintf("the R package %s is missing: run %s", package,
            command), call = NULL, package = package, lib.loc = NULL)))
}

names_at <- function(names, at) {
    if (is.null(names)) as.character(at) else names[at]
}

# A matrix of numbers, in memory (sparse or not) or on disk.
is_numeric_matrix <- function(values) {
    if (methods::is(values, "DelayedMatrix")) {
        DelayedArray::type(values) %in% c("integer", "double")
    } else {
        is.matrix(values) && is.numeric(values) ||
            methods::is(values, "dsparseMatrix")
    }
}

# The values are tested a block of samples at a time, so that no matrix of the
# size of the counts is made.
check_counts <- function(counts, what = "counts", whole = TRUE) {
    check_count_matrix(counts, what)
    over_samples(counts, function(part, samples) {
        check_count_values(part, what, whole)
    })
    invisible(counts)
}

check_count_matrix <- function(counts, what = "counts") {
    if (!is_numeric_matrix(counts)) {
        wrong_type(what, counts, "a numeric matrix, genes x samples")
    }
    if (nrow(counts) == 0L || ncol(counts) == 0L) {
        fail("%s is empty: %d genes x %d samples", what, nrow(counts),
            ncol(counts))
    }
}

check_count_values <- function(counts, what = "counts", whole = TRUE) {
    problem_at <- check_counts_cpp(counts, whole)
    if (problem_at$kind > 0L) {
        problem <- c("missing", "negative", "infinite", "fractional")[
            problem_at$kind]
        remedy <- c("drop the gene or the sample",
            "pass raw counts, not log or scaled values",
            "pass raw counts",
            paste("pass raw counts, not normalised values; round() estimated",
                "counts (RSEM, salmon, tximport)"))[problem_at$kind]
        fail("%s has a %s value for gene %s in sample %s (%s): %s", what,
            problem, names_at(rownames(counts), problem_at$gene),
            names_at(colnames(counts), problem_at$sample),
            format(problem_at$value), remedy)
    }
}

check_no_empty_samples <- function(counts, total) {
    empty <- which(total == 0)
    if (length(empty)) {
        fail("%d samples have no counts at all: %s; drop them first",
            length(empty), first(names_at(colnames(counts), empty)))
    }
    invisible(total)
}

# One finite number within its limits.
check_number <- function(x, name, low = -Inf, high = Inf, integer = FALSE) {
    fits <- is_number(x) && x >= low && x <= high && !(integer && x %% 1 != 0)
    if (!fits) {
        fail("%s must be %s%s, not %s", name,
            if (integer) "an integer" else "a number", limits_of(low, high),
            code_of(x))
    }
    invisible(x)
}

is_number <- function(x) is.numeric(x) && length(x) == 1L && is.finite(x)

limits_of <- function(low, high) {
    if (is.finite(high)) {
        sprintf(" between %g and %g", low, high)
    } else if (is.finite(low)) {
        sprintf(" of at least %g", low)
    } else {
        ""
    }
}

check_set_sizes <- function(min_size, max_size) {
    check_number(min_size, "min_size", 1, integer = TRUE)
    check_number(max_size, "max_size", 1, integer = TRUE)
    if (min_size > max_size) {
        fail("min_size must be at most max_size, not %g and %g", min_size,
            max_size)
    }
}

check_key <- function(key_added) {
    # No path in a file, nor a place in one.
    fits <- is.null(key_added) || (is_string(key_added) &&
        grepl("^[^/]+$", key_added) && !grepl("^[.]+$", key_added))
    if (!fits) {
        fail("key_added must be a name without / such as \"run2\", not %s",
            code_of(key_added))
    }
    invisible(key_added)
}

is_string <- function(x) is.character(x) && length(x) == 1L && !is.na(x)

check_length <- function(x, n, name, of) {
    if (length(x) != n) {
        fail("%s has %d values for %d %s: it needs one for each", name,
            length(x), n, of)
    }
    invisible(x)
}

# What Python's tissueshap._core.scale.check_logs() says of values by
# themselves: integers, and values that span more than 64, are not
# log-transformed. Python's also recognises other bases, by the sums of the
# samples.
warn_unless_logs <- function(values, what) {
    seen <- seen_scale(values)
    if (is.null(seen)) {
        return(invisible(values))
    }
    warning(sprintf("%s: the values look like %s; %s", what, seen[1L],
        seen[2L]), call. = FALSE)
    invisible(values)
}

seen_scale <- function(values) {
    span <- range(values)
    if (span[1L] >= 0 && span[2L] > 1 && all(values == round(values))) {
        return(c("raw counts, all are integers",
            "run run_tmm() and run_log2() on them, or test them as counts"))
    }
    if (span[2L] - span[1L] > 64) {
        return(c(sprintf("values on a linear scale, the largest is %s",
            format(span[2L], big.mark = ",")),
            "take their logarithm first, log2(x + 1), or give raw counts"))
    }
    if (ncol(values) >= 8L && are_z_scores(values)) {
        return(c("z-scores, each gene with mean 0 and variance 1",
            "fold changes would be in standard deviations: give log2 values"))
    }
    NULL
}

are_z_scores <- function(values) {
    center <- rowMeans(values)
    sd <- sqrt(rowMeans((values - center)^2))
    varies <- sd > 0
    any(varies) && mean(abs(center[varies]) < 0.02) > 0.95 &&
        mean(abs(sd[varies] - 1) < 0.1) > 0.8
}

# Levels of a factor without a sample, which cannot be tested.
report_dropped <- function(label) {
    if (is.factor(label)) {
        dropped <- setdiff(levels(label), as.character(label))
        if (length(dropped)) {
            message("Levels of label without samples, left out: ",
                first(dropped))
        }
    }
}

# Classes in the order of a factor's levels, or in alphabetical order of their
# bytes, as Python has them.
class_factor <- function(label, n, minimum = 2L) {
    check_length(label, n, "label", "samples")
    if (anyNA(label)) {
        fail("label is missing for samples %s: drop or label them",
            first(which(is.na(label))))
    }
    given <- levels(label)
    label <- enc2utf8(as.character(label))
    classes <- sort(unique(label), method = "radix")
    if (!is.null(given)) {
        classes <- intersect(enc2utf8(given), classes)
    }
    plain <- sub("\\.0$", "", trimws(classes))
    if (anyDuplicated(plain)) {
        fail(paste("label has classes that differ only by blanks or by how a",
            "number is written (%s): give each class one name"),
            first(classes[plain %in% plain[duplicated(plain)]]))
    }
    if (length(classes) < minimum) {
        fail("label has one class only (%s): there is nothing to compare",
            classes)
    }
    factor(label, levels = classes)
}
