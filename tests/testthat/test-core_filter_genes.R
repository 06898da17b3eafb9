counts <- rbind(
    all = rep(10, 20), edge = rep(c(6, 0), c(10, 10)),
    under = rep(c(5, 0), c(19, 1)), none = rep(0, 20))
label <- rep(c("a", "b"), c(12, 8))

test_that("the thresholds are at least reads, in more than samples", {
    found <- core_filter_genes(counts, label, min_samples = 9)
    expect_identical(found$var$filter_pass, c(TRUE, TRUE, FALSE, FALSE))
    found <- core_filter_genes(counts, label, min_samples = 10)
    expect_identical(found$var$filter_pass, c(TRUE, FALSE, FALSE, FALSE))
    found <- core_filter_genes(counts, label, min_samples = 10, min_reads = 5)
    expect_identical(found$var$filter_pass, c(TRUE, FALSE, TRUE, FALSE))
})

test_that("the samples needed follow the smallest class", {
    expect_identical(core_filter_genes(counts, label)$uns$min_samples, 7L)
    expect_identical(samples_needed(NULL, factor(rep(c("a", "b"),
        c(85, 803)))), 80L)
    expect_error(core_filter_genes(counts, label, min_samples = 20),
        "no gene can pass")
    expect_error(core_filter_genes(counts, label, min_samples = -1),
        "at least 0")
})

test_that("a rule without data is left out, with a note", {
    rules <- core_filter_genes(counts, label)$uns$rules
    expect_identical(rules$rule, c("protein_coding", "reads", "tpm",
        "intersection"))
    expect_identical(rules$applied, c(FALSE, TRUE, FALSE, TRUE))
    expect_match(rules$note[1], "no biotypes")
    expect_match(rules$note[3], "no TPM")
    expect_identical(rules$n_pass, c(4L, 2L, 4L, 2L))
})

test_that("protein coding genes are kept when biotypes are given", {
    biotype <- c("protein_coding", "lncRNA", NA, "protein_coding")
    found <- core_filter_genes(counts, label, biotype = biotype,
        min_samples = 5, min_reads = 0)
    expect_identical(found$var$filter_pass, c(TRUE, FALSE, FALSE, TRUE))
    found <- core_filter_genes(counts, label, biotype = biotype,
        min_samples = 5, min_reads = 0, protein_coding = FALSE)
    expect_true(all(found$var$filter_pass))
})

test_that("TPM is taken as given, or made from counts and lengths", {
    set.seed(3)
    counts <- matrix(rpois(400, 20), 20, 20)
    length <- c(NA, runif(19, 200, 5000))
    rate <- counts / length
    rate[is.na(rate)] <- 0
    tpm <- t(t(rate) / colSums(rate)) * 1e6
    made <- core_filter_genes(counts, label, gene_length = length,
        min_tpm = 40000)
    given <- core_filter_genes(counts, label, tpm = tpm, min_tpm = 40000)
    expected <- rowSums(tpm > 40000) > 7 & rowSums(counts >= 6) > 7
    expect_identical(made$var$filter_pass, expected)
    expect_identical(given$var$filter_pass, expected)
    expect_true(any(expected) && !all(expected))
    expect_error(core_filter_genes(counts, label, tpm = tpm[-1, ]),
        "19 x 20, but counts are 20 x 20")
    expect_error(core_filter_genes(counts, label, gene_length = rep(0, 20)),
        "must be positive")
})

test_that("sparse counts need one read, and others six", {
    set.seed(5)
    means <- exp(seq(-4, 0.7, length.out = 40))
    cells <- matrix(rpois(4000, rep(means, 100)), 40)
    label <- rep(c("a", "b"), 50)
    facts <- core_filter_genes(cells, label)$uns
    expect_identical(facts[c("min_reads", "sparse")],
        list(min_reads = 1, sparse = TRUE))
    expect_identical(facts$n_genes, 40L)
    expect_identical(facts$n_pass, sum(rowSums(cells >= 1) > 47))
    sparse <- Matrix::Matrix(cells, sparse = TRUE)
    expect_identical(core_filter_genes(sparse, label)$uns, facts)
    bulk <- core_filter_genes(cells + 100, label)$uns
    expect_identical(bulk[c("min_reads", "sparse")],
        list(min_reads = 6, sparse = FALSE))
})

test_that("detected genes pass the other rules", {
    facts <- core_filter_genes(counts, label, biotype = c("protein_coding",
        "lncRNA", "protein_coding", "protein_coding"))$uns
    expect_identical(facts$n_detected, 2L)
    expect_identical(facts$n_pass, 1L)
})
