#' Genes of one class against the average of the others
#'
#' For each class, the contrast of that class (weight 1) against the others
#' (weight -1 / (k - 1) each). The model is fitted once for all classes.
#'
#' @param counts Raw counts: a matrix, genes x samples; for `"limma"` log2
#'   values.
#' @param label The class of each sample.
#' @param lib_size,norm_factor Library sizes and normalisation factors, a value
#'   a sample, as [core_tmm()] returns them; not needed for `"limma"`.
#' @param fdr,lfc A gene is significant in a class when its false discovery
#'   rate is below `fdr` and its absolute log2 fold change above `lfc`.
#' @param method `"edgeR_QL"` (quasi-likelihood F test), `"edgeR_LRT"`
#'   (likelihood ratio test), or `"limma_voom"`, all for counts; or `"limma"`
#'   for values on a log2 scale ([limma::eBayes()] with `trend = TRUE`).
#' @return A list by slot: `varm$de_logfc`, `varm$de_pvalue` and `varm$de_fdr`
#'   (matrices, genes x classes), `var$de_significant` (in at least one class),
#'   and `uns` with the data frames `counts` (`class`, `up`, `down`) and
#'   `dispersion` (what the method estimated for each gene).
#' @details
#' The values are those of [edgeR::estimateDisp()], [edgeR::glmQLFit()] and
#' [edgeR::glmQLFTest()] with that contrast. glmQLFTest refits the model for
#' each contrast with a general design of k - 1 columns; in a one-way layout
#' the same iterations need only one pass over the counts, since the
#' information matrix is diagonal in the classes (`src/oneway.cpp`), and so is
#' the determinant in the likelihood of the dispersion (`src/profile.cpp`).
#' @references Lund et al. (2012), Statistical Applications in Genetics and
#'   Molecular Biology 11(5):8.
#' @export
#' @examples
#' counts <- matrix(rnbinom(1200, mu = 50, size = 10), 100, 12)
#' label <- rep(c("a", "b", "c"), each = 4)
#' tmm <- core_tmm(counts)$obs
#' found <- core_de(counts, label, tmm$lib_size, tmm$norm_factor, lfc = 1)
#' found$uns$counts
core_de <- function(counts, label, lib_size = NULL, norm_factor = NULL,
                    fdr = 0.01, lfc = 4,
                    method = c("edgeR_QL", "edgeR_LRT", "limma_voom",
                        "limma")) {
    method <- match.arg(method)
    if (method == "limma") {
        check_log_values(counts)
    } else {
        check_de_counts(counts, lib_size, norm_factor)
    }
    label <- class_factor(label, ncol(counts))
    if (ncol(counts) <= nlevels(label)) {
        fail(paste("%d samples of %d classes leave no replicates: at least",
            "one class needs two samples"), ncol(counts), nlevels(label))
    }
    test <- switch(method, edgeR_QL = de_edger, edgeR_LRT = de_edger,
        limma_voom = de_voom, limma = de_limma)
    found <- test(counts, label, lib_size, norm_factor, method)
    names <- list(rownames(counts), levels(label))
    dimnames(found$logfc) <- dimnames(found$pvalue) <- names
    adjusted <- apply(found$pvalue, 2, stats::p.adjust, method = "BH")
    adjusted <- matrix(adjusted, nrow(counts), dimnames = names)
    significant <- adjusted < fdr & abs(found$logfc) > lfc
    list(
        varm = list(de_logfc = found$logfc, de_pvalue = found$pvalue,
            de_fdr = adjusted),
        var = list(de_significant = unname(rowSums(significant) > 0)),
        uns = list(
            counts = data.frame(
                class = levels(label),
                up = count_columns(significant & found$logfc > 0),
                down = count_columns(significant & found$logfc < 0)),
            dispersion = found$dispersion))
}

check_de_counts <- function(counts, lib_size, norm_factor) {
    check_counts(counts)
    check_no_empty_samples(counts)
    check_length(lib_size, ncol(counts), "lib_size", "samples")
    check_length(norm_factor, ncol(counts), "norm_factor", "samples")
    effective <- lib_size * norm_factor
    if (anyNA(effective) || any(effective <= 0)) {
        fail("lib_size and norm_factor must be positive; they are not for %s",
            first(names_at(colnames(counts),
                which(is.na(effective) | effective <= 0))))
    }
}

count_columns <- function(marked) as.integer(colSums(marked))

# k x k: column g compares class g with the average of the others.
class_contrasts <- function(k) {
    contrasts <- matrix(-1 / (k - 1), k, k)
    diag(contrasts) <- 1
    contrasts
}

class_design <- function(label) {
    design <- stats::model.matrix(~ 0 + label)
    colnames(design) <- levels(label)
    design
}
