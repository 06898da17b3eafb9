# Wilcoxon's rank sum test of each class against all the other samples.

de_wilcoxon <- function(counts, layout, BPPARAM) {
    found <- over_genes(counts, rank_part, layout, BPPARAM = BPPARAM)
    list(logfc = found$means %*% layout$contrasts,
        pvalue = rank_sum_pvalues(found$ranks, found$ties,
            colSums(layout$design)),
        dispersion = data.frame(ave_log_cpm = found$average))
}

# Ranks are those of counts per million, where no count is the same value in
# every sample: log-transformed they would differ by rounding.
rank_part <- function(part, layout) {
    cpm <- edgeR::cpm(part$counts, lib.size = layout$effective)
    found <- rank_sums_cpp(cpm, layout$class, ncol(layout$design))
    logged <- edgeR::cpm(part$counts, lib.size = layout$effective, log = TRUE)
    sizes <- rep(colSums(layout$design), each = nrow(logged))
    list(ranks = found$ranks, ties = found$ties,
        means = (logged %*% layout$design) / sizes,
        average = rowMeans(logged))
}

# wilcox.test(exact = FALSE): normal, with the correction for ties and that for
# continuity. Where all values of a gene are the same, 1.
rank_sum_pvalues <- function(ranks, ties, sizes) {
    n <- sum(sizes)
    others <- n - sizes
    each <- function(x) rep(x, each = nrow(ranks))
    centred <- ranks - each(sizes * (sizes + 1) / 2 + sizes * others / 2)
    variance <- each(sizes * others / 12) * (n + 1 - ties / (n * (n - 1)))
    z <- (centred - sign(centred) * 0.5) / sqrt(variance)
    pvalue <- 2 * stats::pnorm(-abs(z))
    # A difference of nothing corrected for continuity is on neither side.
    pvalue[centred == 0 | variance <= 0] <- 1
    matrix(pmin(pvalue, 1), nrow(ranks))
}
