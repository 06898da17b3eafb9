# Files without Python: tests/cross/test_files.py reads in Python what is
# written here, and has R read what Python wrote.
skip_if_not_installed("hdf5r")
skip_if_not_installed("SummarizedExperiment")

data <- simulate_matrix(120, c(6, 7, 8))
data$label[data$label == "class02"] <- "CD8+/CD45RA+ \u00e9 <b>"

written <- function(se, frame = parent.frame()) {
    path <- withr::local_tempfile(fileext = ".h5ad", .local_envir = frame)
    write_h5ad(se, path)
    path
}

rich <- function() {
    se <- experiment_of(data)
    n <- ncol(se)
    se$rank <- factor(rep(c("low", "high", NA), length.out = n),
        c("low", "high"), ordered = TRUE)
    se$name <- paste0("\u03b1/", seq_len(n))
    se$alive <- rep(c(TRUE, NA, FALSE), length.out = n)
    se$age <- c(NA, seq_len(n - 1L))
    se$weight <- c(NA, seq_len(n - 1L) / 3)
    se$flat <- matrix(seq_len(2 * n) / 2, n)
    se$proba <- S4Vectors::DataFrame(a = runif(n), b = runif(n))
    SummarizedExperiment::assay(se, "sparse") <- methods::as(
        data$counts * (data$counts > 60), "CsparseMatrix")
    S4Vectors::metadata(se) <- list(
        truth = data.frame(gene = c("a/b", "\u00e9"), n = c(1L, NA),
            share = c(0.5, NA), known = c(TRUE, FALSE)),
        nested = list(one = 1L, text = "\u00fc", none = character(),
            flags = c(TRUE, FALSE), grid = matrix(1:6, 2)))
    se
}

# HDF5 lists names in alphabetical order.
in_order <- function(found, given) {
    found <- found[names(given)]
    for (key in c("params", "versions", "made_from")) {
        found[[key]] <- found[[key]][names(given[[key]])]
    }
    found
}

test_that("an experiment is read as it was written", {
    se <- rich()
    back <- as_summarized_experiment(written(se))
    expect_identical(dimnames(back), dimnames(se))
    expect_identical(SummarizedExperiment::assay(back),
        SummarizedExperiment::assay(se))
    sparse <- SummarizedExperiment::assay(back, "sparse")
    expect_s4_class(sparse, "dgCMatrix")
    expect_identical(as.matrix(sparse),
        as.matrix(SummarizedExperiment::assay(se, "sparse")))
    for (key in c("rank", "name", "alive", "age", "weight", "flat")) {
        expect_identical(back[[key]], se[[key]], info = key)
    }
    expect_identical(as.character(back$tissue), se$tissue)
    expect_identical(unname(as.matrix(back$proba)),
        unname(as.matrix(se$proba)))
    expect_identical(rownames(back$proba), colnames(se))
    held <- S4Vectors::metadata(back)
    given <- S4Vectors::metadata(se)
    expect_identical(held$truth, given$truth)
    expect_identical(held$nested[names(given$nested)], given$nested)
})

test_that("verbs write into a file what they write into an experiment", {
    se <- experiment_of(data)
    sets <- list(some = rownames(se)[1:60], others = rownames(se)[40:120])
    run <- function(x) {
        x <- run_tmm(run_filter_genes(x, "tissue", subset = TRUE))
        x <- run_de(x, lfc = 0.5, fdr = 0.2)
        run_enrich(x, sets, source = "de", by = "class", engine = "sets",
            min_size = 2, pvalue_cutoff = 1, qvalue_cutoff = 1)
    }
    path <- written(se)
    expect_identical(run(path), path)
    by_file <- as_summarized_experiment(path)
    by_hand <- run(se)
    expect_lt(nrow(by_hand), nrow(se))
    expect_identical(dimnames(by_file), dimnames(by_hand))
    expect_identical(as.matrix(SummarizedExperiment::assay(by_file)),
        as.matrix(SummarizedExperiment::assay(by_hand)))
    expect_equal(SummarizedExperiment::assay(by_file, "tmm"),
        SummarizedExperiment::assay(by_hand, "tmm"), tolerance = 1e-6)
    expect_identical(by_file$norm_factor, by_hand$norm_factor)
    for (key in c("de_logfc", "de_pvalue", "de_fdr", "de_called",
        "de_significant")) {
        expect_identical(SummarizedExperiment::rowData(by_file)[[key]],
            SummarizedExperiment::rowData(by_hand)[[key]], info = key)
    }
    for (verb in c("filter_genes", "tmm", "de", "enrich")) {
        found <- get_record(by_file, verb)
        given <- get_record(by_hand, verb)
        expect_setequal(names(found), names(given))
        expect_identical(get_record(path, verb), found)
        expect_equal(in_order(found, given), given, ignore_attr = TRUE)
    }
    expect_identical(get_record(path, "label"), "tissue")
})

