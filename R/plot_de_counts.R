#' The differentially expressed genes of each class
#'
#' How many genes differential expression calls up and down in each class; the
#' strong part of a bar are genes that no other class calls. The figure of
#' Python's `ts.pl.de_counts`.
#'
#' @param adata As for [plot_confusion()], after [run_de()].
#' @param label Name of the column with the classes; by default the recorded
#'   one.
#' @param groups Classes to draw; by default all.
#' @param width For print: `"column"` (89 mm), `"page"` (183 mm) or a number of
#'   millimetres, by default `getOption("tissueshap.figwidth")`. Text, legend
#'   and number of columns are then those of a figure that [ggplot2::ggsave()]
#'   writes with this width.
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_de_counts(example_results())
#' }
plot_de_counts <- function(adata, label = NULL, groups = NULL, width = NULL) {
    mm <- figure_width(width)
    x <- figure_data(adata)
    limits <- need_record(x, "de")$params
    table <- called_counts(x, label)
    table <- table[table$class %in% drawn_classes(table$class, groups), ]
    table <- table[order(-table$up - table$down), ]
    words <- c(up = "up in the class", down = "down")
    kinds <- paste0(rep(words, each = 2L),
        c("", ", called in this class only"))
    bars <- data.frame(class = from_top(table$class),
        n = c(table$up, table$up_exclusive, -table$down,
            -table$down_exclusive),
        kind = factor(rep(kinds, each = nrow(table)), kinds))
    ends <- data.frame(class = from_top(table$class),
        n = c(table$up, -table$down),
        side = rep(c(-0.3, 1.3), each = nrow(table)))
    most <- max(1, table$up, table$down)
    left <- max(0.05 * most, table$down)
    # More space for the numbers where the panel is narrow.
    pad <- 0.3 * most
    plot <- ggplot2::ggplot(bars, ggplot2::aes(.data$n, .data$class)) +
        ggplot2::geom_col(ggplot2::aes(fill = .data$kind),
            position = "identity", width = 0.75) +
        ggplot2::geom_vline(xintercept = 0, colour = role("ink"),
            linewidth = 0.4) +
        ggplot2::geom_text(ggplot2::aes(label = with_commas(abs(.data$n)),
            hjust = .data$side), ends, size = 2.3) +
        ggplot2::scale_fill_manual(NULL, values = c(
            grDevices::adjustcolor(role("up"), 0.4), role("up"),
            grDevices::adjustcolor(role("down"), 0.4), role("down")),
            guide = if (is_narrow(mm)) legend_rows(mm) else
                ggplot2::guide_legend(nrow = 2)) +
        ggplot2::scale_x_continuous(breaks = whole_breaks,
            labels = function(n) with_commas(abs(n)),
            limits = if (is_narrow(mm)) c(-left - pad, most + pad) else
                c(-1.15 * left - 0.08 * most, 1.15 * most),
            expand = c(0, 0)) +
        class_axis(mm) +
        ggplot2::labs(x = sprintf("genes with FDR < %g and |log2FC| > %g",
            limits$fdr, limits$lfc), y = NULL) +
        figure_theme("x")
    for_print(plot, mm, names_width(table$class, mm))
}

# One row per class: the genes called up and down, and of them those that no
# other class calls.
called_counts <- function(x, label) {
    classes <- class_levels(x, label)
    logfc <- class_frame(x, "de_logfc", classes)
    called <- called_genes(x, classes)
    alone <- called & rowSums(called) == 1
    data.frame(class = classes, up = count_columns(called & logfc > 0),
        down = count_columns(called & logfc < 0),
        up_exclusive = count_columns(alone & logfc > 0),
        down_exclusive = count_columns(alone & logfc < 0))
}
