#' How well each gene set clusters the classes
#'
#' V-measure, homogeneity and completeness of all starts of k-means by gene
#' set, as in Python's `ts.pl.vmeasure`. At most 400 starts a set are drawn as
#' points; the boxes count them all.
#'
#' @param adata As for [plot_confusion()], after [run_cluster()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_vmeasure(example_results())
#' }
plot_vmeasure <- function(adata, width = NULL) {
    mm <- figure_width(width)
    table <- need_record(figure_data(adata), "cluster")$v_measure
    measures <- c(v_measure = "V-measure", homogeneity = "homogeneity",
        completeness = "completeness")
    sets <- unique(as.character(table$gene_set))
    set <- from_top(table$gene_set, sets)
    values <- data.frame(set = rep(set, length(measures)),
        measure = factor(rep(measures, each = nrow(table)), measures),
        value = unlist(table[names(measures)], use.names = FALSE))
    few <- unlist(lapply(split(seq_len(nrow(table)), set), function(rows) {
        rows[unique(round(seq(1, length(rows), length.out = 400L)))]
    }))
    few <- rep(few, length(measures)) +
        rep(nrow(table) * (seq_along(measures) - 1L), each = length(few))
    plot <- ggplot2::ggplot(values, ggplot2::aes(.data$value, .data$set)) +
        ggplot2::geom_point(ggplot2::aes(colour = .data$set), values[few, ],
            size = 0.6, alpha = 0.4, shape = 16,
            position = ggplot2::position_jitter(0, 0.28, seed = 0)) +
        ggplot2::geom_boxplot(outlier.shape = NA, fill = NA, width = 0.6,
            linewidth = 0.3, colour = role("ink")) +
        ggplot2::scale_colour_manual(values = gene_set_colours(sets),
            guide = "none") +
        ggplot2::scale_x_continuous(n.breaks = 4) +
        ggplot2::scale_y_discrete(labels = function(sets) {
            shown(set_name(sets), longest_in(mm))
        }) +
        ggplot2::facet_wrap(~ measure, scales = "free_x") +
        ggplot2::labs(x = NULL, y = NULL) +
        figure_theme("x") +
        ggplot2::theme(panel.spacing = ggplot2::unit(14, "pt"))
    for_print(plot, mm)
}
