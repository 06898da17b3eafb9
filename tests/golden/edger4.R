# What edgeR 4 alone gives for each tissue of blake_primates (a gene in forty)
# against the average of the others, by both of its quasi-likelihood pipelines.
#
#   Rscript tests/golden/edger4.R DATA_DIR > tests/testthat/golden/edger4.tsv

stopifnot(packageVersion("edgeR") >= "4.0")
folder <- file.path(commandArgs(TRUE)[1L], "blake_primates")
counts <- as.matrix(read.delim(file.path(folder, "counts.tsv.gz"),
    row.names = 1L, check.names = FALSE))
samples <- read.delim(file.path(folder, "samples.tsv.gz"))
full <- colSums(counts) > 0
counts <- counts[seq(1, nrow(counts), by = 40), full]
tissue <- factor(samples$tissue[full])
design <- model.matrix(~ 0 + tissue)
y <- edgeR::calcNormFactors(edgeR::DGEList(counts))
fits <- list(
    legacy = edgeR::glmQLFit(edgeR::estimateDisp(y, design), design,
        legacy = TRUE),
    new = edgeR::glmQLFit(y, design))

# Where a null fit uses up its iterations, edgeR 4.4 has no deviance of it, and
# no p-value: such genes are left out.
null_fit <- function(fit, contrast) {
    turned <- limma::contrastAsCoef(design, contrast)$design
    dispersion <- rep_len(fit$dispersion, nrow(fit))
    if ("average.ql.dispersion" %in% names(fit)) {
        dispersion <- dispersion / fit$average.ql.dispersion
    }
    null <- edgeR::glmFit(counts, turned[, -1L], dispersion = dispersion,
        offset = fit$offset, prior.count = 0)
    null$deviance / edgeR::nbinomDeviance(counts, null$fitted.values,
        dispersion = dispersion)
}

tables <- lapply(names(fits), function(pipeline) {
    lapply(seq_len(nlevels(tissue)), function(g) {
        contrast <- replace(rep(-1 / 3, 4), g, 1)
        fit <- fits[[pipeline]]
        found <- edgeR::glmQLFTest(fit, contrast = contrast)$table
        known <- abs(null_fit(fit, contrast) - 1) < 1e-6
        data.frame(pipeline, class = levels(tissue)[g],
            gene = rownames(counts), logfc = sprintf("%.10g", found$logFC),
            pvalue = sprintf("%.10g", found$PValue))[known, ]
    })
})
write.table(do.call(rbind, unlist(tables, recursive = FALSE)), sep = "\t",
    quote = FALSE, row.names = FALSE)
