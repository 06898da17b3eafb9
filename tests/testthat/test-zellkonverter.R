# A SingleCellExperiment shaped as zellkonverter makes it (helper-kinds.R).
skip_if_not_installed("SingleCellExperiment")

data <- simulate_matrix(120, c(8, 9, 10))

sparse <- function(matrix) {
    methods::as(methods::as(matrix, "dMatrix"), "CsparseMatrix")
}

on_disk <- function(matrix) {
    skip_if_not_installed("HDF5Array")
    HDF5Array::writeHDF5Array(matrix, with.dimnames = TRUE)
}

test_that("every shape of the assay \"X\" is read as the counts", {
    expected <- run_de(run_tmm(experiment_of(data)), "tissue", lfc = 1)
    for (wrap in list(identity, sparse, on_disk)) {
        x <- zellkonverter_like(experiment_of(data), wrap)
        found <- run_de(run_tmm(x), "tissue", lfc = 1)
        expect_s4_class(found, "SingleCellExperiment")
        expect_identical(SummarizedExperiment::assayNames(found),
            c("X", "tmm"))
        expect_identical(found$norm_factor, expected$norm_factor)
        expect_identical(get_frame(found, "varm", "de_fdr"),
            get_frame(expected, "varm", "de_fdr"))
    }
})

test_that("varm is read and written where zellkonverter keeps it", {
    x <- zellkonverter_like(run_de(run_tmm(experiment_of(data)), "tissue",
        lfc = 1))
    rows <- SummarizedExperiment::rowData(x)
    expect_identical(names(rows)[names(rows) != "de_significant"], "varm")
    before <- get_frame(x, "varm", "de_logfc")
    expect_identical(dim(before), c(120L, 3L))
    x <- run_de(x, method = "wilcoxon", lfc = 1)
    x <- run_de(x, method = "wilcoxon", lfc = 1, key_added = "ranks")
    rows <- SummarizedExperiment::rowData(x)
    expect_setequal(names(rows),
        c("de_significant", "ranks_de_significant", "varm"))
    expect_identical(names(rows$varm), c("de_logfc", "de_pvalue", "de_fdr",
        "de_called", "ranks_de_logfc", "ranks_de_pvalue", "ranks_de_fdr",
        "ranks_de_called"))
    expect_false(identical(get_frame(x, "varm", "de_logfc"), before))
    part <- x[11:20, ]
    expect_identical(get_frame(part, "varm", "de_fdr"),
        get_frame(x, "varm", "de_fdr")[11:20, ])
})

test_that("files keep varm, frames and sparse counts", {
    skip_if_not_installed("hdf5r")
    path <- withr::local_tempfile(fileext = ".h5ad")
    x <- zellkonverter_like(run_de(run_tmm(experiment_of(data)), "tissue",
        lfc = 1), sparse)
    proba <- matrix(1 / 3, 27, 3, dimnames = list(NULL,
        paste0("class0", 1:3)))
    SingleCellExperiment::reducedDim(x, "proba", withDimnames = FALSE) <- proba
    write_h5ad(x, path)
    back <- as_summarized_experiment(path)
    expect_equal(get_frame(back, "varm", "de_fdr"),
        get_frame(x, "varm", "de_fdr"))
    expect_equal(get_frame(back, "obsm", "proba"), proba)
    expect_s4_class(SummarizedExperiment::assay(back, "counts"), "dgCMatrix")
    expect_equal(unname(as.matrix(SummarizedExperiment::assay(back))),
        unname(data$counts))
})

test_that("Python's verbs take it, and it stays what it is", {
    skip_unless_slow()
    skip_without_python()
    given <- as_anndata(run_tmm(experiment_of(data)))
    run_log2(run_split(given, "tissue", n_test = 2))
    model <- run_cnn(given, preset = "small", epochs = 1)
    run_predict(given, model)
    run_rank_genes(run_shap(given, model, n_draws = 2))
    for (wrap in list(sparse, on_disk)) {
        x <- zellkonverter_like(given, wrap)
        expect_identical(get_frame(x, "varm", "shap_median"),
            get_frame(given, "varm", "shap_median"))
        adata <- as_anndata(x)
        for (slot in list(c("varm", "shap_median"), c("obsm", "proba"))) {
            expect_equal(get_frame(adata, slot[1], slot[2]),
                get_frame(given, slot[1], slot[2]))
        }
        found <- run_evaluate(run_rank_genes(x), baseline = FALSE)
        expect_s4_class(found, "SingleCellExperiment")
        expect_setequal(names(SummarizedExperiment::rowData(found)$varm),
            c("shap_median", "shap_direction", "shap_rank"))
        expect_identical(get_record(found, "evaluate")$accuracy,
            get_record(run_evaluate(given$copy(), baseline = FALSE),
                "evaluate")$accuracy)
    }
})

test_that("what Python's verbs find lands in it", {
    skip_without_python()
    x <- zellkonverter_like(run_tmm(experiment_of(data)), sparse)
    x <- run_log2(run_split(x, "tissue", n_test = 2))
    expect_identical(SummarizedExperiment::assayNames(x),
        c("X", "tmm", "log2"))
    expect_s4_class(SummarizedExperiment::assay(x, "X"), "dgCMatrix")
    expect_identical(levels(x$split), c("test", "train"))
})
