#' Keep the genes that are expressed in enough samples
#'
#' See [core_filter_genes()] for the rules. TPM is taken from the layer (assay)
#' `tpm`, or made from the counts and the genes' `length`; the biotype is
#' that of the column `biotype`. A rule without data is left out, and the
#' record says so.
#'
#' @param adata An AnnData (of Python, or of the package \pkg{anndataR}), a
#'   SummarizedExperiment with an assay `counts` (or `X`), or the path of an
#'   `.h5ad` file, which is read, and replaced.
#' @param label Name of the column with the classes (of `obs` or `colData`);
#'   by default the one that an earlier verb recorded. The levels of a factor
#'   keep their order, in tables and figures; those without samples are left
#'   out, with a message. Other classes are sorted by the alphabet.
#' @inheritParams core_filter_genes
#' @param subset Drop the genes that do not pass; otherwise only mark them.
#' @param assay Name of the assay of a SummarizedExperiment that holds the raw
#'   counts; by default the one named in an earlier verb, otherwise
#'   `counts`, `X` or the one without a name. It is remembered.
#' @param key_added Name of the record, and prefix of the slots, instead of the
#'   verb's own.
#' @param copy For an AnnData: leave it as it is and return a changed copy.
#' @return `adata`. An AnnData is changed in place, too, and returned invisibly
#'   (but one of \pkg{anndataR} cannot lose genes in place, so that a new one is
#'   returned when genes are dropped). A SummarizedExperiment is not: keep what
#'   is returned, which R prints if it is not assigned. Written are `var`
#'   `filter_pass` (logical) and the record
#'   `filter_genes` with `min_samples` and the table `rules` (`rule`,
#'   `applied`, `n_pass`, `note`). A verb's record is a list in
#'   `uns$tissueshap`, in a SummarizedExperiment `metadata(x)$tissueshap`,
#'   named after the verb: its `params`, the `versions` of the packages, the
#'   `seed`, and its results.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     counts <- matrix(rpois(200, 10), 20, 10)
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = counts),
#'         colData = data.frame(tissue = rep(c("a", "b"), each = 5)))
#'     se <- run_filter_genes(se, "tissue")
#' }
run_filter_genes <- function(adata, label = NULL, min_reads = 6,
                             min_tpm = 0.1, min_samples = NULL,
                             protein_coding = TRUE, subset = TRUE,
                             assay = NULL, key_added = NULL,
                             copy = FALSE) {
    on_data(adata, copy, function(x) {
        x <- remember_assay(x, assay)
        class <- get_label(x, label)
        params <- list(min_reads = min_reads, min_tpm = min_tpm,
            min_samples = min_samples, protein_coding = protein_coding)
        results <- do.call(core_filter_genes, c(list(
            counts = get_stored(x), label = class$values,
            tpm = get_stored(x, slot_name("layers", "tpm")),
            gene_length = get_column(x, "var", slot_name("var", "length")),
            biotype = get_column(x, "var", slot_name("var", "biotype"))),
            params))
        x <- write_slots(x, "filter_genes", results,
            c(list(label = class$name), params, subset = subset),
            key_added = key_added)
        key <- named_slot(slot_name("var", "filter_pass"), key_added)
        if (subset) keep_genes(x, key) else x
    })
}
