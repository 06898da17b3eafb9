skip_without_python()

adata_of <- function(data) as_anndata(experiment_of(data))

data <- simulate_matrix(120, c(8, 9, 10))

test_that("an AnnData made of an experiment is that experiment", {
    se <- run_de(run_tmm(experiment_of(data)), "tissue", lfc = 1)
    adata <- as_anndata(se)
    expect_equal(unname(t(adata$X)), unname(data$counts))
    back <- as_summarized_experiment(adata)
    expect_identical(dimnames(back), dimnames(se))
    expect_equal(SummarizedExperiment::assay(back, "counts"),
        SummarizedExperiment::assay(se, "counts"))
    # float32, as the contract says
    expect_equal(SummarizedExperiment::assay(back, "tmm"),
        SummarizedExperiment::assay(se, "tmm"), tolerance = 1e-6)
    for (key in c("de_logfc", "de_pvalue", "de_fdr", "de_called")) {
        expect_equal(
            as.matrix(SummarizedExperiment::rowData(back)[[key]]),
            as.matrix(SummarizedExperiment::rowData(se)[[key]]))
    }
    expect_equal(back$norm_factor, se$norm_factor)
    expect_equal(as.character(back$tissue), se$tissue)
    expect_identical(S4Vectors::metadata(back)$tissueshap$label, "tissue")
    expect_equal(S4Vectors::metadata(back)$tissueshap$de$counts,
        S4Vectors::metadata(se)$tissueshap$de$counts,
        ignore_attr = TRUE)
})

test_that("the R verbs write into an AnnData what the cores find", {
    adata <- adata_of(data)
    expect_invisible(run_tmm(adata))
    tmm <- core_tmm(data$counts)
    expect_identical(get_column(adata, "obs", "norm_factor"),
        tmm$obs$norm_factor)
    expect_equal(unname(t(adata$layers[["tmm"]])), unname(tmm$layers$tmm),
        tolerance = 1e-6)
    run_de(adata, "tissue", lfc = 1)
    de <- core_de(data$counts, data$label, tmm$obs$lib_size,
        tmm$obs$norm_factor, lfc = 1)
    expect_identical(unname(get_frame(adata, "varm", "de_pvalue")),
        unname(de$varm$de_pvalue))
    expect_identical(get_column(adata, "var", "de_significant"),
        de$var$de_significant)
    expect_equal(get_record(adata, "de")$counts, de$uns$counts,
        ignore_attr = TRUE)
    run_filter_genes(adata, subset = TRUE)
    expect_identical(adata$shape[[2]], sum(core_filter_genes(data$counts,
        data$label)$var$filter_pass))
})

test_that("whole numbers of a record's table stay whole in Python", {
    for (method in c("random", "smote")) {
        se <- run_oversample(run_split(run_tmm(experiment_of(data)), "tissue",
            n_test = 2), method = method, k_neighbors = 3)
        table <- get_record(se, "oversample")$table
        expect_type(table$sample, "integer")
        expect_gt(nrow(table), sum(se$split == "train"))
        held <- get_record(as_anndata(se), "oversample")$table
        expect_type(held$sample, "integer")
        expect_type(held$neighbour, "integer")
    }
})

test_that("an odd class name survives", {
    data$label[data$label == "class02"] <- "CD8+/CD45RA+ \u00e9 <b>"
    adata <- adata_of(data)
    run_de(run_tmm(adata), "tissue", lfc = 1)
    expect_true("CD8+|CD45RA+ \u00e9 <b>" %in%
        colnames(get_frame(adata, "varm", "de_fdr")))
    expect_true("CD8+/CD45RA+ \u00e9 <b>" %in%
        get_record(adata, "de")$counts$class)
})

test_that("sparse, integer and float counts are read alike", {
    adata <- adata_of(data)
    expected <- core_tmm(data$counts)$obs$norm_factor
    sparse <- reticulate::import("scipy.sparse", convert = FALSE)
    whole <- reticulate::r_to_py(t(data$counts))
    for (kind in c("float32", "int64", "int16", "uint32")) {
        again <- adata$copy()
        again$X <- whole$astype(kind)
        run_tmm(again)
        expect_identical(get_column(again, "obs", "norm_factor"), expected)
        again$X <- sparse$csr_matrix(whole$astype(kind))
        run_tmm(again)
        expect_identical(get_column(again, "obs", "norm_factor"), expected)
    }
    expect_type(get_matrix(again), "integer")
})

test_that("copy leaves the AnnData as it is", {
    adata <- adata_of(data)
    other <- run_tmm(adata, copy = TRUE)
    expect_false("tmm" %in% python_bridge()$keys(adata, "layers"))
    expect_true("tmm" %in% python_bridge()$keys(other, "layers"))
})

test_that("a path is read, and written back", {
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(experiment_of(data), path)
    expect_identical(run_tmm(path), path)
    expect_equal(get_column(read_h5ad(path), "obs", "norm_factor"),
        core_tmm(data$counts)$obs$norm_factor)
    expect_error(run_tmm(path, copy = TRUE), "no meaning for a file")
    expect_error(run_tmm("none.h5ad"), "none.h5ad does not exist")
})

test_that("a frozen reference is taken from an AnnData", {
    train <- run_tmm(as_anndata(experiment_of(data)[, 1:20]))
    new <- run_tmm(as_anndata(experiment_of(data)[, 21:27]),
        reference = train)
    uns <- core_tmm(data$counts[, 1:20])$uns
    expect_equal(get_column(new, "obs", "norm_factor"),
        core_tmm(data$counts[, 21:27], uns)$obs$norm_factor,
        tolerance = 1e-13)
})
