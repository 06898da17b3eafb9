#' How many of a class's SHAP genes differential expression calls
#'
#' The share of each class's SHAP genes that are called in the same class, up
#' and down, with what chance would give, as in Python's `ts.pl.per_class`. The
#' number on the right is that of the class's SHAP genes.
#'
#' @param adata As for [plot_confusion()], after [run_compare()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @seealso [plot_euler()] for all classes together.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_overlap(example_results())
#' }
plot_overlap <- function(adata, groups = NULL, width = NULL) {
    mm <- figure_width(width)
    table <- need_record(figure_data(adata), "compare")$per_class
    table <- table[table$class %in% drawn_classes(as.character(table$class),
        groups), ]
    table <- table[order(-table$fraction, -table$n_shap), ]
    share <- function(n) ifelse(table$n_shap > 0, n / table$n_shap, 0)
    n <- nrow(table)
    kinds <- c("up in the class", "down")
    bars <- data.frame(place = rep(seq_len(n), 2L),
        share = c(share(table$n_up), share(table$n_down)),
        kind = factor(rep(kinds, each = n), kinds))
    chance <- data.frame(place = seq_len(n), share = share(table$expected))
    plot <- ggplot2::ggplot(bars, ggplot2::aes(.data$share, .data$place)) +
        ggplot2::geom_col(ggplot2::aes(fill = .data$kind), width = 0.75,
            orientation = "y",
            position = ggplot2::position_stack(reverse = TRUE)) +
        ggplot2::geom_segment(ggplot2::aes(xend = .data$share,
            y = .data$place - 0.45, yend = .data$place + 0.45,
            linetype = "expected by chance"), chance, colour = role("ink"),
            linewidth = 0.6) +
        ggplot2::scale_fill_manual(NULL, values = c(role("up"),
            role("down")), guide = legend_rows(mm, order = 1L)) +
        ggplot2::scale_linetype_manual(NULL, values = "solid") +
        share_axis(mm = mm) +
        ggplot2::scale_y_continuous(trans = "reverse", breaks = seq_len(n),
            expand = ggplot2::expansion(add = 0.6),
            labels = shown(table$class, longest_in(mm)),
            sec.axis = ggplot2::dup_axis(name = "SHAP genes of the class",
                labels = with_commas(table$n_shap))) +
        ggplot2::labs(y = NULL,
            x = "share of the class's SHAP genes that DE also calls") +
        figure_theme("x") +
        ggplot2::theme(axis.line.y.right = ggplot2::element_blank())
    for_print(plot, mm, names_width(table$class, mm) + 10)
}
