#' Fold changes of what SHAP, DE and both call, and what DE missed
#'
#' On the left the log2 fold changes, with the cut-offs of differential
#' expression; on the right why it missed the genes that SHAP alone calls. A
#' gene counts once for each class that it was called in. Fewer than ten values
#' are drawn as points. The figure of Python's `ts.pl.logfc`.
#'
#' @param adata As for [plot_confusion()], after [run_compare()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_logfc(example_results())
#' }
plot_logfc <- function(adata, width = NULL) {
    mm <- figure_width(width)
    record <- need_record(figure_data(adata), "compare")
    genes <- record$genes
    cutoffs <- record$params
    in_shap <- as.logical(genes$in_shap)
    in_de <- as.logical(genes$in_de)
    groups <- c("SHAP only", "both", "DE only")
    # The blank tells the reason from the group; the axis drops it.
    reasons <- c(fdr = sprintf("FDR \u2265 %g", cutoffs$fdr),
        logfc = sprintf("|log2FC| \u2264 %g", cutoffs$lfc), both = "both ")
    columns <- c(groups, reasons)
    group <- factor(ifelse(!in_de, "SHAP only", ifelse(in_shap, "both",
        "DE only")), columns)
    n <- table(group)[groups]
    titles <- c("log2 fold change, class against the others",
        "why DE missed SHAP-only genes")
    on_panel <- function(i, ...) {
        data.frame(panel = factor(titles[i], titles), ...)
    }
    points <- on_panel(1L, group = group, y = genes$logfc)
    points <- points[!is.na(points$y), ]
    dense <- vapply(split(points$y, points$group), function(y) {
        length(y) >= 10L && diff(range(y)) > 0
    }, logical(1))
    few <- points[!dense[as.character(points$group)], ]
    points <- points[dense[as.character(points$group)], ]
    missed <- as.character(genes$missed_by)[in_shap & !in_de]
    bars <- on_panel(2L, group = factor(reasons, columns),
        y = as.vector(table(factor(missed, names(reasons)))))
    labels <- stats::setNames(c(sprintf("%s\nn = %s", groups,
        with_commas(as.vector(n))), trimws(reasons)), columns)
    if (is_narrow(mm)) {
        labels[] <- sub(" ([\u2265\u2264])", "\n\\1", labels)
    }
    plot <- ggplot2::ggplot(mapping = ggplot2::aes(.data$group, .data$y)) +
        ggplot2::geom_hline(ggplot2::aes(yintercept = .data$y),
            on_panel(1L, y = c(-1, 1) * cutoffs$lfc), colour = role("muted"),
            linetype = "dashed", linewidth = 0.4) +
        ggplot2::geom_violin(ggplot2::aes(fill = .data$group,
            colour = .data$group), points, alpha = 0.55, linewidth = 0.3) +
        ggplot2::geom_boxplot(ggplot2::aes(group = .data$group), points,
            width = 0.08, outlier.shape = NA, linewidth = 0.3) +
        ggplot2::geom_point(ggplot2::aes(colour = .data$group), few) +
        ggplot2::geom_col(data = bars, fill = role("shap"), width = 0.7) +
        ggplot2::geom_text(ggplot2::aes(label = with_commas(.data$y)), bars,
            vjust = -0.4, size = 2.5) +
        # Bars of 0 alone would have an axis of fractions.
        ggplot2::geom_blank(data = on_panel(2L, group = bars$group[1L],
            y = 5)) +
        ggplot2::scale_x_discrete(labels = labels,
            limits = function(values) intersect(columns, values)) +
        ggplot2::scale_y_continuous(labels = with_commas,
            expand = ggplot2::expansion(c(0.02, 0.08))) +
        ggplot2::scale_fill_manual(values = c("SHAP only" = role("shap"),
            both = role("both"), "DE only" = role("de")), guide = "none",
            aesthetics = c("fill", "colour")) +
        ggplot2::facet_wrap(~ panel, scales = "free",
            labeller = strips(mm, 2L)) +
        ggplot2::labs(x = NULL, y = NULL) +
        figure_theme("y")
    for_print(plot, mm)
}
