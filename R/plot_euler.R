#' SHAP genes and DE genes as circles
#'
#' The selected SHAP genes against the DE genes, and other rank cut-offs next
#' to them, as in Python's `ts.pl.overlap`. All circles have one scale: an area
#' is a number of genes.
#'
#' @param adata As for [plot_confusion()], after [run_compare()].
#' @param ranks Rank cut-offs to draw next to the selection, of those that
#'   [run_compare()] recorded; by default up to three of them.
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @seealso [plot_overlap()] for each class by itself.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_euler(example_results())
#' }
plot_euler <- function(adata, ranks = NULL, width = NULL) {
    mm <- figure_width(width)
    record <- need_record(figure_data(adata), "compare")
    columns <- c("n_shap", "n_de", "n_both", "expected", "pvalue")
    others <- other_cutoffs(record$by_rank, ranks)
    rows <- rbind(as.data.frame(record[columns]), others[columns])
    rows$panel <- c("selected SHAP genes", sprintf("top %s rank%s",
        with_commas(others$n_ranks), ifelse(others$n_ranks > 1, "s", "")))
    rows$panel <- factor(rows$panel, rows$panel)
    reach <- 2 * sqrt(max(rows$n_shap, rows$n_de, 1) / pi)
    parts <- lapply(split(rows, rows$panel), euler_circles)
    plot <- ggplot2::ggplot(do.call(rbind, parts),
        ggplot2::aes(.data$x, .data$y)) +
        ggplot2::geom_polygon(ggplot2::aes(fill = .data$set,
            colour = .data$set), alpha = 0.5, linewidth = 0.4) +
        ggplot2::geom_text(ggplot2::aes(label = .data$text, y = .data$y *
            reach), euler_texts(rows), colour = rep(c(role("shap"),
            role("both"), "#9C6B00", role("muted")), nrow(rows)),
            size = if (is_narrow(mm)) 2.1 else 2.7) +
        ggplot2::scale_fill_manual(values = c(shap = role("shap"),
            de = role("de")), aesthetics = c("fill", "colour"),
            guide = "none") +
        ggplot2::coord_fixed(xlim = c(-0.75, 0.75) * reach,
            ylim = c(-1, 0.55) * reach) +
        ggplot2::facet_wrap(~ panel,
            nrow = if (is_narrow(mm)) ceiling(nrow(rows) / 2) else 1L) +
        figure_theme("none") +
        ggplot2::theme(axis.title = ggplot2::element_blank(),
            axis.text = ggplot2::element_blank(),
            axis.line = ggplot2::element_blank())
    for_print(plot, mm)
}

other_cutoffs <- function(by_rank, ranks) {
    others <- by_rank[!as.logical(by_rank$selected), ]
    if (!is.null(ranks)) {
        others[others$n_ranks %in% ranks, ]
    } else if (nrow(others) > 3L) {
        others[round(seq(0, nrow(others) - 1, length.out = 3L)) + 1, ]
    } else {
        others
    }
}

euler_circles <- function(row) {
    circles <- solve_circles(row$n_shap, row$n_de, row$n_both)
    radius <- c(de = circles$second, shap = circles$first)
    centre <- c(de = circles$distance, shap = 0)
    middle <- (min(centre - radius) + max(centre + radius)) / 2
    turn <- seq(0, 2 * pi, length.out = 181L)
    do.call(rbind, lapply(names(radius)[radius > 0], function(set) {
        data.frame(panel = row$panel, set = factor(set, names(radius)),
            x = centre[[set]] - middle + radius[[set]] * cos(turn),
            y = radius[[set]] * sin(turn))
    }))
}

euler_texts <- function(rows) {
    share <- ifelse(rows$n_shap > 0, sprintf("%.1f%% of SHAP", 100 *
        rows$n_both / rows$n_shap), "no SHAP gene")
    text <- rbind(
        paste0("SHAP only  ", with_commas(rows$n_shap - rows$n_both)),
        sprintf("both  %s  (%s)", with_commas(rows$n_both), share),
        paste0("DE only  ", with_commas(rows$n_de - rows$n_both)),
        sprintf("expected %.1f, p = %.2g", rows$expected, rows$pvalue))
    data.frame(panel = rep(rows$panel, each = 4L), text = as.vector(text),
        x = 0, y = c(-0.6, -0.72, -0.84, -0.96))
}

# Radii and distance of two circles whose areas are the numbers.
solve_circles <- function(n_first, n_second, n_both) {
    first <- sqrt(n_first / pi)
    second <- sqrt(n_second / pi)
    nearest <- abs(first - second)
    farthest <- first + second
    distance <- if (n_both <= 0) {
        farthest
    } else if (n_both >= min(n_first, n_second)) {
        nearest
    } else {
        stats::uniroot(function(d) shared_area(first, second, d) - n_both,
            c(nearest, farthest), tol = 1e-9 * farthest)$root
    }
    list(first = first, second = second, distance = distance)
}

shared_area <- function(first, second, distance) {
    if (distance >= first + second) {
        return(0)
    }
    if (distance <= abs(first - second)) {
        return(pi * min(first, second)^2)
    }
    # Each circle's segment beyond the chord through both crossings.
    to_chord <- (distance^2 + first^2 - second^2) / (2 * distance)
    segment <- function(radius, to_chord) {
        share <- min(max(to_chord / radius, -1), 1)
        radius^2 * (acos(share) - share * sqrt(1 - share^2))
    }
    segment(first, to_chord) + segment(second, distance - to_chord)
}
