# Biological processes in which the golden list of heart genes is enriched, with
# the annotation that is installed: counted by limma's goana, tested by
# fisher.test. (That of version 3.16 is clusterProfiler's, in the shared data.)
#
#   Rscript tests/golden/go.R DATA_DIR > tests/testthat/golden/go_VERSION.tsv
#
# VERSION is packageVersion("GO.db").

folder <- file.path(commandArgs(TRUE)[1L], "enrichment_golden")
genes <- readLines(file.path(folder, "heart_genes_entrez.txt"))
universe <- unique(readLines(file.path(folder, "universe_entrez.txt")))
found <- limma::goana(genes, universe = universe, species = "Hs")
found <- found[found$Ont == "BP" & found$N >= 10 & found$N <= 500 &
    found$DE > 0, ]
# goana's background has the genes of all ontologies; here it is those with a
# biological process.
annotated <- AnnotationDbi::select(org.Hs.eg.db::org.Hs.eg.db, universe,
    "ONTOLOGYALL", "ENTREZID")
annotated <- unique(annotated$ENTREZID[annotated$ONTOLOGYALL %in% "BP"])
n <- length(annotated)
drawn <- length(intersect(genes, annotated))
found$pvalue <- mapply(function(in_set, hits) {
    fisher.test(matrix(c(hits, in_set - hits, drawn - hits,
        n - in_set - drawn + hits), 2L), alternative = "greater")$p.value
}, found$N, found$DE)
found <- head(found[order(found$pvalue), ], 200L)
write.table(data.frame(ID = rownames(found), Description = found$Term,
    GeneRatio = paste(found$DE, drawn, sep = "/"),
    BgRatio = paste(found$N, n, sep = "/"),
    pvalue = sprintf("%.12g", found$pvalue)),
    sep = "\t", quote = FALSE, row.names = FALSE)
