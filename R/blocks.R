# Work on a matrix a block at a time, on as many workers as there are.

# What fits into a block: 32 MB of doubles, of which edgeR makes a dozen copies.
block_cells <- function() getOption("tissueshap.block_cells", 4e6)

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
# Workers that over_blocks() starts stay until the caller returns, since each
# takes seconds to start.
workers_of <- function(BPPARAM, frame = parent.frame()) {
    if (is.numeric(BPPARAM) && length(BPPARAM) == 1L && BPPARAM >= 1) {
        workers <- if (BPPARAM == 1) {
            BiocParallel::SerialParam()
        } else {
            BiocParallel::SnowParam(as.integer(BPPARAM))
        }
    } else if (methods::is(BPPARAM, "BiocParallelParam")) {
        workers <- BPPARAM
    } else {
        fail(paste("BPPARAM must be what BiocParallel's SerialParam(),",
            "MulticoreParam() or SnowParam() return, or a number of workers"))
    }
    if (!BiocParallel::bpisup(workers)) {
        withr::defer(stop_workers(workers), frame)
    }
    workers
}

# One that has died cannot be told to stop: the others stop when nobody listens.
stop_workers <- function(workers) {
    if (!BiocParallel::bpisup(workers)) {
        return()
    }
    tryCatch(BiocParallel::bpstop(workers), error = function(e) {
        leave_workers(workers)
    })
}

leave_workers <- function(workers) {
    if (methods::is(workers, "BatchtoolsParam")) {
        # Its registry is removed by functions that have no workers to ask.
        workers$registry$cluster.functions <-
            batchtools::makeClusterFunctionsInteractive()
        return(BiocParallel::bpstop(workers))
    }
    for (node in BiocParallel::bpbackend(workers)) {
        try(close(node$con), silent = TRUE)
    }
    BiocParallel::bpbackend(workers) <- structure(list(),
        class = c("NULLcluster", "cluster"))
}

# Calls run(part, ...) for the part of each range. A part is cut out when a
# worker is free for it, so that no more of them are held than there are
# workers, and a worker gets no more than its part.
over_blocks <- function(ranges, cut, run, ..., BPPARAM) {
    cut <- collecting(cut)
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
    # Jobs of a cluster have no workers that could stay, and bpiterate() leaves
    # its jobs in a registry that is up, which takes no others.
    if (methods::is(BPPARAM, "BatchtoolsParam")) {
        # Nobody waits for a chance to keep a registry of this function's own.
        withr::local_options(BIOCPARALLEL_BATCHTOOLS_REMOVE_REGISTRY_WAIT = 0)
        stop_workers(BPPARAM)
    } else if (!BiocParallel::bpisup(BPPARAM)) {
        BiocParallel::bpstart(BPPARAM)
    }
    found <- tryCatch(
        BiocParallel::bpiterate(following, run, ..., BPPARAM = BPPARAM),
        error = function(e) stop(worker_error(e)))
    # A job of a cluster that fails leaves its place empty, without an error.
    failed <- remote_error(found)
    if (!is.null(failed)) {
        stop(conditionMessage(failed), call. = FALSE)
    }
    found
}

# Cuts parts, and frees what is left of earlier ones every few parts. R itself
# would wait until its heap is full, which a large matrix has made large: with
# 1 GB of counts, as much again was garbage.
collecting <- function(cut) {
    force(cut)
    n <- 0L
    function(range) {
        n <<- n + 1L
        if (n %% 16L == 0L) {
            gc()
        }
        cut(range)
    }
}

# A worker that is gone is seen as a connection that cannot be used, as an
# answer of no worker, or as a cluster's job that has not ended. What went wrong
# in a worker is said as it is without workers.
worker_error <- function(e) {
    remote <- remote_error(attr(e, "result"))
    if (!is.null(remote)) {
        return(simpleError(conditionMessage(remote)))
    }
    place <- deparse(conditionCall(e), nlines = 1L)
    gone <- "serialize\\(|manager\\$availability|id [0-9]+ not terminated$"
    if (any(grepl(gone, c(place, conditionMessage(e))))) {
        simpleError(paste0("a worker process has died, most often for want ",
            "of memory: use fewer workers, or BPPARAM = SerialParam(), in ",
            "Python settings.n_jobs; give a cluster's jobs more memory by ",
            "their resources (", conditionMessage(e), ")"))
    } else {
        e
    }
}

