test_that("edgeR's factors of real data are matched", {
    skip_without_data()
    folder <- file.path(data_dir(), "blake_primates")
    golden <- read.delim(file.path(folder, "golden_edger_tmm.tsv.gz"))
    found <- core_tmm(read_study("blake_primates")$counts)$obs
    expect_identical(as.numeric(golden$lib_size), found$lib_size)
    expect_lt(max(abs(found$norm_factor - golden$norm_factor)), 1e-10)

    folder <- file.path(data_dir(), "tmm_golden")
    counts <- t(as.matrix(read.csv(file.path(folder,
        "gtex_lung.first30.chr21.csv.gz"), row.names = 1)))
    golden <- read.delim(file.path(folder,
        "gtex.lung.30.chr21.tmm_factors_edgeR.tsv"), comment.char = "#")
    factors <- golden[match(colnames(counts), golden[[1]]), "norm.factors"]
    found <- core_tmm(counts)$obs$norm_factor
    expect_lt(max(abs(found - factors)), 1e-7)
    expect_equal(found, unname(edgeR::calcNormFactors(counts)),
        tolerance = 1e-13)
})

test_that("factors, CPM and the choice of the reference are edgeR's", {
    for (seed in 1:20) {
        data <- simulate_matrix(80 + seed, c(3, 4, 5), zeros = seed / 40,
            seed = seed)
        found <- core_tmm(data$counts)
        plain <- edgeR::calcNormFactors(data$counts)
        expect_equal(found$obs$norm_factor, unname(plain), tolerance = 1e-12)
        expect_equal(unname(found$layers$tmm), unname(edgeR::cpm(data$counts,
            lib.size = colSums(data$counts) * plain)), tolerance = 1e-12)
        # edgeR with that sample named explicitly, not with any other
        chosen <- match(found$uns$reference_sample, colnames(data$counts))
        same <- vapply(seq_along(plain), function(j) {
            isTRUE(all.equal(plain, edgeR::calcNormFactors(data$counts,
                refColumn = j), tolerance = 1e-12))
        }, logical(1))
        expect_true(same[chosen])
        expect_identical(unname(found$uns$reference$count),
            as.numeric(data$counts[, chosen]))
    }
})

test_that("factors are edgeR's with few genes, many ties and the same sample", {
    set.seed(2)
    for (n in c(1:12, 40, 200)) {
        for (mean in c(0.7, 3, 50)) {
            counts <- matrix(rpois(n * 6, mean), n)
            # one gene that all have, for library sizes above zero
            counts[1, ] <- counts[1, ] + 1L
            counts <- cbind(counts, counts[, 1])
            plain <- suppressWarnings(
                edgeR::calcNormFactors(counts, refColumn = 1))
            for (values in list(counts, counts + 0)) {
                found <- tmm_ratios_cpp(values, counts[, 1])
                expect_equal(found / exp(mean(log(found))), plain,
                    tolerance = 1e-12)
                expect_identical(found[c(1, 7)], c(1, 1))
            }
        }
    }
})

test_that("samples without a gene in common have the reference's factor", {
    counts <- diag(5L, 4L)
    expect_identical(tmm_ratios_cpp(counts, counts[, 1]), rep(1, 4))
})

test_that("the reference is edgeR's where most upper quartiles are zero", {
    set.seed(5)
    counts <- matrix(0, 200, 9)
    counts[cbind(sample(200, 270, TRUE), rep(1:9, 30))] <- rpois(270, 8) + 1
    found <- core_tmm(counts)
    expect_identical(found$uns$reference_sample,
        as.character(which.max(colSums(sqrt(counts)))))
    expect_equal(found$obs$norm_factor,
        unname(edgeR::calcNormFactors(counts)), tolerance = 1e-12)
})

test_that("upper quartiles are those of quantile()", {
    set.seed(3)
    for (n in c(1:9, 50, 51)) {
        counts <- matrix(rpois(n * 4, 3), n)
        n_unseen <- sum(rowSums(counts) == 0)
        seen <- counts[rowSums(counts) > 0, , drop = FALSE]
        expected <- list(upper = apply(seen, 2L, quantile, probs = 0.75,
            names = FALSE), roots = colSums(sqrt(counts)))
        expect_identical(reference_statistics_cpp(counts, n_unseen), expected)
        expect_identical(reference_statistics_cpp(counts + 0, n_unseen),
            expected)
    }
})

