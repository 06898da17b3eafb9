# Every option against edgeR called as its users call it.

normalised <- function(data) {
    edgeR::calcNormFactors(edgeR::DGEList(data$counts))
}

de_of <- function(data, y, ..., label = data$label) {
    core_de(data$counts, label, y$samples$lib.size, y$samples$norm.factors,
        ...)
}

# One contrast of plain edgeR: QL or LRT, against zero or a threshold.
plain_test <- function(y, design, contrast, lrt = FALSE, lfc = NULL) {
    edger_3()
    y <- edgeR::estimateDisp(y, design)
    fit <- if (lrt) edgeR::glmFit(y, design) else call_legacy(
        utils::getS3method("glmQLFit", "DGEList",
            envir = asNamespace("edgeR")), y, design)
    if (!is.null(lfc)) {
        edgeR::glmTreat(fit, contrast = contrast, lfc = lfc)$table
    } else if (lrt) {
        edgeR::glmLRT(fit, contrast = contrast)$table
    } else {
        edgeR::glmQLFTest(fit, contrast = contrast)$table
    }
}

# Close to 1 the p-value is the rounding of two deviances.
expect_same <- function(found, class, plain, tolerance = 1e-6) {
    logfc <- if (is.null(plain$logFC)) plain$unshrunk.logFC else plain$logFC
    expect_equal(unname(found$varm$de_logfc[, class]), logfc, tolerance = 1e-7)
    pvalue <- unname(found$varm$de_pvalue[, class])
    clear <- plain$PValue < 0.9
    expect_lt(relative(pvalue[clear], plain$PValue[clear]), tolerance)
    expect_lt(max(abs(pvalue - plain$PValue)), 1e-4)
}

# Sums over a class of many samples are sums over nodes (src/layout.h): as many
# as the spread of its library sizes needs, one where they are all the same, and
# the samples themselves where they differ by more than exp(8).
test_that("large classes with library sizes of any spread are as in edgeR", {
    sizes <- c(90L, 70L, 5L)
    for (spread in c(0, 0.3, 1, 3)) {
        data <- simulate_matrix(80, sizes, zeros = 0.2, seed = 4)
        set.seed(1)
        depth <- exp(rnorm(sum(sizes), 0, spread))
        counts <- matrix(rpois(length(data$counts),
            data$counts * rep(depth, each = 80)), 80)
        counts[1, ] <- counts[1, ] + 3
        # a gene with one count, one that varies less than the others, and one
        # whose deviance is that of the gamma
        counts[2, ] <- replace(rep(0, ncol(counts)), 7, 1)
        counts[3, ] <- rpois(ncol(counts), 3e3 * depth)
        counts[4, ] <- round(rgamma(ncol(counts), 2) * 4e6 * depth)
        data$counts <- counts
        y <- edgeR::DGEList(counts, lib.size = 1e5 * depth)
        for (lrt in c(FALSE, TRUE)) {
            design <- model.matrix(~ 0 + data$label)
            method <- if (lrt) "edgeR_LRT" else "edgeR_QL"
            found <- de_of(data, y, method = method)
            expect_same(found, 2L, plain_test(y, design, c(-0.5, 1, -0.5), lrt))
            pooled <- de_of(data, y, method = method, rest = "pooled")
            group <- data$label == data$label[1]
            expect_same(pooled, 1L,
                plain_test(y, model.matrix(~ group), c(0, 1), lrt))
        }
        found <- de_of(data, y, lfc_test = 1)
        expect_same(found, 1L,
            plain_test(y, design, c(1, -0.5, -0.5), lfc = 1))
    }
})

test_that("the others weighted by their samples are edgeR's contrast", {
    data <- simulate_matrix(150, c(3, 8, 5), zeros = 0.1)
    y <- normalised(data)
    found <- de_of(data, y, rest = "weighted")
    design <- model.matrix(~ 0 + data$label)
    expect_same(found, 1L, plain_test(y, design, c(1, -8 / 13, -5 / 13)))
    expect_same(found, 2L, plain_test(y, design, c(-3 / 8, 1, -5 / 8)))
    even <- de_of(data, y)
    expect_gt(max(abs(found$varm$de_logfc - even$varm$de_logfc)), 0.1)
})

