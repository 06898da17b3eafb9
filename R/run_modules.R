#' Add up the values of genes that go together, or of gene sets
#'
#' Co-expressed genes share credit arbitrarily: which of them a network uses is
#' an accident of its training. A module is a group of genes that vary together
#' within the classes, among the training samples, and its value is the sum of
#' its genes' SHAP values. With `gene_sets` each set is a module. Runs Python's
#' `ts.tl.modules`.
#'
#' @inheritParams run_filter_genes
#' @param adata As for [run_filter_genes()], after [run_rank_genes()].
#' @param gene_sets A GMT file, or a named list of genes: these are the modules.
#' @param model The model, for `values = "owen"`, as for [run_trust()].
#' @param values `"sum"`, or `"owen"` for Owen values in addition: what the
#'   model's probability gains when the genes of a module get the sample's
#'   values together.
#' @param min_correlation Mean correlation of the genes of a module, at least.
#' @param n_top Genes of each class that are clustered, with those closest to
#'   them; and modules of each class that are recorded.
#' @param n_boot Pairs of bootstraps of the explained samples, for the stability
#'   of modules compared with that
#'   of genes.
#' @param seed Seed of the bootstraps, and of what is drawn for Owen values.
#' @param ... More settings of `ts.tl.modules`.
#' @return `adata`, as [run_filter_genes()] returns it. Written are, for
#'   co-expressed genes, `var` `module` (the first gene of the module; empty for
#'   a gene by itself), and the record `modules` with the tables `modules`
#'   (`module`, `name`, `n_genes`, `correlation`), `genes` (`module`, `gene`),
#'   `values` (the first modules of each class: `class`, `module`, `name`,
#'   `rank`, `n_genes`, `value`, `z`, `owen` if requested) and `stability`
#'   (`class`, and the Jaccard index of `genes` and of `modules`, with what
#'   chance gives).
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- run_modules(example_results(), min_correlation = 0.5)
#'     head(S4Vectors::metadata(results)$tissueshap$modules$values)
#' }
run_modules <- function(adata, label = NULL, gene_sets = NULL, model = NULL,
                        values = c("sum", "owen"), min_correlation = 0.7,
                        n_top = 50, n_boot = 20, seed = 42, key_added = NULL,
                        copy = FALSE, ...) {
    model <- model_for_python(model, axis_names(adata, "var"))
    in_python("tl.modules", adata, list(label = label, gene_sets = gene_sets,
        model = model, values = choice_of(values),
        min_correlation = min_correlation, n_top = n_top, n_boot = n_boot,
        seed = seed, key_added = key_added, ...), copy = copy)
}
