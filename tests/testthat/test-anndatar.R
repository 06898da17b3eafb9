# Objects shaped as the package anndataR makes them (helper-anndatar.R).
skip_if_not_installed("R6")
skip_if_not_installed("SummarizedExperiment")

data <- simulate_matrix(150, c(6, 7, 8))
se <- experiment_of(data)
symmetric <- function(n) Matrix::crossprod(Matrix::rsparsematrix(n, n, 0.1))

test_that("the verbs of R write by the bindings what they write elsewhere", {
    x <- as_anndatar(se)
    expect_identical(run_tmm(x), x)
    expect_invisible(run_de(x, "tissue", lfc = 1))
    expected <- run_de(run_tmm(se), "tissue", lfc = 1)
    expect_identical(x$obs$norm_factor, expected$norm_factor)
    expect_identical(rownames(x$obs), colnames(se))
    expect_identical(x$layers$tmm,
        t(SummarizedExperiment::assay(expected, "tmm")))
    for (key in c("de_logfc", "de_pvalue", "de_fdr", "de_called")) {
        expect_s3_class(x$varm[[key]], "data.frame")
        expect_identical(rownames(x$varm[[key]]), rownames(se))
        expect_identical(get_frame(x, "varm", key),
            get_frame(expected, "varm", key))
    }
    expect_identical(x$uns$tissueshap,
        S4Vectors::metadata(expected)$tissueshap)
    expect_identical(get_label(x, NULL)$name, "tissue")
})

test_that("sparse counts and counts on disk are read alike", {
    x <- as_anndatar(se)
    expected <- run_tmm(se)$norm_factor
    x$X <- methods::as(Matrix::Matrix(t(data$counts), sparse = TRUE),
        "RsparseMatrix")
    expect_identical(run_tmm(x)$obs$norm_factor, expected)
    skip_if_not_installed("HDF5Array")
    x$X <- HDF5Array::writeHDF5Array(t(data$counts))
    expect_identical(run_tmm(x)$obs$norm_factor, expected)
})

test_that("genes are dropped into a new object", {
    x <- as_anndatar(se)
    x$varp <- list(near = symmetric(150))
    found <- run_filter_genes(x, "tissue", min_reads = 60, subset = TRUE)
    expected <- run_filter_genes(se, "tissue", min_reads = 60, subset = TRUE)
    expect_s3_class(found, "InMemoryAnnData")
    expect_identical(found$var_names, rownames(expected))
    expect_lt(found$n_vars(), 150)
    expect_identical(dim(found$varp$near), rep(found$n_vars(), 2L))
    expect_identical(x$n_vars(), 150L)
    expect_identical(
        run_filter_genes(x, "tissue", min_reads = 60, subset = FALSE), x)
    expect_identical(x$var$filter_pass, rownames(se) %in% found$var_names)
})

# As in anndataR 0.99.0, which has no `[` yet.
test_that("genes are taken by the parts of an object where `[` cannot", {
    x <- run_tmm(as_anndatar(se))
    run_de(x, "tissue", lfc = 1)
    x$varp <- list(near = symmetric(150))
    at <- c(3L, 150L, 7L)
    expect_true(anndatar_has_bracket())
    whole <- anndatar_genes(x, at)$as_InMemoryAnnData()
    cut <- do.call(anndatar_memory$new, anndatar_cut(x, at))
    for (slot in c("X", "obs", "var", "layers", "obsm", "varm", "varp",
        "uns")) {
        expect_equal(cut[[slot]], whole[[slot]], ignore_attr = "row.names")
    }
    expect_identical(cut$var_names, rownames(se)[at])
})

test_that("the package anndataR itself is served, where it is installed", {
    skip_if_not_installed("anndataR")
    counts <- t(data$counts)
    x <- anndataR::AnnData(X = counts,
        obs = data.frame(tissue = data$label, row.names = rownames(counts)),
        var = data.frame(length = seq_len(150), row.names = colnames(counts)))
    kept <- run_filter_genes(x, "tissue", min_reads = 60, subset = TRUE)
    expected <- run_filter_genes(se, "tissue", min_reads = 60, subset = TRUE)
    expect_identical(kept$var_names, rownames(expected))
    run_de(run_tmm(kept), lfc = 1)
    expected <- run_de(run_tmm(expected), lfc = 1)
    expect_identical(kept$obs$norm_factor, expected$norm_factor)
    expect_identical(get_frame(kept, "varm", "de_fdr"),
        get_frame(expected, "varm", "de_fdr"))
    expect_identical(dim(as_summarized_experiment(kept)), dim(expected))
    for (by_bracket in c(FALSE, anndatar_has_bracket())) {
        expect_identical(anndatar_genes(kept, 2:4, by_bracket)$var_names,
            gene_names(kept)[2:4])
    }
})

