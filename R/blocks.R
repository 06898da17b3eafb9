# Work on a matrix a block at a time, on as many workers as there are.

# What fits into a block: 32 MB of doubles, of which edgeR makes a dozen copies.
block_cells <- function() 4e6

# Of what there are n, each with `other` values: no more in a block than fit,
# and no fewer blocks than there are workers, or tasks asked for.
block_ranges <- function(n, other, BPPARAM) {
    pieces <- max(BiocParallel::bpnworkers(BPPARAM),
        BiocParallel::bptasks(BPPARAM))
    size <- max(1L, min(block_cells() %/% other, ceiling(n / pieces)))
    lapply(seq.int(1L, n, by = size), function(from) {
        from:min(n, from + size - 1L)
    })
}

# `BPPARAM` may also be a number of workers, for a caller without BiocParallel
# at hand. They are processes of their own: forking is not safe in every host.
workers_of <- function(BPPARAM) {
    if (is.numeric(BPPARAM) && length(BPPARAM) == 1L && BPPARAM >= 1) {
        if (BPPARAM == 1) {
            BiocParallel::SerialParam()
        } else {
            BiocParallel::SnowParam(as.integer(BPPARAM))
        }
    } else if (methods::is(BPPARAM, "BiocParallelParam")) {
        BPPARAM
    } else {
        fail(paste("BPPARAM must be what BiocParallel's SerialParam(),",
            "MulticoreParam() or SnowParam() return, or a number of workers"))
    }
}

# Calls run(part, ...) for the part of each range. A part is cut out when a
# worker is free for it, so that no more of them are held than there are
# workers, and a worker gets no more than its part.
over_blocks <- function(ranges, cut, run, ..., BPPARAM) {
    if (methods::is(BPPARAM, "SerialParam") || length(ranges) == 1L) {
        return(lapply(ranges, function(range) run(cut(range), ...)))
    }
    at <- 0L
    following <- function() {
        at <<- at + 1L
        if (at > length(ranges)) NULL else cut(ranges[[at]])
    }
    # Workers look for this package where this process does.
    withr::local_envvar(
        R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep))
    tryCatch(BiocParallel::bpiterate(following, run, ..., BPPARAM = BPPARAM),
        error = function(e) stop(worker_error(e)))
}

# A worker that is gone is seen as a connection that cannot be used.
worker_error <- function(e) {
    place <- deparse(conditionCall(e), nlines = 1L)
    if (any(grepl("serialize(", place, fixed = TRUE))) {
        simpleError(paste0("a worker process has died, most often for want ",
            "of memory: use fewer workers, or BPPARAM = SerialParam(), in ",
            "Python settings.n_jobs (", conditionMessage(e), ")"))
    } else {
        e
    }
}

# Calls run(part, ...) for blocks of genes and puts the answers together. A
# part has `counts` and, of each item of `of_genes`, those genes' values.
over_genes <- function(counts, run, ..., of_genes = list(), BPPARAM) {
    ranges <- block_ranges(nrow(counts), ncol(counts), BPPARAM)
    cut <- function(rows) {
        c(list(counts = counts[rows, , drop = FALSE]),
            lapply(of_genes, function(held) {
                if (is.matrix(held)) held[rows, , drop = FALSE] else held[rows]
            }))
    }
    bind_parts(over_blocks(ranges, cut, run, ..., BPPARAM = BPPARAM))
}

bind_parts <- function(parts) {
    bound <- lapply(names(parts[[1L]]), function(name) {
        held <- lapply(parts, `[[`, name)
        join <- if (is.matrix(held[[1L]])) rbind else c
        unname(do.call(join, held))
    })
    stats::setNames(bound, names(parts[[1L]]))
}

# A matrix may be sparse, or on disk: some of its samples as a plain matrix.
dense_samples <- function(values, samples) {
    part <- as.matrix(values[, samples, drop = FALSE])
    colnames(part) <- names_at(colnames(values), samples)
    part
}

# Smaller blocks of a sparse matrix, since each leaves copies behind for R to
# collect; but not of one on disk, whose chunks would be read more often.
sample_ranges <- function(values, BPPARAM = BiocParallel::SerialParam()) {
    smaller <- if (methods::is(values, "sparseMatrix")) 4 else 1
    block_ranges(ncol(values), smaller * nrow(values), BPPARAM)
}

# Calls run(part, samples) for blocks of samples as plain matrices, for one
# answer each.
over_samples <- function(values, run,
                         ranges = sample_ranges(values)) {
    if (is.matrix(values)) {
        return(list(run(values, seq_len(ncol(values)))))
    }
    lapply(ranges, function(samples) {
        run(dense_samples(values, samples), samples)
    })
}

# Answers that are added up, a value a gene, or put beside each other, a value a
# sample.
sum_over_samples <- function(values, run) {
    Reduce(`+`, over_samples(values, run))
}

of_samples <- function(values, run) unlist(over_samples(values, run))
