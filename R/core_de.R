#' Genes of one class against the others
#'
#' Each class is tested against the others. The model is fitted once for all
#' classes, unless `rest` is `"pooled"`.
#'
#' @param counts Raw counts: a matrix, genes x samples, which may be sparse
#'   (\pkg{Matrix}) or on disk (\pkg{DelayedArray}); for `"limma"` a matrix of
#'   log2 values.
#' @param label The class of each sample.
#' @param lib_size,norm_factor Library sizes and normalisation factors, a value
#'   a sample, as [core_tmm()] returns them; not needed for `"limma"`.
#' @param fdr,lfc A gene is significant in a class when its false discovery
#'   rate is below `fdr` and its absolute log2 fold change above `lfc`.
#' @param method `"edgeR_QL"` (quasi-likelihood F test), `"edgeR_LRT"`
#'   (likelihood ratio test), `"limma_voom"`, or `"wilcoxon"` (rank sum test of
#'   counts per million), all for counts; or `"limma"` for values on a log2
#'   scale ([limma::eBayes()] with `trend = TRUE`).
#' @param rest What a class is compared with. `"mean_of_classes"`: the average
#'   of the other classes, whatever their sizes. `"weighted"`: their average
#'   by numbers of samples. `"pooled"`: all other samples as one group, in a
#'   model of two groups for each class; differences among the others then
#'   count as variation.
#' @param lfc_test `NULL`, or a log2 fold change: test whether the true one is
#'   larger than this in size ([edgeR::glmTreat()], [limma::treat()]) rather
#'   than whether there is any. Then `lfc = 0` is the natural threshold.
#' @param covariates `NULL`, or a data frame of what else is known of the
#'   samples: numbers are taken as they are, anything else as groups.
#' @param block `NULL`, or the donor of each sample: samples of one donor are
#'   correlated, alike in all genes ([limma::duplicateCorrelation()]). For
#'   `"limma_voom"` and `"limma"`; its time grows with the square of the number
#'   of samples and more.
#' @param legacy For `"edgeR_QL"`: `TRUE` for edgeR's pipeline before version 4
#'   ([edgeR::estimateDisp()], [edgeR::glmQLFit()] with `legacy = TRUE`), which
#'   every version of edgeR has; `FALSE` for the one that edgeR recommends since
#'   version 4 (`glmQLFit()` by itself), which needs edgeR 4.
#' @param BPPARAM Workers for blocks of genes: a
#'   [BiocParallel::BiocParallelParam-class], or a number of processes. Results
#'   do not depend on it.
#' @return A list by slot: `varm$de_logfc`, `varm$de_pvalue`, `varm$de_fdr` and
#'   `varm$de_called` (matrices, genes x classes; the last logical: which genes
#'   are significant), `var$de_significant` (in at least one class), and `uns`
#'   with the data frames `counts` (`class`, `up`, `down`) and
#'   `dispersion` (what the method estimated for each gene; where `rest` is
#'   `"pooled"`, for each `class` and gene).
#' @details
#' The values are those of [edgeR::estimateDisp()], [edgeR::glmQLFit()] and
#' [edgeR::glmQLFTest()] with that contrast.
#' glmQLFTest refits the model for each contrast with a general design of k - 1
#' columns; without covariates the same iterations need only one pass over the
#' counts, since the information matrix is diagonal in the classes
#' (`src/oneway.cpp`), and so is the determinant in the likelihood of the
#' dispersion (`src/profile.cpp`). Counts are read a block of genes at a time,
#' except for `covariates`, `block` and `legacy = FALSE`, where edgeR and limma
#' fit them at once: counts that are sparse or on disk are then made a plain
#' matrix.
#'
#' In edgeR 4.4 some fits of a general design use up their iterations, and then
#' the deviance returned is whatever the memory held: `glmQLFTest()` has F below
#' 0 and p = 1 for some genes that differ most. The means are right, and the
#' deviance is computed of them here, so that such genes get the p-values that
#' other versions of edgeR give them.
#'
#' `"wilcoxon"` ranks a class against all the other samples, whatever `rest`
#' says, and its p-values are those of `wilcox.test(exact = FALSE)`. The fold
#' change is a difference of mean log2 counts per million (prior count 2), for
#' which `rest` says how the other classes are averaged.
#' @references Lund et al. (2012), Statistical Applications in Genetics and
#'   Molecular Biology 11(5):8. McCarthy and Smyth (2009), Bioinformatics
#'   25:765 (`lfc_test`). Smyth et al. (2005), Bioinformatics 21:2067 (`block`).
#'   Li et al. (2022), Genome Biology 23:79 (`"wilcoxon"`). Chen et al. (2025),
#'   Nucleic Acids Research 53:gkaf018 (`legacy = FALSE`).
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
                        "limma", "wilcoxon"),
                    rest = c("mean_of_classes", "weighted", "pooled"),
                    lfc_test = NULL, covariates = NULL, block = NULL,
                    legacy = TRUE,
                    BPPARAM = BiocParallel::SerialParam()) {
    method <- choice_of(method)
    rest <- choice_of(rest)
    check_number(fdr, "fdr", 0, 1)
    check_number(lfc, "lfc", 0)
    check_de_options(method, lfc_test, covariates, block)
    check_legacy(legacy, method)
    on_logs <- de_values(method) == "log"
    if (on_logs) {
        check_log_values(counts)
    } else {
        check_de_counts(counts, lib_size, norm_factor)
    }
    report_dropped(label)
    label <- class_factor(label, ncol(counts))
    if (!is.null(covariates) || !is.null(block) || !legacy) {
        counts <- as.matrix(counts)
    }
    found <- de_tests(counts, label, rest, list(
        effective = if (!on_logs) lib_size * norm_factor,
        covariates = covariates, block = check_block(block, ncol(counts))),
        method, lfc_test, legacy, workers_of(BPPARAM))
    names <- list(rownames(counts), levels(label))
    dimnames(found$logfc) <- dimnames(found$pvalue) <- names
    adjusted <- apply(found$pvalue, 2, stats::p.adjust, method = "BH")
    adjusted <- matrix(adjusted, nrow(counts), dimnames = names)
    called <- is_called(adjusted, found$logfc, list(fdr = fdr, lfc = lfc))
    list(
        varm = list(de_logfc = found$logfc, de_pvalue = found$pvalue,
            de_fdr = adjusted, de_called = called),
        var = list(de_significant = unname(rowSums(called) > 0)),
        uns = list(
            counts = data.frame(
                class = levels(label),
                up = count_columns(called & found$logfc > 0),
                down = count_columns(called & found$logfc < 0)),
            dispersion = found$dispersion))
}