test_that("genes are dropped from every slot, in the type that is stored", {
    se <- rich()
    SummarizedExperiment::rowData(se)$size <- factor(rep(c("s", "l"), 60))
    SummarizedExperiment::rowData(se)$shape <- matrix(1:240, 120)
    SummarizedExperiment::rowData(se)$biotype <- rep(c("protein_coding",
        "lncRNA"), 60)
    path <- written(se)
    edit_h5ad(path, function(x) {
        h5_put_layer(x$file[["layers"]], "log2", layer_element(
            log2(data$counts + 1), "float32"))
        h5_put(x$file[["layers"]], "csc", element_of(methods::as(t(
            data$counts), "CsparseMatrix")))
        h5_put(x$file[["varp"]], "near", element_of(diag(120)))
        h5_put(x$file[["varp"]], "apart", element_of(methods::as(diag(120),
            "CsparseMatrix")))
        h5_put(x$file[["obsp"]], "near", element_of(diag(21)))
    })
    run_filter_genes(path, "tissue", min_reads = 0, min_tpm = 0,
        subset = TRUE)
    kept <- seq(1, 119, 2)
    expect_message(back <- as_summarized_experiment(path), "obsp, varp")
    expect_identical(rownames(back), rownames(se)[kept])
    rows <- SummarizedExperiment::rowData(back)
    expect_identical(as.character(rows$size), rep("s", 60))
    expect_identical(rows$shape, matrix(1:240, 120)[kept, ])
    expect_equal(SummarizedExperiment::assay(back, "log2"),
        log2(data$counts + 1)[kept, ], tolerance = 1e-6)
    for (key in c("sparse", "csc")) {
        layer <- SummarizedExperiment::assay(back, key)
        expect_s4_class(layer, "dgCMatrix")
        expect_identical(unname(as.matrix(layer)), unname(as.matrix(if (
            key == "csc") data$counts else
            SummarizedExperiment::assay(se, key)))[kept, ] + 0)
    }
    with_h5ad(path, function(x) {
        expect_equal(h5ad_value(x, "varp", "near"), diag(120)[kept, kept])
        expect_equal(as.matrix(h5ad_value(x, "varp", "apart")),
            diag(120)[kept, kept])
        expect_equal(h5ad_value(x, "obsp", "near"), diag(21))
        expect_identical(h5_encoding(x$file[["layers/csc"]]), "csc_matrix")
        expect_true(x$file[["layers/log2"]]$get_type()$equal(
            hdf5r::h5types$H5T_IEEE_F32LE))
    })
})

test_that("a verb that fails leaves the file, and nothing else", {
    path <- written(experiment_of(data))
    before <- tools::md5sum(path)
    expect_error(run_de(path, "tissue"), "run run_tmm\\(\\) first")
    expect_error(run_filter_genes(path, "organ"), "no column \"organ\".*tissue")
    expect_error(run_filter_genes(path), "Pass label")
    expect_error(run_tmm(path, copy = TRUE), "no meaning for a file")
    expect_identical(tools::md5sum(path), before)
    expect_length(list.files(dirname(path), basename(path), all.files = TRUE),
        1L)
})

test_that("a verb that is run again does not make the file grow", {
    wide <- simulate_matrix(3000, c(10, 10))
    path <- written(experiment_of(wide))
    run_tmm(path)
    once <- file.size(path)
    for (turn in 1:3) {
        run_tmm(path)
    }
    # The layer alone has more than 200 kB.
    expect_lt(file.size(path) - once, 40e3)
})

test_that("key_added and frozen references work on files", {
    train <- written(experiment_of(data)[, 1:15])
    new <- written(experiment_of(data)[, 16:21])
    run_tmm(train, key_added = "tmm")
    run_tmm(new, reference = get_record(train, "tmm"), key_added = "second")
    with_h5ad(new, function(x) {
        expect_equal(as.vector(h5ad_value(x, "obs", "second_norm_factor")),
            core_tmm(data$counts[, 16:21],
                core_tmm(data$counts[, 1:15])$uns)$obs$norm_factor)
        expect_true(h5ad_has(x, "layers", "second_tmm"))
    })
})

