# limma's linear models: of counts by voom, or of values that are on a log scale
# already.

de_limma <- function(values, layout, method, lfc_test, BPPARAM) {
    plain <- layout$one_way && is.null(layout$block)
    fit <- if (plain) oneway_limma else blocked_limma
    fit <- fit(values, layout, method == "limma_voom", BPPARAM)
    fit <- limma::contrasts.fit(fit, layout$contrasts)
    # Of log values the variance follows the mean, because there are no counts
    # that would say how.
    trend <- method == "limma"
    fit <- if (is.null(lfc_test)) {
        limma::eBayes(fit, trend = trend)
    } else {
        limma::treat(fit, lfc = lfc_test, trend = trend)
    }
    part <- function(name) unname(field(fit, name, "limma::eBayes"))
    estimates <- data.frame(average = part("Amean"),
        variance = part("s2.post"),
        df_prior = rep_len(part("df.prior"), nrow(values)))
    if (method == "limma_voom") {
        names(estimates)[1L] <- "ave_log_cpm"
    }
    if (!is.null(layout$block)) {
        estimates$correlation <- part("correlation")
    }
    list(logfc = part("coefficients"), pvalue = part("p.value"),
        dispersion = estimates)
}

# lmFit where the classes are all there is in the design: the means of the
# classes, a block of genes at a time.
oneway_limma <- function(values, layout, voom, BPPARAM) {
    trend <- NULL
    if (voom) {
        plain <- over_genes(values, means_part, layout, voom,
            BPPARAM = BPPARAM)
        trend <- voom_trend(plain, layout$effective)
    }
    fit <- over_genes(values, means_part, layout, voom, trend,
        BPPARAM = BPPARAM)
    sizes <- colSums(layout$design)
    names(fit) <- sub("_", ".", names(fit), fixed = TRUE)
    held <- c(fit[c("coefficients", "stdev.unscaled", "sigma", "Amean")], list(
        df.residual = rep(nrow(layout$design) - length(sizes), nrow(values)),
        cov.coefficients = diag(1 / sizes, length(sizes)),
        design = layout$design, method = "ls"))
    methods::new(methods::getClass("MArrayLM",
        where = asNamespace("limma")), held)
}

means_part <- function(part, layout, voom, trend = NULL) {
    design <- layout$design
    values <- part$counts
    if (voom) {
        values <- voom_values(part$counts, layout$effective)
    }
    weights <- matrix(1, nrow(values), ncol(values))
    if (!is.null(trend)) {
        fitted <- (values %*% design) %*% (t(design) / colSums(design))
        weights[] <- voom_weights(fitted, layout$effective, trend)
    }
    total <- weights %*% design
    means <- ((values * weights) %*% design) / total
    rest <- values - means %*% t(design)
    list(coefficients = means, stdev_unscaled = 1 / sqrt(total),
        sigma = sqrt(rowSums(weights * rest^2) /
            (ncol(values) - ncol(design))),
        Amean = rowMeans(values), total = rowSums(part$counts))
}

# voom (Law et al. 2014): log-CPM, the trend of their standard deviations over
# the counts, and the weights that it gives.
voom_values <- function(counts, effective) {
    unname(log2((counts + 0.5) /
        rep((effective + 1) / 1e6, each = nrow(counts))))
}

voom_trend <- function(plain, effective) {
    seen <- plain$total > 0
    line <- stats::lowess(
        plain$Amean[seen] + mean(log2(effective + 1)) - log2(1e6),
        sqrt(plain$sigma[seen]), f = 0.5)
    stats::approxfun(line, rule = 2, ties = list("ordered", mean))
}

voom_weights <- function(fitted, effective, trend) {
    1 / trend(fitted + rep(log2((effective + 1) / 1e6),
        each = nrow(fitted)))^4
}

# limma's own fit: covariates in addition to the classes, or donors who gave
# several samples. voom and the correlation need each other and are made twice,
# as the user's guide has it.
blocked_limma <- function(values, layout, voom, BPPARAM) {
    design <- layout$design
    block <- layout$block
    held <- values
    correlation <- NULL
    for (turn in seq_len(if (is.null(block)) 1L else 2L)) {
        if (voom) {
            held <- limma::voom(values, design, lib.size = layout$effective,
                block = if (!is.null(correlation)) block,
                correlation = correlation)
        }
        if (!is.null(block) && (voom || turn == 1L)) {
            correlation <- donor_correlation(held, design, block, BPPARAM)
        }
    }
    fit <- limma::lmFit(held, design, block = block, correlation = correlation)
    fit$correlation <- correlation
    fit
}

# duplicateCorrelation's consensus, a block of genes at a time.
donor_correlation <- function(held, design, block, BPPARAM) {
    ranges <- block_ranges(nrow(held), ncol(held), BPPARAM)
    found <- over_blocks(ranges, function(rows) held[rows, , drop = FALSE],
        atanh_correlations, design, block, BPPARAM = BPPARAM)
    tanh(mean(unlist(found), trim = 0.15, na.rm = TRUE))
}

atanh_correlations <- function(held, design, block) {
    field(limma::duplicateCorrelation(held, design, block = block),
        "atanh.correlations", "limma::duplicateCorrelation")
}
