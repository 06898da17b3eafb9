# edgeR's likelihood of one class against the others. What is estimated of all
# genes together (the trend of the dispersion, the prior of the variances) is
# made of a few numbers per gene; the counts are read a block of genes at a
# time.

de_edger <- function(counts, layout, method, lfc_test, legacy, BPPARAM) {
    layout$quasi <- method == "edgeR_QL"
    layout$poisson_bound <- layout$quasi && legacy
    fit <- if (layout$quasi && !legacy) {
        ql_fit
    } else if (layout$one_way) {
        oneway_fit
    } else {
        glm_fit
    }
    fit <- fit(counts, layout, method, BPPARAM)
    wanted <- c("unshrunk", "deviance", "dispersion", "lowest",
        if (layout$quasi) c("var_post", "df_total"))
    tested <- over_genes(counts, edger_pvalues, layout, lfc_test,
        of_genes = fit[wanted], BPPARAM = BPPARAM)
    estimates <- data.frame(ave_log_cpm = fit$ave_log_cpm,
        dispersion = fit$dispersion)
    if (layout$quasi) {
        estimates$ql_variance <- fit$var_post
        estimates$df_prior <- rep_len(fit$df_prior, nrow(counts))
    }
    list(logfc = fit$coefficients %*% layout$contrasts / log(2),
        pvalue = tested$pvalue, dispersion = estimates)
}

edger_pvalues <- function(part, layout, lfc_test) {
    found <- contrast_pvalues(part, layout, lfc_test)
    if (!layout$poisson_bound) {
        return(list(pvalue = found))
    }
    # Where a gene varies less than a Poisson variable would, edgeR takes the
    # Poisson test's p-value if that is larger.
    below <- which(part$var_post * (1 + part$lowest * part$dispersion) < 1)
    if (length(below)) {
        rows <- part$counts[below, , drop = FALSE]
        layout$quasi <- FALSE
        poisson <- glm_of(rows, layout$design, rep(0, length(below)),
            log(layout$effective))
        found[below, ] <- pmax(found[below, ], contrast_pvalues(
            list(counts = rows, dispersion = rep(0, length(below)),
                deviance = poisson$deviance, unshrunk = poisson$coefficients),
            layout, lfc_test))
    }
    list(pvalue = found)
}

contrast_pvalues <- function(part, layout, lfc_test) {
    if (!is.null(lfc_test)) {
        return(interval_pvalues(part, layout, lfc_test))
    }
    ratio <- deviance_rise(part, layout)
    if (layout$quasi) {
        stats::pf(ratio / part$var_post, 1, part$df_total, lower.tail = FALSE)
    } else {
        stats::pchisq(ratio, 1, lower.tail = FALSE)
    }
}

# glmTreat's test of a fold change within +- lfc_test (McCarthy and Smyth 2009).
interval_pvalues <- function(part, layout, lfc_test) {
    deviates <- lapply(c(1, -1) * lfc_test * log(2), function(shift) {
        root <- sqrt(pmax(deviance_rise(part, layout, shift), 0))
        if (!layout$quasi) {
            return(root)
        }
        matrix(limma::zscoreT(root / sqrt(part$var_post),
            df = rep_len(part$df_total, length(root))), nrow(root))
    })
    near <- pmin(deviates[[1L]], deviates[[2L]])
    far <- pmax(deviates[[1L]], deviates[[2L]])
    logfc <- part$unshrunk %*% layout$contrasts / log(2)
    near <- ifelse(abs(logfc) <= lfc_test, near, -near)
    # The p-value is averaged over the interval, or where it is wide over its
    # ends, as far from them as this.
    width <- 1.470402
    wide <- far + near > width
    ifelse(wide,
        average_pnorm(-far, -far + width) + average_pnorm(near - width, near),
        2 * average_pnorm(-far, near))
}

# The mean of the normal distribution function between a and b.
average_pnorm <- function(a, b) {
    integral <- function(x) x * stats::pnorm(x) + stats::dnorm(x)
    ifelse(a == b, stats::pnorm(a), (integral(b) - integral(a)) / (b - a))
}

# Genes x contrasts: by how much the deviance rises when each contrast's fold
# change (natural log) is held at `shift`.
deviance_rise <- function(part, layout, shift = 0) {
    rise <- if (layout$one_way) oneway_rise else glm_rise
    rise(part, layout, shift)
}

# A fit of edgeR's, and what it says of each gene. The deviance
# is that of the means: where its iterations run out, edgeR 4.4 returns as
# deviance whatever the memory held, though the means are right.
glm_of <- function(counts, design, dispersion, offset, prior = 0) {
    fit <- edgeR::glmFit(counts, design, dispersion = dispersion,
        offset = offset, prior.count = prior)
    part <- function(name) field(fit, name, "edgeR::glmFit")
    means <- part("fitted.values")
    list(means = means, coefficients = unname(part("coefficients")),
        unshrunk = unname(part(
            if (prior > 0) "unshrunk.coefficients" else "coefficients")),
        deviance = unname(edgeR::nbinomDeviance(counts, means,
            dispersion = dispersion)),
        lowest = unname(apply(means, 1L, min)))
}

# squeezeVar with the method of limma before version 3.61, by which the golden
# values were made, in whatever version.
squeeze <- function(deviance, df, average) {
    variance <- pmax(ifelse(df == 0, 0, deviance / df), 0)
    found <- call_legacy(limma::squeezeVar, variance, df = df,
        covariate = average)
    lapply(list(var_post = "var.post", df_prior = "df.prior"), function(name) {
        field(found, name, "limma::squeezeVar")
    })
}

# The degrees of freedom of the variances, of a gene and of the prior; not more
# than all genes have together.
total_df <- function(df_prior, df, layout) {
    pmin(df_prior + df,
        length(df) * (nrow(layout$design) - ncol(layout$design)))
}

# edgeR 4 and its limma have a new method for what they had before, unless told
# so by `legacy`; edgeR 3 knows no such argument.
call_legacy <- function(method, ...) {
    if (knows_legacy(method)) {
        method(..., legacy = TRUE)
    } else {
        method(...)
    }
}

knows_legacy <- function(method) "legacy" %in% names(formals(method))
