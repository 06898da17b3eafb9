# What limma gives for liver against the average of GTEx's other tissues, on
# gtex_hpa_entrez, log-scale values: limma alone, one contrast.
#
#   Rscript tests/golden/limma.R DATA_DIR > tests/golden/limma.tsv

folder <- file.path(commandArgs(TRUE)[1L], "gtex_hpa_entrez")
values <- as.matrix(read.delim(
    file.path(folder, "gtex_log_expression.tsv.gz"), row.names = 1L,
    check.names = FALSE))
samples <- read.delim(file.path(folder, "gtex_samples.tsv.gz"), row.names = 1L)
tissue <- factor(samples[colnames(values), "tissue"])
design <- model.matrix(~ 0 + tissue)
contrast <- ifelse(levels(tissue) == "Liver", 1, -1 / (nlevels(tissue) - 1))
fit <- limma::lmFit(values, design)
fit <- limma::eBayes(limma::contrasts.fit(fit, contrast), trend = TRUE)
found <- limma::topTable(fit, number = Inf, sort.by = "none")
write.table(
    data.frame(gene = rownames(values),
        logfc = sprintf("%.12g", found$logFC),
        pvalue = sprintf("%.12g", found$P.Value),
        fdr = sprintf("%.12g", found$adj.P.Val)),
    sep = "\t", quote = FALSE, row.names = FALSE)
