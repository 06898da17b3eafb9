# The only file that knows what an AnnData is, and what a SummarizedExperiment
# is. A verb works on either, or on the path of an .h5ad file.

kind_of <- function(x) {
    if (inherits(x, "anndata._core.anndata.AnnData")) {
        "anndata"
    } else if (methods::is(x, "SummarizedExperiment")) {
        "experiment"
    } else if (is.character(x) && length(x) == 1L) {
        "path"
    } else {
        fail(paste("adata must be an AnnData, a SummarizedExperiment or the",
            "path of an .h5ad file, not %s"), paste(class(x), collapse = "/"))
    }
}

# A verb in R: `run` takes the data and returns them with what was found.
on_data <- function(adata, copy, run) {
    switch(kind_of(adata),
        path = {
            data <- open_path(adata, copy)
            run(data)
            write_h5ad(data, adata)
            invisible(adata)
        },
        anndata = invisible(run(if (copy) adata$copy() else adata)),
        experiment = invisible(run(adata)))
}

# A verb in Python.
in_python <- function(verb, adata, arguments, positional = list(),
                      copy = FALSE) {
    run <- function(data) {
        call_python(verb, c(list(data), positional), arguments)
        data
    }
    switch(kind_of(adata),
        experiment = invisible(
            as_summarized_experiment(run(as_anndata(adata)))),
        on_data(adata, copy, run))
}

open_path <- function(path, copy) {
    if (copy) {
        fail("copy = TRUE has no meaning for a file: read %s with read_h5ad()",
            path)
    }
    read_h5ad(path)
}

get_counts <- function(x) {
    get_matrix(x, NULL)
}

# A layer is genes x samples here; NULL where there is none.
get_matrix <- function(x, layer) {
    switch(kind_of(x),
        anndata = {
            bridge <- python_bridge()
            if (!is.null(layer) && !layer %in% bridge$keys(x, "layers")) {
                return(NULL)
            }
            found <- bridge$matrix(x, layer)
            dimnames(found) <- list(bridge$index(x, "var"),
                bridge$index(x, "obs"))
            found
        },
        experiment = {
            held <- SummarizedExperiment::assayNames(x)
            name <- if (is.null(layer)) counts_assay(held) else layer
            if (!name %in% held) {
                return(NULL)
            }
            as.matrix(SummarizedExperiment::assay(x, name))
        })
}

counts_assay <- function(held) {
    if (!"counts" %in% held) {
        fail("the SummarizedExperiment has no assay \"counts\"; it has: %s",
            first(held))
    }
    "counts"
}

# A column of obs or var; NULL where there is none.
get_column <- function(x, group, key) {
    found <- switch(kind_of(x),
        anndata = python_bridge()$column(x, group, key),
        experiment = side_of(x, group)[[key]])
    if (is.list(found)) {
        found <- vapply(found, function(item) {
            if (is.null(item)) NA_character_ else item
        }, "")
    }
    if (is.null(found)) NULL else as.vector(found)
}

need_column <- function(x, group, key) {
    found <- get_column(x, group, key)
    if (is.null(found)) {
        by <- written_by(group, key)
        fail("%s \"%s\" is missing: run %s() first", group, key, by)
    }
    found
}

# The class column: the one given, else the one recorded before.
get_label <- function(x, label) {
    if (kind_of(x) == "anndata") {
        name <- call_python("_slots.label_name", list(x, label))
        return(list(name = name, values = get_column(x, "obs", name)))
    }
    if (is.null(label)) {
        label <- S4Vectors::metadata(x)[[schema()$uns_key]]$label
    }
    if (is.null(label)) {
        fail("which column of colData holds the classes? Pass label = \"...\"")
    }
    values <- get_column(x, "obs", label)
    if (is.null(values)) {
        fail("colData has no column \"%s\"; it has: %s", label,
            first(names(SummarizedExperiment::colData(x)), 20L))
    }
    list(name = label, values = values)
}

# Writes what a core returned, by slot, and how it was made.
write_slots <- function(x, verb, found, params, packages = character(),
                        key_added = NULL) {
    versions <- c(list(R = as.character(getRversion())),
        lapply(stats::setNames(packages, packages), function(package) {
            as.character(utils::packageVersion(package))
        }))
    params <- params[!vapply(params, is.null, logical(1))]
    switch(kind_of(x),
        anndata = {
            found[["varm"]] <- lapply(found[["varm"]], as_pair)
            found[["obsm"]] <- lapply(found[["obsm"]], as_pair)
            found <- lapply(found, as_dict)
            python_bridge()$write(x, verb, as_dict(found), as_dict(params),
                as_dict(versions), key_added)
            x
        },
        experiment = write_experiment(x, verb, found, params, versions,
            key_added))
}

