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

# Commands of SLURM that run each job at once on this machine.
local_slurm <- function(frame = parent.frame()) {
    folder <- withr::local_tempdir(.local_envir = frame)
    commands <- list(
        sbatch = c("bash \"$1\" >/dev/null 2>&1 &",
            "echo Submitted batch job $!"),
        squeue = c("for job in $(ls /proc | grep -E '^[0-9]+$'); do",
            "grep -qs doJobCollection /proc/$job/cmdline && echo $job; done",
            "true"),
        scancel = "kill \"$1\"",
        scontrol = "true")
    for (name in names(commands)) {
        path <- file.path(folder, name)
        writeLines(c("#!/bin/bash", commands[[name]]), path)
        Sys.chmod(path, "755")
    }
    withr::local_path(folder, .local_envir = frame)
}

test_that("jobs of a cluster find what one process does", {
    skip_if_not_installed("batchtools")
    skip_on_os(c("windows", "mac"))
    skip_unless_slow()
    data <- simulate_matrix(60, c(4, 5, 6))
    tmm <- core_tmm(data$counts)
    de <- function(...) {
        core_de(data$counts, data$label, tmm$obs$lib_size, tmm$obs$norm_factor,
            ...)
    }
    whole <- de()
    local_slurm()
    withr::local_dir(withr::local_tempdir())
    resources <- list(ncpus = 1, memory = 500, walltime = 600)
    for (cluster in c("multicore", "socket", "slurm")) {
        param <- suppressMessages(BiocParallel::BatchtoolsParam(2, cluster,
            resources = resources))
        suppressMessages({
            expect_identical(de(BPPARAM = param), whole)
            BiocParallel::bpstart(param)
            expect_identical(core_tmm(data$counts, BPPARAM = param), tmm)
        })
    }
})

test_that("a job of a cluster that fails is an error", {
    skip_if_not_installed("batchtools")
    skip_on_os(c("windows", "mac"))
    fails <- function(part) if (part == 2L) stop("gene g7 is wrong") else part
    environment(fails) <- globalenv()
    withr::local_dir(withr::local_tempdir())
    param <- suppressMessages(BiocParallel::BatchtoolsParam(2, "multicore"))
    expect_error(suppressMessages(over_blocks(as.list(1:3), identity, fails,
        BPPARAM = param)), "gene g7 is wrong")
})

test_that("a worker that dies is named", {
    dies <- function(part) {
        if (part == 2L) tools::pskill(Sys.getpid(), 9L)
        Sys.sleep(0.5)
    }
    environment(dies) <- globalenv()
    workers <- workers_of(2L)
    expect_error(over_blocks(as.list(1:6), identity, dies, BPPARAM = workers),
        "a worker process has died")
    stop_workers(workers)
    expect_false(BiocParallel::bpisup(workers))
})

test_that("a cluster works again after one of its processes has died", {
    skip_if_not_installed("batchtools")
    skip_if_not_installed("snow")
    skip_on_os(c("windows", "mac"))
    skip_unless_slow()
    dies <- function(part) {
        if (part == 2L) tools::pskill(Sys.getpid(), 9L)
        Sys.sleep(0.3)
        part
    }
    environment(dies) <- globalenv()
    withr::local_dir(withr::local_tempdir())
    for (cluster in c("multicore", "socket")) {
        param <- suppressMessages(BiocParallel::BatchtoolsParam(2, cluster))
        over <- function(parts) {
            suppressMessages(suppressWarnings(over_blocks(parts, identity, dies,
                BPPARAM = param)))
        }
        expect_error(over(as.list(1:4)), "a worker process has died")
        expect_identical(over(as.list(3:6)), as.list(3:6))
        expect_length(list.files(), 0L)
    }
})

test_that("workers are started once, and stopped with the caller", {
    data <- simulate_matrix(40, c(4, 5))
    workers <- BiocParallel::MulticoreParam(2)
    pids <- function(frame) {
        workers_of(workers, frame)
        unlist(lapply(1:2, function(turn) {
            over_blocks(as.list(1:2), identity, function(part) Sys.getpid(),
                BPPARAM = workers)
        }))
    }
    local({
        seen <- pids(environment())
        expect_length(unique(seen), 2L)
        expect_true(BiocParallel::bpisup(workers))
    })
    expect_false(BiocParallel::bpisup(workers))
    BiocParallel::bpstart(workers)
    core_de(data$counts, data$label, colSums(data$counts), rep(1, 9),
        BPPARAM = workers)
    expect_true(BiocParallel::bpisup(workers))
    BiocParallel::bpstop(workers)
})

