# limma's voom for one class against the average of the others.

de_voom <- function(counts, label, lib_size, norm_factor, method) {
    design <- class_design(label)
    weighted <- limma::voom(counts, design, lib.size = lib_size * norm_factor)
    fit <- limma::lmFit(weighted, design)
    fit <- limma::contrasts.fit(fit, class_contrasts(nlevels(label)))
    fit <- limma::eBayes(fit)
    list(
        logfc = fit$coefficients,
        pvalue = fit$p.value,
        dispersion = data.frame(
            ave_log_cpm = unname(fit$Amean),
            variance = unname(fit$s2.post),
            df_prior = rep_len(unname(fit$df.prior), nrow(counts))))
}
