#' The first modules of each class
#'
#' One row per module of genes, or gene set; one column per class. A dot's area
#' is the sum of the SHAP values of the module's genes, its colour the distance
#' from the sum of as many random genes. A module that is among the first of one
#' class is drawn for every class in whose table it is. The figure of Python's
#' `ts.pl.modules`.
#'
#' @param adata As for [plot_confusion()], after [run_modules()].
#' @inheritParams plot_de_counts
#' @param n_top Modules of each class; by default as many as fit (1 to 10).
#' @param key Name of the record, if [run_modules()] was run with `key_added`.
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_modules(example_results())
#' }
plot_modules <- function(adata, n_top = NULL, key = "modules",
                         groups = NULL, width = NULL) {
    mm <- figure_width(width)
    table <- need_record(figure_data(adata), key)$values
    classes <- drawn_classes(unique(as.character(table$class)), groups)
    table <- table[table$class %in% classes, ]
    n_each <- if (is.null(n_top)) {
        min(max(45L %/% length(classes), 1L), 10L)
    } else {
        n_top
    }
    table$module <- as.character(table$module)
    rows <- shown(table$name, longest_term(mm))
    fitting <- utils::head(classes, fitting_columns(mm, rows, 6))
    table <- table[table$class %in% fitting, ]
    first <- unique(table$module[table$rank <= n_each])
    drawn <- table[table$module %in% first, ]
    names <- stats::setNames(as.character(drawn$name), drawn$module)[first]
    drawn$row <- from_top(drawn$module, first)
    drawn$column <- factor(as.character(drawn$class), fitting)
    drawn$size <- pmax(drawn$value, 0)
    drawn$z[is.na(drawn$z)] <- 0
    top <- max(drawn$size)
    plot <- ggplot2::ggplot(drawn, ggplot2::aes(.data$column, .data$row)) +
        ggplot2::geom_point(ggplot2::aes(size = .data$size,
            colour = .data$z)) +
        ggplot2::scale_x_discrete(drop = FALSE, labels = function(names) {
            shown(names, longest_in(mm))
        }) +
        ggplot2::scale_y_discrete(labels = stats::setNames(shown(names,
            longest_term(mm)), first)) +
        ggplot2::scale_size_area("sum of\nSHAP values",
            max_size = column_dot(length(fitting), mm), limits = c(0, top),
            breaks = top / c(4, 2, 1), guide = sizes_guide(mm),
            labels = function(value) sprintf("%.2g", value)) +
        sequential_colours("standard errors\nabove random\ngenes",
            direction = -1, guide = colours_guide(is_narrow(mm)),
            limits = c(0, NA), oob = function(x, ...) {
                pmax(x, 0)
            }) +
        ggplot2::labs(x = NULL, y = NULL,
            caption = too_many(length(classes), length(fitting))) +
        figure_theme()
    dot_columns(plot, mm, length(fitting), rows)
}