# The first error in a worker, or NULL; bpiterate() keeps them in an attribute.
remote_error <- function(results) {
    failed <- Filter(function(result) inherits(result, "remote_error"),
        c(attr(results, "errors"), results))
    if (length(failed)) failed[[1L]]
}

# Calls run(part, ...) for blocks of genes and puts the answers together. A
# part has `counts` and, of each item of `of_genes`, those genes' values.
over_genes <- function(counts, run, ..., of_genes = list(), BPPARAM) {
    read <- block_reader(counts, 1L)
    cut <- function(rows) {
        c(list(counts = read(rows)),
            lapply(of_genes, function(held) {
                if (is.matrix(held)) held[rows, , drop = FALSE] else held[rows]
            }))
    }
    bind_parts(over_blocks(ranges_along(counts, 1L, BPPARAM), cut, run, ...,
        BPPARAM = BPPARAM))
}

bind_parts <- function(parts) {
    bound <- lapply(names(parts[[1L]]), function(name) {
        held <- lapply(parts, `[[`, name)
        join <- if (is.matrix(held[[1L]])) rbind else c
        unname(do.call(join, held))
    })
    stats::setNames(bound, names(parts[[1L]]))
}

# Calls run(part, samples) for blocks of samples as plain matrices, for one
# answer each.
over_samples <- function(values, run) {
    if (is.matrix(values)) {
        return(list(run(values, seq_len(ncol(values)))))
    }
    read <- block_reader(name_samples(values), 2L)
    lapply(sample_ranges(values), function(samples) run(read(samples), samples))
}

# Calls run(part, ...) for blocks of samples shared among workers, for one
# answer each. Of a file, workers get the place and read it themselves.
over_sample_blocks <- function(values, run, ..., BPPARAM) {
    if (!is_on_disk(values)) {
        return(over_blocks(sample_ranges(values, BPPARAM),
            block_reader(values, 2L), run, ..., BPPARAM = BPPARAM))
    }
    values <- name_samples(values)
    parts <- over_blocks(blocks_along(values, 2L, BPPARAM), identity,
        read_blocks, values, run, ..., BPPARAM = BPPARAM)
    unlist(parts, recursive = FALSE)
}

# The same, but values in memory are left whole: sending them to workers would
# take longer than to go through them once.
read_by_workers <- function(values, run, ..., BPPARAM) {
    if (is_on_disk(values)) {
        over_sample_blocks(values, run, ..., BPPARAM = BPPARAM)
    } else {
        over_samples(values, function(part, samples) run(part, ...))
    }
}

read_blocks <- function(blocks, values, run, ...) {
    read <- block_reader(values, 2L)
    lapply(blocks, function(block) run(read(block), ...))
}

# Whether an object only says where its values are.
is_on_disk <- function(values) {
    methods::is(values, "DelayedMatrix") &&
        as.numeric(utils::object.size(values)) < prod(dim(values))
}

# Answers that are added up, a value a gene.
sum_over_samples <- function(values, run) {
    Reduce(`+`, over_samples(values, run))
}

# Of a sparse matrix smaller blocks, since each leaves copies behind for R to
# collect.
sample_ranges <- function(values, BPPARAM = BiocParallel::SerialParam()) {
    smaller <- if (methods::is(values, "sparseMatrix")) 4 else 1
    ranges_along(values, 2L, BPPARAM, smaller)
}

# So that a message can name a sample of a block.
name_samples <- function(values) {
    if (is.null(colnames(values))) {
        colnames(values) <- seq_len(ncol(values))
    }
    values
}

