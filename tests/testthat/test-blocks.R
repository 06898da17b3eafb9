test_that("ranges cover everything once, a part a worker at least", {
    three <- BiocParallel::MulticoreParam(2, tasks = 3)
    alone <- BiocParallel::SerialParam()
    expect_identical(block_ranges(10, 5, three), list(1:4, 5:8, 9:10))
    expect_identical(block_ranges(3, block_cells() * 2, alone),
        list(1L, 2L, 3L))
    expect_identical(block_ranges(1, 5, three), list(1L))
    expect_length(block_ranges(100, 15,
        BiocParallel::MulticoreParam(2, tasks = 8)), 8L)
})

test_that("workers are what was asked for", {
    expect_s4_class(workers_of(1), "SerialParam")
    expect_identical(BiocParallel::bpnworkers(workers_of(2)), 2L)
    param <- BiocParallel::MulticoreParam(2)
    expect_identical(workers_of(param), param)
    expect_error(workers_of(0), "BPPARAM must be")
})

test_that("neither blocks nor workers change a result", {
    data <- simulate_matrix(100, c(4, 5, 6), zeros = 0.1)
    tmm <- core_tmm(data$counts)
    de <- function(...) {
        core_de(data$counts, data$label, tmm$obs$lib_size, tmm$obs$norm_factor,
            ...)
    }
    whole <- de()
    param <- BiocParallel::MulticoreParam(2)
    expect_identical(de(BPPARAM = param), whole)
    expect_identical(core_tmm(data$counts, BPPARAM = param), tmm)
    for (method in c("edgeR_LRT", "limma_voom", "wilcoxon")) {
        expect_equal(de(method = method, BPPARAM = param),
            de(method = method), tolerance = 1e-14)
    }
    param <- BiocParallel::MulticoreParam(2, tasks = 8)
    expect_identical(de(BPPARAM = param), whole)
    expect_identical(core_tmm(data$counts, BPPARAM = param), tmm)
    expect_equal(de(lfc_test = 1, covariates = data.frame(x = sin(1:15))),
        de(lfc_test = 1, covariates = data.frame(x = sin(1:15)),
            BPPARAM = param), tolerance = 1e-12)
})

test_that("processes of their own find the package", {
    data <- simulate_matrix(30, c(3, 4))
    lib_size <- colSums(data$counts)
    before <- Sys.getenv("R_LIBS", NA)
    found <- core_de(data$counts, data$label, lib_size, rep(1, 7), BPPARAM = 2)
    expect_identical(Sys.getenv("R_LIBS", NA), before)
    expect_identical(found, core_de(data$counts, data$label, lib_size,
        rep(1, 7)))
})

test_that("a worker that dies is named", {
    dies <- function(part) {
        if (part == 2L) tools::pskill(Sys.getpid(), 9L)
        Sys.sleep(0.5)
    }
    environment(dies) <- globalenv()
    expect_error(over_blocks(as.list(1:6), identity, dies,
        BPPARAM = BiocParallel::SnowParam(2L)), "a worker process has died")
})

test_that("a matrix of any kind is read a block of samples at a time", {
    plain <- matrix(rpois(30, 1), 5, 6)
    for (values in list(plain, Matrix::Matrix(plain, sparse = TRUE))) {
        seen <- list()
        found <- over_samples(values, function(part, samples) {
            seen <<- c(seen, list(samples))
            expect_equal(part, matrix(plain[, samples], 5,
                dimnames = dimnames(part)))
            colSums(part)
        }, ranges = list(1:4, 5:6))
        expect_identical(unlist(seen), 1:6)
        expect_length(seen, if (is.matrix(values)) 1L else 2L)
        expect_identical(unlist(found, use.names = FALSE), colSums(plain))
    }
})
