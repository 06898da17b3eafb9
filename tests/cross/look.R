# What R sees of an .h5ad file, as JSON. Argument: the file.
x <- tissueshap::as_summarized_experiment(
    tissueshap::read_h5ad(commandArgs(trailingOnly = TRUE)[1]))
rows <- SummarizedExperiment::rowData(x)
held <- S4Vectors::metadata(x)$tissueshap
cat("\n", jsonlite::toJSON(digits = NA, auto_unbox = TRUE, list(
    dim = dim(x),
    genes = rownames(x),
    samples = colnames(x),
    assays = SummarizedExperiment::assayNames(x),
    tmm = colSums(SummarizedExperiment::assay(x, "tmm")),
    columns = colnames(SummarizedExperiment::colData(x)),
    norm_factor = x$norm_factor,
    split = as.character(x$split),
    filter_pass = rows$filter_pass,
    de_logfc = as.matrix(as.data.frame(rows$de_logfc)),
    classes = colnames(rows$de_logfc),
    records = names(held),
    counts = held$de$counts)), sep = "")
