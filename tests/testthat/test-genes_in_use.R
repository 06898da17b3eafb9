# Genes that are marked, not dropped: later functions find what they find
# without the others, in every kind of data.
skip_if_not_installed("SummarizedExperiment")

data <- simulate_matrix(60, c(6, 7, 8))
strict <- 60
loose <- 6

analysed <- function(x, subset, min_reads = strict) {
    x <- run_filter_genes(x, "tissue", min_reads = min_reads, subset = subset)
    x <- run_de(run_tmm(x), lfc = 0.5, fdr = 0.2)
    run_enrich(x, list(some = rownames(data$counts)[1:40],
        others = rownames(data$counts)[20:60]), source = "de",
        engine = "sets", min_size = 2, pvalue_cutoff = 1, qvalue_cutoff = 1)
}

quiet <- function(code) suppressMessages(code)

passing <- function(min_reads) {
    core_filter_genes(data$counts, data$label,
        min_reads = min_reads)$var$filter_pass
}

expect_as_dropped <- function(x, dropped, pass) {
    expect_identical(gene_names(x), rownames(data$counts))
    expect_identical(as.logical(get_column(x, "var", "filter_pass")), pass)
    expect_identical(gene_names(dropped), rownames(data$counts)[pass])
    expect_equal(get_column(x, "obs", "norm_factor"),
        get_column(dropped, "obs", "norm_factor"))
    expect_equal(unname(get_matrix(x, "tmm")[pass, ]),
        unname(get_matrix(dropped, "tmm")), tolerance = 1e-6)
    expect_false(anyNA(get_matrix(x, "tmm")))
    for (key in c("de_logfc", "de_pvalue", "de_fdr")) {
        found <- get_frame(x, "varm", key)
        expect_equal(unname(found[pass, ]),
            unname(get_frame(dropped, "varm", key)), tolerance = 1e-6)
        expect_true(all(is.na(found[!pass, ])))
    }
    expect_equal(get_record(x, "enrich")$n_universe,
        get_record(dropped, "enrich")$n_universe)
    expect_equal(de_table(x, n = Inf), de_table(dropped, n = Inf),
        tolerance = 1e-6)
}

available <- c("SummarizedExperiment", if (python_available()) "AnnData",
    if (requireNamespace("hdf5r", quietly = TRUE)) ".h5ad file")

for (kind in intersect(kind_names, available)) {
    test_that(paste("marked genes are used alone, kind", kind), {
        given <- function() as_kind(experiment_of(data), kind)
        pass <- passing(strict)
        expect_true(any(pass) && !all(pass))
        marked <- quiet(analysed(given(), FALSE))
        expect_as_dropped(marked, quiet(analysed(given(), TRUE)), pass)
        # A second call has all genes to choose from.
        expect_gt(sum(passing(loose)), sum(pass))
        again <- quiet(run_filter_genes(marked, min_reads = loose))
        expect_error(quiet(run_de(again)), "earlier run of 'filter_genes'")
        again <- quiet(analysed(again, FALSE, loose))
        expect_as_dropped(again, quiet(analysed(given(), TRUE, loose)),
            passing(loose))
    })
}

test_that("figures read the marked genes alone", {
    skip_if_not_installed("ggplot2")
    marked <- figure_data(quiet(analysed(experiment_of(data), FALSE)))
    expect_identical(gene_names(marked),
        rownames(data$counts)[passing(strict)])
    some <- pick_genes(marked, 2:3)
    expect_identical(rownames(get_matrix(some, "tmm")), gene_names(marked)[2:3])
    expect_identical(gene_names(some), gene_names(marked)[2:3])
})
