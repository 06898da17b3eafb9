# What a kind of data consists of, and what the verbs then do with it.
data <- simulate_matrix(80, c(6, 7, 8))
namespace <- asNamespace("tissueshap")

generics <- Filter(function(name) {
    is.function(namespace[[name]]) &&
        any(grepl("UseMethod(", deparse(body(namespace[[name]])),
            fixed = TRUE))
}, ls(namespace))

has_method <- function(generic, kind) {
    !is.null(utils::getS3method(generic, kind, optional = TRUE,
        envir = namespace))
}

test_that("every kind has what the verbs ask of it", {
    asked <- Filter(function(name) !has_method(name, "default"), generics)
    expect_gt(length(asked), 10)
    expect_setequal(names(kinds$known),
        c("anndata", "anndatar", "experiment", "path", "file",
            "narrowed"))
    lacking <- lapply(kinds$known, function(kind) character())
    # Python prepares the slots of its AnnData.
    lacking$anndata <- c("column_names", "set_slots")
    # Opened first.
    lacking$path <- setdiff(asked, c("get_record", "parts_of"))
    # Made of one of the others for a verb that reads, and then writes results.
    lacking$narrowed <- c("keep_genes", "parts_of", "set_slots")
    for (kind in names(kinds$known)) {
        expect_setequal(Filter(function(name) !has_method(name, kind), asked),
            lacking[[kind]])
    }
})

test_that("a kind is known by its methods alone", {
    skip_if_not_installed("SummarizedExperiment")
    with_list_kind()
    se <- experiment_of(data)
    run <- function(x) {
        x <- run_filter_genes(x, "tissue", min_reads = 60)
        x <- run_de(run_tmm(x), lfc = 0.5, fdr = 0.2)
        genes <- gene_names(x)
        run_enrich(x, list(some = genes[1:20], others = genes[10:40]),
            source = "de", engine = "sets", min_size = 2, pvalue_cutoff = 1,
            qvalue_cutoff = 1)
    }
    expected <- run(se)
    x <- run(as_list_data(se))
    expect_s3_class(x, "list_data")
    expect_identical(gene_names(x), rownames(expected))
    expect_identical(x$obs$norm_factor, expected$norm_factor)
    expect_identical(x$uns, S4Vectors::metadata(expected))
    expect_identical(de_table(x), de_table(expected))
    back <- as_summarized_experiment(x)
    expect_identical(SummarizedExperiment::assay(back, "tmm"),
        SummarizedExperiment::assay(expected, "tmm"))
    expect_identical(SummarizedExperiment::colData(back),
        SummarizedExperiment::colData(expected))
    expect_equal(SummarizedExperiment::rowData(back),
        SummarizedExperiment::rowData(expected))
    expect_error(run_tmm(x, assay = "counts"), "no layer \"counts\"")
    x$obs$lib_size <- 7
    expect_silent(run_tmm(x))
    x$uns$tissueshap <- NULL
    expect_error(run_tmm(x), "obs \"lib_size\" is there already")
    expect_error(run_tmm(1L), "a list of slots")
    skip_if_not_installed("hdf5r")
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(run(as_list_data(se)), path)
    expect_equal(de_table(path), de_table(expected))
})

test_that("verbs of Python add their results to a new kind", {
    skip_without_python()
    with_list_kind()
    x <- run_split(run_tmm(as_list_data(experiment_of(data))), "tissue",
        n_test = 2)
    expect_s3_class(x, "list_data")
    expect_identical(levels(x$obs$split), c("test", "train"))
    expect_identical(get_record(x, "split")$params$n_test, 2L)
})

test_that("what is not data is refused by every function that takes data", {
    skip_if_not_installed("ggplot2")
    takes_data <- Filter(function(name) {
        first <- names(formals(getExportedValue("tissueshap", name)))[1L]
        isTRUE(first %in% c("adata", "x"))
    }, getNamespaceExports("tissueshap"))
    expect_gt(length(takes_data), 40)
    for (name in takes_data) {
        f <- getExportedValue("tissueshap", name)
        path <- list(path = tempfile())[intersect("path", names(formals(f)))]
        expect_error(do.call(f, c(list(matrix(1)), path)),
            "^adata must be an AnnData, .* or .*, not matrix/array; of a",
            info = name)
    }
})

test_that("the layer X is the matrix X, unless a layer has this name", {
    skip_if_not_installed("SummarizedExperiment")
    counts <- data$counts
    x <- SummarizedExperiment::SummarizedExperiment(
        list(counts = counts, log2 = log2(counts + 1)))
    expect_equal(need_matrix(x, "X"), need_matrix(x, "counts"))
    expect_equal(need_matrix(x, "log2"), log2(counts + 1), ignore_attr = TRUE)
    named <- SummarizedExperiment::SummarizedExperiment(
        list(counts = counts, X = counts + 1))
    expect_equal(need_matrix(named, "X"), counts + 1, ignore_attr = TRUE)
    expect_error(need_matrix(x, "lognorm"), "lognorm")
})