test_that("a file that the package anndataR has open is changed in place", {
    skip_if_not_installed("anndataR")
    skip_if_not_installed("rhdf5")
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(se, path)
    x <- anndataR::read_h5ad(path, as = "HDF5AnnData", mode = "r")
    expect_error(run_tmm(x), "layers|obs.*cannot be written.*mode = \"r\\+\"")
    expect_s3_class(run_tmm(x, copy = TRUE), "InMemoryAnnData")
    x$close()
    x <- suppressWarnings(
        anndataR::read_h5ad(path, as = "HDF5AnnData", mode = "r+"))
    run_de(run_tmm(x), "tissue", lfc = 1)
    x$close()
    expected <- run_de(run_tmm(se), "tissue", lfc = 1)
    back <- as_summarized_experiment(path)
    expect_identical(back$norm_factor, expected$norm_factor)
    expect_identical(get_frame(back, "varm", "de_fdr"),
        get_frame(expected, "varm", "de_fdr"))
})

test_that("copies and views leave the object as it is", {
    x <- as_anndatar(se)
    other <- run_tmm(x, copy = TRUE)
    expect_null(x$layers$tmm)
    expect_false(is.null(other$layers$tmm))
    view <- x[1:10, ]
    expect_s3_class(view, "AnnDataView")
    found <- run_tmm(view)
    expect_s3_class(found, "InMemoryAnnData")
    expect_identical(found$obs$norm_factor, run_tmm(se[, 1:10])$norm_factor)
    expect_error(run_tmm(as_anndatar(se, anndatar_file)),
        "read-only mode\\): open its file with mode = \"r\\+\"")
})

test_that("what is missing is said", {
    x <- as_anndatar(se)
    expect_error(run_de(x, "tissue"), "run run_tmm\\(\\) first")
    expect_error(run_filter_genes(x, "organ"), "obs has no column.*tissue")
    x$X <- NULL
    expect_error(run_tmm(x), "X is empty")
    skip_if_not_installed("anndataR")
    expect_error(anndatar_slot(x, "Y"), "anndataR [0-9.]+ returned no \"Y\"")
})

test_that("an experiment made of an object is the one that it came from", {
    expected <- run_de(run_tmm(se), "tissue", lfc = 1)
    x <- as_anndatar(expected)
    x$obsp <- list(near = symmetric(21))
    expect_message(back <- as_summarized_experiment(x), "left out: obsp")
    expect_identical(dimnames(back), dimnames(expected))
    for (layer in c("counts", "tmm")) {
        expect_identical(SummarizedExperiment::assay(back, layer),
            SummarizedExperiment::assay(expected, layer))
    }
    expect_identical(back$tissue, expected$tissue)
    expect_identical(get_frame(back, "varm", "de_fdr"),
        get_frame(expected, "varm", "de_fdr"))
    expect_identical(S4Vectors::metadata(back), S4Vectors::metadata(expected))
    expect_s4_class(as_single_cell_experiment(as_anndatar(expected)),
        "SingleCellExperiment")
})

test_that("an object is written to a file without Python", {
    skip_if_not_installed("hdf5r")
    path <- withr::local_tempfile(fileext = ".h5ad")
    x <- as_anndatar(run_de(run_tmm(se), "tissue", lfc = 1))
    x$obsp <- list(near = symmetric(21))
    write_h5ad(x, path)
    expect_message(back <- as_summarized_experiment(path), "left out: obsp")
    expect_equal(back$norm_factor, x$obs$norm_factor)
    expect_equal(get_frame(back, "varm", "de_fdr"),
        get_frame(x, "varm", "de_fdr"))
})

test_that("figures read the object", {
    x <- as_anndatar(made_up())
    expect_s3_class(plot_shap(x, class = awkward[1]), "ggplot")
    expect_s3_class(plot_logfc(x), "ggplot")
})

test_that("Python gets the object whole", {
    skip_without_python()
    x <- as_anndatar(run_de(run_tmm(se), "tissue", lfc = 1))
    x$obs$stage <- factor(rep(c("b", "a", "c"), 7), c("c", "b", "a"),
        ordered = TRUE)
    x$obsp <- list(near = symmetric(21))
    x$obsm <- list(X_pca = matrix(as.double(1:63), 21))
    adata <- as_anndata(x)
    expect_equal(unname(t(adata$X)), unname(data$counts))
    expect_identical(as.character(adata$obs_names$tolist()), x$obs_names)
    expect_equal(unname(as.matrix(adata$obsp[["near"]])),
        unname(as.matrix(x$obsp$near)))
    expect_equal(adata$obsm[["X_pca"]], unname(x$obsm$X_pca))
    expect_true(is.ordered(value_of(python_bridge()$column(adata, "obs",
        "stage"))))
    expect_equal(get_frame(adata, "varm", "de_fdr"),
        get_frame(x, "varm", "de_fdr"))
})

test_that("verbs of Python write into the object by its bindings", {
    skip_without_python()
    x <- as_anndatar(run_tmm(se))
    expect_identical(run_split(x, "tissue", n_test = 2), x)
    run_log2(x)
    expect_identical(levels(x$obs$split), c("test", "train"))
    expect_equal(x$layers$log2, log2(x$layers$tmm + 20), tolerance = 1e-6)
    run_cluster(x, gene_sets = "all", n_starts = 1, samples = "all")
    expect_identical(dim(x$obsm$X_umap_all), c(21L, 2L))
    expect_s3_class(get_record(x, "cluster")$v_measure, "data.frame")
    expect_identical(rownames(x$obs), colnames(se))
})
