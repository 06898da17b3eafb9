# The names of the slots, read from inst/schema.json: the one source of the
# contract for both languages.

cache <- new.env(parent = emptyenv())

schema <- function() {
    if (is.null(cache$schema)) {
        path <- system.file("schema.json", package = "tissueshap")
        if (!nzchar(path)) {
            stop("schema.json is missing from this installation of ",
                "tissueshap; install the package again", call. = FALSE)
        }
        cache$schema <- jsonlite::read_json(path)
    }
    cache$schema
}

#' The name of a slot of the contract
#'
#' The slots that the verbs read and write are listed in the file
#' `schema.json` of the package, for R and Python alike.
#'
#' @param group One of `"obs"`, `"var"`, `"layers"`, `"obsm"`, `"varm"`.
#' @param key The slot, such as `"tmm"`.
#' @return `key`, when the contract has such a slot; an error else.
#' @export
#' @examples
#' slot_name("layers", "tmm")
slot_name <- function(group, key) {
    keys <- names(schema()[[group]])
    if (!key %in% keys) {
        stop(sprintf("the contract has no %s[\"%s\"]; it has %s", group, key,
            paste(keys, collapse = ", ")), call. = FALSE)
    }
    key
}

written_by <- function(group, key) {
    by <- schema()[[group]][[key]]$by
    if (is.null(by)) {
        return(NULL)
    }
    sub("^io\\.", "", sub("^(pp|tl)\\.", "run_", by))
}
