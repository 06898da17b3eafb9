#' Which genes are expressed in enough samples
#'
#' A gene passes when it passes every rule that can be applied: it is protein
#' coding (when `biotype` is given), it has at least `min_reads` reads in more
#' than `min_samples` samples, and its TPM is above `min_tpm` in more than
#' `min_samples` samples (when `tpm`, or `gene_length`, is given).
#'
#' @param counts Raw counts: a matrix, genes x samples, which may be sparse
#'   (\pkg{Matrix}) or on disk (\pkg{DelayedArray}); it is read a block of
#'   samples at a time.
#' @param label The class of each sample.
#' @param tpm Transcripts per million, genes x samples, or `NULL`.
#' @param gene_length Length of each gene in base pairs, to compute TPM from
#'   the counts when `tpm` is not given; `NULL` or missing values where it is
#'   not known (such a gene fails the TPM rule).
#' @param biotype Biotype of each gene, or `NULL`.
#' @param min_reads Minimum number of reads in a sample. By default 6, which is
#'   meant for bulk samples, or 1 for sparse counts such as those of single
#'   cells: most are 0, and most of the others 1 or 2.
#' @param min_tpm Transcripts per million that a gene must exceed.
#' @param min_samples A gene must be expressed in more samples than this. By
#'   default 95 % of the smallest class, rounded down.
#' @param protein_coding Keep only genes whose biotype is `protein_coding`.
#' @return A list by slot: `var$filter_pass` (logical, a value a gene), and
#'   `uns` with `min_reads` and `min_samples` as used, `sparse` (whether the
#'   counts are), `n_genes`, `n_detected` (genes with a count that pass the
#'   other rules), `n_pass`, and the data frame `rules` (`rule`, `applied`,
#'   `n_pass`, `note`).
#' @references Yap et al. (2021), Scientific Reports 11:2641.
#' @export
#' @examples
#' counts <- matrix(rpois(200, 10), 20, 10)
#' results <- core_filter_genes(counts, rep(c("a", "b"), each = 5))
#' results$uns$rules
core_filter_genes <- function(counts, label, tpm = NULL, gene_length = NULL,
                              biotype = NULL, min_reads = NULL, min_tpm = 0.1,
                              min_samples = NULL, protein_coding = TRUE) {
    if (!is.null(min_reads)) {
        check_number(min_reads, "min_reads", 0)
    }
    check_number(min_tpm, "min_tpm", 0)
    check_counts(counts)
    sparse <- are_sparse(counts)
    if (is.null(min_reads)) {
        min_reads <- if (sparse) 1 else 6
    }
    n_genes <- nrow(counts)
    report_dropped(label)
    label <- class_factor(label, ncol(counts), minimum = 1L)
    min_samples <- samples_needed(min_samples, label)
    rules <- list(
        protein_coding = coding_rule(biotype, n_genes, protein_coding),
        reads = list(
            pass = sum_over_samples(counts, function(part, samples) {
                count_at_least_cpp(part, min_reads)
            }) > min_samples,
            note = sprintf(">= %g reads in > %d samples", min_reads,
                min_samples)),
        tpm = tpm_rule(counts, tpm, gene_length, min_tpm, min_samples))
    applied <- !vapply(rules, function(rule) is.null(rule$pass), logical(1))
    others <- Reduce(`&`, lapply(rules[setdiff(names(rules)[applied], "reads")],
        `[[`, "pass"), rep(TRUE, n_genes))
    pass <- Reduce(`&`, lapply(rules[applied], `[[`, "pass"))
    rules$intersection <- list(pass = pass,
        note = paste(names(rules)[applied], collapse = " and "))
    detected <- sum_over_samples(counts, function(part, samples) {
        count_at_least_cpp(part, 1)
    }) > 0
    list(
        var = list(filter_pass = pass),
        uns = list(
            min_reads = min_reads,
            min_samples = min_samples,
            sparse = sparse,
            n_genes = n_genes,
            n_detected = sum(detected & others),
            n_pass = sum(pass),
            rules = data.frame(
                rule = names(rules),
                applied = c(unname(applied), TRUE),
                n_pass = vapply(rules, function(rule) {
                    if (is.null(rule$pass)) n_genes else sum(rule$pass)
                }, integer(1), USE.NAMES = FALSE),
                note = vapply(rules, `[[`, "", "note", USE.NAMES = FALSE))))
}

# Molecules of single cells, as opposed to reads of bulk samples: most counts
# are 0, and most of the others 1 or 2. Some samples are enough to tell.
are_sparse <- function(counts, n_samples = 200L) {
    at <- unique(round(seq(1, ncol(counts), length.out = min(n_samples,
        ncol(counts)))))
    some <- counts[, at, drop = FALSE]
    n_at_least <- function(threshold) {
        sum(as.numeric(sum_over_samples(some, function(part, samples) {
            count_at_least_cpp(part, threshold)
        })))
    }
    positive <- n_at_least(1)
    positive < length(some) / 2 && n_at_least(3) < positive / 2
}

samples_needed <- function(min_samples, label) {
    if (is.null(min_samples)) {
        # 85 samples in the smallest class give the paper's 80.
        min_samples <- floor(0.95 * min(table(label)))
    }
    check_number(min_samples, "min_samples", 0, integer = TRUE)
    if (min_samples >= length(label)) {
        fail("min_samples is %d, but there are %d samples: no gene can pass",
            as.integer(min_samples), length(label))
    }
    as.integer(min_samples)
}

coding_rule <- function(biotype, n_genes, wanted) {
    if (!wanted) {
        return(list(note = "not asked for"))
    }
    if (is.null(biotype)) {
        return(list(note = "no biotypes given"))
    }
    check_length(biotype, n_genes, "biotype", "genes")
    list(pass = as.character(biotype) %in% "protein_coding",
        note = "biotype is protein_coding")
}

tpm_rule <- function(counts, tpm, gene_length, min_tpm, min_samples) {
    if (!is.null(tpm)) {
        check_counts(tpm, "tpm", whole = FALSE)
        if (!identical(dim(tpm), dim(counts))) {
            fail("tpm is %d x %d, but counts are %d x %d", nrow(tpm),
                ncol(tpm), nrow(counts), ncol(counts))
        }
        n <- sum_over_samples(tpm, function(part, samples) {
            count_above_cpp(part, min_tpm, rep(1, nrow(part)),
                rep(1, ncol(part)))
        })
        from <- "given"
    } else if (!is.null(gene_length)) {
        check_length(gene_length, nrow(counts), "gene_length", "genes")
        if (any(gene_length <= 0, na.rm = TRUE)) {
            fail("gene_length must be positive; it is not for genes %s",
                first(names_at(rownames(counts),
                    which(gene_length <= 0))))
        }
        rate <- ifelse(is.na(gene_length), 0, 1 / gene_length)
        n <- sum_over_samples(counts, function(part, samples) {
            total <- weighted_totals_cpp(part, rate) / 1e6
            count_above_cpp(part, min_tpm, rate, total)
        })
        from <- "from counts and gene lengths"
    } else {
        return(list(note = "no TPM and no gene lengths given"))
    }
    list(pass = n > min_samples,
        note = sprintf("TPM (%s) > %g in > %d samples", from, min_tpm,
            min_samples))
}
