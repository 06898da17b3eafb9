# How a verb runs on a kind of data, in R and in Python, and what it returns.

# A verb in R: `run` takes the data and returns them with its results.
on_data <- function(adata, copy, run) UseMethod("on_data", kind_of(adata))

#' @exportS3Method
on_data.default <- function(adata, copy, run) {
    shown_if_new(run(owned(adata, copy)), adata)
}

# A verb in Python. An object of R stays what it is, with the results added.
in_python <- function(verb, adata, arguments, positional = list(),
                      copy = FALSE) {
    refuse_inside_python(sprintf("ts.%s(adata)", verb))
    words <- place_words(adata)
    # Checked before a file is read.
    force(arguments)
    run_python(adata, copy, function(data) {
        call_python(verb, c(list(data), positional), arguments, words)
        data
    })
}

# `run` takes an AnnData of Python, which it changes, and returns it.
run_python <- function(adata, copy, run) UseMethod("run_python", kind_of(adata))

#' @exportS3Method
run_python.default <- function(adata, copy, run) {
    slots <- changed_slots(changed_by(adata, run))
    shown_if_new(set_slots(owned(adata, copy), slots), adata)
}

# What a verb of Python changes in an object of R.
changed_by <- function(x, run) {
    data <- as_anndata(x)
    before <- python_bridge()$snapshot(data)
    run(data)
    python_bridge()$changes(data, before)
}

# The object that a verb may change: R copies its own when they are changed.
owned <- function(x, copy) UseMethod("owned", kind_of(x))

#' @exportS3Method
owned.default <- function(x, copy) x

# What was changed in place is returned invisibly. A new object is lost unless
# it is assigned, and is printed then, as those of other packages are.
shown_if_new <- function(x, given) {
    in_place <- is.environment(given) && identical(x, given)
    if (in_place) invisible(x) else x
}
