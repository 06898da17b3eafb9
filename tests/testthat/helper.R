# Real data: $TISSUESHAP_DATA, or ../shared/data beside the checkout. The path
# is NULL where there are none, as when the package is checked by itself.
data_dir <- function() {
    named <- Sys.getenv("TISSUESHAP_DATA")
    beside <- file.path("..", "..", "..", "shared", "data")
    found <- Filter(dir.exists, c(named[nzchar(named)], beside))
    if (nzchar(named) && !dir.exists(named)) {
        stop("TISSUESHAP_DATA names ", named, ", which is not a folder")
    }
    if (length(found)) normalizePath(found[[1L]]) else NULL
}

skip_without_data <- function() {
    skip_if(is.null(data_dir()), "no real data: set TISSUESHAP_DATA")
}

# What takes long runs with `make test-all`.
skip_unless_slow <- function() {
    skip_if(Sys.getenv("TISSUESHAP_SLOW") != "1",
        "takes long: set TISSUESHAP_SLOW=1")
}

# Python is there whenever the suite says so: a Python that is asked for and
# cannot be used is a failure, not a skip.
skip_without_python <- function() {
    if (nzchar(Sys.getenv("RETICULATE_PYTHON"))) {
        tissueshap:::python_bridge()
    } else {
        skip_if_not(python_available(), "no Python: run install_python()")
    }
}

read_study <- function(name) {
    folder <- file.path(data_dir(), name)
    counts <- as.matrix(read.delim(file.path(folder, "counts.tsv.gz"),
        row.names = 1, check.names = FALSE))
    samples <- read.delim(file.path(folder, "samples.tsv.gz"))
    stopifnot(identical(colnames(counts), samples$sample_id))
    full <- colSums(counts) > 0
    list(counts = counts[, full], samples = samples[full, ])
}

# Negative binomial counts of k classes, some of them without any count of some
# genes.
simulate_matrix <- function(n_genes, sizes, zeros = 0, seed = 1) {
    set.seed(seed)
    k <- length(sizes)
    label <- rep(sprintf("class%02d", seq_len(k)), sizes)
    rate <- exp(rnorm(n_genes, 4, 1.5)) * matrix(exp(rnorm(n_genes * k)),
        n_genes, k)
    rate[runif(n_genes * k) < zeros] <- 0
    depth <- exp(rnorm(length(label), 0, 0.4))
    means <- rate[, rep(seq_len(k), sizes)] * rep(depth, each = n_genes)
    counts <- matrix(rnbinom(length(means), mu = means,
        size = rep(rgamma(n_genes, 3, 1), length(label))), n_genes)
    counts[1, ] <- counts[1, ] + 10L
    dimnames(counts) <- list(sprintf("gene%04d", seq_len(n_genes)),
        sprintf("sample%03d", seq_along(label)))
    list(counts = counts, label = label)
}

# edgeR as it was before version 4, as far as `frame` goes on. edgeR 4.4 returns
# what the memory held as the deviance of a fit that used up its iterations, and
# estimateDisp leaves it to limma which method squeezeVar takes.
edger_3 <- function(frame = parent.frame()) {
    if (utils::packageVersion("edgeR") < "4") {
        return(invisible())
    }
    levenberg <- edgeR::mglmLevenberg
    local_mocked_bindings(
        mglmLevenberg = function(y, design, dispersion = 0, offset = 0,
                                 weights = NULL, ...) {
            fit <- levenberg(y, design, dispersion, offset, weights, ...)
            fit$deviance <- edgeR::nbinomDeviance(y, fit$fitted.values,
                dispersion, weights)
            fit
        },
        squeezeVar = function(var, ..., legacy = TRUE) {
            limma::squeezeVar(var, ..., legacy = legacy)
        },
        .package = "edgeR", .env = frame)
}

