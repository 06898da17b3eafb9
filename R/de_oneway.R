# edgeR's fits where the classes are all there is in the design: the work of
# its general code in one pass over the nodes that stand for the samples for
# each step (src/layout.h; src/profile.cpp, src/full.cpp, src/oneway.cpp with
# src/nearby.h).

oneway_fit <- function(counts, layout, method, BPPARAM) {
    trend <- trended_dispersion(counts, layout, BPPARAM)
    dispersion <- trend$dispersion
    fit <- oneway_full(counts, layout, dispersion, BPPARAM)
    if (method == "edgeR_LRT") {
        dispersion <- tagwise_dispersion(trend, fit, layout)
        fit <- oneway_full(counts, layout, dispersion, BPPARAM)
    } else {
        squeezed <- squeeze(fit$deviance, fit$df, trend$ave_log_cpm)
        fit <- c(fit, squeezed, list(
            df_total = total_df(squeezed$df_prior, fit$df, layout)))
    }
    c(fit, list(dispersion = dispersion, ave_log_cpm = trend$ave_log_cpm))
}

# The trended dispersion of estimateDisp: its grid of dispersions, its
# smoothing over abundance, with the likelihood from src/profile.cpp.
trended_dispersion <- function(counts, layout, BPPARAM) {
    grid <- seq(-10, 10, length.out = 21L)
    profile <- over_genes(counts, profile_part, layout, 0.1 * 2^grid,
        BPPARAM = BPPARAM)
    enough <- profile$total >= 5
    if (!any(enough)) {
        fail("no gene has five counts in all: there is nothing to test")
    }
    likelihood <- profile$likelihood[enough, , drop = FALSE]
    common <- 0.1 * 2^edgeR::maximizeInterpolant(grid,
        matrix(colSums(likelihood), 1L))
    average <- over_genes(counts, average_part, layout, common,
        BPPARAM = BPPARAM)$average
    smoothed <- edgeR::WLEB(grid, likelihood, covariate = average[enough],
        span = trend_span(sum(enough)), overall = FALSE, individual = FALSE,
        m0.out = TRUE)
    trend <- 0.1 * 2^field(smoothed, "trend", "edgeR::WLEB")
    dispersion <- rep(trend[which.min(average[enough])], nrow(counts))
    dispersion[enough] <- trend
    list(dispersion = dispersion, ave_log_cpm = average, enough = enough,
        grid = grid, likelihood = likelihood,
        shared = field(smoothed, "shared.loglik", "edgeR::WLEB"))
}

# WLEB's own in edgeR 3, given so that edgeR 4 takes it too.
trend_span <- function(n) if (n <= 50) 1 else 0.25 + 0.75 * sqrt(50 / n)

profile_part <- function(part, layout, dispersions) {
    list(total = rowSums(part$counts),
        likelihood = oneway_profile_cpp(part$counts, layout$class,
            log(layout$effective), dispersions))
}

average_part <- function(part, layout, dispersion) {
    list(average = edgeR::aveLogCPM(part$counts, lib.size = layout$effective,
        dispersion = dispersion))
}

# estimateDisp's genewise dispersions, shrunk to the trend.
tagwise_dispersion <- function(trend, fit, layout) {
    enough <- trend$enough
    prior <- squeeze(fit$deviance[enough], fit$df[enough],
        trend$ave_log_cpm[enough])$df_prior
    prior_n <- prior / (length(layout$class) - ncol(layout$design))
    dispersion <- trend$dispersion
    if (any(prior_n <= 1e6)) {
        smoothed <- edgeR::WLEB(trend$grid, trend$likelihood,
            prior.n = pmin(prior_n, 1e6), covariate = trend$ave_log_cpm[enough],
            span = trend_span(sum(enough)), overall = FALSE, trend = FALSE,
            m0 = trend$shared)
        dispersion[enough] <- 0.1 * 2^field(smoothed, "individual",
            "edgeR::WLEB")
    }
    dispersion
}

oneway_full <- function(counts, layout, dispersion, BPPARAM) {
    over_genes(counts, full_part, layout,
        of_genes = list(dispersion = dispersion), BPPARAM = BPPARAM)
}

# With edgeR's prior count for the fold changes that are shown.
full_part <- function(part, layout) {
    oneway_full_cpp(part$counts, layout$class, log(layout$effective),
        part$dispersion, 0.125)
}

oneway_rise <- function(part, layout, shift) {
    contrasts <- layout$contrasts
    mirrors <- apply(contrasts, 2L, mirror)
    # Where the contrast is to be `shift`, it is zero relative to these offsets.
    shifts <- shift * contrasts /
        rep(colSums(contrasts^2), each = nrow(contrasts))
    oneway_rise_cpp(part$counts, layout$class, log(layout$effective),
        part$dispersion, part$deviance, contrasts, mirrors, shifts)
}

# The Householder vector of the QR decomposition by which edgeR rotates a
# contrast to the first column of the design.
mirror <- function(contrast) {
    turned <- qr(as.matrix(contrast))
    c(turned$qraux[1L], turned$qr[-1L, 1L])
}
