# limma for expression that is on a log scale already, one class against the
# average of the others.

de_limma <- function(values, label, ...) {
    fit <- limma::lmFit(values, class_design(label))
    fit <- limma::contrasts.fit(fit, class_contrasts(nlevels(label)))
    # The variance follows the mean, for want of counts that would say how.
    fit <- limma::eBayes(fit, trend = TRUE)
    list(
        logfc = unname(fit$coefficients),
        pvalue = unname(fit$p.value),
        dispersion = data.frame(
            average = unname(fit$Amean),
            variance = unname(fit$s2.post),
            df_prior = rep_len(unname(fit$df.prior), nrow(values))))
}

check_log_values <- function(values) {
    if (!is.matrix(values) || !is.numeric(values) || length(values) == 0L) {
        fail("counts must be a numeric matrix of log2 values, genes x samples")
    }
    if (!all(is.finite(values))) {
        at <- which(!is.finite(values), arr.ind = TRUE)[1L, ]
        fail("the log2 value of gene %s in sample %s is not finite",
            names_at(rownames(values), at[[1L]]),
            names_at(colnames(values), at[[2L]]))
    }
    invisible(values)
}