test_that("the others pooled are edgeR's two groups, a fit a class", {
    data <- simulate_matrix(150, c(3, 8, 5), zeros = 0.1)
    y <- normalised(data)
    for (lrt in c(FALSE, TRUE)) {
        found <- de_of(data, y, rest = "pooled",
            method = if (lrt) "edgeR_LRT" else "edgeR_QL")
        for (class in unique(data$label)) {
            group <- data$label == class
            expect_same(found, class,
                plain_test(y, model.matrix(~ group), c(0, 1), lrt))
        }
    }
    expect_identical(as.vector(table(found$uns$dispersion$class)),
        rep(150L, 3))
})

test_that("a fold change to exceed is glmTreat's", {
    data <- simulate_matrix(150, c(4, 7, 5), zeros = 0.1, seed = 3)
    y <- normalised(data)
    design <- model.matrix(~ 0 + data$label)
    for (lfc in c(0.3, 1.5)) {
        for (lrt in c(FALSE, TRUE)) {
            found <- de_of(data, y, lfc_test = lfc,
                method = if (lrt) "edgeR_LRT" else "edgeR_QL")
            for (g in 1:3) {
                contrast <- replace(rep(-0.5, 3), g, 1)
                expect_same(found, g,
                    plain_test(y, design, contrast, lrt, lfc))
            }
        }
    }
    two <- list(counts = data$counts[, 1:11], label = data$label[1:11])
    y <- normalised(two)
    expect_same(de_of(two, y, lfc_test = 1), 2L,
        plain_test(y, model.matrix(~ two$label), c(0, 1), lfc = 1))
    pooled <- de_of(data, normalised(data), lfc_test = 1, rest = "pooled")
    group <- data$label == "class03"
    expect_same(pooled, 3L, plain_test(normalised(data),
        model.matrix(~ group), c(0, 1), lfc = 1))
})

test_that("a threshold is met on real data as glmTreat and glmLRT have it", {
    skip_without_data()
    study <- read_study("blake_primates")
    data <- list(counts = study$counts[seq(1, 12184, by = 8), ],
        label = study$samples$tissue)
    y <- normalised(data)
    design <- model.matrix(~ 0 + data$label)
    for (lrt in c(FALSE, TRUE)) {
        method <- if (lrt) "edgeR_LRT" else "edgeR_QL"
        contrast <- c(-1, -1, 3, -1) / 3
        expect_same(de_of(data, y, method = method, lfc_test = 1), 3L,
            plain_test(y, design, contrast, lrt, 1))
        expect_same(de_of(data, y, method = method), 3L,
            plain_test(y, design, contrast, lrt))
    }
})

test_that("covariates are part of edgeR's design", {
    data <- simulate_matrix(120, c(5, 6, 7))
    n <- length(data$label)
    covariates <- data.frame(age = sin(seq_len(n)),
        centre = rep(c("a", "b", "a"), length.out = n))
    # A centre that doubles half of the genes.
    data$counts[1:60, covariates$centre == "b"] <-
        2 * data$counts[1:60, covariates$centre == "b"]
    y <- normalised(data)
    design <- model.matrix(~ 0 + data$label + age + centre, covariates)
    contrast <- c(-0.5, 1, -0.5, 0, 0)
    expect_same(de_of(data, y, covariates = covariates), 2L,
        plain_test(y, design, contrast))
    expect_same(de_of(data, y, covariates = covariates, lfc_test = 0.5), 2L,
        plain_test(y, design, contrast, lfc = 0.5))
    expect_same(de_of(data, y, covariates = covariates, method = "edgeR_LRT",
        rest = "weighted"), 2L,
        plain_test(y, design, c(-5 / 12, 1, -7 / 12, 0, 0), TRUE))
    group <- data$label == "class02"
    expect_same(de_of(data, y, covariates = covariates, rest = "pooled"), 2L,
        plain_test(y, model.matrix(~ group + age + centre, covariates),
            c(0, 1, 0, 0)))
})

test_that("the species can be a covariate of real data", {
    skip_without_data()
    study <- read_study("blake_primates")
    some <- seq(1, 12184, by = 40)
    data <- list(counts = study$counts[some, ], label = study$samples$tissue)
    y <- normalised(data)
    species <- study$samples["species"]
    expect_same(de_of(data, y, covariates = species), 1L,
        plain_test(y, model.matrix(~ 0 + data$label + factor(species[[1]])),
            c(3, -1, -1, -1, 0, 0) / 3))
})