test_that("workers read a file themselves, with the same factors", {
    skip_if_not_installed("HDF5Array")
    data <- simulate_matrix(300, c(8, 9, 10), zeros = 0.1)
    data$counts[1:3, ] <- 0L
    on_disk <- function() {
        HDF5Array::writeHDF5Array(data$counts, chunkdim = c(300L, 4L),
            with.dimnames = TRUE)
    }
    whole <- core_tmm(data$counts)
    file <- on_disk()
    expect_true(is_on_disk(file))
    expect_false(is_on_disk(DelayedArray::DelayedArray(data$counts)))
    withr::local_options(tissueshap.block_cells = 300 * 5)
    for (workers in list(1, 2, BiocParallel::MulticoreParam(2))) {
        found <- core_tmm(file, BPPARAM = workers)
        expect_identical(found$obs, whole$obs)
        expect_identical(found$uns, whole$uns)
    }
    data$counts[7, 20] <- -1L
    wrong <- on_disk()
    problems <- vapply(1:2, function(workers) {
        conditionMessage(tryCatch(core_tmm(wrong, BPPARAM = workers),
            error = identity))
    }, "")
    expect_match(problems[1L], "^counts has a negative value for gene gene0007")
    expect_identical(problems[2L], problems[1L])
})

test_that("a frozen reference gives training samples their own factors", {
    data <- simulate_matrix(300, c(5, 6, 7))
    first <- core_tmm(data$counts)
    again <- core_tmm(data$counts, first$uns)
    expect_identical(again$obs, first$obs)
    expect_identical(again$uns, first$uns)
})

test_that("a new sample's factor does not depend on the others", {
    data <- simulate_matrix(300, c(5, 6, 7))
    train <- core_tmm(data$counts[, 1:12])
    together <- core_tmm(data$counts[, 13:18], train$uns)$obs$norm_factor
    alone <- vapply(13:18, function(j) {
        core_tmm(data$counts[, j, drop = FALSE], train$uns)$obs$norm_factor
    }, numeric(1))
    expect_identical(alone, together)
    expect_gt(max(abs(together - 1)), 0.01)
})

test_that("the reference's genes are matched by name", {
    data <- simulate_matrix(100, c(4, 4))
    train <- core_tmm(data$counts)
    shuffled <- data$counts[sample(100), ]
    expect_equal(core_tmm(shuffled, train$uns)$obs$norm_factor,
        train$obs$norm_factor, tolerance = 1e-13)
    other <- data$counts
    rownames(other)[2] <- "novel"
    expect_error(core_tmm(other, train$uns),
        "1 of the reference's 100 genes are not in the counts: gene0002")
    expect_error(core_tmm(data$counts[-1, ], train$uns),
        "1 of the reference's 100 genes are not in the counts: gene0001")
    expect_error(core_tmm(unname(data$counts[-1, ]), train$uns),
        "100 values for 99 genes")
    expect_error(core_tmm(data$counts, list(a = 1)), "reference_scale")
})

test_that("genes that the reference lacks have no part in the factors", {
    data <- simulate_matrix(100, c(4, 4))
    part <- core_tmm(data$counts[21:90, ])
    whole <- core_tmm(data$counts, part$uns)
    expect_equal(whole$obs, part$obs, tolerance = 1e-13)
    expect_equal(whole$layers$tmm[21:90, ], part$layers$tmm, tolerance = 1e-12)
    expect_identical(whole$uns$reference, part$uns$reference)
    sparse <- Matrix::Matrix(data$counts, sparse = TRUE)
    expect_equal(core_tmm(sparse, part$uns)$obs, part$obs, tolerance = 1e-13)
})

test_that("integer and double counts give the same", {
    data <- simulate_matrix(100, c(4, 4))
    whole <- data$counts
    storage.mode(whole) <- "integer"
    expect_identical(core_tmm(whole), core_tmm(data$counts + 0))
})

test_that("a sample without counts is refused by its name", {
    data <- simulate_matrix(50, c(3, 3))
    data$counts[, 4] <- 0
    expect_error(core_tmm(data$counts), "sample004")
})
