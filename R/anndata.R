# The only file that knows which kinds of data there are: an AnnData in Python,
# one of the R package anndataR, a SummarizedExperiment (or
# SingleCellExperiment), the path of an .h5ad file, and such a file while R has
# it open. A verb works on each of them.

# Python's classes are named by their modules, and anndata 0.13 has its AnnData
# in another than 0.12.
python_anndata <- "^anndata\\.([a-z_.]+\\.)?AnnData$"

kind_of <- function(x) {
    if (any(grepl(python_anndata, class(x)))) {
        "anndata"
    } else if (inherits(x, "AbstractAnnData")) {
        "anndatar"
    } else if (methods::is(x, "SummarizedExperiment")) {
        "experiment"
    } else if (inherits(x, "h5ad_file")) {
        "file"
    } else if (is.character(x) && length(x) == 1L) {
        "path"
    } else {
        fail(paste("adata must be an AnnData, a SummarizedExperiment or the",
            "path of an .h5ad file, not %s%s"), paste(class(x), collapse = "/"),
            remedy_for(x))
    }
}

remedy_for <- function(x) {
    if (is.matrix(x)) {
        "; of a matrix make SummarizedExperiment(list(counts = x), colData = )"
    } else if (inherits(x, "DGEList")) {
        paste("; of it make SummarizedExperiment(list(counts = x$counts),",
            "colData = x$samples, rowData = x$genes)")
    } else {
        ""
    }
}

# A verb in R: `run` takes the data and returns them with what was found.
on_data <- function(adata, copy, run) {
    switch(kind_of(adata),
        path = {
            refuse_copy(adata, copy)
            if (has_hdf5r()) {
                edit_h5ad(adata, run)
            } else {
                data <- read_by_python(adata)
                run(data)
                write_h5ad(data, adata)
            }
            invisible(adata)
        },
        anndata = shown_if_new(run(if (copy) adata$copy() else adata), adata),
        anndatar = shown_if_new(run(own_anndatar(adata, copy)), adata),
        experiment = shown_if_new(run(adata), adata))
}

# What was changed in place is returned invisibly. A new object is lost unless
# it is assigned, and is printed then, as those of other packages are.
shown_if_new <- function(x, given) {
    in_place <- is.environment(given) && identical(x, given)
    if (in_place) invisible(x) else x
}

# A verb in Python. An object of R stays what it is, with what was found added.
in_python <- function(verb, adata, arguments, positional = list(),
                      copy = FALSE) {
    kind <- kind_of(adata)
    refuse_inside_python(sprintf("ts.%s(adata)", verb))
    run <- function(data) {
        call_python(verb, c(list(data), positional), arguments, kind)
        data
    }
    switch(kind,
        path = {
            refuse_copy(adata, copy)
            write_h5ad(run(read_h5ad(adata)), adata)
        },
        anndata = shown_if_new(run(if (copy) adata$copy() else adata), adata),
        anndatar = shown_if_new(anndatar_add(own_anndatar(adata, copy),
            changed_by(adata, run)), adata),
        experiment = shown_if_new(add_found(adata, changed_by(adata, run)),
            adata))
}

# What a verb of Python changes in an object of R.
changed_by <- function(x, run) {
    data <- as_anndata(x)
    before <- python_bridge()$snapshot(data)
    run(data)
    python_bridge()$changes(data, before)
}

refuse_copy <- function(path, copy) {
    if (copy) {
        fail(paste("copy = TRUE has no meaning for a file: read %s with",
            "as_summarized_experiment() or read_h5ad()"), path)
    }
}

# A layer is genes x samples here; NULL where there is none.
get_matrix <- function(x, layer = NULL) {
    found <- get_stored(x, layer)
    if (is.null(found)) NULL else as.matrix(found)
}

# As get_matrix(), but a matrix that is sparse, or on disk, stays so.
get_stored <- function(x, layer = NULL) {
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
        file = h5ad_matrix(x, layer),
        anndatar = anndatar_matrix(x, layer),
        experiment = {
            at <- if (is.null(layer)) counts_assay(x) else
                match(layer, assay_names(x))
            if (!is.na(at)) SummarizedExperiment::assay(x, at)
        })
}

# A column of obs or var; NULL where there is none.
get_column <- function(x, group, key) {
    found <- column_value(x, group, key)
    if (is.null(found)) NULL else as.vector(found)
}

