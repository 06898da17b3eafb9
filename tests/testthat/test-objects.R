# What an R user expects of objects: verbs on a SummarizedExperiment and its
# accessors, without Python.
skip_if_not_installed("SummarizedExperiment")

data <- simulate_matrix(60, c(5, 6, 7))
se <- experiment_of(data)

test_that("a new object is returned visibly", {
    expect_true(withVisible(run_tmm(se))$visible)
    expect_true(withVisible(run_filter_genes(se, "tissue"))$visible)
    skip_if_not_installed("hdf5r")
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(se, path)
    expect_false(withVisible(run_tmm(path))$visible)
    adata <- as_anndatar(se)
    expect_false(withVisible(run_tmm(adata))$visible)
    expect_true(withVisible(run_tmm(adata, copy = TRUE))$visible)
})

test_that("the assay with the counts can be named, and is remembered", {
    reads <- se
    SummarizedExperiment::assayNames(reads) <- "reads"
    SummarizedExperiment::assay(reads, "tpm", withDimnames = FALSE) <-
        matrix(1, nrow(se), ncol(se))
    expect_error(run_tmm(reads), "Which one holds the raw counts\\? Pass assay")
    expect_error(run_tmm(reads, assay = "tmp"),
        "assay must be \"reads\" or \"tpm\", not \"tmp\"")
    done <- run_de(run_tmm(reads, assay = "reads"), "tissue")
    expected <- run_de(run_tmm(se), "tissue")
    expect_identical(done$norm_factor, expected$norm_factor)
    rows <- SummarizedExperiment::rowData
    expect_identical(rows(done)$de_fdr, rows(expected)$de_fdr)
    expect_identical(attr(records(done), "assay"), "reads")
    elements <- elements_of(done)
    expect_identical(unname(elements$counts$values), unname(data$counts))
    expect_setequal(names(elements$layers$items), c("tpm", "tmm"))
    expect_null(elements$uns$items$tissueshap$items$assay)
    unnamed <- SummarizedExperiment::SummarizedExperiment(data$counts)
    expect_identical(run_tmm(unnamed)$norm_factor, done$norm_factor)
    skip_if_not_installed("hdf5r")
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(reads, path, assay = "reads")
    expect_error(run_tmm(path, assay = "reads"), "no layer \"reads\"")
    expect_identical(as_summarized_experiment(run_tmm(path))$norm_factor,
        done$norm_factor)
})

test_that("levels keep their order, and those without samples are reported", {
    leveled <- se
    leveled$tissue <- factor(se$tissue, c("class03", "none", "class01",
        "class02"))
    expect_message(done <- run_de(run_tmm(leveled), "tissue"),
        "Levels of label without samples, left out: none")
    classes <- c("class03", "class01", "class02")
    expect_named(SummarizedExperiment::rowData(done)$de_fdr, classes)
    expect_identical(records(done)$de$counts$class, classes)
    expected <- SummarizedExperiment::rowData(run_de(run_tmm(se),
        "tissue"))$de_fdr
    expect_equal(SummarizedExperiment::rowData(done)$de_fdr[sort(classes)],
        expected[sort(classes)], tolerance = 1e-8)
    expect_identical(unique(de_table(done, n = 2)$class), classes)
})

test_that("nested tables have the row names of the experiment", {
    done <- run_de(run_tmm(se), "tissue")
    fdr <- SummarizedExperiment::rowData(done)$de_fdr
    expect_identical(rownames(fdr), rownames(se))
    expect_identical(rownames(SummarizedExperiment::rowData(
        done[5:9, ])$de_fdr), rownames(se)[5:9])
    skip_if_not_installed("hdf5r")
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(done, path)
    expect_identical(SummarizedExperiment::rowData(
        as_summarized_experiment(path))$de_fdr, fdr)
})

