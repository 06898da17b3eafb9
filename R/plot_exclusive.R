#' The genes that only one class was given
#'
#' How many of each class's selected genes no other class shares, as in
#' Python's `ts.pl.exclusive`.
#'
#' @param adata As for [plot_confusion()], after [run_select_genes()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_exclusive(example_results())
#' }
plot_exclusive <- function(adata, label = NULL, groups = NULL, width = NULL) {
    mm <- figure_width(width)
    x <- figure_data(adata)
    classes <- drawn_classes(class_levels(x, label), groups)
    genes <- need_record(x, "select_genes")$genes
    class <- factor(as.character(genes$class), classes)
    total <- as.vector(table(class))
    own <- as.vector(table(class[as.logical(genes$exclusive)]))
    order <- order(-own)
    bars <- data.frame(class = rep(from_top(classes, classes[order]), 2L),
        n = c(total, own), kind = factor(rep(c("selected genes",
            "in this class only"), each = length(classes)),
            c("selected genes", "in this class only")))
    ends <- data.frame(class = from_top(classes, classes[order]), n = total,
        own = own)
    plot <- ggplot2::ggplot(bars, ggplot2::aes(.data$n, .data$class)) +
        ggplot2::geom_col(ggplot2::aes(fill = .data$kind),
            position = "identity", width = 0.75) +
        ggplot2::geom_text(ggplot2::aes(label = with_commas(.data$own)), ends,
            hjust = -0.3, size = 2.4) +
        ggplot2::scale_fill_manual(NULL, values = c(role("faint"),
            role("shap")), guide = legend_rows(mm)) +
        count_axis(0.1) + class_axis(mm) +
        ggplot2::labs(x = "genes", y = NULL) +
        figure_theme("x")
    for_print(plot, mm, names_width(classes, mm))
}

class_levels <- function(x, label) {
    values <- get_label(x, label)$values
    levels(class_factor(values, length(values), minimum = 1L))
}
