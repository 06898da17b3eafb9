x <- made_up()
palette_roles <- function(...) vapply(c(...), role, "", USE.NAMES = FALSE)

test_that("both languages have the colours of one file", {
    expect_identical(class_colours(8)[1:2], palette_roles("shap", "de"))
    expect_length(unique(class_colours(47)), 47)
    expect_identical(gene_set_colours(c("de", "mine", "yours")),
        c(de = "#E69F00", mine = "#009E73", yours = "#56B4E9"))
    skip_without_python()
    palette <- reticulate::import("tissueshap.pl._palette")
    for (n in c(3L, 8L, 9L, 47L)) {
        expect_identical(class_colours(n), palette$classes(n))
    }
})

test_that("names are drawn on one line, and no name is lost", {
    expect_identical(shown(c("a\n b", "$x$ <i>")), c("a b", "$x$ <i>"))
    expect_identical(shown("abcdef", 4L), "abc\u2026")
    long <- paste(strrep("long", 20), 1:2)
    drawn <- plot_exclusive(made_up(long))
    expect_identical(axis_texts(drawn), rep(shown(long[1]), 2))
    expect_identical(nrow(layer(drawn, 1)), 4L)
})

test_that("plot_confusion: shares of the true class, perfect classes listed", {
    drawn <- plot_confusion(x)
    cells <- drawn$data
    classes <- sort(awkward, method = "radix")
    share <- function(true, predicted) {
        cells$share[cells$true == classes[true] &
            cells$predicted == classes[predicted]]
    }
    expect_equal(share(2, 2), 1)
    expect_equal(share(3, 3), 0.8)
    expect_equal(share(3, 2), 0.2)
    expect_identical(nrow(cells), 4L)
    expect_identical(axis_texts(drawn), classes[3:2])
    expect_match(drawn$labels$caption, classes[1], fixed = TRUE)
    expect_setequal(layer(drawn, 2)$label, c(100, 80, 20))
})

test_that("plot_uniqueness: both curves, the cut-off and the choice", {
    drawn <- plot_uniqueness(x)
    expect_identical(layer(drawn, 1)$yintercept, 0.5)
    expect_identical(layer(drawn, 2)$xintercept, 3)
    lines <- layer(drawn, 3)
    expect_equal(lines$y, c(6:1 / 6, 6:1 / 7))
    expect_identical(unique(lines$colour), palette_roles("shap", "up"))
    by_value <- made_up()
    meta <- S4Vectors::metadata(by_value)
    meta$tissueshap$select_genes$params <- list(method = "peak",
        threshold = 1 / 3)
    S4Vectors::metadata(by_value) <- meta
    expect_identical(nrow(layer(plot_uniqueness(by_value), 1)), 0L)
})

test_that("plot_trust_classes: selected, recurring and ordered genes", {
    trusted <- made_up()
    classes <- sort(awkward, method = "radix")[1:2]
    meta <- S4Vectors::metadata(trusted)
    meta$tissueshap$trust <- list(classes = data.frame(class = classes,
        n_genes = c(12, 8), n_again = c(9, NA), again_low = c(7, NA),
        again_high = c(10, NA), n_ordered = c(15, 2),
        readable = c(TRUE, FALSE)))
    S4Vectors::metadata(trusted) <- meta
    drawn <- plot_trust_classes(trusted)
    expect_equal(layer(drawn, 1)$x, c(12, 8))
    expect_equal(layer(drawn, 2)$xmin, 7)
    expect_equal(layer(drawn, 2)$xmax, 10)
    expect_equal(layer(drawn, 3)$x, 9)
    expect_identical(layer(drawn, 3)$colour, role("both"))
    # Only the selected genes are drawn, however deep the order is reliable.
    expect_equal(layer(drawn, 4)$x, c(12, 2))
    expect_identical(axis_texts(drawn), shown(rev(classes)))
    # No gene of the second class was looked for again.
    one <- plot_trust_classes(trusted, groups = classes[2L])
    expect_identical(axis_texts(one), shown(classes[2L]))
    expect_equal(layer(one, 1)$x, 8)
    expect_identical(nrow(layer(one, 3)), 0L)
    expect_equal(layer(one, 4)$x, 2)
    expect_identical(axis_texts(plot_trust_classes(trusted,
        groups = rev(classes))), shown(rev(classes)))
    expect_error(plot_trust_classes(trusted, groups = "nowhere"),
        "groups must be")
    expect_error(plot_trust_classes(made_up()), "run_trust")
})

