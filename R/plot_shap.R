#' The genes that support each class
#'
#' For up to twelve classes: a dot's area is the gene's median SHAP value in a
#' class (none where it is not positive), relative to the largest in that class;
#' its colour the class's mean expression, from the lowest class to the highest.
#' For more classes: a row of gene names for each, ordered so that classes
#' with the same genes are neighbours; a bar is the median, and blue if the gene
#' is in the row of no other class.
#' For one class: a dot is a sample explained as that class, placed by its SHAP
#' value and coloured by its expression. The figures of Python's `ts.pl.shap`.
#'
#' @param adata As for [plot_confusion()], after [run_rank_genes()].
#' @param class_name One class; by default all.
#' @inheritParams plot_de_counts
#' @param n_top Genes per class; by default 15 for one class, and as many as fit
#'   (1 to 5) for all.
#' @param layer The layer (assay) whose values give the colours; by default the
#'   classifier's input.
#' @return A ggplot.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE) &&
#'     requireNamespace("ggplot2", quietly = TRUE)) {
#'     results <- example_results()
#'     plot_shap(results)
#'     plot_shap(results, results$tissue[1])
#' }
plot_shap <- function(adata, class_name = NULL, label = NULL, n_top = NULL,
                      layer = NULL, groups = NULL, width = NULL) {
    mm <- figure_width(width)
    x <- figure_data(adata)
    layer <- input_layer(x, layer)
    classes <- drawn_classes(class_levels(x, label), groups)
    ranks <- class_frame(x, "shap_rank", classes)
    first_genes <- function(class, n) {
        utils::head(order(ranks[, class]), min(n, sum(!is.na(ranks[, class]))))
    }
    if (is.null(class_name)) {
        many <- length(classes) > most_dotted
        n <- if (is.null(n_top)) {
            fitting_genes(length(classes), many, mm, names_width(classes, mm))
        } else {
            n_top
        }
        tops <- lapply(classes, first_genes, n)
        dots <- shap_overview(x, classes, unique(unlist(tops)),
            get_label(x, label)$values, layer)
        plot <- if (many) shap_names(x, dots, tops, mm) else
            shap_dots(x, dots, mm)
        for_print(plot, mm, names_width(classes, mm))
    } else {
        if (!class_name %in% classes) {
            fail("\"%s\" is none of the classes %s", class_name,
                first(classes))
        }
        genes <- first_genes(class_name, if (is.null(n_top)) 15L else n_top)
        for_print(shap_swarm(x, as.character(class_name), genes, layer,
            mm), mm)
    }
}

# Genes of each class: names in rows, or columns of dots.
fitting_genes <- function(n, many, mm, names) {
    if (many) {
        return(if (is_narrow(mm)) 4L else 5L)
    }
    columns <- if (is_narrow(mm)) (mm - names) %/% 1.9 else 60L
    as.integer(min(max(columns %/% n, 1L), 5L))
}

class_frame <- function(x, key, classes, key_added = NULL) {
    frame <- get_frame(x, "varm", named_slot(slot_name("varm", key),
        key_added), key)
    columns <- columns_in(classes, colnames(frame))
    lacking <- classes[is.na(columns)]
    if (length(lacking)) {
        fail(paste("%s \"%s\" has no column for the classes %s: it was made",
            "with other classes; run %s() again"), place_of(x, "varm"), key,
            first(lacking), written_by("varm", key))
    }
    values <- frame[, columns, drop = FALSE]
    colnames(values) <- classes
    values
}

# Largest number of classes whose genes are columns.
most_dotted <- 12L

rescaled <- function(values, low, high) {
    (values - low) / ifelse(high > low, high - low, 1)
}

