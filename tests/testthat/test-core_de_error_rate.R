null_data <- function(sizes = c(8, 8), genes = 200, seed = 1) {
    data <- simulate_matrix(genes, sizes, 0, seed = seed)
    data$counts <- data$counts[rowSums(data$counts) > 0, ]
    data$tmm <- core_tmm(data$counts)$obs
    data
}

rates_of <- function(data, ...) {
    suppressMessages(core_de_error_rate(data$counts, data$label,
        data$tmm$lib_size, data$tmm$norm_factor, ...))$uns
}

test_that("the calls are those of core_de() on the same labels", {
    data <- null_data()
    found <- rates_of(data, methods = c("edgeR_QL", "wilcoxon"),
        n_permutations = 2, fdr = 0.05, lfc = 0.5, seed = 7)
    expect_identical(nrow(found$calls), 2L * 3L * 2L)
    labels <- with_seed(7, lapply(1:2, function(i) sample(factor(data$label))))
    for (method in c("edgeR_QL", "wilcoxon")) {
        for (number in 0:2) {
            label <- if (number == 0) data$label else labels[[number]]
            direct <- core_de(data$counts, label, data$tmm$lib_size,
                data$tmm$norm_factor, method = method, fdr = 0.05,
                lfc = 0.5)$varm
            own <- found$calls[found$calls$method == method &
                found$calls$permutation == number, ]
            expect_identical(own$n_called,
                unname(as.integer(colSums(direct$de_called))))
            expect_identical(own$n_significant,
                unname(as.integer(colSums(direct$de_fdr < 0.05))))
        }
    }
    null <- found$calls[found$calls$permutation > 0, ]
    by_method <- split(null$n_significant, null$method)
    at <- match(names(by_method), found$rates$method)
    expect_equal(found$rates$n_false[at],
        unname(vapply(by_method, sum, 0) / 2))
    expect_equal(found$rates$realised_fdr[at],
        unname(vapply(by_method, function(n) mean(n > 0), 0)))
    expect_identical(found$rates$n_tests, c(4L, 4L))
})

test_that("outliers raise edgeR's rate and not that of ranks", {
    set.seed(3)
    counts <- matrix(rnbinom(400 * 80, mu = 100, size = 20), 400)
    outlying <- matrix(runif(length(counts)) < 0.03, nrow(counts))
    counts[outlying] <- counts[outlying] * 40L
    data <- list(counts = counts, label = rep(c("a", "b"), 40))
    data$tmm <- core_tmm(counts)$obs
    found <- rates_of(data, methods = c("edgeR_LRT", "wilcoxon"),
        n_permutations = 5, fdr = 0.05, lfc = 0)
    rates <- found$rates
    expect_gt(rates$n_false[rates$method == "edgeR_LRT"],
        rates$n_false[rates$method == "wilcoxon"])
    expect_lte(rates$realised_fdr[rates$method == "wilcoxon"], 0.2)
})

test_that("halves of a class are compared within it", {
    data <- null_data(c(9, 8, 3), seed = 2)
    found <- rates_of(data, methods = "wilcoxon", null = "within_class",
        n_permutations = 3)
    null <- found$calls[found$calls$permutation > 0, ]
    # The class of three samples is left out.
    expect_identical(as.vector(table(null$class)), c(3L, 3L))
    halves <- with_seed(1, halves_of(factor(data$label)))
    expect_identical(as.vector(table(halves$half, halves$label)),
        c(4L, 4L, 4L, 4L, 0L, 0L))
    few <- null_data(c(3, 3), seed = 2)
    expect_error(rates_of(few, methods = "wilcoxon", null = "within_class"),
        "at least four\\s+samples")
})

test_that("the generator of the session is left as it was", {
    data <- null_data()
    set.seed(5)
    expected <- runif(3)
    set.seed(5)
    first <- rates_of(data, methods = "wilcoxon", n_permutations = 1)
    expect_identical(runif(3), expected)
    expect_identical(first, rates_of(data, methods = "wilcoxon",
        n_permutations = 1))
    rm(".Random.seed", envir = globalenv())
    with_seed(1, runif(1))
    expect_false(exists(".Random.seed", globalenv()))
})

test_that("how long it takes is said beforehand, and wrong methods refused", {
    data <- null_data()
    expect_message(core_de_error_rate(data$counts, data$label,
        data$tmm$lib_size, data$tmm$norm_factor, methods = "wilcoxon",
        n_permutations = 2), "2 permutations of 1 methods: about")
    expect_error(rates_of(data, methods = c("limma", "wilcoxon")),
        "tests of the same values: \"limma\" takes")
    expect_error(rates_of(data, methods = "t"), "methods must be one of")
    expect_error(rates_of(data, n_permutations = 0), "n_permutations")
})