test_that("plot_exclusive: all genes and those of one class only", {
    drawn <- layer(plot_exclusive(x), 1)
    expect_equal(drawn$x[drawn$fill == role("shap")], rep(1, 3))
    expect_equal(drawn$x[drawn$fill == role("faint")], rep(3, 3))
    expect_setequal(axis_texts(plot_exclusive(x)), awkward)
})

test_that("plot_overlap: up and down as shares, zero without genes", {
    drawn <- plot_overlap(x)
    bars <- layer(drawn, 1)
    width <- bars$xmax - bars$xmin
    expect_equal(width[bars$fill == role("up")], c(0.4, 0.4, 0))
    expect_equal(width[bars$fill == role("down")], c(0.1, 0.1, 0))
    expect_equal(layer(drawn, 2)$x, c(0.2, 0.2, 0))
    expect_identical(axis_texts(drawn),
        sort(awkward, method = "radix")[c(2, 3, 1)])
})

test_that("plot_euler: areas are numbers of genes", {
    found <- solve_circles(30, 40, 12)
    expect_equal(pi * found$first^2, 30)
    expect_equal(pi * found$second^2, 40)
    # The shared area, counted on a grid.
    at <- expand.grid(x = seq(-4, 4, 0.005), y = seq(-4, 4, 0.005))
    inside <- at$x^2 + at$y^2 < found$first^2 &
        (at$x - found$distance)^2 + at$y^2 < found$second^2
    expect_equal(sum(inside) * 0.005^2, 12, tolerance = 1e-3)
    expect_equal(solve_circles(10, 40, 10)$distance,
        sqrt(40 / pi) - sqrt(10 / pi))
    expect_equal(solve_circles(10, 40, 0)$distance,
        sqrt(40 / pi) + sqrt(10 / pi))
    drawn <- plot_euler(x)
    circles <- layer(drawn, 1)
    areas <- vapply(split(circles, list(circles$PANEL, circles$fill)),
        function(circle) pi * (diff(range(circle$x)) / 2)^2, 0)
    expect_equal(unname(areas[sprintf("%d.%s", 1:4, role("shap"))]),
        c(30, 3, 60, 80), tolerance = 1e-3)
    texts <- layer(drawn, 2)$label
    expect_identical(texts[1:4], c("SHAP only  18",
        "both  12  (40.0% of SHAP)", "DE only  28",
        "expected 3.5, p = 0.002"))
    expect_identical(nlevels(plot_euler(x, ranks = 5)$data$panel), 2L)
})

test_that("plot_logfc: violins, points where there are few, and reasons", {
    drawn <- plot_logfc(x)
    expect_setequal(layer(drawn, 1)$yintercept, c(-4, 4))
    expect_identical(length(unique(layer(drawn, 2)$x)), 2L)
    expect_identical(nrow(layer(drawn, 4)), 3L)
    expect_equal(layer(drawn, 4)$y, seq(-6, 6, length.out = 35)[21:23])
    expect_equal(layer(drawn, 5)$y, c(12, 7, 1))
    expect_identical(axis_texts(drawn, "x"), c("SHAP only\nn = 20",
        "both\nn = 3", "DE only\nn = 12"))
})

test_that("plot_umap: a panel a set, classes named at their medians", {
    drawn <- plot_umap(x)
    points <- layer(drawn, 1)
    expect_identical(nrow(points), 2L * ncol(x))
    expect_setequal(points$colour, class_colours(3))
    flat <- SummarizedExperiment::colData(x)$X_umap_shap
    named <- layer(drawn, 2)
    one <- named[named$PANEL == 1 & named$label == awkward[2], ]
    expect_equal(one$x, median(flat[x$tissue == awkward[2], 1]))
    near <- apart(data.frame(panel = "a", x = 0, y = c(1, 1, 9),
        text = c("one", "two", "three")), data.frame(panel = "a", x = 0:1,
        y = c(0, 10)))
    expect_gt(abs(diff(near$y[1:2])), 0.4)
    expect_identical(near$y[3], 9)
    expect_identical(levels(drawn$data$panel), c(
        "SHAP (1,234 genes)\nV-measure 0.750",
        "mine (9 genes)\nV-measure 0.500"))
    names <- sprintf("class %02d", 1:12)
    many <- plot_umap(made_up(names), gene_sets = "shap")
    beside <- layer(many, 5)
    expect_setequal(beside$label, names)
    dots <- layer(many, 1)
    expect_true(all(beside$x < min(dots$x) | beside$x > max(dots$x)))
    expect_identical(sum(beside$x < min(dots$x)), 6L)
    expect_error(plot_umap(x, gene_sets = "nowhere"),
        "X_umap_nowhere.*run_cluster")
})

