# edgeR's quasi-likelihood pipeline since version 4 (Chen et al. 2025): one
# dispersion for all genes, of those expressed most, and deviances adjusted for
# small counts, from which the variance of each gene is estimated.

ql_fit <- function(counts, layout, method, BPPARAM) {
    average <- unname(edgeR::aveLogCPM(counts, lib.size = layout$effective))
    fit <- quasi_method()(counts, design = layout$design,
        lib.size = layout$effective, AveLogCPM = average, legacy = FALSE)
    part <- function(name) field(fit, name, "edgeR::glmQLFit")
    # What the means were fitted with; the tests fit theirs with it, too.
    dispersion <- rep_len(unname(part("dispersion")) /
        unname(part("average.ql.dispersion")), nrow(counts))
    df_prior <- unname(part("df.prior"))
    list(coefficients = unname(part("coefficients")),
        unshrunk = unname(part("unshrunk.coefficients")),
        deviance = unname(edgeR::nbinomDeviance(counts, part("fitted.values"),
            dispersion = dispersion)),
        lowest = unname(apply(part("fitted.values"), 1L, min)),
        dispersion = dispersion, var_post = unname(part("s2.post")),
        df_prior = df_prior,
        df_total = total_df(df_prior, unname(part("df.residual.adj")), layout),
        ave_log_cpm = average)
}

quasi_method <- function() {
    utils::getS3method("glmQLFit", "default", envir = asNamespace("edgeR"))
}

check_legacy <- function(legacy, method) {
    if (!is.logical(legacy) || length(legacy) != 1L || is.na(legacy)) {
        fail("legacy must be TRUE or FALSE")
    }
    if (legacy) {
        return()
    }
    if (!de_accepts(method, "legacy")) {
        fail("legacy = FALSE is a pipeline of %s: leave it out with %s",
            first(de_methods_with("legacy", method)), method)
    }
    if (!knows_legacy(quasi_method())) {
        fail(paste("legacy = FALSE needs edgeR 4 (Bioconductor 3.18, R 4.3),",
            "and %s is installed: leave it out, or install a newer R and run",
            "BiocManager::install(\"edgeR\")"),
            as.character(utils::packageVersion("edgeR")))
    }
}
