# Results as tables, in the manner of edgeR's topTags().

#' The genes of a class, with their statistics
#'
#' `de_table()` has the results of [run_de()], in the manner of
#' [edgeR::topTags()]; `shap_table()` has the ranks of [run_rank_genes()].
#'
#' @param x An AnnData, a SummarizedExperiment, or the path of an `.h5ad` file.
#' @param class One or more classes; by default all.
#' @param n Genes of each class, from the top; `Inf` for all.
#' @param sort_by What the genes are sorted by: `"pvalue"`, the absolute
#'   `"logfc"`, or `"none"` for the order of the data.
#' @param label Name of the column with the classes; by default the recorded
#'   one.
#' @param key_added As it was given to the verb.
#' @return A data frame with one row per gene, for each class in turn, and the
#'   columns `class`, `gene` and, if the data have symbols, `symbol` (the
#'   identifier of a gene that has none). Of
#'   `de_table()` also `logfc` (log2), `pvalue`, `fdr`, and `called`, which is
#'   `"up"` or `"down"` where the gene passes the thresholds of `run_de()` and
#'   `""` elsewhere. Of `shap_table()` also `rank`, `value` (the median SHAP
#'   value of the class's explained samples, or another statistic), `low` and
#'   `high` (its interval, if it was computed), `direction` (`"up"` if higher
#'   expression is evidence for the class, `"down"` if lower is: the sign of the
#'   value times the sign of the difference between the gene's mean input in the
#'   class's explained samples and in the samples of other classes), after
#'   [run_select_genes()] `selected` and `exclusive` (selected for no other
#'   class), and after [run_de()] its columns. Genes without
#'   a value are left out. The rows of one class are named by the genes.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- example_results()
#'     class <- results$tissue[1]
#'     de_table(results, class, n = 5)
#'     shap_table(results, class, n = 5)
#' }
de_table <- function(x, class = NULL, n = 10,
                     sort_by = c("pvalue", "logfc", "none"), label = NULL,
                     key_added = NULL) {
    sort_by <- choice_of(sort_by)
    check_number_of_genes(n)
    reading(x, function(x) {
        need_record(x, if (is.null(key_added)) "de" else key_added, "de")
        classes <- chosen_classes(x, class, label)
        table <- cbind(gene_table(x, classes, list()), tested(x, classes,
            key_added))
        by <- switch(sort_by, logfc = -abs(table$logfc), none = NULL,
            table$pvalue)
        top_genes(table[!is.na(table$pvalue), ], by[!is.na(table$pvalue)], n)
    })
}

#' @rdname de_table
#' @export
shap_table <- function(x, class = NULL, n = 10, label = NULL,
                       key_added = NULL) {
    check_number_of_genes(n)
    reading(x, function(x) {
        classes <- chosen_classes(x, class, label)
        keys <- c(rank = "shap_rank", value = "shap_median", low = "shap_low",
            high = "shap_high", direction = "shap_direction")
        there <- vapply(keys, function(key) {
            key %in% keys[1:2] || has_slot(x, "varm", named_slot(key,
                key_added))
        }, logical(1))
        parts <- lapply(keys[there], class_frame, x = x, classes = classes,
            key_added = key_added)
        table <- gene_table(x, classes, parts)
        selected <- get_record(x, "select_genes")$genes
        if (!is.null(table$direction)) {
            table$direction <- direction_words(table$direction)
        }
        if (!is.null(selected) && is.null(key_added)) {
            pair <- function(table) paste(table$class, table$gene, sep = "\r")
            table$selected <- pair(table) %in% pair(selected)
            table$exclusive <- pair(table) %in%
                pair(selected[as.logical(selected$exclusive), ])
        }
        if (is.null(key_added) && !is.null(get_record(x, "de"))) {
            table <- cbind(table, tested(x, classes, NULL))
        }
        ranked <- !is.na(table$rank)
        top_genes(table[ranked, ], table$rank[ranked], n)
    })
}

# The results of run_de(): the genes of the first class, then those of the next.
tested <- function(x, classes, key_added) {
    parts <- lapply(c(logfc = "de_logfc", pvalue = "de_pvalue",
        fdr = "de_fdr"), class_frame, x = x, classes = classes,
        key_added = key_added)
    table <- as.data.frame(lapply(parts, as.vector))
    table$called <- ifelse(as.vector(called_genes(x, classes, key_added)),
        ifelse(table$logfc > 0, "up", "down"), "")
    table
}

direction_words <- function(signs) {
    c("down", "", "up")[ifelse(is.na(signs), 0, signs) + 2L]
}

check_number_of_genes <- function(n) {
    if (!identical(n, Inf)) {
        check_number(n, "n", 1, integer = TRUE)
    }
}

chosen_classes <- function(x, class, label) {
    classes <- class_levels(x, label)
    if (is.null(class)) {
        return(classes)
    }
    check_choice(as.character(class), "class", classes, several = TRUE)
}

# Long: the genes of the first class, then those of the next; `parts` are
# matrices of genes x classes.
gene_table <- function(x, classes, parts) {
    genes <- gene_names(x)
    table <- data.frame(class = rep(classes, each = length(genes)),
        gene = rep(genes, length(classes)))
    if (has_slot(x, "var", slot_name("var", "symbol"))) {
        table$symbol <- rep(gene_symbols(x), length(classes))
    }
    if (length(parts)) cbind(table, lapply(parts, as.vector)) else table
}

# The first n genes of each class by `by`, smallest first.
top_genes <- function(table, by, n) {
    class <- factor(table$class, unique(table$class))
    order <- if (is.null(by)) order(class) else order(class, by)
    table <- table[order, ]
    place <- stats::ave(seq_len(nrow(table)), table$class, FUN = seq_along)
    table <- table[place <= n, ]
    rownames(table) <- if (length(unique(table$class)) == 1L &&
        !anyDuplicated(table$gene)) table$gene
    table
}