# As get_column(), but a factor stays one.
column_value <- function(x, group, key) {
    switch(kind_of(x),
        anndata = value_of(python_bridge()$column(x, group, key)),
        file = h5ad_value(x, group, key),
        anndatar = x[[group]][[key]],
        experiment = side_of(x, group)[[key]])
}

need_column <- function(x, group, key) {
    found <- get_column(x, group, key)
    if (is.null(found)) {
        missing_slot(x, group, key, written_by(group, key))
    }
    found
}

# `by` is the verb that writes the slot, if one does.
missing_slot <- function(x, group, key, by) {
    fail("%s \"%s\" is missing%s", place_of(x, group), key,
        if (is.null(by)) "" else sprintf(": run %s() first", by))
}

# What a group of slots is called in an object of a kind.
place_of <- function(x, group) place_words(kind_of(x))[[group]]

place_words <- function(kind) {
    if (kind == "experiment") {
        c(obs = "colData", var = "rowData", layers = "assay",
            obsm = "colData", varm = "rowData", uns = "metadata")
    } else {
        c(obs = "obs", var = "var", layers = "layers", obsm = "obsm",
            varm = "varm", uns = "uns")
    }
}

# The class column: the one given, else the one recorded before.
get_label <- function(x, label) {
    kind <- kind_of(x)
    if (kind == "anndata") {
        name <- call_python("_core.slots.label_name", list(x, label))
        return(list(name = name, values = class_values(x, name)))
    }
    place <- place_of(x, "obs")
    if (is.null(label)) {
        label <- get_record(x, "label")
    }
    if (is.null(label)) {
        fail("which column of %s holds the classes? Pass label = \"...\"",
            place)
    }
    refuse_reserved(label, "label")
    if (sum(column_names(x, "obs") == label) > 1L) {
        fail("%s has the column \"%s\" twice: rename or drop one of them",
            place, label)
    }
    values <- class_values(x, label)
    if (is.null(values)) {
        fail("%s has no column \"%s\"; it has: %s", place, label,
            first(column_names(x, "obs"), 20L))
    }
    list(name = label, values = values)
}

# A factor keeps its levels, in their order.
class_values <- function(x, name) {
    values <- column_value(x, "obs", name)
    if (is.factor(values)) {
        factor(values, levels(values), ordered = FALSE)
    } else if (!is.null(values)) {
        as.vector(values)
    }
}

column_names <- function(x, group) {
    switch(kind_of(x),
        file = h5_with(x$file, group, function(side) {
            as.character(h5_attribute(side, "column-order"))
        }),
        anndatar = names(x[[group]]),
        experiment = names(side_of(x, group)))
}

# Writes what a core returned, by slot, how it was made, and from which records.
write_slots <- function(x, verb, found, params, packages = character(),
                        key_added = NULL, reads = character()) {
    check_key(key_added)
    versions <- lapply(stats::setNames(nm = packages), function(package) {
        as.character(utils::packageVersion(package))
    })
    versions <- c(list(R = as.character(getRversion())), versions)
    params <- params[!vapply(params, is.null, logical(1))]
    if (kind_of(x) == "anndata") {
        python_bridge()$write(x, verb, portable(found_elements(found)),
            portable(element_of(params)), portable(element_of(versions)),
            key_added, as.list(reads))
        return(x)
    }
    refuse_taken(x, verb, found, key_added)
    versions$tissueshap <- as.character(utils::packageVersion("tissueshap"))
    origin <- made_from(x, verb, params, reads)
    entry <- c(list(verb = verb, params = params, versions = versions,
        made_from = origin, id = fingerprint(jsonlite::toJSON(list(verb,
            params, origin), auto_unbox = TRUE, digits = NA)),
        slots = listed_slots(x, found, verb, key_added)), found$uns)
    for (group in c("obsm", "varm")) {
        found[[group]] <- lapply(found[[group]], stored_frame)
    }
    write <- switch(kind_of(x), experiment = write_experiment,
        anndatar = anndatar_write, file = h5ad_write)
    write(x, verb, found, entry, key_added)
}

found_elements <- function(found) {
    over <- function(group, make) lapply(found[[group]], make)
    groups <- list(
        obs = over("obs", column_element), var = over("var", column_element),
        layers = over("layers", layer_element),
        obsm = over("obsm", frame_element), varm = over("varm", frame_element),
        uns = over("uns", element_of))
    dict_of(lapply(groups, dict_of))
}

