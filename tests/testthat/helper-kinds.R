# The same data as each kind that the verbs take.
as_kind <- function(x, kind) {
    switch(kind,
        AnnData = if (is.character(x)) read_h5ad(x) else as_anndata(x),
        SummarizedExperiment = as_summarized_experiment(x),
        SingleCellExperiment = as_single_cell_experiment(x),
        zellkonverter = zellkonverter_like(x),
        anndataR = as_anndatar(x),
        path = {
            path <- tempfile(fileext = ".h5ad")
            write_h5ad(x, path)
            path
        })
}

kind_names <- c("AnnData", "anndataR", "SummarizedExperiment",
    "SingleCellExperiment", "zellkonverter", "path")

expect_kind <- function(found, kind) {
    expect_identical(switch(kind_of(found),
        anndata = "AnnData", anndatar = "anndataR", path = "path",
        experiment = as.character(class(found))),
        if (kind == "zellkonverter") "SingleCellExperiment" else kind)
}

# A SingleCellExperiment shaped as zellkonverter::readH5AD() makes it, from its
# source: X in the assay "X", frames of obsm as matrices, varm in one column of
# rowData (a table of data frames), uns as lists and data frames of R.
zellkonverter_like <- function(x, wrap = identity) {
    x <- as_single_cell_experiment(x)
    SummarizedExperiment::assayNames(x)[1L] <- "X"
    for (name in SummarizedExperiment::assayNames(x)) {
        SummarizedExperiment::assay(x, name) <- wrap(
            SummarizedExperiment::assay(x, name))
    }
    rows <- SummarizedExperiment::rowData(x)
    nested <- vapply(as.list(rows), function(column) length(dim(column)) == 2L,
        logical(1))
    if (any(nested)) {
        varm <- S4Vectors::make_zero_col_DFrame(nrow(x))
        for (key in names(rows)[nested]) {
            varm[[key]] <- as.data.frame(rows[[key]], optional = TRUE,
                row.names = rownames(x))
        }
        rows <- rows[!nested]
        rows$varm <- varm
        SummarizedExperiment::rowData(x) <- rows
        SingleCellExperiment::int_metadata(x)$has_varm <- names(varm)
    }
    for (key in SingleCellExperiment::reducedDimNames(x)) {
        SingleCellExperiment::reducedDim(x, key) <- as.matrix(
            SingleCellExperiment::reducedDim(x, key))
    }
    x
}
