# What follows from the width of a figure. A ggplot does not know how wide it
# will be, so the functions that draw take `width`, in Python's words.

widths <- c(column = 89, page = 183)

# Millimetres, or Inf where the figure is not made for any width.
figure_width <- function(width) {
    if (is.null(width)) {
        width <- getOption("tissueshap.figwidth")
    }
    if (is.null(width)) {
        return(Inf)
    }
    if (is.character(width)) {
        return(widths[[check_choice(width, "width", names(widths))]])
    }
    check_number(width, "width", 20, 2000)
}

is_narrow <- function(mm) mm < 120

# Letters that there is space for in a name: as Python's Canvas.longest.
longest_in <- function(mm) if (is_narrow(mm)) 26L else 48L

# Millimetres of the longest name, as it is drawn in a figure of a width.
names_width <- function(names, mm) {
    1.2 * max(0, nchar(shown(names, longest_in(mm))))
}

# A plot for print: small text, a legend above that is not wider than the
# panel, and titles in lines. `around`: millimetres that are not the panel's.
for_print <- function(plot, mm, around = 8) {
    if (!is.finite(mm)) {
        return(plot)
    }
    room <- mm - around
    for (name in c("x", "title")) {
        plot$labels[[name]] <- in_lines(plot$labels[[name]], room / 1.35)
    }
    plot$labels$caption <- in_lines(plot$labels$caption, caption_length(mm))
    plot <- plot + text_sizes(plot, c(axis.title = 7, plot.title = 7.5,
        strip.text = 7, legend.title = 6.5, legend.text = 6,
        axis.text = if (is_narrow(mm)) 6 else 7)) +
        ggplot2::theme(legend.key.size = ggplot2::unit(8, "pt"),
            plot.margin = ggplot2::margin(3, 3, 3, 3),
            plot.caption = ggplot2::element_text(size = 6, hjust = 0),
            plot.caption.position = "plot")
    if (is_narrow(mm)) plot + legend_above() else plot
}

# Words in lines of some letters; an expression stays as it is.
in_lines <- function(words, n_letters) {
    if (!is.character(words)) {
        return(words)
    }
    lines <- strsplit(words, "\n", fixed = TRUE)[[1L]]
    paste(unlist(lapply(lines, strwrap, max(12, n_letters))), collapse = "\n")
}

caption_length <- function(mm) if (is.finite(mm)) mm / 1.25 else 90

# A theme of text in these sizes, where the plot has any.
text_sizes <- function(plot, sizes) {
    drawn <- !vapply(names(sizes), function(name) {
        inherits(plot$theme[[name]], "element_blank")
    }, NA)
    do.call(ggplot2::theme, lapply(as.list(sizes[drawn]), function(size) {
        ggplot2::element_text(size = size)
    }))
}

legend_above <- function() {
    ggplot2::theme(legend.position = "top", legend.box = "vertical",
        legend.box.just = "left", legend.spacing.y = ggplot2::unit(0, "pt"),
        legend.margin = ggplot2::margin(0, 0, 2, 0))
}

# The guide of a discrete legend: one entry per line in a narrow figure.
legend_rows <- function(mm, ...) {
    if (is_narrow(mm)) {
        ggplot2::guide_legend(ncol = 1L, ...)
    } else {
        ggplot2::guide_legend(...)
    }
}

# The guides of a scale of sizes and of colours, which are above the panel in a
# narrow figure, with their titles above them.
sizes_guide <- function(mm) {
    if (is_narrow(mm)) {
        ggplot2::guide_legend(title.position = "top", nrow = 1L)
    } else {
        "legend"
    }
}

colours_guide <- function(above) {
    if (above) {
        ggplot2::guide_colourbar(title.position = "top",
            barwidth = ggplot2::unit(28, "mm"),
            barheight = ggplot2::unit(2, "mm"))
    } else {
        "colourbar"
    }
}

# The strips of panels, in lines that fit on them.
strips <- function(mm, n_panels, around = 8) {
    width <- if (is.finite(mm)) (mm - around) / n_panels / 1.35 else 1000
    ggplot2::label_wrap_gen(max(8, width))
}

# How many columns with names a figure has space for, when its rows have names
# too: their letters have 4 points or more.
fitting_columns <- function(mm, rows, around) {
    if (!is.finite(mm)) {
        return(.Machine$integer.max)
    }
    max(5L, as.integer((mm - names_width(rows, mm) - around) / 1.9))
}
