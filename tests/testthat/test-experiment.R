data <- simulate_matrix(150, c(6, 7, 8))

test_that("the R verbs work on a SummarizedExperiment without Python", {
    se <- experiment_of(data)
    kept <- run_filter_genes(se, "tissue", subset = TRUE)
    done <- run_de(run_tmm(kept), lfc = 1)
    kept <- core_filter_genes(data$counts, data$label)$var$filter_pass
    counts <- data$counts[kept, ]
    tmm <- core_tmm(counts)
    de <- core_de(counts, data$label, tmm$obs$lib_size, tmm$obs$norm_factor,
        lfc = 1)
    expect_identical(rownames(done), rownames(counts))
    expect_identical(done$norm_factor, tmm$obs$norm_factor)
    expect_identical(SummarizedExperiment::assay(done, "tmm"),
        tmm$layers$tmm)
    rows <- SummarizedExperiment::rowData(done)
    expect_identical(unname(as.matrix(rows$de_fdr)), unname(de$varm$de_fdr))
    expect_identical(names(rows$de_fdr), unique(data$label))
    expect_identical(rows$de_significant, de$var$de_significant)
    record <- S4Vectors::metadata(done)$tissueshap
    expect_identical(record$label, "tissue")
    expect_identical(record$de$counts, de$uns$counts)
    expect_identical(record$de$params, list(label = "tissue", fdr = 0.01,
        lfc = 1, method = "edgeR_QL", rest = "mean_of_classes",
        legacy = TRUE))
    expect_identical(record$tmm$versions$edgeR,
        as.character(utils::packageVersion("edgeR")))
    expect_false("norm_factor" %in%
        names(SummarizedExperiment::colData(se)))
})

test_that("frames are subset with the genes", {
    se <- run_de(run_tmm(experiment_of(data)), "tissue")
    part <- se[11:20, ]
    expect_identical(
        as.matrix(SummarizedExperiment::rowData(part)$de_logfc),
        as.matrix(SummarizedExperiment::rowData(se)$de_logfc)[11:20, ])
})

test_that("new samples are normalised as the old ones were", {
    se <- experiment_of(data)
    train <- run_tmm(se[, 1:15])
    new <- run_tmm(se[, 16:21], reference = train)
    uns <- core_tmm(data$counts[, 1:15])$uns
    expect_identical(new$norm_factor,
        core_tmm(data$counts[, 16:21], uns)$obs$norm_factor)
    expect_true(S4Vectors::metadata(new)$tissueshap$tmm$params$frozen)
    expect_error(run_tmm(se, reference = se), "no record of TMM")
})

test_that("key_added goes before the slots", {
    se <- run_tmm(experiment_of(data), key_added = "second")
    expect_true("second_norm_factor" %in%
        names(SummarizedExperiment::colData(se)))
    expect_true("second_tmm" %in% SummarizedExperiment::assayNames(se))
    expect_named(S4Vectors::metadata(se)$tissueshap, "second")
})

test_that("what is missing is said, with the verb that writes it", {
    se <- experiment_of(data)
    expect_error(run_de(se, "tissue"), "run run_tmm\\(\\) first")
    expect_error(run_de(run_tmm(se)), "Pass label")
    expect_error(run_filter_genes(se, "organ"), "no column \"organ\".*tissue")
    SummarizedExperiment::assayNames(se) <- "reads"
    expect_error(run_tmm(se), "no assay \"counts\"; it has: reads")
    expect_error(run_tmm(data$counts),
        "SummarizedExperiment.*not matrix.*of a matrix make Summ")
    expect_error(run_tmm(edgeR::DGEList(data$counts)),
        "not DGEList; of it make .*x\\$counts")
    expect_error(run_tmm(1L), "not integer$")
})

test_that("gene sets are tested for the genes of each class", {
    se <- run_de(run_tmm(experiment_of(data)), "tissue", fdr = 0.05, lfc = 1)
    rows <- SummarizedExperiment::rowData(se)
    called <- as.matrix(rows$de_fdr) < 0.05 & abs(as.matrix(rows$de_logfc)) > 1
    own <- called & rowSums(called) == 1
    sets <- list(first = rownames(se)[called[, 1]],
        rest = rownames(se)[!called[, 1]])
    done <- run_enrich(se, sets, source = "de", by = "class", engine = "sets",
        min_size = 2)
    record <- S4Vectors::metadata(done)$tissueshap$enrich
    expect_identical(record$lists$class, unique(data$label))
    expect_identical(record$lists$n_genes, as.integer(colSums(called)))
    expect_identical(record$ids, "var_names")
    expect_identical(record$n_universe, 150L)
    top <- record$table[record$table$class == "class01", ][1, ]
    expect_identical(top$ID, "first")
    expect_identical(top$Count, sum(called[, 1]))
    expect_identical(names(record$table), c("source", "class",
        enrichment_columns))
    alone <- run_enrich(se, sets, source = "de", by = "exclusive",
        engine = "sets", min_size = 2)
    expect_identical(
        S4Vectors::metadata(alone)$tissueshap$enrich$lists$n_genes,
        as.integer(colSums(own)))
    expect_error(run_enrich(se, sets, engine = "sets"), "run_select_genes")
    expect_error(run_enrich(se, list(x = "nogene"), source = "de",
        engine = "sets"), "none of the genes")
})
