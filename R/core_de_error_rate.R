#' How many genes differential expression calls where there is nothing to find
#'
#' The tests of [core_de()] are repeated on labels without any difference. Under
#' such labels all calls are false, so the share of tests (one per class and
#' permutation) that call any gene is the realised false discovery rate, which
#' should not exceed `fdr`.
#'
#' @inheritParams core_de
#' @param methods Tests to compare, as `method` of [core_de()]: all of counts,
#'   or `"limma"` alone.
#' @param null `"permuted"`: the labels of all samples are permuted, and each
#'   class is tested against the others. `"within_class"`: the samples of each
#'   class are divided at random into two halves, which are tested against each
#'   other, so that differences among classes do not count as variation.
#' @param n_permutations Number of permutations, or of divisions of each class.
#' @param seed Seed of the permutations. The generator of the session is left
#'   as it was.
#' @return A list by slot: `uns` with the data frames `calls` (`method`,
#'   `permutation`, 0 for the given labels, `class`, `n_significant`: genes
#'   below `fdr`, `n_called`: also above `lfc`) and `rates` (`method`,
#'   `n_called` with the given labels; under permutations `n_false`, the mean
#'   number of genes below `fdr` in all classes, `most_false`, the largest
#'   number in one test, `realised_fdr`, the share of the tests with any gene
#'   below `fdr`, and `n_tests`).
#' @details
#' edgeR exceeds its false discovery rate in cohorts of many samples, because
#' outlying samples do not follow a negative binomial distribution; the rank
#' sum test does not (Li et al. 2022). Permuted labels of classes that differ
#' strongly make each group a mixture of them, which no test's model has:
#' `"within_class"` is closer to what the tests are used for. It needs four
#' samples of a class or more.
#' @references Li et al. (2022), Genome Biology 23:79.
#' @export
#' @examples
#' counts <- matrix(rnbinom(1600, mu = 50, size = 10), 100, 16)
#' tmm <- core_tmm(counts)$obs
#' found <- core_de_error_rate(counts, rep(c("a", "b"), 8), tmm$lib_size,
#'     tmm$norm_factor, methods = "wilcoxon", n_permutations = 2)
#' found$uns$rates
core_de_error_rate <- function(counts, label, lib_size = NULL,
                               norm_factor = NULL,
                               methods = c("edgeR_QL", "limma_voom",
                                   "wilcoxon"),
                               null = c("permuted", "within_class"),
                               n_permutations = 5, fdr = 0.01, lfc = 4,
                               rest = c("mean_of_classes", "weighted",
                                   "pooled"),
                               seed = 42,
                               BPPARAM = BiocParallel::SerialParam()) {
    methods <- unique(choice_of(methods, names(schema()$de_methods),
        several = TRUE))
    null <- choice_of(null)
    rest <- choice_of(rest)
    check_number(n_permutations, "n_permutations", 1)
    check_same_values(methods)
    label <- class_factor(label, ncol(counts))
    data <- list(counts = counts, lib_size = lib_size,
        norm_factor = norm_factor)
    options <- list(fdr = fdr, lfc = lfc, rest = rest, BPPARAM = BPPARAM)
    began <- proc.time()[["elapsed"]]
    given <- all_calls(methods, data, label, options, 0L)
    seconds <- (proc.time()[["elapsed"]] - began) * n_permutations
    message(sprintf("%d permutations of %d methods: about %.0f s",
        n_permutations, length(methods), seconds))
    drawn <- with_seed(seed, lapply(seq_len(n_permutations), function(number) {
        if (null == "permuted") sample(label) else halves_of(label)
    }))
    one <- if (null == "permuted") all_calls else calls_within
    permuted <- lapply(seq_along(drawn), function(number) {
        one(methods, data, drawn[[number]], options, number)
    })
    calls <- do.call(rbind, c(list(given), permuted))
    list(uns = list(calls = calls, rates = error_rates(calls, methods)))
}

# One test is of counts, another of log-transformed values: they have no data
# in common.
check_same_values <- function(methods) {
    values <- vapply(methods, de_values, character(1))
    if (length(unique(values)) > 1L) {
        fail(paste("methods must be tests of the same values: %s takes",
            "log-transformed values, the others counts"),
            any_of(paste0("\"", methods[values == "log"], "\"")))
    }
}

all_calls <- function(methods, data, label, options, number) {
    each <- lapply(methods, function(method) {
        found <- do.call(core_de, c(data, options,
            list(label = label, method = method)))$varm
        calls_table(method, number, levels(label),
            colSums(found$de_fdr < options$fdr, na.rm = TRUE),
            colSums(found$de_called))
    })
    do.call(rbind, each)
}

calls_table <- function(method, number, class, significant, called) {
    data.frame(method = method, permutation = as.integer(number),
        class = class, n_significant = as.integer(significant),
        n_called = as.integer(called))
}

# Samples of each class in two halves, named by the class and the half; an odd
# one is in neither. A class of fewer than four samples is left out.
halves_of <- function(label) {
    halves <- rep(NA_integer_, length(label))
    for (members in split(seq_along(label), label)) {
        size <- length(members) %/% 2L
        if (size >= 2L) {
            halves[sample(members, 2L * size)] <- rep(1:2, size)
        }
    }
    list(label = label, half = halves)
}

calls_within <- function(methods, data, drawn, options, number) {
    classes <- levels(drawn$label)
    each <- lapply(classes, function(class) {
        chosen <- which(drawn$label == class & !is.na(drawn$half))
        if (!length(chosen)) {
            return(NULL)
        }
        part <- lapply(data[-1L], function(values) values[chosen])
        # A gene without a count has nothing to test.
        counts <- as.matrix(data$counts[, chosen, drop = FALSE])
        part <- c(list(counts = counts[rowSums(counts != 0) > 0, ,
            drop = FALSE]), part)
        half <- factor(drawn$half[chosen], labels = c("first", "second"))
        found <- all_calls(methods, part, half, options, number)
        found <- found[found$class == "first", ]
        found$class <- rep(class, nrow(found))
        found
    })
    found <- do.call(rbind, each)
    if (is.null(found)) {
        fail(paste("null = \"within_class\" needs a class of at least four",
            "samples"))
    }
    found
}

error_rates <- function(calls, methods) {
    each <- lapply(methods, function(method) {
        own <- calls[calls$method == method, ]
        null <- own[own$permutation > 0L, ]
        data.frame(method = method,
            n_called = sum(own$n_called[own$permutation == 0L]),
            n_false = sum(null$n_significant) / max(null$permutation),
            most_false = max(null$n_significant),
            realised_fdr = mean(null$n_significant > 0L),
            n_tests = nrow(null))
    })
    do.call(rbind, each)
}

# The generator of the session afterwards is as it was before.
with_seed <- function(seed, code) {
    before <- get0(".Random.seed", globalenv(), inherits = FALSE)
    on.exit(if (is.null(before)) {
        rm(".Random.seed", envir = globalenv())
    } else {
        assign(".Random.seed", before, envir = globalenv())
    })
    set.seed(seed)
    code
}
