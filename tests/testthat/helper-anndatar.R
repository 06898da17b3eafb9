# A stand-in for the R6 classes of the package anndataR, which may not be
# installed, with what this package relies on: the public bindings and methods
# of anndataR 1.0, written anew. Matrices are held without names and get those
# of obs and var when read; what has other dimensions or other names is refused;
# obs and var keep their number of rows; a view, and a file that is opened to be
# read, cannot be written to.

# nolint start: cyclocomp_linter. The rules of a whole class.
anndatar_strip <- function(value, names, what) {
    along <- seq_along(names)
    if (!identical(dim(value)[along], lengths(names))) {
        stop("Unexpected shape for ", what)
    }
    counted <- is.data.frame(value) && .row_names_info(value) <= 0L
    for (i in if (!counted) along) {
        held <- dimnames(value)[[i]]
        if (!is.null(held) && !identical(held, names[[i]])) {
            stop("names of ", what, " are not as expected")
        }
    }
    if (length(names) == 1L && is.matrix(value) && !is.null(colnames(value))) {
        warning("the column names of ", what, " will be lost in a file")
    }
    anndatar_name(value, vector("list", length(names)))
}

anndatar_name <- function(value, names) {
    if (length(names) == 2L) {
        dimnames(value) <- names
    } else {
        rownames(value) <- names[[1L]]
    }
    value
}

anndatar_class <- R6::R6Class("AbstractAnnData", cloneable = FALSE,
    private = list(
        held = NULL, refusal = NULL,
        writable = function() {
            if (!is.null(private$refusal)) stop(private$refusal)
        },
        names_of = function(along) {
            lapply(paste0(along, "_names"), function(key) private$held[[key]])
        },
        get = function(slot, along, many) {
            names <- private$names_of(along)
            value <- private$held[[slot]]
            if (is.null(value)) {
                NULL
            } else if (many) {
                lapply(value, anndatar_name, names)
            } else {
                anndatar_name(value, names)
            }
        },
        set = function(slot, along, value, many) {
            private$writable()
            names <- private$names_of(along)
            if (many && length(value) && (!is.list(value) ||
                is.null(names(value)))) {
                stop(slot, " must be a named list")
            }
            private$held[slot] <- list(if (is.null(value)) {
                NULL
            } else if (many) {
                Map(function(item, key) {
                    anndatar_strip(item, names, paste0(slot, "$", key))
                }, value, names(value))
            } else {
                anndatar_strip(value, names, slot)
            })
        },
        slot = function(slot, value) {
            along <- switch(slot, X = , layers = c("obs", "var"),
                obsp = c("obs", "obs"), varp = c("var", "var"),
                sub("m$", "", slot))
            if (missing(value)) private$get(slot, along, slot != "X") else
                private$set(slot, along, value, slot != "X")
        },
        side = function(group, value) {
            if (missing(value)) {
                return(anndatar_name(private$held[[group]],
                    private$names_of(group)))
            }
            private$writable()
            if (!is.data.frame(value) ||
                nrow(value) != nrow(private$held[[group]])) {
                stop(group, " must be a data.frame of as many rows")
            }
            if (.row_names_info(value) > 0L) {
                private$held[[paste0(group, "_names")]] <- rownames(value)
            }
            rownames(value) <- NULL
            private$held[[group]] <- value
        }),
    active = list(
        X = function(value) private$slot("X", value),
        layers = function(value) private$slot("layers", value),
        obsm = function(value) private$slot("obsm", value),
        varm = function(value) private$slot("varm", value),
        obsp = function(value) private$slot("obsp", value),
        varp = function(value) private$slot("varp", value),
        obs = function(value) private$side("obs", value),
        var = function(value) private$side("var", value),
        obs_names = function(value) {
            if (missing(value)) private$held$obs_names else
                stop("not needed here")
        },
        var_names = function(value) {
            if (missing(value)) private$held$var_names else
                stop("not needed here")
        },
        uns = function(value) {
            if (missing(value)) {
                return(private$held$uns)
            }
            private$writable()
            if (length(value) && (!is.list(value) || is.null(names(value)))) {
                stop("uns must be a named list")
            }
            private$held["uns"] <- list(value)
        }),
    public = list(
        # nolint start: object_name_linter. anndataR's own name.
        initialize = function(X, obs, var, layers = NULL, obsm = NULL,
                              varm = NULL, obsp = NULL, varp = NULL,
                              uns = NULL) {
            # nolint end
            private$held <- list(obs_names = rownames(obs),
                var_names = rownames(var))
            rownames(obs) <- rownames(var) <- NULL
            private$held$obs <- obs
            private$held$var <- var
            self$X <- X
            self$layers <- layers
            self$obsm <- obsm
            self$varm <- varm
            self$obsp <- obsp
            self$varp <- varp
            self$uns <- uns
            private$refusal <- private$refuse()
        },
        n_obs = function() nrow(private$held$obs),
        n_vars = function() nrow(private$held$var),
        as_InMemoryAnnData = function() {
            anndatar_memory$new(self$X, self$obs, self$var, self$layers,
                self$obsm, self$varm, self$obsp, self$varp, self$uns)
        }))

# nolint end

anndatar_memory <- R6::R6Class("InMemoryAnnData", inherit = anndatar_class,
    cloneable = FALSE,
    private = list(refuse = function() NULL))

anndatar_view <- R6::R6Class("AnnDataView", inherit = anndatar_class,
    cloneable = FALSE,
    private = list(refuse = function() "Cannot set a slot of an AnnDataView"))

anndatar_file <- R6::R6Class("HDF5AnnData", inherit = anndatar_class,
    cloneable = FALSE,
    private = list(refuse = function() "The file is opened in read-only mode"))

registerS3method("[", "AbstractAnnData", function(x, i, j) {
    i <- if (missing(i)) seq_len(x$n_obs()) else i
    j <- if (missing(j)) seq_len(x$n_vars()) else j
    rows <- function(values, at) {
        lapply(values, function(value) value[at, , drop = FALSE])
    }
    both <- function(values, i, j) {
        lapply(values, function(value) value[i, j, drop = FALSE])
    }
    anndatar_view$new(x$X[i, j, drop = FALSE], x$obs[i, , drop = FALSE],
        x$var[j, , drop = FALSE], both(x$layers, i, j), rows(x$obsm, i),
        rows(x$varm, j), both(x$obsp, i, i), both(x$varp, j, j), x$uns)
})

# An experiment, or the AnnData of Python, as an object of anndataR.
as_anndatar <- function(x, class = anndatar_memory) {
    skip_if_not_installed("R6")
    x <- as_summarized_experiment(x)
    turned <- lapply(as.list(SummarizedExperiment::assays(x)), t)
    side <- function(group) {
        held <- as.list(side_of(x, group))
        nested <- vapply(held, function(column) length(dim(column)) == 2L,
            logical(1))
        named <- if (group == "obs") colnames(x) else rownames(x)
        plain <- structure(held[!nested], class = "data.frame",
            row.names = named, names = as.character(names(held)[!nested]))
        list(plain = plain,
            nested = lapply(held[nested], function(column) {
                if (is_table(column)) as.data.frame(column, optional = TRUE)
                else column
            }))
    }
    obs <- side("obs")
    var <- side("var")
    class$new(turned$counts, obs$plain, var$plain,
        turned[names(turned) != "counts"], obs$nested, var$nested,
        uns = as.list(S4Vectors::metadata(x)))
}
