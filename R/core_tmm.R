#' TMM normalisation, with a reference that can be frozen
#'
#' The factors are those of [edgeR::calcNormFactors()] with method TMM. Each
#' sample is compared with one reference sample, chosen by edgeR's rule (its
#' upper quartile is closest to the mean of all), so the factor of a sample
#' does not depend on the others once the reference is frozen: pass what an
#' earlier call returned as `uns` to normalise new samples as the training
#' samples were. Training samples then get their own factors back.
#'
#' @param counts Raw counts: a matrix, genes x samples, which may be sparse
#'   (\pkg{Matrix}) or on disk (\pkg{DelayedArray}). It is then read a block of
#'   samples at a time, each chunk of a file twice (three times where genes have
#'   no counts at all), by the workers themselves, and the layer is sparse, or
#'   delayed, as well.
#' @param reference `NULL`, or the `uns` of an earlier result: a list with
#'   `reference`, `reference_scale` and `reference_sample`. If both have gene
#'   names they are matched, and further genes of `counts` have no part in
#'   library sizes and factors; otherwise the order of the genes must be the
#'   same.
#' @param genes `NULL`, or which genes library sizes, the reference and the
#'   factors are computed from: a logical vector. It has no meaning with a
#'   `reference`, which says so itself.
#' @param BPPARAM Workers for blocks of samples: a
#'   [BiocParallel::BiocParallelParam-class], or a number of processes. Results
#'   do not depend on it.
#' @return A list by slot: `obs$lib_size` and `obs$norm_factor`, `layers$tmm`
#'   (counts per million on effective library sizes, genes x samples), and
#'   `uns` with `reference_sample`, `reference` (data frame of `gene` and
#'   `count`) and `reference_scale`, the reference sample's own factor.
#' @references Robinson and Oshlack (2010), Genome Biology 11:R25.
#' @export
#' @examples
#' counts <- matrix(rpois(400, 50), 40, 10)
#' found <- core_tmm(counts)
#' found$obs$norm_factor
#' core_tmm(counts[, 1, drop = FALSE], found$uns)$obs$norm_factor
core_tmm <- function(counts, reference = NULL, genes = NULL,
                     BPPARAM = BiocParallel::SerialParam()) {
    check_count_matrix(counts)
    frozen <- if (!is.null(reference)) read_reference(reference, counts)
    extra <- frozen$extra
    if (is.null(frozen) && !is.null(genes)) {
        extra <- which(!genes)
    }
    # What library sizes and factors are computed from.
    used <- if (length(extra)) counts[-extra, , drop = FALSE] else counts
    workers <- workers_of(BPPARAM)
    parts <- read_by_workers(used, sample_statistics, BPPARAM = workers)
    by_sample <- function(name) unname(unlist(lapply(parts, `[[`, name)))
    lib_size <- check_no_empty_samples(used, by_sample("lib_size"))
    if (is.null(frozen)) {
        unseen <- sum(Reduce(`+`, lapply(parts, `[[`, "genes")) == 0)
        frozen <- choose_reference(used, lib_size, unseen, by_sample("upper"),
            by_sample("roots"), workers)
    }
    ratio <- tmm_ratios(used, frozen$count, workers)
    scale <- frozen$scale
    if (is.null(scale)) {
        # edgeR's convention: the factors multiply to one.
        scale <- exp(-mean(log(ratio)))
    }
    norm_factor <- ratio * scale
    list(
        obs = list(lib_size = lib_size, norm_factor = norm_factor),
        layers = list(tmm = per_million(counts, lib_size * norm_factor)),
        uns = list(
            reference_sample = frozen$sample,
            reference = data.frame(gene = frozen$gene, count = frozen$count),
            reference_scale = scale))
}

# What the library sizes are and the reference is chosen by.
sample_statistics <- function(part) {
    check_count_values(part)
    c(list(lib_size = colSums(part), genes = rowSums(part)),
        reference_statistics_cpp(part, 0L))
}

per_million <- function(counts, size) {
    if (is.matrix(counts)) {
        edgeR::cpm(counts, lib.size = size)
    } else if (methods::is(counts, "sparseMatrix")) {
        counts <- as_csc(counts)
        counts@x <- counts@x * rep(1e6 / size, diff(counts@p))
        counts
    } else {
        # Computed whenever a part of it is read.
        Matrix::t(Matrix::t(counts) * (1e6 / size))
    }
}

# edgeR's rule (calcNormFactors): genes without any count aside, the sample
# whose upper quartile, relative to its library size, is closest to the mean.
# Where most upper quartiles are zero: the largest sum of square roots. The
# counts are read once more only where there are genes without any count.
choose_reference <- function(counts, lib_size, n_unseen, upper, roots,
                             BPPARAM) {
    if (n_unseen > 0L) {
        parts <- read_by_workers(counts, reference_statistics_cpp, n_unseen,
            BPPARAM = BPPARAM)
        upper <- unlist(lapply(parts, `[[`, "upper"))
    }
    upper <- upper / lib_size
    chosen <- if (stats::median(upper) < 1e-20) {
        which.max(roots)
    } else {
        which.min(abs(upper - mean(upper)))
    }
    list(sample = names_at(colnames(counts), chosen),
        gene = names_at(rownames(counts), seq_len(nrow(counts))),
        count = as.numeric(counts[, chosen]))
}

read_reference <- function(reference, counts) {
    held <- reference$reference
    scale <- reference$reference_scale
    if (is.null(held$count) || is.null(scale)) {
        fail(paste("reference must be what core_tmm() returned as uns: a",
            "list with 'reference' (gene, count) and 'reference_scale'"))
    }
    gene <- as.character(held$gene)
    count <- as.numeric(held$count)
    extra <- NULL
    if (is.null(rownames(counts))) {
        check_length(count, nrow(counts), "the reference sample", "genes")
    } else if (!identical(gene, rownames(counts))) {
        at <- match(rownames(counts), gene)
        missing <- setdiff(gene, rownames(counts))
        if (length(missing) > 0L) {
            fail(paste("%d of the reference's %d genes are not in the counts:",
                "%s. Keep the genes that the reference was made with"),
                length(missing), length(gene), first(missing))
        }
        if (anyNA(at)) {
            extra <- which(is.na(at))
            at <- at[-extra]
        }
        gene <- gene[at]
        count <- count[at]
    }
    sample <- reference$reference_sample
    list(sample = if (is.null(sample)) "" else as.character(sample),
        gene = gene, count = count, scale = as.numeric(scale), extra = extra)
}

# Each sample's factor where the reference has the factor one. A sample at a
# time, so it cannot depend on the others.
tmm_ratios <- function(counts, reference, BPPARAM) {
    unlist(over_sample_blocks(counts, tmm_ratios_cpp, reference,
        BPPARAM = BPPARAM))
}