test_that("names in the margin keep their order and their distance", {
    heights <- spaced(c(0.1, 0.1, 0.1, 0.9))
    expect_true(all(diff(heights) >= 0.027 - 1e-9))
    expect_equal(heights[4], 0.9)
    expect_true(all(spaced(rep(0, 60)) >= 0 & spaced(rep(1, 60)) <= 1))
})

test_that("plot_vmeasure: the boxes count all starts, the points some", {
    drawn <- plot_vmeasure(x)
    expect_identical(nrow(layer(drawn, 1)), 2L * 3L * 400L)
    table <- S4Vectors::metadata(x)$tissueshap$cluster$v_measure
    boxes <- layer(drawn, 2)
    shap <- table[table$gene_set == "shap", ]
    expect_equal(boxes$xmiddle[boxes$y == 2], c(median(shap$v_measure),
        median(shap$homogeneity), median(shap$completeness)))
})

test_that("plot_null: every random set is counted", {
    drawn <- plot_null(x)
    expect_equal(sum(layer(drawn, 1)$count), 50)
    expect_identical(layer(drawn, 2)$xintercept, 0.9)
    expect_identical(drawn$labels$title,
        "empirical p = 0.0196; one-tailed t test p = 1e-05")
})

test_that("plot_enrichment: a term for each list that it is in", {
    drawn <- plot_enrichment(x)
    dots <- drawn$data
    expect_equal(dots$ratio, c(0.25, 0.1, 0.4))
    expect_equal(dots$strength, c(5, 2, 3))
    expect_identical(axis_texts(drawn), c("second $term$", "first <term>"))
    expect_identical(axis_texts(drawn, "x"),
        sort(awkward, method = "radix")[1:2])
    expect_identical(nrow(plot_enrichment(x, n_top = 1)$data), 2L)
    S4Vectors::metadata(x)$tissueshap$enrich$table$BgRatio <- "5/50"
    ratios <- plot_enrichment(x, size = "ratio")
    expect_equal(ratios$data$ratio, dots$ratio * 10)
    S4Vectors::metadata(x)$tissueshap$other <-
        S4Vectors::metadata(x)$tissueshap$enrich
    S4Vectors::metadata(x)$tissueshap$enrich$table <- dots[0, ]
    expect_equal(plot_enrichment(x, key = "other")$data$ratio, dots$ratio)
    expect_identical(layer(plot_enrichment(x), 1)$label,
        "no term passes the cut-offs")
})

test_that("plot_modules: the sums of the first modules of each class", {
    with_modules <- made_up()
    meta <- S4Vectors::metadata(with_modules)
    classes <- sort(awkward, method = "radix")[1:2]
    meta$tissueshap$modules <- list(values = data.frame(
        class = classes[c(1, 1, 2, 2)], module = c("G1", "G2", "G1", "G3"),
        name = c("A, B + 2", "C", "A, B + 2", "D"), rank = c(1, 2, 1, 2),
        n_genes = c(4, 1, 4, 1), value = c(0.4, 0.1, 0.2, -0.1),
        z = c(9, 3, NA, -1)))
    S4Vectors::metadata(with_modules) <- meta
    drawn <- plot_modules(with_modules)
    expect_equal(drawn$data$size, c(0.4, 0.1, 0.2, 0))
    expect_equal(drawn$data$z, c(9, 3, 0, -1))
    expect_identical(axis_texts(drawn), c("D", "C", "A, B + 2"))
    expect_identical(axis_texts(drawn, "x"), shown(classes))
    expect_length(unique(layer(drawn, 1)$size), 4L)
    expect_identical(nrow(plot_modules(with_modules, n_top = 1)$data), 2L)
    expect_error(plot_modules(x), "run_modules")
})

