# What all figures share: colours, text and the theme. The colours are those of
# inst/palette.json, which Python's figures take them from too.

utils::globalVariables(".data")

# The data that a figure reads. A file is open until the figure is made.
figure_data <- function(adata, frame = parent.frame()) {
    need_package("ggplot2", "install.packages")
    only_genes_in_use(open_data(adata, frame))
}

palette <- function() {
    if (is.null(cache$palette)) {
        path <- system.file("palette.json", package = "tissueshap",
            mustWork = TRUE)
        cache$palette <- jsonlite::read_json(path, simplifyVector = TRUE)
    }
    cache$palette
}

role <- function(name) palette()$roles[[name]]

# A colour a class: as Python's _palette.classes().
class_colours <- function(n) {
    few <- palette()$classes
    if (n <= length(few)) {
        return(few[seq_len(n)])
    }
    at <- seq_len(n) - 1
    oklch(c(0.45, 0.62, 0.79)[at %% 3 + 1], 0.13, 2 * pi * at / n)
}

# A colour a gene set: its own, or the next spare one.
gene_set_colours <- function(sets) {
    own <- palette()$gene_sets
    spare <- palette()$other_gene_sets
    unknown <- setdiff(sets, names(own))
    others <- spare[(seq_along(unknown) - 1L) %% length(spare) + 1L]
    c(unlist(own), stats::setNames(others, unknown))[sets]
}

# OKLCH colours (Ottosson 2020) as sRGB, cut to its gamut.
oklch <- function(lightness, chroma, hue) {
    a <- chroma * cos(hue)
    b <- chroma * sin(hue)
    cone <- rbind(lightness + 0.3963377774 * a + 0.2158037573 * b,
        lightness - 0.1055613458 * a - 0.0638541728 * b,
        lightness - 0.0894841775 * a - 1.2914855480 * b)
    to_rgb <- rbind(c(4.0767416621, -3.3077115913, 0.2309699292),
        c(-1.2684380046, 2.6097574011, -0.3413193965),
        c(-0.0041960863, -0.7034186147, 1.7076147010))
    linear <- pmin(pmax(to_rgb %*% cone^3, 0), 1)
    encoded <- ifelse(linear <= 0.0031308, 12.92 * linear,
        1.055 * linear^(1 / 2.4) - 0.055)
    grDevices::rgb(t(round(encoded * 255)), maxColorValue = 255)
}

# A name as it is drawn: on one line, and cut where it is too long.
shown <- function(names, longest = 48L) {
    plain <- trimws(gsub("\\s+", " ", as.character(names)))
    long <- nchar(plain) > longest
    cut <- sub("\\s+$", "", substr(plain[long], 1L, longest - 1L))
    plain[long] <- paste0(cut, "\u2026")
    plain
}

set_name <- function(sets) {
    known <- c(shap = "SHAP", de = "DE")
    ifelse(sets %in% names(known), known[sets], shown(sets))
}

with_commas <- function(n) format_each(n, big.mark = ",")

percent <- function(share) {
    ifelse(is.na(share), NA, paste0(round(100 * share), "%"))
}

format_each <- function(n, ...) {
    ifelse(is.na(n), NA,
        vapply(n, format, "", ..., scientific = FALSE, trim = TRUE))
}

# Breaks of an axis of counts.
whole_breaks <- function(limits) {
    breaks <- pretty(limits)
    breaks[breaks == trunc(breaks)]
}

# Each gene's symbol, or its identifier if it has none: as Python's
# _core.labels.symbols().
gene_symbols <- function(x) {
    genes <- gene_names(x)
    symbols <- get_column(x, "var", slot_name("var", "symbol"))
    if (is.null(symbols)) {
        return(genes)
    }
    ifelse(symbols %in% c(NA, "", "nan"), genes, as.character(symbols))
}

symbols_of <- function(x, genes) {
    shown(gene_symbols(x)[match(genes, gene_names(x))], 20L)
}

# A factor whose first level is drawn on top of a y axis.
from_top <- function(values, levels = unique(values)) {
    factor(as.character(values), rev(as.character(levels)))
}

