skip_without_python()
skip_if_not_installed("SingleCellExperiment")
skip_if_not_installed("hdf5r")

test_that("each kind of data can do without some classes", {
    given <- simulate_counts(60, 40, tissues = 3)
    classes <- sort(unique(get_label(given, "tissue")$values))
    for (kind in kind_names) {
        x <- suppressMessages(run_filter_genes(as_kind(given$copy(), kind),
            "tissue", exclude = classes[1]))
        left <- reading(x, function(x) get_label(x, "tissue"))
        expect_setequal(as.character(left$values), classes[-1])
        expect_identical(levels(factor(left$values)),
            as.character(classes[-1]), info = kind)
        expect_kind(x, kind)
    }
    x <- run_split(as_kind(given$copy(), "SummarizedExperiment"), "tissue",
        exclude = paste0("*", classes[1]))
    expect_setequal(as.character(x$tissue), classes[-1])
    copy <- suppressMessages(run_filter_genes(given, "tissue",
        exclude = classes[1], copy = TRUE))
    expect_length(sample_names(given), 60)
    expect_lt(length(sample_names(copy)), 60)
})

test_that("classes are matched by patterns and sizes", {
    classes <- rep(c("a1", "a2", "b", "c"), c(5, 4, 3, 2))
    keep <- suppressMessages(class_mask(classes, "a[!1]", 3))
    expect_identical(unique(classes[keep]), c("a1", "b"))
    expect_warning(class_mask(classes, "z", 0), "matches no class")
    expect_error(suppressMessages(class_mask(classes, c("a*", "b"), 0)),
        "at least two are needed")
    expect_false(selects_classes(NULL, 0))
})