test_that("classes a/b and a|b are two, in memory and in files", {
    alike <- c(class01 = "a/b", class02 = "a|b", class03 = "a%7Cb")
    both <- se
    both$tissue <- unname(alike[se$tissue])
    done <- run_de(run_tmm(both), "tissue", lfc = 1)
    expected <- run_de(run_tmm(se), "tissue", lfc = 1)
    for (name in names(alike)) {
        expect_equal(de_table(done, alike[[name]], Inf, "none")$pvalue,
            de_table(expected, name, Inf, "none")$pvalue, tolerance = 1e-8)
    }
    skip_if_not_installed("hdf5r")
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(both, path)
    run_de(run_tmm(path), "tissue", lfc = 1)
    expect_equal(de_table(path, n = Inf), de_table(done, n = Inf),
        tolerance = 1e-6)
    # As earlier versions wrote it.
    old <- SummarizedExperiment::rowData(expected)
    for (key in c("de_logfc", "de_pvalue", "de_fdr")) {
        names(old[[key]])[2L] <- "a|b"
    }
    old$de_called <- NULL
    SummarizedExperiment::rowData(expected) <- old
    expected$tissue[expected$tissue == "class02"] <- "a|b"
    expect_identical(nrow(de_table(expected, "a|b", Inf)), nrow(se))
})

test_that("a prefix is not repeated in the name of a slot", {
    expect_identical(named_slot("shap", NULL), "shap")
    expect_identical(named_slot("shap", "run2"), "run2_shap")
    expect_identical(named_slot("shap", "log_shap"), "log_shap")
    expect_identical(named_slot("shap_median", "log_shap"), "log_shap_median")
    expect_identical(named_slot("filter_pass", "filter"), "filter_filter_pass")
})

test_that("de_table and shap_table are sorted, and name what is missing", {
    results <- example_results()
    class <- as.character(results$tissue[1])
    table <- de_table(results, class, n = 5)
    fdr <- SummarizedExperiment::rowData(results)$de_fdr[[class]]
    expect_identical(rownames(table), table$gene)
    expect_identical(table$pvalue, sort(table$pvalue))
    expect_identical(table$fdr, sort(fdr)[1:5])
    expect_identical(table$fdr, fdr[match(table$gene, rownames(results))])
    all <- de_table(results, class, Inf, "logfc")
    expect_false(is.unsorted(-abs(all$logfc)))
    counts <- records(results)$de$counts
    expect_identical(c(sum(all$called == "up"), sum(all$called == "down")),
        as.integer(unlist(counts[counts$class == class, c("up", "down")])))
    ranks <- shap_table(results, class)
    expect_equal(ranks$rank, 1:10)
    chosen <- records(results)$select_genes$genes
    chosen <- chosen$gene[chosen$class == class]
    expect_setequal(subset(shap_table(results, class, Inf), selected)$gene,
        chosen)
    table <- shap_table(results, class, n = 5)
    expect_identical(table$fdr, de_table(results, class, Inf)[table$gene,
        "fdr"])
    expect_true(all(table$selected[table$exclusive]))
    expect_error(de_table(results, "spleen"),
        "class must be one of \"Brain.* or .*, not \"spleen\"")
    expect_error(de_table(results, n = 0), "n must be an integer of at least 1")
    expect_error(de_table(se), "run run_de\\(\\) first")
})

test_that("records are printed, a line each", {
    done <- records(run_tmm(se))
    expect_named(done, "tmm")
    expect_output(print(done), "1 record of tissueshap\n  tmm  frozen = FALSE")
    expect_output(print(done$tmm), "Record of run_tmm.*\\$reference: 60 rows")
    expect_output(print(records(se)), "0 records")
})

test_that("messages name the places of the object", {
    expect_error(run_de(se, "tissue"), "^colData \"lib_size\" is missing")
    expect_error(run_de(se, "tissue", method = "limma"),
        "^assay \"log2\" is missing")
    expect_error(run_de(run_tmm(se), "tissue", covariates = "age"),
        "^colData has no column \"age\"")
    expect_identical(in_words(paste("adata.obs['age'] and",
        "adata.layers[\"shap\"], adata.varm['de_fdr'] of adata.obs,",
        "adata.uns['tissueshap']['de'], adata.var_names, adata.X"),
        place_words(se)),
        paste("colData \"age\" and assay \"shap\", rowData \"de_fdr\" of",
            "colData, the record 'de', the row names, the assay of the counts"))
})