test_that("figures read a file, and close it", {
    skip_if_not_installed("ggplot2")
    path <- written(example_results())
    by_file <- plot_shap(path, "Brain - Cortex")
    by_hand <- plot_shap(example_results(), "Brain - Cortex")
    expect_equal(by_file$data, by_hand$data, tolerance = 1e-5)
    expect_equal(plot_umap(path)$data, plot_umap(example_results())$data,
        tolerance = 1e-5)
    expect_identical(plot_exclusive(path)$data,
        plot_exclusive(example_results())$data)
    # A file that is open cannot be opened for writing.
    hdf5r::H5File$new(path, "r+")$close_all()
})

test_that("what is no .h5ad file is said", {
    path <- withr::local_tempfile(fileext = ".h5ad", lines = "text")
    expect_error(run_tmm("none.h5ad"), "none.h5ad does not exist")
    expect_error(run_tmm(path), "not an HDF5 file")
    file <- hdf5r::H5File$new(path, "w")
    file$close_all()
    expect_error(run_tmm(path), "has no obs and var")
    old <- written(experiment_of(data))
    edit_h5ad(old, function(x) {
        x$file[["obs"]]$attr_delete("encoding-version")
        h5_note(x$file[["obs"]], "encoding-version", "0.1.0")
    })
    expect_error(as_summarized_experiment(old), "older than 0.8")
    se <- experiment_of(data)
    SummarizedExperiment::assays(se)[["a/b"]] <- data$counts
    expect_error(write_h5ad(se, path), "\"a/b\" cannot be a name")
    expect_error(write_h5ad(se, file.path(path, "x", "y.h5ad")),
        "create the folder")
    folder <- withr::local_tempdir()
    writeLines("mine", file.path(folder, "thesis.txt"))
    expect_error(write_h5ad(se, folder), "is a folder: name a file")
    expect_identical(dir(folder), "thesis.txt")
})

test_that("a link to a file stays a link", {
    folder <- withr::local_tempdir()
    file <- file.path(folder, "real.h5ad")
    write_h5ad(experiment_of(data), file)
    file.symlink(file, file.path(folder, "link.h5ad"))
    run_tmm(file.path(folder, "link.h5ad"))
    expect_identical(normalizePath(file.path(folder, "link.h5ad")),
        normalizePath(file))
    expect_true("tmm" %in% names(
        SummarizedExperiment::assays(as_summarized_experiment(file))))
})

test_that("without hdf5r and without Python both ways out are named", {
    path <- written(experiment_of(data))
    mockery <- function(name, value) {
        namespace <- asNamespace("tissueshap")
        held <- get(name, namespace)
        change <- function(value) {
            unlockBinding(name, namespace)
            assign(name, value, namespace)
            lockBinding(name, namespace)
        }
        change(value)
        withr::defer(change(held), parent.frame())
    }
    mockery("has_hdf5r", function() FALSE)
    mockery("python_bridge", function() fail("no Python was found"))
    expect_error(run_tmm(path), "hdf5r.*install.packages.*no Python was found")
    expect_error(as_summarized_experiment(path), "hdf5r.*no Python was found")
})

test_that("a damaged sparse matrix is refused before it is used", {
    se <- experiment_of(data)
    SummarizedExperiment::assay(se, "sparse") <- methods::as(
        data$counts * (data$counts > 60), "CsparseMatrix")
    damage <- list(
        indices = function(x) replace(x, 3L, 10^6),
        indices = function(x) replace(x, 3L, -1L),
        indices = function(x) replace(x, 2L, x[1L]),
        indptr = function(x) replace(x, 2L, 10^6),
        indptr = function(x) replace(x, 3L, 0L),
        indptr = function(x) x[-1L],
        data = function(x) x[-1L])
    for (at in seq_along(damage)) {
        path <- written(se)
        file <- hdf5r::H5File$new(path, "r+")
        name <- paste0("layers/sparse/", names(damage)[at])
        values <- damage[[at]](file[[name]]$read())
        file$link_delete(name)
        file[[name]] <- values
        file$close_all()
        expect_error(as_summarized_experiment(path), "a sparse matrix of",
            info = at)
    }
})

test_that("an empty node of each kind is made once and copied", {
    se <- run_tmm(experiment_of(simulate_matrix(20, c(3, 4))))
    paths <- c(tempfile(fileext = ".h5ad"), tempfile(fileext = ".h5ad"))
    write_h5ad(se, paths[1L])
    kinds <- names(cache$h5_kinds)
    write_h5ad(se, paths[2L])
    expect_identical(names(cache$h5_kinds), kinds)
    # Nothing of one file is in another.
    run_tmm(paths[2L], key_added = "second")
    expect_identical(record_names(open <- open_h5ad(paths[1L])), c("tmm"))
    h5_close(open$file)
    expect_equal(as_summarized_experiment(paths[1L])$norm_factor,
        as_summarized_experiment(paths[2L])$second_norm_factor)
})
