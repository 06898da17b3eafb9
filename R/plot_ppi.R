#' The protein interactions among the selected genes, against chance
#'
#' A panel for each way in which the genes were put in lists. The filled mark
#' is the number of interactions inside a class's list, coloured where its
#' adjusted p-value (at the right) is below 0.05; the open one is the number
#' that chance gives. An axis of counts beyond 50 is logarithmic above one. The
#' figure of Python's `ts.pl.ppi`.
#'
#' @param adata As for [plot_confusion()], after [run_ppi()].
#' @param source `"shap"` or `"de"`: whose genes.
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_ppi(example_results())
#' }
plot_ppi <- function(adata, source = c("shap", "de"), groups = NULL,
                     width = NULL) {
    mm <- figure_width(width)
    source <- choice_of(source)
    table <- need_record(figure_data(adata), "ppi")$table
    table <- table[table$source == source, ]
    if (nrow(table) == 0L) {
        fail("run_ppi() was run without source = \"%s\"", source)
    }
    by <- as.character(table$by)
    lists <- intersect(c("class", "exclusive"), by)
    whole <- table[by == "all", ]
    if (length(lists) == 0L) {
        lists <- "all"
        whole <- NULL
    }
    first <- table[by == lists[1L], ]
    rows <- table[by %in% lists, ]
    if (!identical(lists, "all")) {
        classes <- unique(as.character(first$class))
        rows <- rows[rows$class %in% drawn_classes(classes, groups), ]
    }
    titles <- c(all = sprintf("%s genes of all classes", set_name(source)),
        class = sprintf("%s genes of each class", set_name(source)),
        exclusive = "those in this class only")
    marks <- c("expected", "observed, adjusted p < 0.05",
        "observed, otherwise")
    rows$list <- factor(titles[as.character(rows$by)], titles[lists])
    rows$class <- from_top(rows$class,
        first$class[order(-first$n_edges)])
    rows$mark <- factor(marks[ifelse(rows$p.adjust < 0.05, 2L, 3L)], marks)
    beside <- names_width(levels(rows$class), mm)
    rows$p <- sub("^= ", "", p_words(rows$p.adjust))
    plot <- ggplot2::ggplot(rows, ggplot2::aes(.data$n_edges, .data$class)) +
        ggplot2::geom_segment(ggplot2::aes(xend = .data$expected,
            yend = .data$class), colour = role("faint")) +
        ggplot2::geom_point(ggplot2::aes(.data$expected,
            colour = factor("expected", marks)), shape = 1, size = 1.6) +
        ggplot2::geom_point(ggplot2::aes(colour = .data$mark), size = 1.6) +
        ggplot2::geom_text(ggplot2::aes(label = .data$p), x = Inf,
            hjust = 1.05, size = 2.3) +
        ggplot2::scale_colour_manual(NULL, drop = FALSE,
            values = stats::setNames(c(role("muted"), role("shap"),
                role("muted")), marks),
            guide = legend_rows(mm, override.aes = list(
                shape = c(1, 16, 16)))) +
        interactions_axis(max(rows$n_edges, rows$expected), mm) +
        ggplot2::expand_limits(x = 0) +
        class_axis(mm) +
        ggplot2::facet_wrap(~ list, nrow = 1L, scales = "free_x",
            labeller = strips(mm, length(lists), beside)) +
        ggplot2::labs(x = "interactions (at the right: adjusted p)", y = NULL,
            caption = if (NROW(whole)) all_together(whole)) +
        figure_theme("x")
    plot <- for_print(plot, mm, beside)
    # The last number of an axis and the first of the next would touch.
    if (is.finite(mm)) {
        plot + ggplot2::theme(panel.spacing.x = ggplot2::unit(14, "pt"))
    } else {
        plot
    }
}

interactions_axis <- function(most, mm) {
    far <- most > 50
    narrow <- is_narrow(mm)
    arguments <- list(labels = with_commas,
        breaks = if (far) c(0, if (!narrow) 1, 10^seq_len(7)) else whole_breaks,
        expand = ggplot2::expansion(c(0.03, if (narrow) 0.55 else 0.3)))
    if (far) {
        # ggplot2 3.5 has another name for it.
        named <- intersect(c("transform", "trans"),
            names(formals(ggplot2::continuous_scale)))[1L]
        arguments[[named]] <- "pseudo_log"
    }
    do.call(ggplot2::scale_x_continuous, arguments)
}

all_together <- function(row) {
    sprintf("all %s genes together: %s interactions, %s expected, p %s",
        with_commas(row$n_genes), with_commas(row$n_edges),
        format(round(row$expected, 1), big.mark = ",", nsmall = 1),
        p_words(row$pvalue))
}

# A p-value is too small to be told from 0 where there are many edges.
p_words <- function(p) {
    ifelse(p > 1e-300, sprintf("= %.1g", p), "< 1e-300")
}
