#' How far down the ranks the classes' genes stay their own
#'
#' The share of unique and of exclusive genes in the top ranks of all classes,
#' as in Python's `ts.pl.uniqueness`.
#'
#' @param adata As for [plot_confusion()], after [run_select_genes()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_uniqueness(example_results())
#' }
plot_uniqueness <- function(adata, width = NULL) {
    mm <- figure_width(width)
    record <- need_record(figure_data(adata), "select_genes")
    curve <- record$curve
    params <- record$params
    # The threshold of other rules is not a share of genes.
    threshold <- if (identical(as.character(params$method),
        "unique_fraction")) params$threshold else NULL
    kinds <- c(unique_fraction = "unique: distinct genes / all ranks",
        exclusive_fraction = "exclusive: in one class only")
    kinds <- kinds[names(kinds) %in% names(curve)]
    lines <- data.frame(n_ranks = rep(curve$n_ranks, length(kinds)),
        fraction = unlist(curve[names(kinds)], use.names = FALSE),
        kind = factor(rep(kinds, each = nrow(curve)), kinds))
    chosen <- sprintf("chosen: top %s ranks, %s genes",
        with_commas(record$n_ranks), with_commas(record$n_genes))
    scale <- if (max(curve$n_ranks) > 100) {
        ggplot2::scale_x_log10
    } else {
        ggplot2::scale_x_continuous
    }
    plot <- ggplot2::ggplot(lines, ggplot2::aes(.data$n_ranks, .data$fraction,
        colour = .data$kind)) +
        ggplot2::geom_hline(yintercept = as.numeric(threshold),
            colour = role("muted"), linetype = "dashed", linewidth = 0.4) +
        ggplot2::geom_vline(ggplot2::aes(xintercept = .data$n_ranks,
            linetype = chosen), data.frame(n_ranks = record$n_ranks),
            colour = role("ink"), linewidth = 0.4) +
        ggplot2::geom_line(linewidth = 0.8) +
        scale(labels = with_commas) +
        ggplot2::scale_y_continuous(labels = percent, limits = c(0, 1)) +
        ggplot2::scale_colour_manual(NULL, values = c(role("shap"),
            role("up"))) +
        ggplot2::scale_linetype_manual(NULL, values = "dotted") +
        ggplot2::labs(x = "top ranks taken from each class",
            y = "share of genes") +
        figure_theme() +
        ggplot2::theme(legend.box = "vertical", legend.direction = "vertical",
            legend.box.just = "left", legend.spacing.y = ggplot2::unit(0, "pt"))
    for_print(plot, mm)
}