# edgeR by itself, a contrast at a time.
plain_edger <- function(counts, label) {
    edger_3()
    label <- factor(label)
    design <- model.matrix(~ 0 + label)
    y <- edgeR::DGEList(counts)
    y <- edgeR::calcNormFactors(y)
    y <- edgeR::estimateDisp(y, design)
    fit <- if ("legacy" %in% names(formals(
        utils::getS3method("glmQLFit", "default",
            envir = asNamespace("edgeR"))))) {
        edgeR::glmQLFit(y, design, legacy = TRUE)
    } else {
        edgeR::glmQLFit(y, design)
    }
    k <- nlevels(label)
    tables <- lapply(seq_len(k), function(g) {
        contrast <- rep(-1 / (k - 1), k)
        contrast[g] <- 1
        edgeR::glmQLFTest(fit, contrast = contrast)$table
    })
    list(lib_size = y$samples$lib.size, norm_factor = y$samples$norm.factors,
        dispersion = fit$dispersion,
        logfc = vapply(tables, `[[`, numeric(nrow(counts)), "logFC"),
        pvalue = vapply(tables, `[[`, numeric(nrow(counts)), "PValue"))
}

experiment_of <- function(data) {
    skip_if_not_installed("SummarizedExperiment")
    SummarizedExperiment::SummarizedExperiment(list(counts = data$counts),
        colData = S4Vectors::DataFrame(tissue = data$label,
            row.names = colnames(data$counts)))
}

# Where p-values underflow both must be zero.
relative <- function(found, expected) {
    zero <- expected < 1e-290
    stopifnot(all(found[zero] < 1e-289))
    max(abs(found[!zero] / expected[!zero] - 1))
}

expect_matched <- function(found, golden) {
    expect_setequal(found$ID, golden$ID)
    found <- found[match(golden$ID, found$ID), ]
    for (column in c("Description", "GeneRatio", "BgRatio", "Count",
        "geneID")) {
        expect_identical(as.character(found[[column]]),
            as.character(golden[[column]]))
    }
    expect_lt(max(abs(found$pvalue / golden$pvalue - 1)), 1e-9)
    expect_lt(max(abs(found$p.adjust / golden$p.adjust - 1)), 1e-9)
    expect_lt(max(abs(found$qvalue / golden$qvalue - 1)), 1e-6)
}

# A matrix in chunks, as on disk, that notes in `reads` which rows and columns
# are read.
counted <- function(values, chunk, reads = new.env()) {
    testthat::skip_if_not_installed("DelayedArray")
    at <- globalenv()
    if (!methods::isClass("CountedSeed", where = at)) {
        methods::setClass("CountedSeed", methods::representation(
            values = "matrix", chunk = "integer", reads = "environment"),
            where = at)
        methods::setMethod("dim", "CountedSeed", function(x) dim(x@values),
            where = at)
        methods::setMethod("dimnames", "CountedSeed",
            function(x) dimnames(x@values), where = at)
        methods::setMethod(DelayedArray::chunkdim, "CountedSeed",
            function(x) x@chunk, where = at)
        methods::setMethod(DelayedArray::extract_array, "CountedSeed",
            function(x, index) {
                extents <- Map(function(of, n) {
                    if (is.null(of)) seq_len(n) else of
                }, index, dim(x))
                if (all(lengths(extents) > 0L)) {
                    assign(paste0("read", length(ls(x@reads))),
                        Map(function(of, size) unique((of - 1L) %/% size + 1L),
                            extents, x@chunk), x@reads)
                }
                unname(x@values[extents[[1L]], extents[[2L]], drop = FALSE])
            }, where = at)
    }
    DelayedArray::DelayedArray(methods::new("CountedSeed", values = values,
        chunk = chunk, reads = reads))
}

# How often each chunk along the rows (1) or columns (2) was read.
chunk_reads <- function(reads, along) {
    tabulate(unlist(lapply(mget(ls(reads), reads), `[[`, along)))
}
