test_that("voom in blocks is voom, also with a threshold and weights", {
    data <- simulate_matrix(150, c(3, 8, 5), zeros = 0.2)
    data$counts[7, ] <- 0
    y <- edgeR::calcNormFactors(edgeR::DGEList(data$counts))
    design <- model.matrix(~ 0 + data$label)
    contrast <- c(-3 / 8, 1, -5 / 8)
    fit <- limma::contrasts.fit(limma::lmFit(limma::voom(y, design)), contrast)
    found <- function(...) {
        core_de(data$counts, data$label, y$samples$lib.size,
            y$samples$norm.factors, method = "limma_voom", rest = "weighted",
            ...)$varm
    }
    plain <- limma::eBayes(fit)
    expect_equal(unname(found()$de_logfc[, 2]),
        unname(plain$coefficients[, 1]), tolerance = 1e-10)
    expect_lt(relative(found()$de_pvalue[, 2], plain$p.value[, 1]), 1e-8)
    plain <- limma::treat(fit, lfc = 0.7)
    expect_lt(relative(found(lfc_test = 0.7)$de_pvalue[, 2],
        plain$p.value[, 1]), 1e-8)
    group <- data$label == "class02"
    plain <- limma::eBayes(limma::lmFit(limma::voom(y, model.matrix(~ group))))
    pooled <- core_de(data$counts, data$label, y$samples$lib.size,
        y$samples$norm.factors, method = "limma_voom", rest = "pooled")$varm
    expect_equal(unname(pooled$de_logfc[, 2]),
        unname(plain$coefficients[, 2]), tolerance = 1e-10)
    expect_lt(relative(pooled$de_pvalue[, 2], plain$p.value[, 2]), 1e-8)
})

test_that("log values in blocks are lmFit's, also with a threshold", {
    set.seed(2)
    label <- rep(c("a", "b", "c"), c(4, 6, 9))
    values <- matrix(rnorm(100 * 19, 8, 2), 100)
    fit <- limma::lmFit(values, model.matrix(~ 0 + label))
    fit <- limma::contrasts.fit(fit, c(-0.5, 1, -0.5))
    found <- core_de(values, label, method = "limma")$varm
    plain <- limma::eBayes(fit, trend = TRUE)
    expect_equal(found$de_logfc[, 2], plain$coefficients[, 1],
        tolerance = 1e-12, ignore_attr = TRUE)
    expect_lt(relative(found$de_pvalue[, 2], plain$p.value[, 1]), 1e-8)
    plain <- limma::treat(fit, lfc = 0.5, trend = TRUE)
    found <- core_de(values, label, method = "limma", lfc_test = 0.5)$varm
    expect_lt(relative(found$de_pvalue[, 2], plain$p.value[, 1]), 1e-8)
})

test_that("donors are limma's blocks, and covariates its columns", {
    skip_if_not_installed("statmod")
    data <- simulate_matrix(60, c(8, 8, 8))
    donor <- rep(1:8, 3)
    # Each donor has an expression of his own.
    own <- matrix(exp(rnorm(60 * 8, 0, 0.8)), 60)
    data$counts <- round(data$counts * own[, donor])
    y <- edgeR::calcNormFactors(edgeR::DGEList(data$counts))
    design <- model.matrix(~ 0 + data$label)
    held <- limma::voom(y, design)
    rho <- limma::duplicateCorrelation(held, design, block = donor)$consensus
    held <- limma::voom(y, design, block = donor, correlation = rho)
    rho <- limma::duplicateCorrelation(held, design, block = donor)$consensus
    expect_gt(rho, 0.1)
    fit <- limma::lmFit(held, design, block = donor, correlation = rho)
    fit <- limma::eBayes(limma::contrasts.fit(fit, c(1, -0.5, -0.5)))
    found <- core_de(data$counts, data$label, y$samples$lib.size,
        y$samples$norm.factors, method = "limma_voom", block = donor)
    expect_equal(found$uns$dispersion$correlation, rep(rho, 60),
        tolerance = 1e-10)
    expect_lt(relative(found$varm$de_pvalue[, 1], fit$p.value[, 1]), 1e-8)

    logged <- limma::voom(y)$E
    rho <- limma::duplicateCorrelation(logged, design, block = donor)$consensus
    fit <- limma::lmFit(logged, design, block = donor, correlation = rho)
    fit <- limma::contrasts.fit(fit, c(1, -0.5, -0.5))
    fit <- limma::eBayes(fit, trend = TRUE)
    found <- core_de(logged, data$label, method = "limma", block = donor)
    expect_lt(relative(found$varm$de_pvalue[, 1], fit$p.value[, 1]), 1e-8)

    age <- data.frame(age = cos(1:24))
    design <- model.matrix(~ 0 + data$label + age, age)
    fit <- limma::lmFit(limma::voom(y, design))
    fit <- limma::eBayes(limma::contrasts.fit(fit, c(1, -0.5, -0.5, 0)))
    found <- core_de(data$counts, data$label, y$samples$lib.size,
        y$samples$norm.factors, method = "limma_voom", covariates = age)
    expect_lt(relative(found$varm$de_pvalue[, 1], fit$p.value[, 1]), 1e-8)
})

test_that("raw counts under the name of log2 values are warned of", {
    skip_if_not_installed("SummarizedExperiment")
    data <- simulate_matrix(60, c(5, 5))
    se <- SummarizedExperiment::SummarizedExperiment(
        list(counts = data$counts, log2 = data$counts + 0),
        colData = data.frame(tissue = data$label))
    expect_warning(run_de(se, "tissue", method = "limma"),
        "assay \"log2\": the values look like raw counts")
    SummarizedExperiment::assay(se, "log2") <- log2(data$counts + 0.5)
    expect_no_warning(run_de(se, "tissue", method = "limma"))
    SummarizedExperiment::assay(se, "log2")[3, 4] <- NA
    expect_error(run_de(se, "tissue", method = "limma"), "is not finite")
})