test_that("sparse and delayed counts are normalised, and filtered, as plain", {
    skip_if_not_installed("DelayedArray")
    plain <- data$counts
    plain[plain < 20] <- 0L
    expected <- run_tmm(SummarizedExperiment::SummarizedExperiment(
        list(counts = plain)))
    rules <- core_filter_genes(plain, data$label, gene_length = 1:60)
    for (counts in list(Matrix::Matrix(plain, sparse = TRUE),
        DelayedArray::DelayedArray(plain))) {
        done <- run_tmm(SummarizedExperiment::SummarizedExperiment(
            list(counts = counts)))
        expect_identical(done$norm_factor, expected$norm_factor)
        tmm <- SummarizedExperiment::assay(done, "tmm")
        expect_false(is.matrix(tmm))
        expect_equal(as.matrix(tmm), SummarizedExperiment::assay(expected,
            "tmm"), tolerance = 1e-12)
        expect_identical(records(done)$tmm$reference,
            records(expected)$tmm$reference)
        expect_identical(core_filter_genes(counts, data$label,
            gene_length = 1:60), rules)
        counts[3, 7] <- -1
        expect_error(core_tmm(counts), "negative value for gene gene0003 in ")
    }
})

test_that("DE of sparse and delayed counts is that of plain ones", {
    skip_if_not_installed("DelayedArray")
    tested <- function(counts, ...) {
        x <- SummarizedExperiment::SummarizedExperiment(list(counts = counts),
            colData = data.frame(tissue = data$label, batch = rep(c("x", "y"),
                length.out = length(data$label))))
        x <- run_de(run_tmm(x), "tissue", lfc = 1, ...)
        list(de_table(x, n = 60, sort_by = "none"), records(x)$de$dispersion)
    }
    settings <- list(list(), list(method = "edgeR_LRT"),
        list(method = "limma_voom"), list(method = "wilcoxon"),
        list(rest = "pooled"), list(covariates = "batch"))
    for (given in settings) {
        expected <- do.call(tested, c(list(data$counts), given))
        for (counts in list(Matrix::Matrix(data$counts, sparse = TRUE),
            DelayedArray::DelayedArray(data$counts))) {
            expect_equal(do.call(tested, c(list(counts), given)), expected,
                tolerance = 1e-12)
        }
    }
})

test_that("Ensembl names are mapped for engines that need Entrez", {
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    known <- AnnotationDbi::toTable(org.Hs.eg.db::org.Hs.egENSEMBL)
    known <- known[!duplicated(known$ensembl_id), ][seq_len(60), ]
    named <- se
    rownames(named) <- paste0(known$ensembl_id, ".2")
    expect_message(found <- gene_identifiers(named, NULL, NULL),
        "60 of 60 genes \\(ENSEMBL, by row names\\)")
    expect_identical(found$values, known$gene_id)
    expect_identical(found$column, "var_names")
    SummarizedExperiment::rowData(named)$entrez_id <- "7157"
    expect_identical(gene_identifiers(named, NULL, NULL)$column, "entrez_id")
    expect_error(gene_identifiers(se, NULL, NULL),
        "none of the genes .*human genes.*column of rowData")
    expect_error(gene_identifiers(se, NULL, "acc"), "rowData has no such col")
})

test_that("GO processes of genes with Ensembl names are found", {
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    known <- AnnotationDbi::toTable(org.Hs.eg.db::org.Hs.egENSEMBL)
    contraction <- "GO:0006936"
    muscle <- known$gene_id %in% go_processes()$genes[[contraction]]
    once <- !duplicated(known$ensembl_id) & !duplicated(known$gene_id)
    genes <- known$ensembl_id[c(head(which(muscle & once), 40L),
        head(which(!muscle & once), 260L))]
    set.seed(2)
    counts <- matrix(rnbinom(300 * 12, mu = 60, size = 20), 300)
    counts[1:40, 1:4] <- counts[1:40, 1:4] * 20L
    rownames(counts) <- paste0(genes, ".3")
    x <- SummarizedExperiment::SummarizedExperiment(list(counts = counts),
        colData = data.frame(tissue = rep(c("heart", "liver", "lung"),
            each = 4)))
    x <- run_de(run_tmm(x), "tissue", lfc = 2)
    expect_message(x <- run_enrich(x, source = "de", by = "class",
        engine = "go"), "300 of 300 genes \\(ENSEMBL, by row names\\)")
    found <- records(x)$enrich
    heart <- found$table[found$table$class == "heart", ]
    best <- heart[heart$ID == contraction, ]
    expect_identical(best$Description, "muscle contraction")
    expect_identical(best$pvalue, min(heart$pvalue))
    expect_identical(best$Count, 40L)
    expect_identical(found$ids, "var_names")
    expect_identical(found$n_universe, 300L)
    expect_true(all(c("org.Hs.eg.db", "GO.db") %in% names(found$versions)))
})
