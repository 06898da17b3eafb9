# Samples of the named classes with the record of every verb that a figure
# reads, made up: nothing is trained, and Python is not needed.
awkward <- c("<b>$x^2$ & $</b>", "CD8+/CD45RA+ Naive", "\u03a9mega 100%_\\{}")

made_up <- function(classes = awkward, n_each = 6L, n_genes = 40L) {
    skip_if_not_installed("SummarizedExperiment")
    skip_if_not_installed("ggplot2")
    withr::local_seed(3)
    classes <- sort(classes, method = "radix")
    k <- length(classes)
    class <- rep(classes, each = n_each)
    n <- length(class)
    genes <- sprintf("ENSG%03d", seq_len(n_genes))
    shap <- matrix(rnorm(n_genes * n), n_genes)
    median <- matrix(rnorm(n_genes * k), n_genes,
        dimnames = list(NULL, classes))
    flat <- function() matrix(rnorm(2L * n), n)
    x <- SummarizedExperiment::SummarizedExperiment(
        list(counts = matrix(1L, n_genes, n), shap = shap,
            log2 = matrix(rnorm(n_genes * n, 10), n_genes)),
        colData = S4Vectors::DataFrame(tissue = class,
            row.names = paste0("s", seq_len(n))),
        rowData = S4Vectors::DataFrame(symbol = c("TP53", "",
            paste0("G", seq_len(n_genes - 2L))), row.names = genes))
    x <- write_slots(x, "rank_genes", list(varm = list(
        shap_median = median,
        shap_rank = apply(-median, 2L, rank))), list(label = "tissue"))
    x <- write_slots(x, "de", list(varm = list(de_logfc = 3 * median,
        de_fdr = 10^-abs(3 * median))), list(fdr = 0.01, lfc = 4))
    x <- write_slots(x, "shap", list(
        varm = list(shap_mean_abs = abs(median) + 0.1),
        uns = list(samples = data.frame(sample = seq_len(n) - 1L,
            explained = class))), list(target = "all"))
    x <- write_slots(x, "cluster", list(
        obsm = list(X_umap_shap = flat(), X_umap_mine = flat()),
        uns = list(
            v_measure = data.frame(
                gene_set = rep(c("shap", "mine"), each = 500),
                v_measure = runif(1000), homogeneity = runif(1000),
                completeness = runif(1000)),
            summary = data.frame(gene_set = c("shap", "mine"),
                n_genes = c(1234, 9), v_measure = c(0.75, 0.5)))), list())
    for (verb in names(made_up_records(classes))) {
        found <- made_up_records(classes)[[verb]]
        x <- write_slots(x, verb, list(uns = found[names(found) != "params"]),
            as.list(found$params))
    }
    x
}

made_up_records <- function(classes) {
    k <- length(classes)
    list(
        evaluate = list(
            per_class = data.frame(class = classes, n = 10,
                precision = c(1, rep(0.8, k - 1)),
                recall = c(1, seq(0.6, 0.9, length.out = k - 1))),
            confusion = rbind(
                data.frame(true = classes, predicted = classes,
                    n = c(10, rep(8, k - 1))),
                data.frame(true = classes[k], predicted = classes[2], n = 2))),
        select_genes = list(
            params = list(method = "unique_fraction", threshold = 0.5),
            n_ranks = 3, n_genes = 1234,
            curve = data.frame(n_ranks = 1:6, unique_fraction = 6:1 / 6,
                exclusive_fraction = 6:1 / 7),
            genes = data.frame(class = rep(classes, each = 3),
                gene = sprintf("ENSG%03d", seq_len(3 * k)),
                rank = rep(1:3, k), exclusive = rep(c(TRUE, FALSE, FALSE), k))),
        compare = list(params = list(fdr = 0.01, lfc = 4),
            n_shap = 30, n_de = 40, n_both = 12, expected = 3.5,
            pvalue = 0.002,
            by_rank = data.frame(n_ranks = c(1, 3, 5, 10, 20),
                n_shap = c(3, 30, 40, 60, 80), n_de = 40,
                n_both = c(3, 12, 0, 40, 40), expected = 2, pvalue = 0.1,
                selected = c(FALSE, TRUE, FALSE, FALSE, FALSE)),
            per_class = data.frame(class = classes, n_shap = c(0,
                rep(10, k - 1)), n_both = c(0, rep(5, k - 1)),
                n_up = c(0, rep(4, k - 1)), n_down = c(0, rep(1, k - 1)),
                fraction = c(NA, rep(0.5, k - 1)), expected = 2),
            genes = data.frame(class = classes[1],
                gene = sprintf("ENSG%03d", 1:35),
                in_shap = rep(c(TRUE, TRUE, FALSE), c(20, 3, 12)),
                in_de = rep(c(FALSE, TRUE, TRUE), c(20, 3, 12)),
                logfc = seq(-6, 6, length.out = 35),
                missed_by = rep(c("fdr", "logfc", "both", ""),
                    c(12, 7, 1, 15)))),
        null_test = list(gene_set = "shap", n_genes = 1234, observed = 0.9,
            empirical_pvalue = 0.0196, t_pvalue = 1e-5,
            null = data.frame(replicate = 1:50,
                v_measure = seq(0.4, 0.8, length.out = 50))),
        ppi = list(table = data.frame(source = "shap",
            by = c("all", rep(c("class", "exclusive"), each = k)),
            class = c("all", classes, classes), n_genes = 1234,
            n_edges = c(5678, 3 * seq_len(2 * k)),
            expected = c(5000.25, 2 * rev(seq_len(2 * k))),
            pvalue = c(0, rep(0.02, 2 * k)),
            p.adjust = c(0, rep(c(0.01, 0.3), length.out = 2 * k)))),
        enrich = list(table = data.frame(
            source = "shap", class = classes[c(1, 1, 2)],
            ID = c("T1", "T2", "T1"),
            Description = c("first <term>", "second $term$", "first <term>"),
            GeneRatio = c("5/20", "2/20", "4/10"), pvalue = c(1e-6, 1e-3, 1e-4),
            p.adjust = c(1e-5, 1e-2, 1e-3), Count = c(5, 2, 4))))
}

# The data that a layer of a figure draws.
layer <- function(plot, i) ggplot2::layer_data(plot, i)

# The texts of an axis, in the order of its breaks.
axis_texts <- function(plot, axis = "y") {
    built <- ggplot2::ggplot_build(plot)$layout$panel_params[[1L]][[axis]]
    as.vector(built$get_labels())
}