# What an earlier verb recorded, or NULL.
get_record <- function(x, verb) {
    switch(kind_of(x),
        path = with_data(x, function(data) get_record(data, verb)),
        anndata = value_of(python_bridge()$record(x, verb)),
        file = h5ad_record(x, verb),
        anndatar = x$uns[[schema()$uns_key]][[verb]],
        experiment = S4Vectors::metadata(x)[[schema()$uns_key]][[verb]])
}

record_names <- function(x) {
    key <- schema()$uns_key
    switch(kind_of(x),
        anndata = python_bridge()$record_names(x),
        file = if (h5ad_has(x, "uns", key)) {
            h5_with(x$file, paste0("uns/", key), h5_keys)
        },
        anndatar = names(x$uns[[key]]),
        experiment = names(S4Vectors::metadata(x)[[key]]))
}

has_slot <- function(x, group, key) {
    switch(kind_of(x),
        anndata = key %in% python_bridge()$keys(x, group),
        file = h5ad_has(x, group, key),
        anndatar = key %in% names(x[[group]]),
        experiment = switch(group,
            layers = key %in% SummarizedExperiment::assayNames(x),
            obsm = , varm = !is.null(get_nested(x, group, key)),
            key %in% names(side_of(x, group))))
}

# Reads from a file what `use` asks for, without Python where that can be.
with_data <- function(path, use) {
    if (has_hdf5r()) with_h5ad(path, use) else use(read_by_python(path))
}

read_by_python <- function(path) {
    tryCatch(python_bridge(), error = function(e) {
        fail(paste("%s can be read with the R package hdf5r, which is missing",
            "(install.packages(\"hdf5r\")), or with Python: %s"), path,
            conditionMessage(e))
    })
    read_h5ad(path)
}

# A frame of varm or obsm as a matrix with the stored names of its columns.
get_frame <- function(x, group, key, slot = key) {
    found <- switch(kind_of(x),
        anndata = value_of(python_bridge()$frame(x, group, key)),
        file = h5ad_value(x, group, key),
        anndatar = x[[group]][[key]],
        experiment = get_nested(x, group, key))
    if (is.null(found)) {
        missing_slot(x, group, key, written_by(group, slot))
    }
    found <- as.matrix(found)
    rownames(found) <- NULL
    found
}

# The positions in the plane of a gene set, samples x 2.
get_embedding <- function(x, gene_set) {
    prefix <- slot_name("obsm", "X_umap")
    key <- paste(prefix, class_columns(gene_set), sep = "_")
    # As Python's _schema.key_of().
    old <- paste(prefix, plain_names(gene_set), sep = "_")
    if (!has_slot(x, "obsm", key) && has_slot(x, "obsm", old)) {
        key <- old
    }
    unname(get_frame(x, "obsm", key, slot = "X_umap"))
}

gene_names <- function(x) {
    switch(kind_of(x),
        anndata = python_bridge()$index(x, "var"),
        file = h5ad_names(x, "var"),
        anndatar = anndatar_names(x, "var"),
        experiment = as.character(names_at(rownames(x), seq_len(nrow(x)))))
}

sample_names <- function(x) {
    switch(kind_of(x),
        anndata = python_bridge()$index(x, "obs"),
        file = h5ad_names(x, "obs"),
        anndatar = anndatar_names(x, "obs"),
        experiment = as.character(names_at(colnames(x), seq_len(ncol(x)))))
}

# Some genes by position, so that a figure does not fetch whole matrices.
pick_genes <- function(x, at) {
    switch(kind_of(x),
        anndata = python_bridge()$pick_genes(x, as.list(as.integer(at - 1L))),
        file = structure(utils::modifyList(unclass(x), list(genes = at)),
            class = class(x)),
        anndatar = anndatar_genes(x, at),
        experiment = x[at, ])
}

is_plain_list <- function(x) is.list(x) && !isS4(x)

keep_genes <- function(x, key) {
    switch(kind_of(x),
        anndata = {
            call_python("_core.slots.subset_genes", list(x, key))
            x
        },
        file = h5ad_keep_genes(x, key),
        # It cannot lose genes in place.
        anndatar = anndatar_genes(x,
            which(get_column(x, "var", key)))$as_InMemoryAnnData(),
        experiment = x[get_column(x, "var", key), ])
}
