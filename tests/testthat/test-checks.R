test_that("numbers out of their limits are named alike", {
    counts <- matrix(rpois(400, 50), 40, 10)
    label <- rep(c("a", "b"), 5)
    test <- function(...) {
        core_de(counts, label, colSums(counts), rep(1, 10), ...)
    }
    expect_error(test(fdr = 2),
        "fdr must be a number between 0 and 1, not 2", fixed = TRUE)
    expect_error(test(lfc = -1), "lfc must be a number of at least 0, not -1")
    expect_error(test(lfc = c(1, 2)), "not c(1, 2)", fixed = TRUE)
    expect_error(test(lfc_test = Inf), "lfc_test must be a number of at least")
    expect_error(core_filter_genes(counts, label, min_samples = 1.5),
        "min_samples must be an integer of at least 0, not 1.5")
    expect_error(core_filter_genes(counts, label, min_reads = -1),
        "min_reads must be a number of at least 0, not -1")
    sets <- data.frame(term = "one", gene = letters)
    expect_error(core_enrich("sets", letters, letters, gene_sets = sets,
        min_size = 9, max_size = 8), "min_size must be at most max_size")
})

test_that("a key that files cannot hold is refused", {
    for (key in list("a/b", "", "..", 3, c("a", "b"))) {
        expect_error(check_key(key), "key_added must be a name without /")
    }
    expect_identical(check_key("run2"), "run2")
    expect_null(check_key(NULL))
})

counts <- matrix(1:6, 2, 3, dimnames = list(c("g1", "g2"), c("a", "b", "c")))

test_that("what is wrong with a count is said with gene and sample", {
    bad <- function(value) {
        counts["g2", "b"] <- value
        counts
    }
    expect_error(check_counts(bad(NA)), "missing value for gene g2 in sample b")
    expect_error(check_counts(bad(-1)), "negative value for gene g2 in sample")
    expect_error(check_counts(bad(Inf)), "infinite value for gene g2")
    expect_error(check_counts(bad(0.5)), "fractional value.*\\(0.5\\)")
    expect_error(check_counts(bad(NaN)), "missing")
    expect_error(check_counts(bad(NA_integer_)), "missing")
    expect_identical(check_counts(bad(0.5), whole = FALSE), bad(0.5))
    expect_identical(check_counts(counts), counts)
})

test_that("what is no matrix of numbers is refused", {
    expect_error(check_counts(as.data.frame(counts)), "not data.frame")
    expect_error(check_counts(matrix("a")), "numeric matrix")
    expect_error(check_counts(counts[0, ]), "0 genes x 3 samples")
})

test_that("samples without counts are named", {
    counts[, "c"] <- 0L
    expect_error(check_no_empty_samples(counts, colSums(counts)),
        "1 samples .* c; drop")
})

test_that("classes are sorted by their bytes, as Python sorts", {
    label <- c("b", "B", "a", "\u00e9", "_x")
    expect_identical(levels(class_factor(label, 5L)),
        c("B", "_x", "a", "b", "\u00e9"))
    expect_error(class_factor(label, 4L), "5 values for 4 samples")
    expect_error(class_factor(c("a", NA), 2L), "missing for samples 2")
    expect_error(class_factor(c("a", "a"), 2L), "one class only \\(a\\)")
})

test_that("values that are no logarithms are recognised", {
    skip_without_data()
    counts <- read_study("blake_primates")$counts
    cpm <- sweep(counts, 2, colSums(counts), "/") * 1e6
    expect_null(seen_scale(log2(cpm + 1)))
    expect_null(seen_scale(log2(cpm + 0.001) + 10))
    expect_silent(warn_unless_logs(log2(cpm + 1), "x"))
    expect_warning(warn_unless_logs(counts, "x"), "^x: .* raw counts.*run_tmm")
    expect_warning(warn_unless_logs(cpm, "x"), "linear scale, the largest is")
    values <- log2(cpm + 1)
    values <- values[apply(values, 1, stats::sd) > 0, ]
    expect_warning(warn_unless_logs(t(scale(t(values))), "x"), "z-scores")
    study <- read.delim(file.path(data_dir(), "gtex_hpa_entrez",
        "hpa_log_expression.tsv.gz"), row.names = 1)
    expect_null(seen_scale(as.matrix(study)))
})

test_that("classes that look alike are refused", {
    for (alike in list(c("liver", "liver "), c("1", "1.0"))) {
        expect_error(class_factor(c(alike, "x", "x"), 4L),
            "differ only by blanks or by how a number")
    }
    expect_identical(levels(class_factor(c("a|b", "a/b"), 2L)),
        c("a/b", "a|b"))
})

test_that("a bad choice is said in one wording, with the choices", {
    # Before a file is read.
    expect_error(run_rank_genes("x.h5ad", by = "tissue"),
        "^by must be \"explained\" or \"label\", not \"tissue\"$")
    choose <- function(kind = c("one", "two", "three")) choice_of(kind)
    expect_identical(choose(), "one")
    expect_identical(choose("thr"), "three")
    for (bad in list("four", "t", 1, c("one", "two"), NA_character_)) {
        expect_error(choose(bad), paste0("kind must be one of \"one\", ",
            "\"two\" or \"three\", not ", deparse(bad)), fixed = TRUE)
    }
    expect_identical(check_choice(c("a", "b"), "x", letters, several = TRUE),
        c("a", "b"))
    expect_error(check_choice(c("a", "Z"), "x", letters, several = TRUE),
        "\"t\", ... (26), not \"Z\"", fixed = TRUE)
    expect_error(check_choice("a", "x", c("b", "c")),
        "x must be \"b\" or \"c\", not \"a\"", fixed = TRUE)
    expect_error(check_choice("a", "x", character()), "x must be NULL, not")
})

test_that("a missing package is named with the command that installs it", {
    expect_error(need_package("nosuchpackage", "BiocManager::install"),
        paste("the R package nosuchpackage is missing: run",
            "BiocManager::install(\"nosuchpackage\")"), fixed = TRUE,
        class = "packageNotFoundError")
    expect_null(need_package("stats", "install.packages"))
})
