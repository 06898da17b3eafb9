#' A gene set's V-measure among those of random gene sets
#'
#' The mean V-measure of each random gene set, and that of the set tested, as
#' in Python's `ts.pl.null`.
#'
#' @param adata As for [plot_confusion()], after [run_null_test()].
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_null(example_results())
#' }
plot_null <- function(adata, width = NULL) {
    mm <- figure_width(width)
    record <- need_record(figure_data(adata), "null_test")
    values <- data.frame(v_measure = record$null$v_measure)
    t_test <- if (is.null(record$t_pvalue)) "" else
        sprintf("; one-tailed t test p = %.2g", record$t_pvalue)
    drawn <- sprintf("%s random sets of %s genes", with_commas(nrow(values)),
        with_commas(record$n_genes))
    observed <- sprintf("%s genes: %.3f", set_name(record$gene_set),
        record$observed)
    plot <- ggplot2::ggplot(values, ggplot2::aes(.data$v_measure)) +
        ggplot2::geom_histogram(ggplot2::aes(fill = drawn), colour = "white",
            linewidth = 0.2, breaks = null_breaks(values$v_measure)) +
        ggplot2::geom_vline(ggplot2::aes(xintercept = .data$v_measure,
            colour = observed), data.frame(v_measure = record$observed),
            linewidth = 0.8) +
        ggplot2::scale_fill_manual(NULL,
            values = palette()$gene_sets$random) +
        ggplot2::scale_colour_manual(NULL, values = role("shap")) +
        ggplot2::scale_y_continuous(breaks = whole_breaks,
            labels = with_commas, expand = ggplot2::expansion(c(0, 0.05))) +
        ggplot2::labs(x = "mean V-measure of the k-means starts",
            y = "random gene sets", title = sprintf("empirical p = %.3g%s",
                record$empirical_pvalue, t_test)) +
        figure_theme("none")
    for_print(plot, mm)
}

# Freedman's and Diaconis's bins, where the values differ enough for them.
null_breaks <- function(values) {
    reach <- range(values)
    if (length(unique(values)) <= 2L) {
        return(seq(reach[1L] - 0.05, reach[2L] + 0.05, length.out = 11L))
    }
    n <- max(grDevices::nclass.FD(values), grDevices::nclass.Sturges(values))
    seq(reach[1L], reach[2L], length.out = n + 1L)
}
