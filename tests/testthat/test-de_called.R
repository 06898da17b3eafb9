test_that("a gene is called by both thresholds, and in each class alone", {
    fdr <- rbind(c(0.001, 0.5), c(0.001, 0.001), c(0.01, NA))
    logfc <- rbind(c(5, 5), c(-5, 4), c(5, NA))
    expect_identical(is_called(fdr, logfc, list(fdr = 0.01, lfc = 4)),
        rbind(c(TRUE, FALSE), c(TRUE, FALSE), c(FALSE, FALSE)))
})

test_that("the values of an earlier version are enough", {
    skip_if_not_installed("SummarizedExperiment")
    # It has no de_called.
    x <- example_results()
    classes <- class_levels(x, NULL)
    called <- called_genes(x, classes)
    expect_identical(unname(rowSums(called) > 0), as.vector(
        SummarizedExperiment::rowData(x)$de_significant))
    expect_gt(sum(called), 0)
})

test_that("what is stored is what every reader takes", {
    skip_if_not_installed("SummarizedExperiment")
    data <- simulate_matrix(120, c(4, 5, 6))
    x <- run_de(run_tmm(experiment_of(data)), "tissue", lfc = 1)
    classes <- class_levels(x, NULL)
    called <- called_genes(x, classes)
    expect_identical(called, is_called(class_frame(x, "de_fdr", classes),
        class_frame(x, "de_logfc", classes), get_record(x, "de")$params))
    first <- classes[1L]
    expect_true(any(called[, first]))
    SummarizedExperiment::rowData(x)$de_called[[first]][] <- FALSE
    expect_false(any(called_genes(x, classes)[, first]))
    expect_false(any(nzchar(de_table(x, first, Inf)$called)))
    expect_length(de_lists(x, classes, "class", gene_names(x))[[first]], 0L)
    expect_identical(called_counts(x, NULL)$up[1L], 0L)
})

test_that("every kind of data keeps it", {
    skip_if_not_installed("SummarizedExperiment")
    data <- simulate_matrix(120, c(4, 5, 6))
    x <- experiment_of(data)
    run <- function(x) run_de(run_tmm(x), "tissue", lfc = 1, key_added = "own")
    classes <- unique(data$label)
    expected <- called_genes(run(x), classes, "own")
    expect_type(expected, "logical")
    if (requireNamespace("hdf5r", quietly = TRUE)) {
        path <- withr::local_tempfile(fileext = ".h5ad")
        write_h5ad(x, path)
        file <- open_data(run(path))
        expect_identical(called_genes(file, classes, "own"), expected)
    }
    skip_without_python()
    adata <- run(as_anndata(x))
    expect_identical(called_genes(adata, classes, "own"), expected)
    stored <- get_frame(adata, "varm", "own_de_called")
    expect_identical(unname(as.matrix(stored)), unname(expected))
})
