# Whose a slot is, and what a record was made from, where R writes itself; the
# kinds that Python writes are in tests/python/_core/test_provenance.py.

own_kinds <- function() {
    skip_if_not_installed("hdf5r")
    skip_if_not_installed("R6")
    se <- experiment_of(simulate_matrix(60, rep(6, 3)))
    colnames(se) <- paste0("s\u00e4mple", seq_len(ncol(se)))
    path <- tempfile(fileext = ".h5ad")
    suppressMessages(write_h5ad(se, path))
    list(experiment = se, file = path, anndatar = as_anndatar(se))
}

give_column <- function(x, group, key, value) {
    on_data(x, FALSE, function(data) {
        set_slots(data, list(new_slot(group, key, value)))
    })
}

column_of <- function(x, group, key) {
    reading(x, function(data) get_column(data, group, key))
}

test_that("a column of the user's is never replaced", {
    for (x in own_kinds()) {
        mine <- rep(7, 18)
        x <- give_column(x, "obs", "lib_size", mine)
        expect_error(run_tmm(x), "lib_size\" is there already and was not")
        expect_equal(column_of(x, "obs", "lib_size"), mine)
        x <- run_tmm(x, key_added = "ours")
        expect_false(identical(column_of(x, "obs", "ours_lib_size"), mine))
        x <- run_tmm(x, key_added = "ours")
        expect_equal(column_of(x, "obs", "lib_size"), mine)
        x <- give_column(x, "var", "filter_pass", rep("mine", 60))
        expect_error(run_filter_genes(x, "tissue"), "filter_pass\" is there")
    }
})

test_that("a verb can be run again, also after an earlier version", {
    for (x in own_kinds()) {
        x <- run_filter_genes(run_tmm(run_tmm(x)), "tissue", subset = FALSE)
        x <- run_filter_genes(x, subset = FALSE)
        expect_setequal(get_record(x, "tmm")$slots, c("layers/tmm",
            "obs/lib_size", "obs/norm_factor"))
    }
    se <- run_tmm(own_kinds()$experiment)
    se <- run_tmm(se, key_added = "run2")
    for (key in c("tmm", "run2")) {
        S4Vectors::metadata(se)$tissueshap[[key]][c("verb", "made_from", "id",
            "slots")] <- NULL
    }
    expect_silent(run_tmm(run_tmm(se), key_added = "run2"))
})

test_that("an assay, and a plain column in a frame's place, are the user's", {
    se <- own_kinds()$experiment
    SummarizedExperiment::assay(se, "tmm", withDimnames = FALSE) <-
        SummarizedExperiment::assay(se)
    expect_error(run_tmm(se), "assay \"tmm\" is there already")
    se <- run_tmm(own_kinds()$experiment)
    SummarizedExperiment::rowData(se)$de_fdr <- "mine"
    expect_error(run_de(se, "tissue"), "rowData \"de_fdr\" is there already")
    se <- own_kinds()$experiment
    se$proba <- "mine"
    changed <- list(obsm = list(proba = frame_element(matrix(1, 18, 2))))
    expect_error(set_slots(se, changed_slots(changed)),
        "colData \"proba\" is there already")
})

test_that("names that verbs write under are refused as inputs", {
    for (x in own_kinds()) {
        for (name in c("predicted", "split", "donor", "lib_size")) {
            x <- give_column(x, "obs", name, rep(c("a", "b", "c"), 6))
            expect_error(run_filter_genes(x, name), paste0(name,
                "\": this name is reserved"))
        }
    }
    se <- run_tmm(own_kinds()$experiment)
    expect_error(run_de(se, "tissue", covariates = "lib_size"), "reserved")
    expect_error(run_de(se, "tissue", method = "limma_voom",
        block = "norm_factor"), "reserved")
    se$donor <- rep(c("x", "y"), 9)
    expect_s4_class(run_de(se, "tissue", covariates = "donor"),
        "SummarizedExperiment")
    se <- own_kinds()$experiment
    SummarizedExperiment::colData(se) <- cbind(
        SummarizedExperiment::colData(se), SummarizedExperiment::colData(se))
    expect_error(run_filter_genes(se, "tissue"), "\"tissue\" twice")
    expect_error(run_tmm(own_kinds()$experiment, key_added = "split"),
        "another record")
})

enriched <- function(x) {
    genes <- reading(x, gene_names)
    run_enrich(x, list(one = genes[1:20], two = genes[21:40]), source = "de",
        engine = "sets", min_size = 2, pvalue_cutoff = 1, qvalue_cutoff = 1)
}

test_that("what was made from something else is refused", {
    for (x in own_kinds()) {
        x <- enriched(run_de(run_tmm(x), "tissue", lfc = 0, fdr = 0.99))
        expect_false(is.null(get_record(x, "enrich")$made_from$records$de))
        again <- enriched(run_de(run_tmm(x), lfc = 0, fdr = 0.99))
        relabelled <- give_column(again, "obs", "tissue",
            rep(c("class01", "class02", "class03"), 6))
        expect_error(enriched(relabelled),
            "record 'de' was made from other classes.*: run run_de\\(\\) again")
    }
    se <- run_de(run_tmm(own_kinds()$experiment), "tissue", lfc = 0)
    expect_error(enriched(se[1:40, ]), "made from other genes")
    expect_false(is.null(get_record(enriched(se[, 1:12]), "enrich")))
    se <- run_tmm(se, reference = run_tmm(se[, 3:9]))
    expect_error(enriched(se), "an earlier run of 'tmm'")
})

test_that("R and Python give the same fingerprints", {
    skip_without_python()
    se <- own_kinds()$experiment
    se <- run_de(run_tmm(se), "tissue")
    adata <- run_de(run_tmm(as_anndata(own_kinds()$experiment)), "tissue")
    ours <- get_record(se, "de")$made_from
    theirs <- get_record(adata, "de")$made_from
    for (part in c("samples", "genes", "labels", "label")) {
        expect_identical(as.character(theirs[[part]]), ours[[part]])
    }
    expect_named(ours, names(theirs), ignore.order = TRUE)
    data <- as_anndata(se)
    expect_silent(need_current(data, "de"))
    data$obs["tissue"] <- rev(se$tissue)
    expect_error(need_current(data, "de"), "run_de\\(adata\\) again")
})

test_that("a gene that was not tested is called in no class", {
    se <- run_de(run_tmm(own_kinds()$experiment), "tissue", lfc = 0,
        fdr = 0.99)
    SummarizedExperiment::rowData(se)$de_fdr[1, ] <- NA
    # As earlier versions wrote it, which stored the values alone.
    SummarizedExperiment::rowData(se)$de_called <- NULL
    for (by in c("class", "exclusive")) {
        lists <- gene_lists(se, "de", by, NULL)$genes
        expect_false(anyNA(unlist(lists)))
        expect_false(rownames(se)[1] %in% unlist(lists))
    }
})
