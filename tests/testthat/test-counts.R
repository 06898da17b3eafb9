# Raw counts that are not in X: as scanpy's users have them, in a layer or in
# raw.
skip_without_python()
skip_if_not_installed("SingleCellExperiment")
skip_if_not_installed("hdf5r")

logged <- function() {
    adata <- simulate_counts(60, 40, tissues = 3)
    np <- reticulate::import("numpy", convert = FALSE)
    raw <- adata$copy()
    reticulate::py_set_item(adata$layers, "counts", adata$X)
    adata$X <- np$log1p(reticulate::py_get_attr(adata, "X"))
    adata$raw <- raw
    adata
}

expected <- local({
    x <- as_summarized_experiment(simulate_counts(60, 40, tissues = 3))
    run_de(run_tmm(run_filter_genes(x, "tissue")), lfc = 1)
})

test_that("each kind of data has its counts in a layer, and remembers it", {
    for (kind in kind_names) {
        x <- suppressMessages(as_kind(logged(), kind))
        if (kind == "anndataR") {
            # The stand-in is made of an experiment, whose counts are its X.
            x$layers <- list(counts = x$X)
            x$X <- log1p(x$X)
        }
        x <- run_filter_genes(x, "tissue", assay = "counts")
        x <- run_de(run_tmm(x), lfc = 1)
        expect_equal(de_table(x, n = 5), de_table(expected, n = 5),
            info = kind)
        expect_identical(get_record(x, "assay"), "counts", info = kind)
        expect_error(run_tmm(x, assay = "none"), "none|must be", info = kind)
    }
})

test_that("counts in raw are read for the genes of the data", {
    for (kind in c("AnnData", "path")) {
        x <- as_kind(logged(), kind)
        x <- run_filter_genes(x, "tissue", assay = "raw")
        x <- run_de(run_tmm(x), lfc = 1)
        expect_equal(de_table(x, n = 5), de_table(expected, n = 5),
            info = kind)
    }
})

test_that("an experiment of such an AnnData has both", {
    x <- suppressMessages(as_summarized_experiment(logged()))
    expect_identical(SummarizedExperiment::assayNames(x)[1:2],
        c("X", "counts"))
    expect_equal(run_tmm(x)$norm_factor, run_tmm(as_summarized_experiment(
        simulate_counts(60, 40, tissues = 3)))$norm_factor)
})
