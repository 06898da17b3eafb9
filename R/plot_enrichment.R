#' The terms that each gene list is enriched in
#'
#' One row per term, one column per list. A dot's area is by default the share
#' of the list's genes that are in the term, its colour the adjusted p-value. A
#' term that is in the top of one list is drawn for every list that it is
#' significant in.
#' The figure of Python's `ts.pl.enrichment`.
#'
#' @param adata As for [plot_confusion()], after [run_enrich()].
#' @param n_top Terms a list; by default as many as fit (1 to 15).
#' @param size What the dot's area is: the share of the list's genes that are in
#'   the term, or the enrichment ratio, that share over the term's share of the
#'   background.
#' @param key Name of the record, if [run_enrich()] was run with `key_added`.
#' @inheritParams plot_de_counts
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot_enrichment(example_results())
#' }
plot_enrichment <- function(adata, n_top = NULL, size = c("share", "ratio"),
                            key = "enrich", groups = NULL, width = NULL) {
    mm <- figure_width(width)
    size <- choice_of(size)
    record <- need_record(figure_data(adata), key)
    table <- record$table
    if (!is.null(groups)) {
        tested <- unique(c(as.character(record$lists$class),
            as.character(table$class)))
        table <- table[table$class %in% drawn_classes(tested, groups), ]
    }
    if (nrow(table) == 0L) {
        return(ggplot2::ggplot() + ggplot2::theme_void() +
            ggplot2::annotate("text", 0, 0,
                label = "no term passes the cut-offs"))
    }
    # The lists in the order they were tested; a class may be called "all".
    pair <- paste(table$source, table$class, sep = "\r")
    lists <- unique(pair)
    table$list <- factor(pair, lists)
    n_each <- if (is.null(n_top)) {
        min(max(45L %/% length(lists), 1L), 15L)
    } else {
        n_top
    }
    rows <- shown(table$Description, longest_term(mm))
    fitting <- utils::head(lists, fitting_columns(mm, rows, 6))
    table <- table[pair %in% fitting, ]
    best <- table[order(table$list, table$pvalue), ]
    rank <- stats::ave(best$pvalue, best$list, FUN = seq_along)
    terms <- unique(as.character(best$ID[rank <= n_each]))
    drawn <- table[table$ID %in% terms, ]
    names <- stats::setNames(as.character(drawn$Description), drawn$ID)[terms]
    drawn$term <- from_top(drawn$ID, terms)
    drawn$ratio <- as_share(drawn$GeneRatio)
    if (size == "ratio") {
        drawn$ratio <- drawn$ratio / as_share(drawn$BgRatio)
    }
    drawn$strength <- -log10(pmax(drawn$p.adjust, 1e-300))
    top <- max(drawn$ratio)
    plot <- ggplot2::ggplot(drawn, ggplot2::aes(.data$list, .data$term)) +
        ggplot2::geom_point(ggplot2::aes(size = .data$ratio,
            colour = .data$strength)) +
        ggplot2::scale_x_discrete(limits = fitting,
            labels = list_names(lists, mm)) +
        ggplot2::scale_y_discrete(labels = stats::setNames(shown(names,
            longest_term(mm)), terms)) +
        ggplot2::scale_size_area(
            switch(size, share = "share of the list's genes",
                ratio = "enrichment ratio"),
            max_size = column_dot(length(fitting), mm), limits = c(0, top),
            breaks = top / c(4, 2, 1), guide = sizes_guide(mm),
            labels = function(value) {
                switch(size, share = sprintf("%.1f%%", 100 * value),
                    ratio = sprintf("%.3g", value))
            }) +
        sequential_colours("\u2212log10 adjusted\np-value", direction = -1,
            guide = colours_guide(is_narrow(mm)), limits = c(0, NA)) +
        ggplot2::labs(x = NULL, y = NULL,
            caption = too_many(length(lists), length(fitting))) +
        figure_theme()
    dot_columns(plot, mm, length(fitting), rows)
}

# "3/40" as a number.
as_share <- function(ratios) {
    parts <- strsplit(as.character(ratios), "/", fixed = TRUE)
    vapply(parts, function(part) as.numeric(part[1L]) / as.numeric(part[2L]), 0)
}

# What distinguishes the lists: the source, the class, or both.
list_names <- function(lists, mm) {
    parts <- strsplit(lists, "\r", fixed = TRUE)
    source <- vapply(parts, `[[`, "", 1L)
    class <- vapply(parts, function(part) paste(part[-1L], collapse = "\r"),
        "")
    known <- c(shap = "SHAP genes", de = "DE genes")
    spoken <- ifelse(source %in% names(known), known[source], source)
    texts <- if (all(class == "all")) {
        spoken
    } else if (length(unique(source)) > 1L) {
        sprintf("%s (%s)", class, spoken)
    } else {
        class
    }
    stats::setNames(shown(texts, longest_in(mm)), lists)
}