# Genes x classes: the median as a share of the class's largest, and the mean
# expression from the lowest class to the highest.
shap_overview <- function(x, classes, genes, values, layer) {
    medians <- class_frame(x, "shap_median", classes)[genes, , drop = FALSE]
    positive <- pmax(medians, 0)
    positive[is.na(positive)] <- 0
    largest <- pmax(apply(positive, 2L, max), .Machine$double.xmin)
    expression <- need_matrix(pick_genes(x, genes), layer)
    class <- factor(as.character(values), classes)
    means <- vapply(classes, function(name) {
        rowMeans(expression[, which(class == name), drop = FALSE])
    }, numeric(length(genes)))
    means <- matrix(means, length(genes))
    level <- rescaled(means, apply(means, 1L, min), apply(means, 1L, max))
    ids <- gene_names(x)[genes]
    data.frame(gene = factor(rep(ids, length(classes)), ids),
        class = from_top(rep(classes, each = length(genes)), classes),
        share = as.vector(sweep(positive, 2L, largest, `/`)),
        level = as.vector(level))
}

shap_dots <- function(x, dots, mm) {
    ids <- levels(dots$gene)
    ggplot2::ggplot(dots[dots$share > 0.05, ],
        ggplot2::aes(.data$gene, .data$class)) +
        ggplot2::geom_point(ggplot2::aes(size = .data$share,
            colour = .data$level)) +
        ggplot2::scale_x_discrete(drop = FALSE,
            labels = stats::setNames(symbols_of(x, ids), ids)) +
        ggplot2::scale_y_discrete(drop = FALSE, labels = function(names) {
            shown(names, longest_in(mm))
        }) +
        ggplot2::scale_size_area(
            "median SHAP value,\nshare of the class's\nlargest",
            max_size = if (is_narrow(mm)) 2.2 else 4,
            guide = sizes_guide(mm), limits = c(0, 1),
            breaks = c(0.25, 0.5, 1), labels = percent) +
        low_to_high("mean expression", is_narrow(mm)) +
        ggplot2::labs(x = NULL, y = NULL) +
        figure_theme() +
        ggplot2::theme(axis.text.x = upright(face = "italic"),
            legend.position = "right")
}

# The names of each class's top genes, a row for each class.
shap_names <- function(x, dots, tops, mm) {
    classes <- rev(levels(dots$class))
    share <- matrix(dots$share, ncol = length(classes))
    order <- similar_first(cosines(share))
    cells <- data.frame(gene = gene_names(x)[unlist(tops)],
        class = rep(classes, lengths(tops)),
        column = sequence(lengths(tops)))
    at <- match(paste(cells$gene, cells$class, sep = "\r"),
        paste(dots$gene, dots$class, sep = "\r"))
    cells$share <- dots$share[at]
    cells$level <- dots$level[at]
    cells$row <- match(cells$class, classes[order])
    kinds <- c("median SHAP value, gene in no other row",
        "gene in several rows")
    alone <- table(cells$gene)[cells$gene] == 1L
    cells$kind <- factor(kinds[2L - alone], kinds)
    # Here, since a file is closed when the figure is drawn.
    cells$text <- shown(symbols_of(x, cells$gene), 11L)
    ggplot2::ggplot(cells) +
        ggplot2::geom_rect(ggplot2::aes(xmin = .data$column + 0.1,
            xmax = .data$column + 0.1 + 0.88 * .data$share,
            ymin = .data$row - 0.41, ymax = .data$row + 0.41,
            fill = .data$kind)) +
        ggplot2::geom_point(ggplot2::aes(.data$column + 0.05, .data$row,
            colour = .data$level), size = 1) +
        ggplot2::geom_text(ggplot2::aes(.data$column + 0.13, .data$row,
            label = .data$text), hjust = 0, size = 1.9,
            fontface = "italic", colour = role("ink")) +
        ggplot2::scale_fill_manual(NULL, values = stats::setNames(
            c("#A9D0EA", role("faint")), kinds),
            guide = legend_rows(mm, order = 1L)) +
        low_to_high("mean expression", is.finite(mm)) +
        ggplot2::scale_y_continuous(trans = "reverse",
            breaks = seq_along(classes), labels = shown(classes[order],
                longest_in(mm)),
            expand = ggplot2::expansion(add = 0.6)) +
        ggplot2::scale_x_continuous(breaks = seq_len(max(cells$column)) + 0.5,
            labels = seq_len(max(cells$column)),
            expand = ggplot2::expansion(add = 0.05)) +
        ggplot2::labs(x = "rank of the gene in the class", y = NULL) +
        figure_theme("none") +
        ggplot2::theme(axis.line = ggplot2::element_blank(),
            legend.box = "vertical", legend.spacing.y = ggplot2::unit(0, "pt"),
            axis.text.y = ggplot2::element_text(size = 6.5))
}