test_that("a matrix of any kind is read a block of samples at a time", {
    withr::local_options(tissueshap.block_cells = 20)
    plain <- matrix(rpois(30, 1), 5, 6)
    sparse <- Matrix::Matrix(plain, sparse = TRUE)
    for (values in list(plain, sparse, counted(plain, c(2L, 4L)))) {
        seen <- list()
        found <- over_samples(values, function(part, samples) {
            seen <<- c(seen, list(samples))
            expect_equal(part, matrix(plain[, samples], 5,
                dimnames = dimnames(part)))
            expect_true(is.matrix(values) ||
                identical(colnames(part), as.character(samples)))
            colSums(part)
        })
        expect_identical(unlist(seen), 1:6)
        expect_length(seen, if (is.matrix(values)) 1L else
            if (identical(values, sparse)) 6L else 2L)
        expect_identical(unlist(found, use.names = FALSE), colSums(plain))
    }
})

test_that("chunks are known behind what DelayedArray delays", {
    x <- counted(matrix(0, 6, 10), c(4L, 3L))
    of_samples <- rep(0:3, c(3, 3, 3, 1))
    of_genes <- rep(0:1, c(4, 2))
    expect_equal(chunks_along(x, 1L), of_genes)
    expect_equal(chunks_along(x, 2L), of_samples)
    expect_equal(chunks_along(t(x) * 2, 1L), of_samples)
    expect_equal(chunks_along(x[c(1, 6), 3:8], 1L), c(0, 1))
    expect_equal(chunks_along(x[c(1, 6), 3:8], 2L), of_samples[3:8])
    beside <- DelayedArray::cbind(x, x[, 4:9])
    expect_equal(chunks_along(beside, 2L), c(of_samples, 4 + of_samples[4:9]))
    expect_equal(chunks_along(beside, 1L), of_genes)
    expect_equal(chunks_along(x + x, 2L), of_samples)
    memory <- DelayedArray::DelayedArray(matrix(0, 2, 3))
    expect_equal(chunks_along(memory, 2L), 0:2)
})

test_that("what is read at once are whole chunks, unless one is too large", {
    ranges <- function(cells, chunk, param = BiocParallel::SerialParam()) {
        withr::local_options(tissueshap.block_cells = cells)
        x <- counted(matrix(0, 2, 20), c(2L, chunk))
        expect_identical(unlist(ranges_along(x, 2L, param)), 1:20)
        list(lengths(stretches(x, 2L)),
            lengths(ranges_along(x, 2L, param)))
    }
    expect_identical(ranges(12, 3L), list(c(6L, 6L, 6L, 2L),
        c(6L, 6L, 6L, 2L)))
    # a chunk that fills more than one block, and more than eight
    expect_identical(ranges(6, 7L), list(c(7L, 7L, 6L),
        c(3L, 3L, 1L, 3L, 3L, 1L, 3L, 3L)))
    expect_identical(ranges(2, 20L)[[1L]], c(7L, 6L, 7L))
    two <- BiocParallel::MulticoreParam(2)
    expect_identical(ranges(40, 20L, two), list(20L, c(10L, 10L)))
})

test_that("a chunk is read once each time that the counts are gone through", {
    data <- simulate_matrix(40, c(8, 8, 9))
    tmm <- core_tmm(data$counts)
    de <- core_de(data$counts, data$label, tmm$obs$lib_size,
        tmm$obs$norm_factor)
    for (cells in c(40 * 4, 40 * 25, 1e6)) {
        withr::local_options(tissueshap.block_cells = cells)
        reads <- new.env()
        x <- counted(data$counts, c(40L, 5L), reads)
        expect_identical(core_tmm(x)$obs, tmm$obs)
        # the sums and the factors, and one chunk for the reference sample
        expect_identical(sort(chunk_reads(reads, 2L)), c(2L, 2L, 2L, 2L, 3L))
        expect_identical(core_tmm(x, tmm$uns)$obs, tmm$obs)
        expect_identical(sort(chunk_reads(reads, 2L)), c(4L, 4L, 4L, 4L, 5L))

        reads <- new.env()
        x <- counted(data$counts, c(10L, 25L), reads)
        expect_identical(core_de(x, data$label, tmm$obs$lib_size,
            tmm$obs$norm_factor), de)
        # The four steps of edgeR, and the check, for which each chunk of a
        # block of samples is all there is.
        expect_identical(chunk_reads(reads, 1L), rep(5L, 4L))
    }
})
