test_that("plain edgeR's golden values of real data are matched", {
    skip_without_data()
    study <- read_study("blake_primates")
    tmm <- core_tmm(study$counts)$obs
    found <- core_de(study$counts, study$samples$tissue, tmm$lib_size,
        tmm$norm_factor)$varm
    golden <- read.delim(file.path(data_dir(), "blake_primates",
        "golden_edger_qlf_one_vs_rest.tsv.gz"))
    at <- cbind(match(golden$gene_id, rownames(study$counts)),
        match(golden$class, colnames(found$de_logfc)))
    expect_identical(nrow(golden), length(found$de_logfc))
    expect_lt(max(abs(found$de_logfc[at] - golden$logFC)), 1e-6)
    expect_lt(max(abs(found$de_pvalue[at] / golden$PValue - 1)), 1e-6)
    expect_lt(max(abs(found$de_fdr[at] / golden$FDR - 1)), 1e-6)
})

test_that("plain edgeR is matched on a second study", {
    skip_without_data()
    study <- read_study("brawand_tetrapod")
    expect_identical(ncol(study$counts), 130L)
    plain <- plain_edger(study$counts, study$samples$tissue)
    found <- core_de(study$counts, study$samples$tissue, plain$lib_size,
        plain$norm_factor)$varm
    expect_equal(unname(found$de_logfc), plain$logfc, tolerance = 1e-9)
    # Close to 1 the likelihood ratio is the rounding of two deviances.
    clear <- plain$pvalue < 0.9
    expect_lt(relative(found$de_pvalue[clear], plain$pvalue[clear]), 1e-7)
    expect_lt(max(abs(found$de_pvalue - plain$pvalue)), 1e-5)
})

test_that("plain edgeR is matched on small designs, with zeros, unbalanced", {
    designs <- list(c(3, 3), c(2, 9), c(4, 4, 4), c(2, 3, 12), c(1, 4, 5, 2),
        c(2, 2, 2, 2, 2, 8))
    for (i in seq_along(designs)) {
        for (zeros in c(0, 0.15, 0.4)) {
            data <- simulate_matrix(150, designs[[i]], zeros, seed = 10 * i)
            kept <- rowSums(data$counts) > 0
            counts <- data$counts[kept, ]
            plain <- suppressWarnings(plain_edger(counts, data$label))
            found <- suppressWarnings(core_de(counts, data$label,
                plain$lib_size, plain$norm_factor))
            label <- paste(toString(designs[[i]]), "zeros", zeros)
            expect_equal(unname(found$varm$de_logfc), plain$logfc,
                tolerance = 1e-8, label = label)
            expect_lt(relative(found$varm$de_pvalue, plain$pvalue), 1e-6,
                label = label)
        }
    }
})

# The deviances of a class are polynomials from the tenth contrast on.
test_that("plain edgeR is matched for many classes", {
    data <- simulate_matrix(80, rep(c(3, 30), c(12, 3)), 0.2, seed = 7)
    plain <- suppressWarnings(plain_edger(data$counts, data$label))
    found <- suppressWarnings(core_de(data$counts, data$label,
        plain$lib_size, plain$norm_factor))$varm
    expect_equal(unname(found$de_logfc), plain$logfc, tolerance = 1e-8)
    expect_lt(relative(found$de_pvalue, plain$pvalue), 1e-7)
})

test_that("genes without any count get no significance and no error", {
    data <- simulate_matrix(100, c(4, 5, 6))
    data$counts[c(7, 90), ] <- 0
    plain <- plain_edger(data$counts, data$label)
    found <- core_de(data$counts, data$label, plain$lib_size,
        plain$norm_factor)
    expect_equal(unname(found$varm$de_pvalue), plain$pvalue, tolerance = 1e-7)
    expect_true(all(found$varm$de_pvalue[c(7, 90), ] > 0.99))
})

test_that("the dispersion trend is that of estimateDisp", {
    for (i in 1:6) {
        zeros <- c(0, 0.2, 0.5)[1 + i %% 3]
        data <- simulate_matrix(200, c(2, 3, 1, 6, 4)[seq_len(1 + i %% 5)],
            zeros, seed = i)
        if (length(unique(data$label)) < 2L) {
            next
        }
        effective <- colSums(data$counts) * 1.1
        label <- factor(data$label)
        plain <- edgeR::estimateDisp(data$counts, model.matrix(~ 0 + label),
            lib.size = effective, tagwise = FALSE)
        layout <- de_layout(label, "weighted", effective, NULL, NULL)
        found <- trended_dispersion(data$counts, layout,
            BiocParallel::SerialParam())
        expect_equal(found$dispersion, plain$trended.dispersion,
            tolerance = 1e-8)
    }
})