test_that("genes that vary less than Poisson variables are bounded as edgeR", {
    set.seed(1)
    label <- rep(c("a", "b", "c"), each = 5)
    counts <- matrix(30L + sample(0:1, 80 * 15, TRUE), 80)
    counts[1:40, ] <- rpois(40 * 15, 30)
    counts[1:10, 1:5] <- counts[1:10, 1:5] * 2L
    data <- list(counts = counts, label = label)
    y <- normalised(data)
    design <- model.matrix(~ 0 + label)
    expect_same(de_of(data, y), 1L,
        plain_test(y, design, c(1, -0.5, -0.5)))
    expect_same(de_of(data, y, lfc_test = 0.4), 1L,
        plain_test(y, design, c(1, -0.5, -0.5), lfc = 0.4))
})

test_that("many classes of different sizes are edgeR's too", {
    data <- simulate_matrix(60, rep(c(2, 5, 9, 3), 6), zeros = 0.05, seed = 8)
    y <- normalised(data)
    found <- de_of(data, y)
    design <- model.matrix(~ 0 + data$label)
    for (g in c(1, 14, 24)) {
        expect_same(found, g, plain_test(y, design,
            replace(rep(-1 / 23, 24), g, 1)))
    }
})

test_that("edgeR 4's legacy is passed where it is known", {
    expect_true(call_legacy(function(x, legacy = FALSE) legacy, 1))
    expect_identical(call_legacy(function(x) x, 1), 1)
})

has_edger_4 <- function() {
    knows_legacy(utils::getS3method("glmQLFit", "default",
        envir = asNamespace("edgeR")))
}

test_that("both pipelines of edgeR 4 give its golden values", {
    skip_without_data()
    study <- read_study("blake_primates")
    counts <- study$counts[seq(1, nrow(study$counts), by = 40), ]
    tmm <- core_tmm(counts)$obs
    golden <- read.delim(test_path("golden", "edger4.tsv"))
    expect_setequal(golden$pipeline, c("legacy", "new"))
    pipelines <- if (has_edger_4()) c("legacy", "new") else "legacy"
    for (pipeline in pipelines) {
        found <- core_de(counts, study$samples$tissue, tmm$lib_size,
            tmm$norm_factor, legacy = pipeline == "legacy")$varm
        wanted <- golden[golden$pipeline == pipeline, ]
        expect_gt(nrow(wanted), 1200)
        at <- cbind(match(wanted$gene, rownames(counts)),
            match(wanted$class, colnames(found$de_logfc)))
        expect_equal(found$de_logfc[at], wanted$logfc, tolerance = 1e-6)
        clear <- wanted$pvalue < 0.9
        expect_lt(relative(found$de_pvalue[at][clear], wanted$pvalue[clear]),
            1e-6)
        expect_lt(max(abs(found$de_pvalue[at] - wanted$pvalue)), 1e-4)
    }
})

test_that("edgeR 4's pipeline is its own with every option, or is refused", {
    data <- simulate_matrix(150, c(4, 7, 5), zeros = 0.1, seed = 3)
    y <- normalised(data)
    if (!has_edger_4()) {
        expect_error(de_of(data, y, legacy = FALSE),
            "needs edgeR 4 .*and 3.*BiocManager::install")
        skip("edgeR 3 has one pipeline; make test-debian13 has edgeR 4")
    }
    design <- model.matrix(~ 0 + data$label)
    plain <- function(design, contrast, lfc = NULL) {
        edger_3()
        fit <- edgeR::glmQLFit(y, design)
        if (is.null(lfc)) {
            edgeR::glmQLFTest(fit, contrast = contrast)$table
        } else {
            edgeR::glmTreat(fit, contrast = contrast, lfc = lfc)$table
        }
    }
    contrast <- c(-0.5, 1, -0.5)
    found <- de_of(data, y, legacy = FALSE)
    expect_same(found, 2L, plain(design, contrast))
    expect_named(found$uns$dispersion,
        c("ave_log_cpm", "dispersion", "ql_variance", "df_prior"))
    expect_same(de_of(data, y, legacy = FALSE, lfc_test = 0.5), 2L,
        plain(design, contrast, 0.5))
    group <- data$label == "class02"
    expect_same(de_of(data, y, legacy = FALSE, rest = "pooled"), 2L,
        plain(model.matrix(~ group), c(0, 1)))
    age <- data.frame(age = sin(seq_along(data$label)))
    expect_same(de_of(data, y, legacy = FALSE, covariates = age), 2L,
        plain(cbind(design, age$age), c(contrast, 0)))
    old <- de_of(data, y)
    expect_gt(relative(found$varm$de_pvalue, old$varm$de_pvalue), 0.01)
})