# The cosine of each pair of columns.
cosines <- function(values) {
    size <- sqrt(colSums(values^2))
    crossprod(values) / pmax(tcrossprod(size), .Machine$double.xmin)
}

shap_swarm <- function(x, class_name, genes, layer, mm) {
    samples <- explained_samples(x, class_name)
    part <- pick_genes(x, genes)
    # The scale runs over all samples: these ones alone may all be high.
    expression <- need_matrix(part, layer)
    level <- rescaled(expression, apply(expression, 1L, min),
        apply(expression, 1L, max))
    values <- need_matrix(part, slot_name("layers", "shap"))[, samples,
        drop = FALSE]
    rows <- rev(seq_along(genes))
    offset <- apply(values, 1L, stacked, reach = range(values, na.rm = TRUE))
    dots <- data.frame(gene = rep(gene_names(x)[genes], length(samples)),
        sample = rep(samples, each = length(genes)),
        row = rep(rows, length(samples)),
        value = as.vector(values), offset = as.vector(t(offset)),
        level = as.vector(level[, samples]))
    ggplot2::ggplot(dots, ggplot2::aes(.data$value, .data$row +
        .data$offset)) +
        ggplot2::geom_vline(xintercept = 0, colour = role("muted"),
            linewidth = 0.4) +
        ggplot2::geom_point(ggplot2::aes(colour = .data$level), shape = 16,
            size = if (length(samples) < 30L) 1.4 else 0.9) +
        ggplot2::scale_y_continuous(breaks = rows,
            labels = symbols_of(x, gene_names(x)[genes]),
            limits = c(0.5, length(genes) + 0.5),
            expand = ggplot2::expansion(0)) +
        low_to_high("expression", is_narrow(mm)) +
        ggplot2::labs(x = paste("SHAP value for", shown(class_name)),
            y = NULL, title = paste(with_commas(length(samples)),
                "samples")) +
        figure_theme("x") +
        ggplot2::theme(legend.position = "right",
            axis.text.y = ggplot2::element_text(face = "italic"))
}

# Positions of the samples that were explained as a class. Python counts from
# zero.
explained_samples <- function(x, class_name) {
    table <- need_record(x, "shap")$samples
    chosen <- table$sample[as.character(table$explained) == class_name]
    if (length(chosen) == 0L) {
        fail(paste("no sample was explained as \"%s\":",
            "run_shap(adata, model, samples = \"test\") explains wrongly",
            "predicted samples too"), class_name)
    }
    if (is.numeric(chosen)) {
        as.integer(chosen) + 1L
    } else {
        match(as.character(chosen), sample_names(x))
    }
}

# Offsets that set dots of about the same value next to each other: 0, 1, -1, 2,
# -2 and so on, in each of 80 places along the axis.
stacked <- function(values, reach) {
    place <- floor((values - reach[1L]) / max(diff(reach),
        .Machine$double.xmin) * 80)
    turn <- stats::ave(values, place, FUN = seq_along) - 1
    offset <- ifelse(turn %% 2 == 1, (turn + 1) / 2, -turn / 2)
    widest <- max(abs(offset))
    if (widest > 0) offset * min(0.08, 0.4 / widest) else offset
}