# Blocks of rows (1) or columns (2), none of two stretches.
ranges_along <- function(values, along, BPPARAM, smaller = 1) {
    unlist(blocks_along(values, along, BPPARAM, smaller), recursive = FALSE,
        use.names = FALSE)
}

# The blocks of each stretch.
blocks_along <- function(values, along, BPPARAM, smaller = 1) {
    other <- smaller * dim(values)[-along]
    lapply(stretches(values, along), function(stretch) {
        lapply(block_ranges(length(stretch), other, BPPARAM), function(block) {
            stretch[block]
        })
    })
}

# What is read at once of rows (1) or columns (2): of a matrix on disk whole
# chunks of its file, as many as fit into a block, since a value cannot be read
# without its chunk. Of a chunk that fills more than eight blocks only a part.
stretches <- function(values, along) {
    n <- dim(values)[along]
    if (!methods::is(values, "DelayedMatrix")) {
        return(list(seq_len(n)))
    }
    fits <- max(1, block_cells() %/% dim(values)[-along])
    widths <- unlist(lapply(rle(chunks_along(values, along))$lengths,
        even_parts, 8 * fits))
    unname(split(seq_len(n), rep.int(pack(widths, fits), widths)))
}

# n as a sum of parts of about one size, none larger than `most`.
even_parts <- function(n, most) {
    lengths(parallel::splitIndices(n, ceiling(n / most)))
}

# Numbers packages in their order, those of one number together no larger than
# `fits`, unless one alone is.
pack <- function(sizes, fits) {
    number <- integer(length(sizes))
    packed <- Inf
    current <- 0L
    for (i in seq_along(sizes)) {
        if (packed + sizes[i] > fits) {
            current <- current + 1L
            packed <- 0
        }
        packed <- packed + sizes[i]
        number[i] <- current
    }
    number
}

# A function that returns blocks as plain matrices, whatever holds the values.
# It keeps the stretch that it has read last for the next block.
block_reader <- function(values, along) {
    part <- if (along == 1L) {
        function(from, at) from[at, , drop = FALSE]
    } else {
        function(from, at) from[, at, drop = FALSE]
    }
    if (!methods::is(values, "DelayedMatrix")) {
        return(function(block) as.matrix(part(values, block)))
    }
    parts <- stretches(values, along)
    last <- vapply(parts, max, 1L)
    held <- list(number = 0L)
    function(block) {
        number <- findInterval(block[1L], last, left.open = TRUE) + 1L
        if (number != held$number) {
            # The last one is let go before the next is there.
            held <<- list(number = number)
            held$values <<- as.matrix(part(values, parts[[number]]))
        }
        if (length(block) == length(parts[[number]])) {
            return(held$values)
        }
        part(held$values, match(block, parts[[number]]))
    }
}

# For each row (1) or column (2) of a delayed matrix the number of the chunk of
# its file that it is in. DelayedArray's own chunkdim() knows none where genes
# or samples have been dropped, or files were combined.
chunks_along <- function(values, along) {
    is_a <- function(class) methods::is(values, class)
    if (is_a("DelayedArray") || is_a("DelayedUnaryIsoOp")) {
        chunks_along(values@seed, along)
    } else if (is_a("DelayedSubset")) {
        chunk <- chunks_along(values@seed, along)
        index <- values@index[[along]]
        if (is.null(index)) chunk else chunk[index]
    } else if (is_a("DelayedAperm")) {
        chunks_along(values@seed, values@perm[along])
    } else if (is_a("DelayedAbind") && values@along == along) {
        chunk <- lapply(values@seeds, chunks_along, along)
        before <- cumsum(c(0, vapply(chunk, max, 0) + 1))
        unlist(Map(`+`, chunk, before[seq_along(chunk)]))
    } else if (is_a("DelayedNaryOp")) {
        chunks_along(values@seeds[[1L]], along)
    } else {
        # In memory there are no chunks.
        size <- DelayedArray::chunkdim(values)[along]
        (seq_len(dim(values)[along]) - 1) %/% if (is.null(size)) 1 else size
    }
}