test_that("legacy is TRUE or FALSE, and of edgeR_QL", {
    data <- simulate_matrix(40, c(4, 5))
    y <- normalised(data)
    expect_error(de_of(data, y, legacy = NA), "legacy must be TRUE or FALSE")
    expect_error(de_of(data, y, legacy = FALSE, method = "edgeR_LRT"),
        "a pipeline of edgeR_QL.*edgeR_LRT")
})

# edgeR 4.4 has no deviance of a fit that uses up its iterations.
test_that("a fit of any design rises as the one-way code's, gene by gene", {
    skip_without_data()
    study <- read_study("blake_primates")
    # Among them are some for which plain edgeR 4.4 has F < 0 and p = 1.
    counts <- study$counts[seq(1, nrow(study$counts), by = 3), ]
    counts <- counts[rowSums(counts) > 0, ]
    tmm <- core_tmm(counts)$obs
    layout <- de_layout(class_factor(study$samples$tissue, ncol(counts)),
        "mean_of_classes", tmm$lib_size * tmm$norm_factor, NULL, NULL)
    layout$quasi <- TRUE
    fit <- oneway_fit(counts, layout, "edgeR_QL", BiocParallel::SerialParam())
    part <- list(counts = counts, dispersion = fit$dispersion,
        deviance = fit$deviance)
    one_way <- oneway_rise(part, layout, 0)
    any_design <- glm_rise(part, layout, 0)
    expect_lt(max(abs(any_design - one_way) / (1 + one_way)), 1e-4)
    expect_gt(min(any_design), -1e-6 * max(any_design))
})

test_that("degrees of freedom leave out what silent samples say", {
    design <- model.matrix(~ 0 + factor(c(1, 1, 1, 2, 2)) + c(1, 2, 4, 1, 3))
    silent <- rbind(rep(FALSE, 5), c(FALSE, FALSE, FALSE, TRUE, TRUE),
        c(TRUE, rep(FALSE, 4)), rep(TRUE, 5),
        c(FALSE, FALSE, FALSE, TRUE, TRUE))
    expect_equal(residual_df(silent, design), c(2, 1, 1, 0, 1))
    expect_equal(residual_df(silent[1, , drop = FALSE], design), 2)
})

test_that("a name that another package no longer has is an error, not NULL", {
    expect_identical(field(list(s2.post = 1), "s2.post", "edgeR::glmQLFit"), 1)
    expect_error(field(list(s2.post = 1), "var.post", "edgeR::glmQLFit"),
        "edgeR::glmQLFit of edgeR [0-9.]+ returned no \"var.post\" .*s2.post")
})

test_that("options that do not go together are refused with the remedy", {
    data <- simulate_matrix(40, c(4, 5))
    y <- normalised(data)
    donor <- rep(1:3, 3)
    expect_error(de_of(data, y, block = donor),
        "edgeR_QL cannot hold samples of one donor.*limma_voom.*covariates")
    expect_error(de_of(data, y, block = donor, method = "wilcoxon"),
        "wilcoxon cannot hold.*limma_voom")
    expect_error(de_of(data, y, method = "wilcoxon", lfc_test = 1),
        "leave lfc_test out")
    expect_error(de_of(data, y, method = "wilcoxon",
        covariates = data.frame(a = 1:9)), "no covariates")
    expect_error(de_of(data, y, lfc_test = 0), "above 0")
    expect_error(de_of(data, y, covariates = data.frame(a = data$label)),
        "cannot be told from the classes.*leave one out")
    expect_error(de_of(data, y, covariates = data.frame(a = c(NA, 1:8))),
        "covariate \"a\" is missing or not finite in 1 samples")
    expect_error(de_of(data, y, covariates = data.frame(a = "one")[
        rep(1, 9), , drop = FALSE]), "same in all samples \\(one\\)")
    expect_error(de_of(data, y, method = "limma_voom", block = 1:9),
        "block of its own")
    expect_error(de_of(data, y, method = "limma_voom", block = 1:2),
        "block has 2 values for 9 samples")
    expect_error(de_of(data, y, BPPARAM = "two"), "number of workers")
})
