# edgeR's fits of any design: covariates beside the classes.

glm_fit <- function(counts, layout, method, BPPARAM) {
    design <- layout$design
    disp <- edgeR::estimateDisp(counts, design, lib.size = layout$effective,
        tagwise = method == "edgeR_LRT")
    average <- edgeR::aveLogCPM(counts, lib.size = layout$effective,
        dispersion = disp$common.dispersion)
    found <- if (method == "edgeR_LRT") {
        fit <- edgeR::glmFit(counts, design,
            dispersion = disp$tagwise.dispersion, lib.size = layout$effective)
        list()
    } else {
        fit <- call_legacy(utils::getS3method("glmQLFit", "default",
            envir = asNamespace("edgeR")), counts, design = design,
            dispersion = disp$trended.dispersion, lib.size = layout$effective,
            AveLogCPM = average)
        list(var_post = unname(fit$var.post), df_prior = unname(fit$df.prior),
            df_total = unname(pmin(fit$df.prior + fit$df.residual.zeros,
                nrow(counts) * (ncol(counts) - ncol(design)))))
    }
    c(found, list(coefficients = unname(fit$coefficients),
        unshrunk = unname(fit$unshrunk.coefficients),
        deviance = unname(fit$deviance),
        dispersion = rep_len(unname(fit$dispersion), nrow(counts)),
        lowest = unname(apply(fit$fitted.values, 1L, min)),
        ave_log_cpm = unname(average)))
}

glm_rise <- function(part, layout, shift) {
    rise <- apply(layout$contrasts, 2L, function(contrast) {
        turned <- limma::contrastAsCoef(layout$design, contrast)$design
        fit <- function(design) {
            edgeR::glmFit(part$counts, design, dispersion = part$dispersion,
                offset = log(layout$effective) + shift * turned[, 1L],
                prior.count = 0)$deviance
        }
        full <- if (shift == 0) part$deviance else fit(turned)
        fit(turned[, -1L, drop = FALSE]) - full
    })
    matrix(rise, nrow(part$counts))
}