# `samples` is what is known of them in addition to the classes, by
# de_layout()'s names.
de_tests <- function(counts, label, rest, samples, method, lfc_test, legacy,
                     BPPARAM) {
    test <- function(label, rest) {
        layout <- do.call(de_layout, c(list(label, rest), samples))
        de_test(method, counts, layout, lfc_test, legacy, BPPARAM)
    }
    if (rest != "pooled" || de_pools(method)) {
        # Only the means follow `rest`.
        return(test(label, if (rest == "pooled") "weighted" else rest))
    }
    each <- lapply(levels(label), function(class) {
        found <- test(pooled_label(label, class), rest)
        list(logfc = found$logfc[, 1L], pvalue = found$pvalue[, 1L],
            dispersion = cbind(class = class, found$dispersion))
    })
    list(logfc = do.call(cbind, lapply(each, `[[`, "logfc")),
        pvalue = do.call(cbind, lapply(each, `[[`, "pvalue")),
        dispersion = do.call(rbind, lapply(each, `[[`, "dispersion")))
}

check_log_values <- function(values) {
    if (!is.matrix(values) || !is.numeric(values) || length(values) == 0L) {
        fail("counts must be a numeric matrix of log2 values, genes x samples")
    }
    if (!all(is.finite(values))) {
        at <- which(!is.finite(values), arr.ind = TRUE)[1L, ]
        fail("the log2 value of gene %s in sample %s is not finite",
            names_at(rownames(values), at[[1L]]),
            names_at(colnames(values), at[[2L]]))
    }
    invisible(values)
}

check_de_counts <- function(counts, lib_size, norm_factor) {
    check_count_matrix(counts)
    totals <- over_samples(counts, function(part, samples) {
        check_count_values(part)
        colSums(part)
    })
    check_no_empty_samples(counts, unlist(totals))
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