test_that("plot_shap: medians of all classes", {
    drawn <- plot_shap(x, n_top = 2)
    rows <- SummarizedExperiment::rowData(x)
    median <- as.matrix(rows$shap_median)
    classes <- sort(awkward, method = "radix")
    dots <- drawn$data
    for (g in 1:3) {
        top <- order(-median[, g])[1:2]
        found <- dots[dots$class == classes[g] & dots$gene %in%
            rownames(x)[top], ]
        expect_equal(sort(found$share),
            unname(sort(median[top, g] / max(median[, g]))))
    }
    log2 <- SummarizedExperiment::assay(x, "log2")
    gene <- as.character(dots$gene[1])
    means <- tapply(log2[match(gene, rownames(x)), ], x$tissue, mean)
    expect_equal(dots$level[1], unname((means[as.character(dots$class[1])] -
        min(means)) / diff(range(means))))
})

test_that("plot_shap: one class, sample by sample", {
    classes <- sort(awkward, method = "radix")
    drawn <- plot_shap(x, classes[3], n_top = 4)
    rank <- as.matrix(SummarizedExperiment::rowData(x)$shap_rank)
    top <- order(rank[, 3])[1:4]
    shap <- SummarizedExperiment::assay(x, "shap")[top, x$tissue == classes[3]]
    expect_equal(layer(drawn, 2)$x, as.vector(shap))
    expect_equal(round(layer(drawn, 2)$y), rep(4:1, 6))
    expect_identical(drawn$labels$x, paste("SHAP value for", classes[3]))
    expect_error(plot_shap(x, "liver"), "\"liver\" is none of the classes")
    expect_error(plot_shap(x, classes[3], layer = "tmm"), "run_tmm\\(\\) first")
    S4Vectors::metadata(x)$tissueshap$shap$samples$explained <- "another"
    expect_error(plot_shap(x, classes[1]), "no sample was explained as")
})

test_that("plot_shap_bar: all classes stacked, or the first and the rest", {
    few <- plot_shap_bar(x, n_top = 5)
    moved <- as.matrix(SummarizedExperiment::rowData(x)$shap_mean_abs)
    top <- order(-rowSums(moved))[1:5]
    bars <- few$data
    expect_identical(nrow(bars), 15L)
    for (name in awkward) {
        found <- bars$value[bars$class == name]
        expect_equal(found, unname(moved[top, sub("/", "|", name)]))
    }
    lacking <- x
    SummarizedExperiment::rowData(lacking)$shap_mean_abs[-(1:3), ] <- NA
    drawn <- plot_shap_bar(lacking, n_top = 5)$data
    expect_identical(nrow(drawn), 9L)
    expect_setequal(drawn$value, moved[1:3, ])
    classes <- sprintf("Class %02d", 1:9)
    y <- made_up(classes)
    many <- plot_shap_bar(y, n_top = 4)
    moved <- as.matrix(SummarizedExperiment::rowData(y)$shap_mean_abs)
    top <- order(-rowSums(moved))[1:4]
    expect_equal(many$data$value[1:4], unname(apply(moved[top, ], 1, max)))
    ends <- layer(many, 2)
    expect_equal(ends$x, unname(rowSums(moved)[top]))
    expect_match(ends$label[1], classes[which.max(moved[top[1], ])])
    S4Vectors::metadata(x)$tissueshap$shap$params$target <- "predicted"
    expect_error(plot_shap_bar(x), "target = \"all\"")
})