class_axis <- function(mm = Inf) {
    ggplot2::scale_y_discrete(labels = function(names) {
        shown(names, longest_in(mm))
    })
}

share_axis <- function(limits = c(0, 1), mm = Inf) {
    ggplot2::scale_x_continuous(labels = percent, limits = limits,
        breaks = if (is_narrow(mm)) c(0, 0.5, 1) else ggplot2::waiver(),
        expand = ggplot2::expansion(c(0, 0.02)))
}

count_axis <- function(room = 0.05) {
    ggplot2::scale_x_continuous(labels = with_commas, breaks = whole_breaks,
        expand = ggplot2::expansion(c(0, room)))
}

# The classes that a figure draws, in their order.
drawn_classes <- function(classes, groups) {
    if (is.null(groups)) {
        return(classes)
    }
    chosen <- check_choice(as.character(groups), "groups", classes,
        several = TRUE)
    classes[classes %in% chosen]
}

# An order in which classes that are alike are neighbours: `alike` is square,
# and need not be symmetric.
similar_first <- function(alike) {
    both <- alike + t(alike)
    both[is.na(both)] <- 0
    stats::hclust(stats::as.dist(max(both) - both), "average")$order
}

sequential_colours <- function(..., direction = 1) {
    ggplot2::scale_colour_viridis_c(option = palette()$sequential,
        direction = direction, ...)
}

low_to_high <- function(name, above) {
    sequential_colours(name = name, limits = c(0, 1), breaks = c(0, 1),
        labels = c("low", "high"), guide = colours_guide(above))
}

figure_theme <- function(grid = c("both", "x", "y", "none")) {
    grid <- choice_of(grid)
    blank <- ggplot2::element_blank()
    ink <- role("ink")
    line <- function(axis) {
        if (grid %in% c("both", axis)) {
            ggplot2::element_line(colour = "#EBEBEB", linewidth = 0.3)
        } else {
            blank
        }
    }
    ggplot2::theme_minimal(base_size = 9) + ggplot2::theme(
        text = ggplot2::element_text(colour = ink),
        axis.text = ggplot2::element_text(colour = ink),
        axis.line = ggplot2::element_line(colour = ink, linewidth = 0.3),
        # Clear of the numbers next to it, whatever the font of the device.
        axis.title.y.right = ggplot2::element_text(
            margin = ggplot2::margin(l = 10)),
        panel.grid.minor = blank,
        panel.grid.major.x = line("x"),
        panel.grid.major.y = line("y"),
        plot.background = ggplot2::element_rect(fill = "white", colour = NA),
        plot.title = ggplot2::element_text(size = 9),
        strip.text = ggplot2::element_text(colour = ink, size = 8.5),
        legend.position = "top",
        legend.justification = "left",
        legend.title = ggplot2::element_text(size = 8))
}

# The labels of columns, and the size of the largest dot in them, where many
# columns share the width of a journal's page; few have labels as other axes do.
column_labels <- function(n, mm) {
    upright(size = min(max(4, narrowing(mm) * 280 / n),
        if (is_narrow(mm)) 6 else 7.2))
}
column_dot <- function(n, mm) min(max(1, narrowing(mm) * 100 / n), 5)
narrowing <- function(mm) if (is_narrow(mm)) 0.5 else 1

# Letters of a term's or a module's name.
longest_term <- function(mm) if (is_narrow(mm)) 30L else 60L

# A matrix of dots, with the legends where they leave it space.
dot_columns <- function(plot, mm, n, rows) {
    for_print(plot + ggplot2::theme(legend.position = "right"), mm,
        names_width(rows, mm)) + ggplot2::theme(
        axis.text.x = column_labels(n, mm), plot.caption.position = "plot")
}

too_many <- function(n, n_fitting) {
    if (n_fitting < n) {
        sprintf("%d of %d columns do not fit: groups = chooses", n - n_fitting,
            n)
    }
}

upright <- function(hjust = 1, ...) {
    ggplot2::element_text(angle = 90, hjust = hjust, vjust = 0.5, ...)
}
