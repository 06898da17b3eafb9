#' The samples in the plane, a panel for each gene set
#'
#' Samples are coloured by class. Up to ten classes are named at their medians,
#' or a little above or below where names would cover each other. The names of
#' more are left and right of the samples, with lines to the medians. The figure
#' of Python's `ts.pl.umap`.
#'
#' @param adata As for [plot_confusion()], after [run_cluster()].
#' @inheritParams plot_de_counts
#' @param groups Classes in colours and with names, those of the others are
#'   grey; by default all.
#' @param gene_sets Sets to draw; by default all that were embedded.
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_umap(example_results(), gene_sets = "shap")
#' }
plot_umap <- function(adata, label = NULL, gene_sets = NULL, groups = NULL,
                      width = NULL) {
    mm <- figure_width(width)
    x <- figure_data(adata)
    classes <- class_levels(x, label)
    named <- drawn_classes(classes, groups)
    class <- factor(as.character(get_label(x, label)$values), classes)
    summary <- need_record(x, "cluster")$summary
    sets <- as.character(if (is.null(gene_sets)) summary$gene_set else
        gene_sets)
    titles <- umap_titles(sets, summary)
    points <- do.call(rbind, lapply(seq_along(sets), function(i) {
        flat <- get_embedding(x, sets[i])
        data.frame(panel = factor(titles[i], titles), class = class,
            x = flat[, 1L], y = flat[, 2L])
    }))
    points <- points[is.finite(points$x) & is.finite(points$y), ]
    middle <- stats::aggregate(points[c("x", "y")],
        points[c("panel", "class")], stats::median)
    middle <- middle[middle$class %in% named, ]
    middle$text <- shown(middle$class, longest_name(classes, sets, mm))
    colours <- class_colours(length(classes))
    colours[!classes %in% named] <- role("faint")
    plot <- ggplot2::ggplot(points, ggplot2::aes(.data$x, .data$y)) +
        ggplot2::geom_point(ggplot2::aes(colour = .data$class), alpha = 0.75,
            shape = 16, size = if (nrow(points) > 2000L) 0.6 else 1.2) +
        ggplot2::scale_colour_manual(NULL, drop = FALSE, guide = "none",
            values = colours) +
        ggplot2::facet_wrap(~ panel, scales = "free",
            ncol = if (is_narrow(mm)) 1L) +
        ggplot2::labs(x = "UMAP 1", y = "UMAP 2") +
        figure_theme("none") +
        ggplot2::theme(axis.text = ggplot2::element_blank())
    for_print(plot, mm) + if (length(classes) > 10L) {
        names_beside(middle, points, colours, mm)
    } else {
        names_inside(middle, points, mm)
    }
}

# Letters of a name, in panels on a page of 183 mm: next to the points of many
# classes, or among those of some.
longest_name <- function(classes, sets, mm) {
    if (length(classes) <= 10L) {
        28L
    } else if (length(sets) > 1L || is_narrow(mm)) {
        if (is_narrow(mm)) 20L else 22L
    } else {
        42L
    }
}

names_inside <- function(middle, points, mm) {
    middle <- do.call(rbind, lapply(split(middle, middle$panel), apart,
        points = points, line = if (is_narrow(mm)) 0.075 else 0.045))
    ggplot2::geom_label(ggplot2::aes(label = .data$text,
        hjust = .data$hjust), middle,
        size = if (is_narrow(mm)) 2 else 2.4, fontface = "bold",
        colour = role("ink"),
        fill = grDevices::adjustcolor("white", 0.7), label.size = 0,
        label.padding = ggplot2::unit(1, "pt"))
}

# Names in two columns, in the order of their points, with lines to these.
names_beside <- function(middle, points, colours, mm) {
    middle <- do.call(rbind, lapply(split(middle, middle$panel), in_margins,
        points = points))
    list(
        ggplot2::geom_segment(ggplot2::aes(.data$start, .data$height,
            xend = .data$x, yend = .data$y), middle, colour = "#555555",
            linewidth = 0.2, alpha = 0.6),
        ggplot2::geom_point(ggplot2::aes(fill = .data$class), middle,
            shape = 21, colour = "white", size = 1.6, stroke = 0.4),
        ggplot2::geom_point(ggplot2::aes(.data$start, .data$height,
            colour = .data$class), middle, size = 1),
        ggplot2::geom_text(ggplot2::aes(.data$beside, .data$height,
            label = .data$text, hjust = .data$hjust), middle, size = 2.1,
            colour = role("ink")),
        ggplot2::scale_fill_manual(NULL, drop = FALSE, guide = "none",
            values = colours),
        ggplot2::scale_x_continuous(expand = ggplot2::expansion(
            if (is_narrow(mm)) 1.05 else 0.9)))
}

in_margins <- function(labels, points) {
    own <- points[points$panel == labels$panel[1L], ]
    low <- c(min(own$x), min(own$y))
    span <- pmax(c(max(own$x), max(own$y)) - low, .Machine$double.xmin)
    left <- rank(labels$x, ties.method = "first") <= nrow(labels) %/% 2L
    labels$height <- labels$y
    for (side in list(which(left), which(!left))) {
        ordered <- side[order(labels$y[side])]
        labels$height[ordered] <- low[2L] + span[2L] *
            spaced((labels$y[ordered] - low[2L]) / span[2L])
    }
    labels$hjust <- as.numeric(left)
    labels$start <- low[1L] + span[1L] * ifelse(left, -0.06, 1.06)
    labels$beside <- low[1L] + span[1L] * ifelse(left, -0.09, 1.09)
    labels
}

# Rising heights near the given ones, from 0 to 1, that are far enough apart for
# a line of text in a panel of 4 inches; closer if there are more of them.
spaced <- function(heights, least = 0.027) {
    n <- length(heights)
    least <- min(least, 1 / max(n - 1, 1))
    steps <- least * (seq_len(n) - 1)
    # The nearest rising sequence of heights less the steps, cut to what fits.
    level <- stats::isoreg(heights - steps)$yf
    pmin(pmax(level, 0), 1 - max(steps)) + steps
}

# Labels are aligned so that they stay within the panel, and those that would
# cover each other are moved up and down, as little as needed; sizes are those
# of a panel of about 3.5 inches, in which a line has 0.045 of the height.
apart <- function(labels, points, line = 0.045) {
    own <- points[points$panel == labels$panel[1L], ]
    x <- (labels$x - min(own$x)) / max(diff(range(own$x)),
        .Machine$double.xmin)
    high <- max(diff(range(own$y)), .Machine$double.xmin)
    y <- labels$y / high
    wide <- nchar(labels$text) * 0.022
    labels$hjust <- x
    x <- x + wide * (0.5 - x)
    for (turn in seq_len(200L)) {
        down <- outer(y, y, `-`)
        down <- down + (down == 0) * 1e-6 * sign(row(down) - col(down))
        clash <- abs(outer(x, x, `-`)) < outer(wide, wide, `+`) / 2 &
            abs(down) < line
        diag(clash) <- FALSE
        if (!any(clash)) {
            break
        }
        y <- y + rowSums(clash * sign(down) * (1.02 * line - abs(down))) / 2
    }
    labels$y <- y * high
    labels
}

umap_titles <- function(sets, summary) {
    at <- match(sets, summary$gene_set)
    ifelse(is.na(at), set_name(sets), sprintf("%s (%s genes)\nV-measure %.3f",
        set_name(sets), with_commas(summary$n_genes[at]),
        summary$v_measure[at]))
}
