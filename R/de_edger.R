# edgeR's likelihood for one class against the average of the others.

de_edger <- function(counts, label, lib_size, norm_factor, method) {
    fit <- switch(method, edgeR_QL = quasi_likelihood,
        edgeR_LRT = likelihood_ratio)
    fit(counts, label, class_design(label), lib_size * norm_factor)
}

quasi_likelihood <- function(counts, label, design, effective) {
    trend <- trended_dispersion(counts, label, effective)
    average <- trend$ave_log_cpm
    fit <- ql_fit(counts, design, dispersion = trend$dispersion,
        lib.size = effective, AveLogCPM = average)
    ratio <- oneway_lr(counts, label, effective, fit$dispersion, fit$deviance)
    df_total <- pmin(fit$df.prior + fit$df.residual.zeros,
        nrow(counts) * (ncol(counts) - nlevels(label)))
    pvalue <- stats::pf(ratio / fit$var.post, 1, df_total, lower.tail = FALSE)
    list(
        logfc = fit$coefficients %*% class_contrasts(nlevels(label)) / log(2),
        pvalue = poisson_bound(pvalue, counts, label, design, effective, fit),
        dispersion = data.frame(
            ave_log_cpm = average,
            dispersion = unname(fit$dispersion),
            ql_variance = unname(fit$var.post),
            df_prior = rep_len(unname(fit$df.prior), nrow(counts))))
}

# From edgeR 4 on glmQLFit has a new method; `legacy` keeps the one that the
# golden values and the paper were made with.
ql_fit <- function(...) {
    default <- utils::getS3method("glmQLFit", "default",
        envir = asNamespace("edgeR"))
    if ("legacy" %in% names(formals(default))) {
        edgeR::glmQLFit(..., legacy = TRUE)
    } else {
        edgeR::glmQLFit(...)
    }
}

# Where a gene varies less than a Poisson variable would, glmQLFTest takes the
# Poisson test's p-value if that is larger.
poisson_bound <- function(pvalue, counts, label, design, effective, fit) {
    below <- which(below_poisson_cpp(fit$fitted.values,
        rep_len(fit$dispersion, nrow(counts)), fit$var.post))
    if (length(below) == 0L) {
        return(pvalue)
    }
    rows <- counts[below, , drop = FALSE]
    poisson <- edgeR::glmFit(rows, design, dispersion = 0,
        offset = log(effective), prior.count = 0)
    ratio <- oneway_lr(rows, label, effective, rep(0, length(below)),
        poisson$deviance)
    pvalue[below, ] <- pmax(pvalue[below, ],
        stats::pchisq(ratio, 1, lower.tail = FALSE))
    pvalue
}

# The trended dispersion of estimateDisp(tagwise = FALSE), which is what the
# quasi-likelihood fit takes: its grid of dispersions, its smoothing over
# abundance, with the likelihood from src/profile.cpp.
trended_dispersion <- function(counts, label, effective) {
    enough <- rowSums(counts) >= 5
    if (!any(enough)) {
        fail("no gene has five counts in all: there is nothing to test")
    }
    grid <- seq(-10, 10, length.out = 21L)
    likelihood <- oneway_profile_cpp(counts, as.integer(label) - 1L,
        log(effective), 0.1 * 2^grid)[enough, , drop = FALSE]
    common <- 0.1 * 2^edgeR::maximizeInterpolant(grid,
        matrix(colSums(likelihood), 1L))
    average <- edgeR::aveLogCPM(counts, lib.size = effective,
        dispersion = common)
    trend <- 0.1 * 2^edgeR::WLEB(grid, likelihood,
        covariate = average[enough], trend.method = "locfit",
        overall = FALSE, individual = FALSE)$trend
    dispersion <- rep(trend[which.min(average[enough])], nrow(counts))
    dispersion[enough] <- trend
    list(dispersion = dispersion, ave_log_cpm = average)
}

likelihood_ratio <- function(counts, label, design, effective) {
    dispersion <- edgeR::estimateDisp(counts, design, lib.size = effective)
    average <- edgeR::aveLogCPM(counts, lib.size = effective,
        dispersion = dispersion$common.dispersion)
    fit <- edgeR::glmFit(counts, design,
        dispersion = dispersion$tagwise.dispersion, lib.size = effective)
    ratio <- oneway_lr(counts, label, effective, fit$dispersion, fit$deviance)
    list(
        logfc = fit$coefficients %*% class_contrasts(nlevels(label)) / log(2),
        pvalue = stats::pchisq(ratio, 1, lower.tail = FALSE),
        dispersion = data.frame(ave_log_cpm = average,
            dispersion = unname(fit$dispersion)))
}

# Likelihood ratios, genes x classes: the deviance without the contrast less
# the deviance of the full model.
oneway_lr <- function(counts, label, effective, dispersion, deviance) {
    k <- nlevels(label)
    contrasts <- class_contrasts(k)
    bases <- lapply(seq_len(k), function(g) null_basis(contrasts[, g]))
    null <- oneway_null_deviance_cpp(counts, as.integer(label) - 1L,
        log(effective), rep_len(dispersion, nrow(counts)), contrasts,
        vapply(bases, function(q) q^2, matrix(0, k, k - 1L)))
    null - deviance
}

# The basis that glmLRT gives the space without the contrast.
null_basis <- function(contrast) {
    qr.Q(qr(as.matrix(contrast)), complete = TRUE)[, -1L, drop = FALSE]
}
