#' What the verbs recorded
#'
#' Each verb keeps its settings, the versions of the packages and its tables in
#' a record, in `uns$tissueshap` of an AnnData and in `metadata(x)$tissueshap`
#' of a SummarizedExperiment. `records()` returns all of them, and printing them
#' shows a line for each.
#'
#' @param x An AnnData, a SummarizedExperiment, or the path of an `.h5ad` file;
#'   of the print methods, what `records()` returned, or one of them.
#' @param ... Not used.
#' @return A list named after the verbs (or their `key_added`), in the order in
#'   which they were run as far as it is known. Each record is a list with
#'   `params`, `versions`, `seed` if random numbers were used, and the verb's
#'   results.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- records(example_results())
#'     results
#'     results$de
#'     results$de$counts
#' }
records <- function(x) {
    reading(x, function(x) {
        entries <- lapply(stats::setNames(nm = record_names(x)), get_record,
            x = x)
        entries$label <- NULL
        entries$assay <- NULL
        entries <- lapply(entries, structure, class = "tissueshap_record")
        structure(entries, class = "tissueshap_records",
            label = get_record(x, "label"), assay = get_record(x, "assay"))
    })
}

#' @rdname records
#' @export
print.tissueshap_records <- function(x, ...) {
    about <- c(label = attr(x, "label"), assay = attr(x, "assay"))
    cat(length(x), if (length(x) == 1L) "record" else "records",
        "of tissueshap")
    if (length(about)) {
        cat(";", paste0(names(about), " = \"", about, "\"", collapse = ", "))
    }
    cat("\n")
    width <- max(nchar(names(x)), 0L)
    for (name in names(x)) {
        cat(cut_line(sprintf("  %-*s  %s", width, name,
            settings_line(x[[name]]$params))), "\n", sep = "")
    }
    invisible(x)
}

#' @rdname records
#' @export
print.tissueshap_record <- function(x, ...) {
    cat("Record of", if (is.null(x$verb)) "a verb" else paste0("run_", x$verb,
        "()"), "\n")
    part <- function(title, values) {
        if (length(values)) {
            cat(strwrap(settings_line(values), exdent = 12L,
                initial = sprintf("  %-10s", title)), sep = "\n")
        }
    }
    part("params", x$params)
    part("seed", x[names(x) == "seed"])
    part("versions", x$versions)
    others <- x[setdiff(names(x), c("verb", "params", "seed", "versions",
        "made_from", "id", "slots"))]
    tables <- vapply(others, function(value) length(dim(value)) == 2L,
        logical(1))
    part("values", unclass(others[!tables]))
    for (name in names(others)[tables]) {
        table <- as.data.frame(others[[name]])
        cat(sprintf("  $%s: %d rows\n", name, nrow(table)))
        print(utils::head(table, 3L), row.names = FALSE)
    }
    invisible(x)
}

settings_line <- function(values) {
    paste0(names(values), " = ", vapply(values, short_value, ""),
        collapse = ", ")
}

short_value <- function(value) {
    if (is.list(value)) {
        sprintf("list of %d", length(value))
    } else if (length(value) > 4L) {
        sprintf("%s of %d", class(value)[1L], length(value))
    } else {
        text <- if (is.numeric(value)) format(value, digits = 4L, trim = TRUE)
        else as.character(value)
        paste(if (is.character(value)) paste0("\"", text, "\"") else text,
            collapse = " ")
    }
}

cut_line <- function(text, width = getOption("width")) {
    if (nchar(text) > width) {
        paste0(substr(text, 1L, width - 3L), "...")
    } else {
        text
    }
}