# An empty list of R would be an empty list of Python.
as_dict <- function(x) {
    if (length(x)) x else reticulate::dict()
}

as_pair <- function(x) {
    list(values = unname(x), columns = as.list(colnames(x)))
}

# What an earlier verb recorded, or NULL.
get_record <- function(x, verb) {
    uns <- schema()$uns_key
    switch(kind_of(x),
        path = get_record(read_h5ad(x), verb),
        anndata = python_bridge()$record(x, verb),
        experiment = S4Vectors::metadata(x)[[uns]][[verb]])
}

# A frame of varm or obsm as a matrix with the stored names of its columns.
get_frame <- function(x, group, key, slot = key) {
    found <- switch(kind_of(x),
        anndata = {
            held <- python_bridge()$frame(x, group, key)
            if (!is.null(held)) {
                matrix(held$values, nrow(held$values),
                    dimnames = list(NULL, unlist(held$columns)))
            }
        },
        experiment = {
            held <- side_of(x, group)[[key]]
            if (!is.null(held)) as.matrix(held)
        })
    if (is.null(found)) {
        fail("%s \"%s\" is missing: run %s() first", group, key,
            written_by(group, slot))
    }
    found
}

# The positions in the plane of a gene set, samples x 2.
get_embedding <- function(x, gene_set) {
    key <- paste(slot_name("obsm", "X_umap"), class_columns(gene_set),
        sep = "_")
    get_frame(x, "obsm", key, slot = "X_umap")
}

gene_names <- function(x) {
    switch(kind_of(x),
        anndata = python_bridge()$index(x, "var"),
        experiment = as.character(names_at(rownames(x), seq_len(nrow(x)))))
}

sample_names <- function(x) {
    switch(kind_of(x),
        anndata = python_bridge()$index(x, "obs"),
        experiment = as.character(names_at(colnames(x), seq_len(ncol(x)))))
}

# Some genes by position, so that a figure does not fetch whole matrices.
pick_genes <- function(x, at) {
    switch(kind_of(x),
        anndata = python_bridge()$pick_genes(x, as.list(as.integer(at - 1L))),
        experiment = x[at, ])
}

is_plain_list <- function(x) is.list(x) && !isS4(x)

keep_genes <- function(x, key) {
    switch(kind_of(x),
        anndata = {
            call_python("_slots.subset_genes", list(x, key))
            x
        },
        experiment = x[get_column(x, "var", key), ])
}

#' Between AnnData and SummarizedExperiment
#'
#' The assay `counts` is AnnData's `X`, other assays are layers; `colData` is
#' `obs`, `rowData` is `var`, and nested data frames in them are `obsm` and
#' `varm`; what the verbs recorded is in `metadata(x)$tissueshap` and in
#' `uns["tissueshap"]`.
#'
#' @param x A SummarizedExperiment (or SingleCellExperiment), or an AnnData.
#' @return `as_anndata()`: an AnnData (a Python object).
#'   `as_summarized_experiment()`: a SummarizedExperiment, all of it in R.
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     adata <- simulate_counts(60, 100, tissues = 3)
#'     as_summarized_experiment(adata)
#' }
as_anndata <- function(x) {
    if (kind_of(x) != "experiment") {
        return(if (kind_of(x) == "path") read_h5ad(x) else x)
    }
    bridge <- python_bridge()
    counts_name <- counts_assay(SummarizedExperiment::assayNames(x))
    held <- SummarizedExperiment::assayNames(x)
    layers <- setdiff(held, counts_name)
    obs <- split_side(SummarizedExperiment::colData(x))
    var <- split_side(SummarizedExperiment::rowData(x))
    uns <- Filter(is_portable, S4Vectors::metadata(x))
    bridge$assemble(
        unname(get_counts(x)), obs$plain, var$plain,
        list(obs = as.list(names_at(colnames(x), seq_len(ncol(x)))),
            var = as.list(names_at(rownames(x), seq_len(nrow(x))))),
        list(
            layers = as_dict(lapply(stats::setNames(layers, layers),
                function(name) unname(get_matrix(x, name)))),
            obsm = as_dict(obs$frames), varm = as_dict(var$frames),
            uns = as_dict(uns)))
}

# What Python can hold: plain vectors and tables, and lists of them.
is_portable <- function(value) {
    if (is.data.frame(value)) {
        TRUE
    } else if (is.list(value)) {
        !is.object(value) && all(vapply(value, is_portable, logical(1)))
    } else {
        is.atomic(value) && !is.null(value) && !is.object(value)
    }
}

#' @rdname as_anndata
#' @export
as_summarized_experiment <- function(x) {
    need_experiment()
    if (kind_of(x) == "experiment") {
        return(x)
    }
    build_experiment(python_bridge()$parts(as_anndata(x)))
}
