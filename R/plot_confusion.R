#' Which classes are misclassified as which
#'
#' The confusion of the held-out samples, each row a share of its true class.
#' Recall stands on the right, precision on top. Up to 20 classes are ordered by
#' recall; more so that classes that are confused with each other are
#' neighbours, and the colours of small shares are stronger. Classes that are
#' all right (recall and precision 1) are listed below instead, and only where
#' every class is all right are they drawn. If `width` is too small for all,
#' those with the most errors are drawn. The figure of Python's
#' `ts.pl.confusion`.
#'
#' @param adata An AnnData, a SummarizedExperiment, or the path of an `.h5ad`
#'   file, after [run_evaluate()]; here [example_results()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_confusion(example_results())
#' }
plot_confusion <- function(adata, groups = NULL, width = NULL) {
    mm <- figure_width(width)
    x <- figure_data(adata)
    record <- need_record(x, "evaluate")
    scores <- record$per_class
    scores <- scores[scores$class %in% drawn_classes(as.character(scores$class),
        groups), ]
    scores <- scores[order(-scores$recall, -scores$precision), ]
    right <- scores$recall %in% 1 & scores$precision %in% 1
    perfect <- as.character(scores$class[right & !all(right)])
    scores <- scores[!scores$class %in% perfect, ]
    left <- most_errors(scores, fitting_columns(mm, scores$class, 14))
    better <- as.character(scores$class[!left])
    scores <- scores[left, ]
    n <- nrow(scores)
    many <- n > most_written
    if (many) {
        shares <- confusion_shares(record$confusion, scores$class)$share
        scores <- scores[similar_first(matrix(shares, n)), ]
    }
    names <- as.character(scores$class)
    cells <- confusion_shares(record$confusion, names)
    axis <- function(scale, beside, values, ...) {
        scale(breaks = seq_len(n), labels = shown(names, longest_in(mm)),
            expand = ggplot2::expansion(0), sec.axis = ggplot2::dup_axis(
                name = beside, labels = two_digits(values)), ...)
    }
    beside <- names_width(names, mm) + 14
    plot <- ggplot2::ggplot(cells, ggplot2::aes(.data$column, .data$row)) +
        ggplot2::geom_tile(ggplot2::aes(fill = .data$share)) +
        axis(ggplot2::scale_y_continuous, "recall", scores$recall,
            trans = "reverse") +
        axis(ggplot2::scale_x_continuous, "precision", scores$precision) +
        ggplot2::scale_fill_distiller("share of the true class",
            palette = palette()$heat, direction = 1, limits = c(0, 1),
            labels = percent, guide = colours_guide(is.finite(mm)),
            trans = if (many) "sqrt" else "identity",
            breaks = if (many) c(0, 0.1, 0.5, 1) else ggplot2::waiver()) +
        ggplot2::coord_fixed() +
        ggplot2::labs(x = "predicted class", y = "true class",
            caption = not_drawn(perfect, better, mm)) +
        figure_theme("none") +
        ggplot2::theme(axis.text.x = upright(), legend.position = "right",
            axis.text.x.top = upright(0), axis.line = ggplot2::element_blank(),
            plot.caption = ggplot2::element_text(hjust = 0),
            plot.caption.position = "plot")
    plot <- for_print(if (many) plot else plot + cell_numbers(cells, mm), mm,
        beside)
    if (is.finite(mm)) {
        plot <- plot + legend_above()
    }
    if (many || is_narrow(mm)) {
        plot + small_names(if (is_narrow(mm)) 5 else 5.5)
    } else {
        plot
    }
}

small_names <- function(size) {
    text <- ggplot2::element_text(size = size)
    ggplot2::theme(axis.text = text, axis.text.x = text, axis.text.y = text)
}

# Which classes have the lowest recall or precision.
most_errors <- function(scores, n) {
    errors <- pmin(scores$recall, scores$precision)
    errors[is.na(errors)] <- 0
    rank(errors, ties.method = "first") <= n
}

# Largest number of classes whose cells have space for numbers.
most_written <- 20L

# True x predicted, as shares of all samples of the true class.
confusion_shares <- function(counts, names) {
    names <- as.character(names)
    totals <- tapply(counts$n, as.character(counts$true), sum)
    cells <- expand.grid(row = seq_along(names), column = seq_along(names))
    cells$true <- names[cells$row]
    cells$predicted <- names[cells$column]
    pair <- function(true, predicted) {
        interaction(factor(true, names), factor(predicted, names))
    }
    n <- tapply(counts$n, pair(counts$true, counts$predicted), sum,
        default = 0)
    at <- as.integer(pair(cells$true, cells$predicted))
    cells$share <- as.vector(n[at] / totals[cells$true])
    cells
}

cell_numbers <- function(cells, mm) {
    cells <- cells[cells$share >= 0.005, ]
    ggplot2::geom_text(data = cells, size = if (is_narrow(mm)) 1.6 else 2.2,
        mapping = ggplot2::aes(label = round(100 * .data$share)),
        colour = ifelse(cells$share > 0.55, "white", role("ink")))
}

two_digits <- function(values) {
    ifelse(is.na(values), "\u2013", sprintf("%.2f", values))
}

# The classes that are not drawn, and why.
not_drawn <- function(perfect, better, mm) {
    classes <- list("All right" = perfect, "With fewer errors" = better)
    classes <- classes[lengths(classes) > 0L]
    lines <- sprintf("%s (%d, not drawn): %s", names(classes),
        lengths(classes), vapply(classes, function(names) {
            paste(shown(sort(names)), collapse = ", ")
        }, ""))
    if (length(lines)) {
        in_lines(paste(lines, collapse = "\n"), caption_length(mm))
    }
}
