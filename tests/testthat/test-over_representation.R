test_that("golden values of GO are matched, of each annotation's version", {
    skip_without_data()
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    folder <- file.path(data_dir(), "enrichment_golden")
    found <- core_enrich("go",
        readLines(file.path(folder, "heart_genes_entrez.txt")),
        readLines(file.path(folder, "universe_entrez.txt")))$table
    version <- as.character(utils::packageVersion("GO.db"))
    if (version == "3.16.0") {
        # clusterProfiler's.
        golden <- read.delim(file.path(folder,
            "clusterprofiler_enrichGO_BP.tsv"), quote = "")
        return(expect_matched(keep_significant(found,
            list(pvalue_cutoff = 0.05, qvalue_cutoff = 0.2)), golden))
    }
    golden <- test_path("golden", sprintf("go_%s.tsv", version))
    skip_if_not(file.exists(golden), paste("no golden values of GO.db", version,
        "yet: tests/golden/go.R makes them"))
    golden <- read.delim(golden, quote = "")
    found <- found[match(golden$ID, found$ID), ]
    for (column in c("Description", "GeneRatio", "BgRatio")) {
        expect_identical(as.character(found[[column]]), golden[[column]])
    }
    expect_lt(max(abs(found$pvalue / golden$pvalue - 1)), 1e-9)
})

test_that("the record names the packages that hold the annotation", {
    skip_if_not_installed("org.Hs.eg.db")
    skip_if_not_installed("GO.db")
    expect_identical(engine_packages("go", FALSE), c("org.Hs.eg.db", "GO.db"))
    expect_identical(engine_packages("sets", TRUE), character())
    expect_identical(engine_packages("clusterprofiler", TRUE),
        "clusterProfiler")
    expect_true(all(c("org.Hs.eg.db", "GO.db") %in%
        engine_packages("clusterprofiler", FALSE)))
    expect_true("org.Hs.eg.db" %in%
        engine_packages("reactomepa", FALSE, "ENSEMBL"))
})

test_that("clusterProfiler's golden values of gene sets are matched", {
    skip_without_data()
    folder <- file.path(data_dir(), "enrichment_golden")
    golden <- read.delim(file.path(folder,
        "clusterprofiler_enricher_reactome.tsv"), quote = "")
    sets <- read_gene_sets(file.path(data_dir(), "annotation",
        "reactome_entrez.gmt.gz"))
    found <- core_enrich("sets",
        readLines(file.path(folder, "heart_genes_entrez.txt")),
        readLines(file.path(folder, "universe_entrez.txt")),
        gene_sets = sets$sets, gene_set_names = sets$names)$table
    expect_matched(keep_significant(found, list(pvalue_cutoff = 0.05,
        qvalue_cutoff = 0.2)), golden)
})

sets <- list(
    genes = list(one = letters[1:6], two = letters[4:12], big = letters),
    names = c(one = "first", two = "second", big = "third"))

test_that("the test is hypergeometric in the annotated universe", {
    found <- over_representation(c("a", "b", "c", "zz"), sets,
        c(letters[1:20], "unknown"), 2, 15)
    expect_identical(found$ID, "one")
    expect_identical(found$GeneRatio, "3/3")
    expect_identical(found$BgRatio, "6/20")
    expect_equal(found$pvalue, choose(6, 3) / choose(20, 3))
    expect_identical(found$geneID, "a/b/c")
})

test_that("nothing to test gives an empty table of the same columns", {
    for (genes in list(character(), "zz", "z")) {
        found <- core_enrich("sets", genes, letters[1:20], gene_sets =
            data.frame(term = "one", gene = letters[1:6]))$table
        expect_identical(names(found), enrichment_columns)
        expect_identical(nrow(found), 0L)
    }
})

test_that("q-values are missing where no null is left", {
    expect_identical(storey_q(c(0.001, 0.002)), c(NA_real_, NA_real_))
    p <- c(0.001, 0.3, 0.6, 0.9)
    expect_equal(storey_q(p), 0.75 / 0.95 * p.adjust(p, "BH"))
})
