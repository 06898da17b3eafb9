# edgeR's fits of any design: covariates in addition to the classes.

glm_fit <- function(counts, layout, method, BPPARAM) {
    estimate <- function(name, ...) {
        found <- edgeR::estimateDisp(counts, layout$design,
            lib.size = layout$effective, ...)
        lapply(stats::setNames(nm = name), function(name) {
            unname(field(found, name, "edgeR::estimateDisp"))
        })
    }
    trend <- estimate(c("common.dispersion", "trended.dispersion"),
        tagwise = FALSE)
    average <- unname(edgeR::aveLogCPM(counts, lib.size = layout$effective,
        dispersion = trend$common.dispersion))
    dispersion <- rep_len(trend$trended.dispersion, nrow(counts))
    fit <- full_fit(counts, layout, dispersion)
    df <- residual_df(fit$means < 1e-4 & counts < 1e-4, layout$design)
    if (layout$quasi) {
        squeezed <- squeeze(fit$deviance, df, average)
        squeezed$df_total <- total_df(squeezed$df_prior, df, layout)
        fit <- c(fit, squeezed)
    } else {
        # estimateDisp would take its prior from deviances that edgeR 4.4 may
        # not have, and by limma's newest method.
        enough <- rowSums(counts) >= 5
        prior <- squeeze(fit$deviance[enough], df[enough], average[enough])
        dispersion <- estimate("tagwise.dispersion",
            prior.df = prior$df_prior)$tagwise.dispersion
        fit <- full_fit(counts, layout, dispersion)
    }
    c(fit, list(dispersion = dispersion, ave_log_cpm = average))
}

# With edgeR's prior count for the fold changes that are shown.
full_fit <- function(counts, layout, dispersion) {
    glm_of(counts, layout$design, dispersion, log(layout$effective),
        prior = 0.125)
}

# Samples whose count and mean are zero (`silent`) say nothing of the variance,
# and take along the coefficients that only they have.
residual_df <- function(silent, design) {
    df <- rep(nrow(design) - ncol(design), nrow(silent))
    some <- which(rowSums(silent) > 0)
    patterns <- apply(silent[some, , drop = FALSE], 1L, function(zero) {
        paste(which(zero), collapse = " ")
    })
    of_pattern <- vapply(some[!duplicated(patterns)], function(gene) {
        heard <- !silent[gene, ]
        sum(heard) - qr(design[heard, , drop = FALSE])$rank
    }, numeric(1))
    df[some] <- of_pattern[match(patterns, unique(patterns))]
    df
}

glm_rise <- function(part, layout, shift) {
    rise <- apply(layout$contrasts, 2L, function(contrast) {
        turned <- field(limma::contrastAsCoef(layout$design, contrast),
            "design", "limma::contrastAsCoef")
        fit <- function(design) {
            glm_of(part$counts, design, part$dispersion,
                log(layout$effective) + shift * turned[, 1L])$deviance
        }
        full <- if (shift == 0) part$deviance else fit(turned)
        fit(turned[, -1L, drop = FALSE]) - full
    })
    matrix(rise, nrow(part$counts))
}
