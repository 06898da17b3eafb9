#' Mark the genes that are expressed in enough samples
#'
#' See [core_filter_genes()] for the rules. TPM is taken from the layer (assay)
#' `tpm`, or made from the counts and the genes' `length`; the biotype is
#' that of the column `biotype`. A rule without data is left out, and the
#' record says so. A message has the number of genes that pass, and a
#' warning says if most of the genes that were detected are lost.
#'
#' Later functions use the marked genes alone, with the results that they have
#' if the others are dropped, and write `NA` for the others. The data keep all
#' their genes, so that a second call with other settings works on all of them;
#' functions whose results depend on the genes then have to be run again, and
#' say so. Functions of other packages see all genes.
#'
#' @param adata An AnnData (of Python, or of the package \pkg{anndataR}), a
#'   SummarizedExperiment with an assay `counts` (or `X`), or the path of an
#'   `.h5ad` file, which is read, and replaced.
#' @param label Name of the column with the classes (of `obs` or `colData`);
#'   by default the one that an earlier verb recorded. The levels of a factor
#'   keep their order, in tables and figures; those without samples are left
#'   out, with a message. Other classes are sorted by the alphabet.
#' @inheritParams core_filter_genes
#' @param subset Drop the genes that do not pass, as `y[keep, ]` after edgeR's
#'   `filterByExpr()`. A second call then works on the genes that are left.
#' @param exclude Classes whose samples are dropped: names or patterns such as
#'   `"Unknown"` or `"Cells*"`.
#' @param min_class_size Samples of classes with fewer samples are dropped, too.
#' @param assay Where the raw counts are: an assay of a SummarizedExperiment, or
#'   a layer of an AnnData (`"raw"` is its `raw`, unless a layer has this name,
#'   `"X"` its `X`). By default the one named in an earlier verb, otherwise `X`
#'   of an AnnData, and the assay `counts`, `X` or the one without a name. It is
#'   remembered.
#' @param key_added Name of the record, and prefix of the slots, instead of the
#'   verb's own.
#' @param copy For an AnnData: leave it as it is and return a changed copy.
#' @return `adata`. An AnnData is changed in place, too, and returned invisibly
#'   (but one of \pkg{anndataR} cannot lose genes in place, so that a new one is
#'   returned when genes are dropped). A SummarizedExperiment is not: keep what
#'   is returned, which R prints if it is not assigned. Written are `var`
#'   `filter_pass` (logical) and the record
#'   `filter_genes` with `min_reads` and `min_samples` as used, `sparse`
#'   (whether the counts are), `n_genes`, `n_detected` (genes with a count that
#'   pass the other rules), `n_pass`, and the table `rules` (`rule`, `applied`,
#'   `n_pass`, `note`). A verb's record is a list in
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
run_filter_genes <- function(adata, label = NULL, min_reads = NULL,
                             min_tpm = 0.1, min_samples = NULL,
                             protein_coding = TRUE, subset = FALSE,
                             exclude = NULL, min_class_size = 0,
                             assay = NULL, key_added = NULL,
                             copy = FALSE) {
    if (selects_classes(exclude, min_class_size)) {
        adata <- keep_classes(owned(adata, copy), label, exclude,
            min_class_size)
        copy <- FALSE
    }
    on_data(adata, copy, function(x) {
        x <- remember_assay(x, assay)
        class <- get_label(x, label)
        params <- list(min_reads = min_reads, min_tpm = min_tpm,
            min_samples = min_samples, protein_coding = protein_coding)
        # The genes that an earlier call left are less sparse.
        if (is.null(min_reads) && isTRUE(dropped_before(x, key_added)$sparse)) {
            params$min_reads <- 1
        }
        results <- do.call(core_filter_genes, c(list(
            counts = get_counts(x), label = class$values,
            tpm = get_stored(x, slot_name("layers", "tpm")),
            gene_length = get_column(x, "var", slot_name("var", "length")),
            biotype = get_column(x, "var", slot_name("var", "biotype"))),
            params))
        x <- write_slots(x, "filter_genes", results,
            c(list(label = class$name), params, subset = subset),
            key_added = key_added)
        report_kept(results$uns, subset)
        key <- named_slot(slot_name("var", "filter_pass"), key_added)
        if (subset) keep_genes(x, key) else x
    })
}

# As Python's ts.pp.filter_genes.
dropped_before <- function(x, key_added) {
    earlier <- get_record(x, record_name("filter_genes", key_added))
    n <- length(gene_names(x))
    if (is.null(earlier$n_genes) || earlier$n_genes == earlier$n_pass ||
        earlier$n_pass != n) {
        return(NULL)
    }
    warning(sprintf(paste("an earlier call of run_filter_genes() dropped",
        "%d of %d genes, which are not in the data any more: to filter all",
        "genes with other settings, start from the data as they were, and",
        "mark genes instead (subset = FALSE)"),
        as.integer(earlier$n_genes - n), as.integer(earlier$n_genes)),
        call. = FALSE)
    earlier
}

report_kept <- function(facts, subset) {
    message(sprintf(paste0("%s %d of %d genes: at least %g reads in more ",
        "than %d samples%s"), if (subset) "kept" else "marked", facts$n_pass,
        facts$n_genes, facts$min_reads, facts$min_samples,
        if (facts$sparse) " (sparse counts)" else ""))
    too_high <- facts$sparse && facts$min_reads > 1 &&
        2 * facts$n_pass < facts$n_detected
    # Of bulk samples without biotypes, a third to a half of the genes that have
    # any read pass.
    if (!too_high && facts$n_pass >= facts$n_detected / 4) {
        return(invisible())
    }
    remedy <- if (too_high) {
        sprintf(paste("min_reads = %g is meant for bulk samples, and these",
            "counts are sparse; pass min_reads = 1"), facts$min_reads)
    } else {
        sprintf(paste("few have %g reads in more than %d samples (95 %% of the",
            "smallest class by default); pass a lower min_samples or",
            "min_reads, or exclude small classes"), facts$min_reads,
            facts$min_samples)
    }
    warning(sprintf("%d of %d detected genes do not pass the filter: %s",
        facts$n_detected - facts$n_pass, facts$n_detected, remedy),
        call. = FALSE)
}
