tissues <- c("Brain - Anterior cingulate cortex (BA24)",
    "Esophagus - Gastroesophageal Junction", "Lung",
    "Skin - Not Sun Exposed (Suprapubic)", "Small Intestine - Terminal Ileum",
    "Brain - Nucleus accumbens (basal ganglia)", "Whole Blood")
# 53 names, as long as those of GTEx.
many_tissues <- c(tissues, paste(rep_len(tissues, 46), 1:46))

results_of <- function(classes) {
    x <- made_up(classes, n_genes = 120L)
    meta <- S4Vectors::metadata(x)
    sorted <- sort(classes, method = "radix")
    meta$tissueshap$trust <- list(classes = data.frame(class = sorted,
        n_genes = 12, n_again = 9, again_low = 7, again_high = 11,
        n_ordered = 3, readable = rep_len(c(TRUE, FALSE), length(sorted))))
    meta$tissueshap$modules <- list(values = data.frame(class = sorted,
        module = paste0("M", seq_along(sorted)),
        name = "CALM2, PSAP, GAPDH and as many other genes as there are",
        rank = 1, n_genes = 4, value = 0.3, z = 5))
    terms <- meta$tissueshap$enrich$table[rep(1L, length(sorted)), ]
    terms$class <- sorted
    meta$tissueshap$enrich$table <- terms
    S4Vectors::metadata(x) <- meta
    x
}

# Millimetres: of a legend, or of the longest line in anything else.
widest_text <- function(grob) {
    parts <- c(grob$children, if (inherits(grob, "gtable")) grob$grobs)
    if (inherits(grob, "text")) {
        grid::convertWidth(grid::grobWidth(grob), "mm", TRUE)
    } else if (identical(grob$name, "guide-box")) {
        grid::convertWidth(sum(grob$widths), "mm", TRUE)
    } else {
        max(0, vapply(parts, widest_text, 0))
    }
}

# The parts of a figure that are wider than their space, and a panel that the
# names leave less than a quarter of the figure.
too_wide <- function(plot, mm) {
    grDevices::svg(withr::local_tempfile(fileext = ".svg"), mm / 25.4, 8)
    on.exit(grDevices::dev.off())
    table <- suppressWarnings(ggplot2::ggplotGrob(plot))
    millimetres <- function(units) grid::convertWidth(units, "mm", TRUE)
    is_null <- grid::unitType(table$widths) == "null"
    fixed <- numeric(length(table$widths))
    fixed[!is_null] <- vapply(which(!is_null), function(i) {
        millimetres(table$widths[i])
    }, 0)
    free <- mm - sum(fixed)
    fixed[is_null] <- free / sum(is_null)
    edges <- c(0, cumsum(fixed))
    wide <- vapply(seq_along(table$grobs), function(i) {
        name <- table$layout$name[i]
        left <- edges[table$layout$l[i]]
        right <- edges[table$layout$r[i] + 1L]
        if (name %in% c("xlab-b", "title", "caption", "subtitle") ||
            startsWith(name, "strip") || startsWith(name, "guide-box")) {
            # A title may be wider than the panel, up to the nearer edge.
            room <- switch(sub("-.*", "", name),
                xlab = right - left + 2 * min(left, mm - right),
                guide = mm - left, right - left)
            widest_text(table$grobs[[i]]) > room + 0.5
        } else {
            FALSE
        }
    }, NA)
    # ggplot2 3.5 has a box of legends for each side.
    c(sub("^guide-box-.*", "guide-box", table$layout$name[wide]),
        if (free < mm / 4) "panel")
}

test_that("the check sees what is too wide", {
    narrow <- plot_de_counts(results_of(tissues))
    expect_setequal(too_wide(narrow, 89), c("xlab-b", "guide-box"))
    expect_identical(too_wide(narrow, 400), character())
})

test_that("every figure fits one and two columns of a journal", {
    results <- list(results_of(tissues), results_of(many_tissues))
    figures <- ls(asNamespace("tissueshap"), pattern = "^plot_")
    for (x in results) {
        for (name in figures) {
            draw <- get(name, asNamespace("tissueshap"))
            for (width in c("column", "page")) {
                found <- too_wide(draw(x, width = width), widths[[width]])
                expect_identical(found, character(),
                    info = paste(name, width, ncol(x)))
            }
        }
        one <- plot_shap(x, tissues[1L], width = "column")
        expect_identical(too_wide(one, 89), character())
    }
})

test_that("a width is a name, millimetres or an option", {
    expect_identical(figure_width(NULL), Inf)
    expect_identical(figure_width("column"), 89)
    expect_identical(figure_width(120), 120)
    withr::local_options(tissueshap.figwidth = "page")
    expect_identical(figure_width(NULL), 183)
    expect_identical(figure_width("column"), 89)
    expect_error(figure_width("wide"), "width must be \"column\" or \"page\"")
    expect_error(figure_width(5), "width must be a number between 20 and 2000")
})

test_that("what a narrow figure has no space for is named", {
    x <- results_of(many_tissues)
    matrix <- plot_confusion(x, width = "column")
    drawn <- unique(matrix$data$true)
    scores <- S4Vectors::metadata(x)$tissueshap$evaluate$per_class
    expect_lt(length(drawn), 30)
    expect_setequal(drawn, head(scores$class[order(scores$recall)],
        length(drawn)))
    expect_match(matrix$labels$caption, sprintf("With fewer errors (%d",
        52L - length(drawn)), fixed = TRUE)
    dots <- plot_modules(x, width = "column")
    expect_match(dots$labels$caption, "of 53 columns do not fit")
    expect_setequal(plot_modules(x, groups = tissues[1:2])$data$class,
        tissues[1:2])
    bars <- plot_overlap(x, groups = tissues[3:4])
    expect_setequal(axis_texts(bars), tissues[3:4])
})

test_that("titles are lines, and blank texts stay blank", {
    expect_identical(in_lines("one two three four", 12), "one two\nthree four")
    expect_identical(in_lines("one\ntwo", 40), "one\ntwo")
    expect_null(in_lines(NULL, 12))
    flat <- plot_umap(results_of(tissues), width = "column")
    expect_s3_class(flat$theme$axis.text, "element_blank")
})
