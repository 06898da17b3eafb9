#' The genes that move the model's outputs most, over all classes
#'
#' A bar is a gene's mean absolute SHAP value over the explained samples,
#' summed over the classes, as the bar plot of Python's shap. Up to eight
#' classes have a colour each. Of more, a bar shows the class that the gene
#' moves most, by name, and all others together. The figure of Python's
#' `ts.pl.shap_bar`.
#'
#' @param adata As for [plot_confusion()], after
#'   `run_shap(adata, model, target = "all")`.
#' @inheritParams plot_de_counts
#' @param n_top Number of genes.
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_shap_bar(example_results())
#' }
plot_shap_bar <- function(adata, label = NULL, n_top = 20L, groups = NULL,
                          width = NULL) {
    mm <- figure_width(width)
    x <- figure_data(adata)
    classes <- drawn_classes(class_levels(x, label), groups)
    need_all_classes(x)
    values <- class_frame(x, "shap_mean_abs", classes)
    # Genes that the model lacks have no value at all.
    genes <- which(rowSums(!is.na(values)) > 0)
    values[is.na(values)] <- 0
    genes <- utils::head(genes[order(-rowSums(values)[genes])], n_top)
    values <- values[genes, , drop = FALSE]
    ids <- gene_names(x)[genes]
    few <- length(classes) <= length(palette()$classes)
    drawn <- if (few) bar_of_classes(values, ids, classes, mm) else
        bar_of_first(values, ids, classes, mm)
    output <- need_record(x, "shap")$params$output
    plot <- drawn + ggplot2::scale_y_discrete(
        labels = stats::setNames(symbols_of(x, ids), ids)) +
        ggplot2::labs(x = sprintf(
            "mean absolute SHAP value (%s), summed over the classes",
            if (is.null(output)) "probability" else output), y = NULL) +
        figure_theme("x") +
        ggplot2::theme(
            axis.text.y = ggplot2::element_text(face = "italic"))
    for_print(plot, mm, 12)
}

# The message of the missing slot alone would not say what to explain.
need_all_classes <- function(x) {
    if (!identical(need_record(x, "shap")$params$target, "all")) {
        fail(paste("not every class was explained: run",
            "run_shap(adata, model, target = \"all\")"))
    }
}

# All classes, the one that the genes together move most first.
bar_of_classes <- function(values, ids, classes, mm) {
    order <- classes[order(-colSums(values))]
    bars <- data.frame(gene = from_top(rep(ids, length(classes)), ids),
        class = from_top(rep(classes, each = length(ids)), order),
        value = as.vector(values))
    ggplot2::ggplot(bars, ggplot2::aes(.data$value, .data$gene)) +
        ggplot2::geom_col(ggplot2::aes(fill = .data$class), width = 0.8) +
        ggplot2::scale_fill_manual(NULL, breaks = order,
            labels = shown(order, longest_in(mm)),
            values = stats::setNames(class_colours(length(classes)), classes),
            guide = ggplot2::guide_legend(ncol = 2L)) +
        ggplot2::scale_x_continuous(
            expand = ggplot2::expansion(c(0, 0.05)))
}

# The class that each gene moves most, with its name, and the rest.
bar_of_first <- function(values, ids, classes, mm) {
    total <- rowSums(values)
    first <- max.col(values, ties.method = "first")
    most <- values[cbind(seq_along(ids), first)]
    kinds <- c("the class that it moves most", "all other classes")
    bars <- data.frame(gene = from_top(rep(ids, 2L), ids),
        kind = from_top(rep(kinds, each = length(ids)), kinds),
        value = c(most, total - most))
    ends <- data.frame(gene = from_top(ids, ids), value = total,
        name = sprintf("%s, %s", shown(classes[first],
            min(40L, longest_in(mm) - 3L)),
            percent(most / total)))
    ggplot2::ggplot(bars, ggplot2::aes(.data$value, .data$gene)) +
        ggplot2::geom_col(ggplot2::aes(fill = .data$kind), width = 0.8) +
        ggplot2::geom_text(ggplot2::aes(label = .data$name), ends,
            hjust = -0.03, size = 2.2) +
        ggplot2::scale_fill_manual(NULL, breaks = kinds,
            values = stats::setNames(c(role("shap"), role("faint")), kinds)) +
        # Room for the names beyond the longest bars.
        ggplot2::scale_x_continuous(
            expand = ggplot2::expansion(c(0, 0.75)))
}
