# The same data as each kind that the verbs take.
as_kind <- function(x, kind) {
    switch(kind,
        AnnData = if (is.character(x)) read_h5ad(x) else as_anndata(x),
        SummarizedExperiment = as_summarized_experiment(x),
        SingleCellExperiment = as_single_cell_experiment(x),
        path = {
            path <- tempfile(fileext = ".h5ad")
            write_h5ad(x, path)
            path
        })
}

kind_names <- c("AnnData", "SummarizedExperiment", "SingleCellExperiment",
    "path")

expect_kind <- function(found, kind) {
    expect_identical(switch(kind_of(found),
        anndata = "AnnData", path = "path",
        experiment = as.character(class(found))), kind)
}