test_that("plot_de_counts: up to the right, down to the left, own genes", {
    drawn <- plot_de_counts(x)
    rows <- SummarizedExperiment::rowData(x)
    logfc <- as.matrix(rows$de_logfc)
    called <- as.matrix(rows$de_fdr) < 0.01 & abs(logfc) > 4
    alone <- called & rowSums(called) == 1
    expect_gt(sum(alone), 0)
    expect_lt(sum(alone), sum(called))
    bars <- drawn$data
    for (class in awkward) {
        at <- class_columns(class)
        expect_identical(bars$n[bars$class == class], c(
            sum(called[, at] & logfc[, at] > 0),
            sum(alone[, at] & logfc[, at] > 0),
            -sum(called[, at] & logfc[, at] < 0),
            -sum(alone[, at] & logfc[, at] < 0)))
    }
    n <- colSums(called)
    expect_identical(axis_texts(drawn), rev(shown(sort(awkward,
        method = "radix")[order(-n)])))
    expect_match(drawn$labels$x, "FDR < 0.01 and |log2FC| > 4", fixed = TRUE)
    skip_without_python()
    module <- reticulate::import("tissueshap.pl._de_counts", convert = FALSE)
    # By columns: reticulate does not convert every version's tables.
    columns <- module$counts(as_anndata(x))$to_dict(orient = "list")
    found <- as.data.frame(lapply(reticulate::py_to_r(columns), unlist))
    expect_equal(called_counts(x, NULL), found, ignore_attr = TRUE)
})

test_that("plot_ppi: observed and expected, coloured where p is small", {
    drawn <- plot_ppi(x)
    classes <- sort(awkward, method = "radix")
    observed <- layer(drawn, 3)
    expect_equal(observed$x, 3 * 1:6)
    expect_equal(layer(drawn, 2)$x, 2 * 6:1)
    expect_identical(observed$colour, rep(palette_roles("shap", "muted"), 3))
    expect_identical(layer(drawn, 4)$label, rep(c("0.01", "0.3"), 3))
    expect_identical(axis_texts(drawn), classes)
    expect_identical(drawn$labels$caption, paste("all 1,234 genes together:",
        "5,678 interactions, 5,000.2 expected, p < 1e-300"))
    one <- plot_ppi(x, groups = classes[2L])
    expect_identical(axis_texts(one), classes[2L])
    expect_identical(levels(one$data$list), levels(drawn$data$list))
    expect_equal(layer(one, 3)$x, 3 * c(2, 5))
    # Of all classes together nothing is left out.
    expect_identical(one$labels$caption, drawn$labels$caption)
    expect_error(plot_ppi(x, groups = "nowhere"), "groups must be")
    expect_error(plot_ppi(x, "de"), "without source = \"de\"")
    record <- S4Vectors::metadata(x)$tissueshap$ppi
    record$table <- record$table[1, ]
    alone <- set_slots(x, list(new_slot("uns", "ppi", record)))
    drawn <- plot_ppi(alone)
    expect_identical(levels(drawn$data$list), "SHAP genes of all classes")
    # Far from 0 the axis is logarithmic.
    expect_lt(layer(drawn, 3)$x, 50)
})

test_that("dots of about the same value stand beside each other", {
    expect_identical(stacked(c(0, 0, 0, 1), c(0, 1)), c(0, 0.08, -0.08, 0))
    expect_lte(max(abs(stacked(rep(0, 100), c(0, 1)))), 0.4)
})

test_that("symbols are drawn, identifiers where there is none", {
    expect_identical(symbols_of(x, rownames(x)[c(3, 1, 2)]),
        c("G1", "TP53", "ENSG002"))
})

test_that("what is missing is said", {
    S4Vectors::metadata(x)$tissueshap$compare <- NULL
    expect_error(plot_euler(x), "run run_compare\\(\\) first")
    x$tissue <- sub("CD8", "CD4", x$tissue)
    expect_error(plot_shap(x), "made with other classes")
    without <- need_package
    environment(without) <- list2env(list(requireNamespace = function(...) {
        FALSE
    }), parent = asNamespace("tissueshap"))
    expect_error(without("ggplot2", "install.packages"),
        "install.packages\\(\"ggplot2\"\\)")
})

test_that("an AnnData gives the figures of the SummarizedExperiment", {
    skip_without_python()
    adata <- as_anndata(x)
    for (plot in list(plot_confusion, plot_umap, plot_euler, plot_shap,
        plot_shap_bar, plot_exclusive, plot_enrichment, plot_de_counts,
        plot_ppi)) {
        expect_equal(layer(plot(adata), 1), layer(plot(x), 1),
            tolerance = 1e-6)
    }
    class <- awkward[2]
    expect_equal(layer(plot_shap(adata, class), 2),
        layer(plot_shap(x, class), 2), tolerance = 1e-6)
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(adata, path)
    expect_equal(layer(plot_logfc(path), 5), layer(plot_logfc(x), 5))
})

