#' How many of each class's genes can be read
#'
#' The selected genes of each class, how many of them recur (with a 95 %
#' interval), and how many are in reliable order, as in Python's
#' `ts.pl.trust_classes`. Classes whose genes should not be read one by one are
#' orange.
#'
#' @param adata As for [plot_confusion()], after [run_trust()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_trust_classes(example_results())
#' }
plot_trust_classes <- function(adata, groups = NULL, width = NULL) {
    mm <- figure_width(width)
    table <- need_record(figure_data(adata), "trust")$classes
    classes <- drawn_classes(as.character(table$class), groups)
    table <- table[table$class %in% classes, ]
    table$name <- from_top(classes, classes)
    table$n_ordered <- pmin(table$n_ordered, table$n_genes)
    kinds <- c("readable", "not to be read one by one")
    table$kind <- factor(ifelse(as.logical(table$readable), kinds[1],
        kinds[2]), kinds)
    again <- table[!is.na(table$n_again), ]
    ordered <- table[table$n_ordered %in% seq_len(max(table$n_genes)), ]
    ordered$what <- rep("the first in reliable order", nrow(ordered))
    plot <- ggplot2::ggplot(table, ggplot2::aes(y = .data$name)) +
        ggplot2::geom_col(ggplot2::aes(.data$n_genes), fill = role("faint"),
            width = 0.7) +
        ggplot2::geom_linerange(ggplot2::aes(xmin = .data$again_low,
            xmax = .data$again_high, colour = .data$kind), again) +
        ggplot2::geom_point(ggplot2::aes(.data$n_again,
            colour = .data$kind), again, size = 1.6) +
        ggplot2::geom_point(ggplot2::aes(.data$n_ordered,
            shape = .data$what), ordered, colour = role("ink"), size = 3) +
        ggplot2::scale_colour_manual(NULL, values = c(role("both"),
            role("up")), drop = FALSE,
            guide = legend_rows(mm, order = 1L)) +
        ggplot2::scale_shape_manual(NULL, values = 124L) +
        class_axis(mm) +
        count_axis() +
        ggplot2::labs(x = "genes: selected (bars), those that recur (points)",
            y = NULL) +
        figure_theme("x")
    for_print(plot, mm, names_width(classes, mm))
}