test_that("the likelihood ratio test is edgeR's", {
    data <- simulate_matrix(120, c(3, 4, 5), zeros = 0.1)
    label <- factor(data$label)
    design <- model.matrix(~ 0 + label)
    edger_3()
    y <- edgeR::calcNormFactors(edgeR::DGEList(data$counts))
    y <- edgeR::estimateDisp(y, design)
    fit <- edgeR::glmFit(y, design)
    found <- core_de(data$counts, data$label, y$samples$lib.size,
        y$samples$norm.factors, method = "edgeR_LRT")
    for (g in 1:3) {
        contrast <- rep(-0.5, 3)
        contrast[g] <- 1
        plain <- edgeR::glmLRT(fit, contrast = contrast)$table
        expect_equal(unname(found$varm$de_logfc[, g]), plain$logFC,
            tolerance = 1e-8)
        expect_lt(relative(found$varm$de_pvalue[, g], plain$PValue), 1e-6)
    }
})

test_that("limma-voom is limma's", {
    data <- simulate_matrix(120, c(3, 4, 5))
    tmm <- core_tmm(data$counts)$obs
    found <- core_de(data$counts, data$label, tmm$lib_size, tmm$norm_factor,
        method = "limma_voom")
    y <- edgeR::calcNormFactors(edgeR::DGEList(data$counts))
    label <- factor(data$label)
    fit <- limma::lmFit(limma::voom(y, model.matrix(~ 0 + label)))
    fit <- limma::eBayes(limma::contrasts.fit(fit, c(-0.5, 1, -0.5)))
    expect_equal(unname(found$varm$de_logfc[, 2]),
        unname(fit$coefficients[, 1]), tolerance = 1e-10)
    expect_equal(unname(found$varm$de_pvalue[, 2]), unname(fit$p.value[, 1]),
        tolerance = 1e-10)
})

test_that("the thresholds decide what is significant", {
    data <- simulate_matrix(200, c(6, 6, 6))
    tmm <- core_tmm(data$counts)$obs
    found <- core_de(data$counts, data$label, tmm$lib_size, tmm$norm_factor,
        fdr = 0.05, lfc = 1)
    called <- found$varm$de_fdr < 0.05 & abs(found$varm$de_logfc) > 1
    expect_true(any(called) && !all(called))
    expect_identical(found$var$de_significant, unname(rowSums(called) > 0))
    expect_identical(found$uns$counts$up + found$uns$counts$down,
        as.integer(colSums(called)))
    expect_identical(found$uns$counts$class, unique(data$label))
    expect_equal(unname(found$varm$de_fdr[, 2]),
        unname(p.adjust(found$varm$de_pvalue[, 2], "BH")))
})

test_that("an odd name of a class comes back as it was", {
    data <- simulate_matrix(60, c(4, 4))
    label <- ifelse(data$label == "class01", "CD8+/CD45RA+ Naive", "<b> \u00e9")
    tmm <- core_tmm(data$counts)$obs
    found <- core_de(data$counts, label, tmm$lib_size, tmm$norm_factor)
    expect_identical(colnames(found$varm$de_fdr),
        c("<b> \u00e9", "CD8+/CD45RA+ Naive"))
})

test_that("wrong input is refused with what and where", {
    data <- simulate_matrix(30, c(3, 3))
    tmm <- core_tmm(data$counts)$obs
    de <- function(counts = data$counts, label = data$label,
                   lib_size = tmm$lib_size, norm_factor = tmm$norm_factor) {
        core_de(counts, label, lib_size, norm_factor)
    }
    expect_error(de(label = rep("a", 6)), "one class only")
    expect_error(de(label = data$label[-1]), "label has 5 values for 6")
    expect_error(de(lib_size = 1), "lib_size has 1 values")
    expect_error(de(norm_factor = c(0, tmm$norm_factor[-1])),
        "must be positive.*sample001")
    expect_error(de(label = letters[1:6]), "no replicates")
    expect_error(core_de(data$counts, data$label, tmm$lib_size,
        tmm$norm_factor, method = "t.test"), "edgeR_QL")
    expect_error(de(counts = data$counts + 0.5), "fractional")
})