test_that("the example has all that figures read", {
    results <- example_results()
    figures <- ls(asNamespace("tissueshap"), pattern = "^plot_")
    expect_length(figures, 16)
    for (name in figures) {
        drawn <- get(name, asNamespace("tissueshap"))(results)
        expect_s3_class(ggplot2::ggplot_build(drawn), "ggplot_built")
    }
})

test_that("figures look as they did", {
    # A test that is skipped would else have its pictures deleted.
    for (name in c("euler", "overlap", "enrichment", "de-counts", "ppi")) {
        announce_snapshot_file(name = paste0(name, ".svg"))
    }
    skip_if_not_installed("vdiffr")
    skip_if_not(numeric_version("3.4") <= packageVersion("ggplot2") &&
        packageVersion("ggplot2") < "3.5",
        "the pictures are those of ggplot2 3.4, which draws its own way")
    vdiffr::expect_doppelganger("euler", plot_euler(x, ranks = 5))
    vdiffr::expect_doppelganger("overlap", plot_overlap(x))
    vdiffr::expect_doppelganger("enrichment", plot_enrichment(x))
    vdiffr::expect_doppelganger("de counts", plot_de_counts(x))
    vdiffr::expect_doppelganger("ppi", plot_ppi(x))
})

test_that("plot_shap names the top genes of many classes in rows", {
    names <- sprintf("class %02d", 1:14)
    many <- made_up(names)
    drawn <- plot_shap(many, n_top = 2)
    ranks <- SummarizedExperiment::rowData(many)$shap_rank
    rows <- drawn$data
    for (name in names) {
        own <- rows[rows$class == name, ]
        expect_identical(own$gene[order(own$column)],
            rownames(many)[order(ranks[, name])[1:2]])
    }
    expect_setequal(rows$row, seq_along(names))
    few <- plot_shap(many, groups = names[3:1], n_top = 1)
    expect_identical(levels(few$data$class), names[3:1])
    expect_error(plot_shap(many, groups = "nowhere"), "groups must be")
})

test_that("classes that are alike are neighbours", {
    alike <- diag(6)
    alike[1, 6] <- alike[2, 5] <- 0.5
    order <- similar_first(alike)
    expect_identical(abs(match(1, order) - match(6, order)), 1L)
    expect_identical(abs(match(2, order) - match(5, order)), 1L)
})

test_that("some classes are drawn where a figure takes groups", {
    classes <- sort(awkward, method = "radix")
    two <- classes[c(1L, 3L)]
    expect_setequal(axis_texts(plot_de_counts(x, groups = two)), two)
    expect_setequal(axis_texts(plot_exclusive(x, groups = two)), two)
    expect_setequal(unique(plot_shap_bar(x, groups = two)$data$class), two)
    # A class whose samples are all right is listed, not drawn.
    expect_setequal(plot_confusion(x, groups = classes[1:2])$data$true,
        intersect(plot_confusion(x)$data$true, classes[1:2]))
    expect_setequal(unique(plot_enrichment(x, groups = classes[1L])$data$class),
        classes[1L])
    flat <- plot_umap(x, gene_sets = "shap", groups = two)
    expect_setequal(layer(flat, 2L)$label, two)
    expect_true(role("faint") %in% layer(flat, 1L)$colour)
    for (plot in list(plot_confusion, plot_umap, plot_shap_bar, plot_exclusive,
        plot_enrichment, plot_de_counts)) {
        expect_error(plot(x, groups = "nowhere"), "groups must be")
    }
})

test_that("plot_shap: the names of many classes' genes, also from a file", {
    skip_if_not_installed("hdf5r")
    y <- made_up(sprintf("class %02d", 1:14))
    path <- withr::local_tempfile(fileext = ".h5ad")
    write_h5ad(y, path)
    drawn <- plot_shap(path, n_top = 2)
    expect_identical(layer(drawn, 3L)$label, layer(plot_shap(y, n_top = 2),
        3L)$label)
    expect_identical(nrow(layer(drawn, 3L)), 28L)
})
