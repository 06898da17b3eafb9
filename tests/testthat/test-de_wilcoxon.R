plain_wilcoxon <- function(counts, effective, group) {
    cpm <- edgeR::cpm(counts, lib.size = effective)
    apply(cpm, 1, function(values) {
        wilcox.test(values[group], values[!group], exact = FALSE)$p.value
    })
}

test_that("p-values are those of wilcox.test, with ties and many zeros", {
    data <- simulate_matrix(120, c(9, 4, 15, 1), zeros = 0.3)
    data$counts[11:40, ] <- rpois(30 * 29, 0.4)
    data$counts[5, ] <- 0
    tmm <- core_tmm(data$counts)$obs
    effective <- tmm$lib_size * tmm$norm_factor
    found <- core_de(data$counts, data$label, tmm$lib_size, tmm$norm_factor,
        method = "wilcoxon")
    log_cpm <- edgeR::cpm(data$counts, lib.size = effective, log = TRUE)
    means <- sapply(unique(data$label), function(class) {
        rowMeans(log_cpm[, data$label == class, drop = FALSE])
    })
    for (g in 1:4) {
        group <- data$label == unique(data$label)[g]
        plain <- plain_wilcoxon(data$counts, effective, group)
        # Genes without any count, which wilcox.test has no answer for.
        expect_true(is.nan(plain[5]))
        plain[is.nan(plain)] <- 1
        expect_equal(unname(found$varm$de_pvalue[, g]), unname(plain),
            tolerance = 1e-12)
        expect_equal(found$varm$de_logfc[, g],
            means[, g] - rowMeans(means[, -g]), tolerance = 1e-10)
    }
    pooled <- core_de(data$counts, data$label, tmm$lib_size, tmm$norm_factor,
        method = "wilcoxon", rest = "pooled")
    first <- data$label == "class01"
    expect_equal(pooled$varm$de_pvalue, found$varm$de_pvalue)
    expect_equal(pooled$varm$de_logfc[, 1],
        rowMeans(log_cpm[, first]) - rowMeans(log_cpm[, !first]),
        tolerance = 1e-10)
})

test_that("wilcox.test is matched on real data", {
    skip_without_data()
    study <- read_study("blake_primates")
    counts <- study$counts[seq(1, 12184, by = 10), ]
    tmm <- core_tmm(counts)$obs
    found <- core_de(counts, study$samples$tissue, tmm$lib_size,
        tmm$norm_factor, method = "wilcoxon")$varm$de_pvalue
    plain <- plain_wilcoxon(counts, tmm$lib_size * tmm$norm_factor,
        study$samples$tissue == "Liver")
    expect_lt(relative(found[, "Liver"], plain), 1e-12)
})

test_that("no more is found than should be where there is nothing", {
    # Li et al. (2022): in populations with outliers edgeR finds too much.
    set.seed(4)
    counts <- matrix(rnbinom(500 * 80, mu = 50, size = 2), 500)
    counts[cbind(1:500, sample(80, 500, TRUE))] <- 5000
    label <- rep(c("a", "b"), 40)
    tmm <- core_tmm(counts)$obs
    found <- core_de(counts, label, tmm$lib_size, tmm$norm_factor,
        method = "wilcoxon", lfc = 0)
    expect_lt(mean(found$varm$de_pvalue[, 1] < 0.05), 0.08)
    expect_false(any(found$var$de_significant))
})
