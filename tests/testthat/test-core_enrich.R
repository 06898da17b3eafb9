# Packages of the same names and functions, which answer with what they were
# called with: the real ones need Bioconductor's servers.
fake_packages <- function() {
    library <- withr::local_tempdir(.local_envir = teardown_env())
    sources <- withr::local_tempdir(.local_envir = teardown_env())
    make <- function(name, code) {
        folder <- file.path(sources, name)
        dir.create(file.path(folder, "R"), recursive = TRUE)
        writeLines(c(paste("Package:", name), "Version: 99.0",
            "Title: Fake", "Description: Fake.", "License: GPL-3"),
            file.path(folder, "DESCRIPTION"))
        writeLines("exportPattern(\"^[a-zA-Z]\")",
            file.path(folder, "NAMESPACE"))
        writeLines(code, file.path(folder, "R", "code.R"))
        utils::install.packages(folder, library, repos = NULL,
            type = "source", quiet = TRUE)
    }
    answer <- c("answer <- function(note, genes, universe) {",
        "  if (length(genes) == 0) return(NULL)",
        "  data.frame(ID = 'T1', Description = note, GeneRatio = '1/2',",
        "    RichFactor = 0.5, BgRatio = '3/4', zScore = 1, pvalue = 0.01,",
        "    p.adjust = 0.02, qvalue = 0.015,",
        "    geneID = paste(genes, collapse = '/'),",
        "    Count = length(genes), row.names = 'T1')",
        "}")
    make("clusterProfiler", c(answer,
        "enrichGO <- function(gene, OrgDb, keyType = 'ENTREZID', ont = 'MF',",
        "    pvalueCutoff = 0.05, pAdjustMethod = 'BH', universe,",
        "    qvalueCutoff = 0.2, minGSSize = 10, maxGSSize = 500,",
        "    readable = FALSE, pool = FALSE) {",
        "  answer(paste('GO', OrgDb, ont, pvalueCutoff, minGSSize), gene,",
        "    universe)",
        "}",
        "enricher <- function(gene, pvalueCutoff = 0.05,",
        "    pAdjustMethod = 'BH', universe = NULL, minGSSize = 10,",
        "    maxGSSize = 500, qvalueCutoff = 0.2, TERM2GENE,",
        "    TERM2NAME = NA) {",
        "  answer(paste('sets', nrow(TERM2GENE), maxGSSize), gene, universe)",
        "}",
        "bitr <- function(geneID, fromType, toType, OrgDb, drop = TRUE) {",
        "  warning('50% of input gene IDs are fail to map...')",
        "  found <- data.frame(a = geneID[1], b = '111')",
        "  names(found) <- c(fromType, toType)",
        "  found",
        "}"))
    make("ReactomePA", c(answer,
        "enrichPathway <- function(gene, organism = 'human',",
        "    pvalueCutoff = 0.05, pAdjustMethod = 'BH', qvalueCutoff = 0.2,",
        "    universe, minGSSize = 10, maxGSSize = 500, readable = FALSE) {",
        "  answer(paste('pathway', organism, length(universe)), gene,",
        "    universe)",
        "}"))
    library
}

test_that("a missing package's error has the command that installs it", {
    skip_if(requireNamespace("ReactomePA", quietly = TRUE))
    expect_error(core_enrich("reactomepa", "1"),
        "ReactomePA is missing.*BiocManager::install\\(\"ReactomePA\"\\)",
        class = "packageNotFoundError")
})

test_that("clusterProfiler and ReactomePA are called as they ask", {
    skip_if(requireNamespace("clusterProfiler", quietly = TRUE))
    withr::local_libpaths(fake_packages(), action = "prefix")
    withr::defer({
        unloadNamespace("clusterProfiler")
        unloadNamespace("ReactomePA")
    })
    go <- core_enrich("clusterprofiler", c("5", "6"), c("5", "6", "7"))
    expect_identical(names(go$table), enrichment_columns)
    expect_identical(go$table$Description, "GO org.Hs.eg.db BP 1 10")
    expect_identical(go$table$geneID, "5/6")
    sets <- core_enrich("clusterprofiler", "a", letters, max_size = 99,
        gene_sets = data.frame(term = "x", gene = letters))
    expect_identical(sets$table$Description, "sets 26 99")
    reactome <- core_enrich("reactomepa", "5", c("5", "6", "7"))
    expect_identical(reactome$table$Description, "pathway human 3")
    skip_if_not_installed("org.Hs.eg.db")
    expect_message(
        mapped <- core_enrich("clusterprofiler", c("ENSG01.5", "ENSG02"),
            NULL, id_type = "ENSEMBL"),
        "1 of 2 genes \\(ENSEMBL\\).*ENSG02")
    expect_identical(mapped$unmapped, "ENSG02")
    expect_identical(mapped$table$geneID, "111")
})

test_that("identifiers are translated, and what is lost is reported", {
    skip_if_not_installed("org.Hs.eg.db")
    expect_message(
        found <- to_entrez(c("TP53", "nogene", "MYH7"), "SYMBOL", "go"),
        "1 of 3 genes \\(SYMBOL\\) have no Entrez identifier: nogene")
    expect_identical(found$genes, c("7157", "4625"))
    expect_identical(found$unmapped, "nogene")
    expect_identical(to_entrez("ENSG00000141510.16", "ENSEMBL", "go")$genes,
        "7157")
})

test_that("gene sets are asked for where they are needed", {
    expect_error(core_enrich("sets", "a"), "needs gene_sets")
})
