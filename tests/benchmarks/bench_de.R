# Differential expression of each class: plain edgeR and this package, side by
# side on one worker, on simulated negative binomial counts.
#
# (a) one edgeR fit of two groups a class (estimateDisp, glmQLFit, glmQLFTest)
# (b) one edgeR fit of all classes, glmQLFTest for each contrast
# (c) core_de()
#
# Of (a) and of (b)'s contrasts some classes are timed, spread evenly, and their
# mean stands for each: how many is in the result.
#
# Times are CPU seconds (and wall): the machine may be shared. (c) is compared
# with (b) in values: both test a class against the mean of the others.
#
#   Rscript tests/benchmarks/bench_de.R [--small | --large | --quick] [--full]
#       [--genes 6000] [--timed CLASSES] [--out FILE.json]
#   Rscript tests/benchmarks/bench_de.R --memory SAMPLES [--genes 18884]
#       [--method limma_voom]
#   Rscript tests/benchmarks/bench_de.R --before LIBRARY [--samples 16651]
#       [--genes 1000] [--tmm 1000]
#
# --full times every class, --timed that many; fewer genes than 6,000 leave the
# ratios about as they are, since all sides take time in proportion. --memory runs (c) alone, on 47
# classes, and prints its time and the peak resident memory of the process,
# which Linux tells.
#
# --before compares core_de(), and core_tmm() of --tmm samples in memory and in
# an HDF5 file, with those of an earlier version in LIBRARY (git worktree add,
# R CMD INSTALL --library=LIBRARY), in a process of its own each, in turns.

simulate_counts <- function(n_genes, n_samples, k, seed = 1) {
    set.seed(seed)
    label <- rep(sprintf("class%02d", seq_len(k)), length.out = n_samples)
    rate <- exp(stats::rnorm(n_genes, 4, 1.8)) *
        exp(matrix(stats::rnorm(n_genes * k, 0, 0.6), n_genes, k))
    depth <- exp(stats::rnorm(n_samples, 0, 0.3))
    size <- stats::rgamma(n_genes, 4, 1)
    class <- match(label, unique(label))
    counts <- matrix(0L, n_genes, n_samples)
    for (j in seq_len(n_samples)) {
        counts[, j] <- as.integer(stats::rnbinom(n_genes, size = size,
            mu = rate[, class[j]] * depth[j]))
    }
    list(counts = counts, label = label)
}

seconds <- function(work) {
    spent <- system.time(found <- work())
    list(found = found, cpu = sum(spent[c(1L, 2L, 4L, 5L)], na.rm = TRUE),
        wall = spent[["elapsed"]])
}

# The golden values' method, whatever edgeR's version.
ql_fit <- function(y, design) {
    default <- utils::getS3method("glmQLFit", "default",
        envir = asNamespace("edgeR"))
    if ("legacy" %in% names(formals(default))) {
        edgeR::glmQLFit(y, design, legacy = TRUE)
    } else {
        edgeR::glmQLFit(y, design)
    }
}

two_groups <- function(y, label, class) {
    design <- stats::model.matrix(~ label == class)
    y <- edgeR::estimateDisp(y, design)
    edgeR::glmQLFTest(ql_fit(y, design))
}

one_fit <- function(y, label) {
    design <- stats::model.matrix(~ 0 + factor(label))
    ql_fit(edgeR::estimateDisp(y, design), design)
}

test_classes <- function(fit, classes) {
    k <- ncol(fit$design)
    tables <- lapply(classes, function(g) {
        contrast <- replace(rep(-1 / (k - 1), k), g, 1)
        edgeR::glmQLFTest(fit, contrast = contrast)$table
    })
    list(logfc = vapply(tables, `[[`, numeric(nrow(fit)), "logFC"),
        pvalue = vapply(tables, `[[`, numeric(nrow(fit)), "PValue"))
}

largest <- function(found, expected) {
    seen <- expected > 1e-290
    max(abs(found[seen] / expected[seen] - 1))
}

# How far values are apart: relative, but log fold changes to what they are
# about, and p-values near 1, which are the rounding of two deviances, in all.
apart <- function(ours, plain, classes) {
    ours <- lapply(ours, function(held) held[, classes, drop = FALSE])
    fdr <- apply(plain$pvalue, 2L, stats::p.adjust, method = "BH")
    clear <- plain$pvalue < 0.9
    list(logfc = max(abs(ours$de_logfc - plain$logfc) /
            pmax(abs(plain$logfc), 1)),
        pvalue_below_0.9 = largest(ours$de_pvalue[clear],
            plain$pvalue[clear]),
        pvalue_absolute = max(abs(ours$de_pvalue - plain$pvalue)),
        fdr = largest(ours$de_fdr[clear], fdr[clear]))
}

compare <- function(n_genes, n_samples, k, n_timed) {
    data <- simulate_counts(n_genes, n_samples, k)
    y <- edgeR::calcNormFactors(edgeR::DGEList(data$counts))
    ours <- function() {
        seconds(function() {
            tissueshap::core_de(data$counts, data$label, y$samples$lib.size,
                y$samples$norm.factors)
        })
    }
    timed <- round(seq(1, k, length.out = n_timed))
    c1 <- ours()
    groups <- lapply(unique(data$label)[timed], function(class) {
        seconds(function() two_groups(y, data$label, class))
    })
    c2 <- ours()
    fit <- seconds(function() one_fit(y, data$label))
    tests <- seconds(function() test_classes(fit$found, timed))
    c3 <- ours()
    spent <- lapply(c(cpu = "cpu", wall = "wall"), function(of) {
        each <- mean(vapply(groups, `[[`, 0, of))
        list(a_fit_per_class = k * each,
            b_fit_once = fit[[of]] + tests[[of]] * k / n_timed,
            c_ours = mean(c(c1[[of]], c2[[of]], c3[[of]])))
    })
    c(list(genes = n_genes, samples = n_samples, classes = k,
        classes_timed = n_timed), spent, list(
        a_over_c = spent$cpu$a_fit_per_class / spent$cpu$c_ours,
        b_over_c = spent$cpu$b_fit_once / spent$cpu$c_ours,
        apart = apart(c3$found$varm, tests$found, timed)))
}

peak_gigabytes <- function() {
    status <- readLines("/proc/self/status")
    as.numeric(gsub("[^0-9]", "", grep("^VmHWM", status, value = TRUE))) / 2^20
}

memory <- function(n_genes, n_samples, method) {
    data <- simulate_counts(n_genes, n_samples, 47)
    lib_size <- colSums(data$counts)
    before <- peak_gigabytes()
    spent <- seconds(function() {
        tissueshap::core_de(data$counts, data$label, lib_size,
            rep(1, n_samples), method = method)
    })
    list(method = method, genes = n_genes, samples = n_samples, classes = 47,
        cpu = spent$cpu, wall = spent$wall, peak_gb_simulated = before,
        peak_gb = peak_gigabytes())
}

# Runs a task with the package of one library in a process of its own.
child <- function(path) {
    task <- readRDS(path)
    loadNamespace("tissueshap", lib.loc = task$library)
    if (!is.null(task$file)) {
        task$counts <- HDF5Array::HDF5Array(task$file, "counts")
    }
    work <- function(counts, label) {
        if (task$verb == "core_tmm") {
            tissueshap::core_tmm(counts)$obs
        } else {
            tissueshap::core_de(counts, label, colSums(counts),
                rep(1, ncol(counts)))$varm
        }
    }
    some <- seq_len(min(200L, ncol(task$counts)))
    work(task$counts[, some], task$label[some])
    saveRDS(seconds(function() work(task$counts, task$label)), path)
}

script <- function() {
    file <- grep("^--file=", commandArgs(), value = TRUE)
    normalizePath(sub("^--file=", "", file))
}

spent_with <- function(library, task) {
    path <- tempfile(fileext = ".rds")
    on.exit(unlink(path))
    saveRDS(c(task, list(library = library)), path, compress = FALSE)
    status <- system2(file.path(R.home("bin"), "Rscript"),
        c(shQuote(script()), "--child", shQuote(path)))
    stopifnot(status == 0L)
    readRDS(path)
}

# CPU seconds of a task before and now, and how far the values are apart.
compare_before <- function(library, task, n_turns = 2L) {
    turns <- lapply(seq_len(n_turns), function(turn) {
        list(before = spent_with(library, task),
            now = spent_with(.libPaths(), task))
    })
    cpu <- lapply(c(before = "before", now = "now"), function(side) {
        vapply(turns, function(turn) turn[[side]]$cpu, 0)
    })
    values <- lapply(turns[[1L]], `[[`, "found")
    list(cpu = cpu, before_over_now = sum(cpu$before) / sum(cpu$now),
        apart = if (task$verb == "core_tmm") {
            list(norm_factor = largest(values$now$norm_factor,
                values$before$norm_factor))
        } else {
            clear <- values$before$de_pvalue < 0.9
            list(logfc = max(abs(values$now$de_logfc -
                    values$before$de_logfc)),
                pvalue_below_0.9 = largest(values$now$de_pvalue[clear],
                    values$before$de_pvalue[clear]))
        })
}

before_and_now <- function(library, n_genes, n_samples, n_tmm) {
    sized <- function(task) {
        c(list(genes = nrow(task$counts), samples = ncol(task$counts)),
            compare_before(library, task))
    }
    data <- simulate_counts(18884, n_tmm, 47)
    dimnames(data$counts) <- list(paste0("gene", seq_len(18884)),
        paste0("sample", seq_len(n_tmm)))
    task <- c(data, list(verb = "core_tmm"))
    file <- tempfile(fileext = ".h5")
    on.exit(unlink(file))
    HDF5Array::writeHDF5Array(data$counts, file, "counts",
        chunkdim = c(18884L, min(16L, n_tmm)), with.dimnames = TRUE)
    c(list(tmm_memory = sized(task),
        tmm_hdf5 = sized(c(task, list(file = file)))),
        list(de = sized(c(simulate_counts(n_genes, n_samples, 47),
            list(verb = "core_de")))))
}

main <- function(given) {
    text_of <- function(option, default) {
        at <- match(option, given)
        if (is.na(at)) default else given[at + 1L]
    }
    value_of <- function(option, default) as.integer(text_of(option, default))
    if ("--child" %in% given) {
        return(child(text_of("--child")))
    }
    if ("--before" %in% given) {
        found <- before_and_now(text_of("--before"),
            value_of("--genes", 1000), value_of("--samples", 16651),
            value_of("--tmm", 1000))
    } else if ("--memory" %in% given) {
        found <- memory(value_of("--genes", 18884), value_of("--memory"),
            text_of("--method", "edgeR_QL"))
    } else if ("--quick" %in% given) {
        found <- list(quick = compare(500, 120, 6, 6))
    } else {
        timed <- function(default, all) {
            if ("--full" %in% given) all else value_of("--timed", default)
        }
        genes <- value_of("--genes", 6000)
        found <- list()
        if (!"--large" %in% given) {
            found$small <- compare(genes, 480, 12, timed(3, 12))
        }
        if (!"--small" %in% given) {
            found$large <- compare(genes, 1920, 47, timed(2, 47))
        }
    }
    found <- c(found, list(versions = list(
        R = as.character(getRversion()),
        edgeR = as.character(utils::packageVersion("edgeR")),
        tissueshap = as.character(utils::packageVersion("tissueshap")))))
    text <- jsonlite::toJSON(found, auto_unbox = TRUE, pretty = TRUE,
        digits = 4)
    message(text)
    if ("--out" %in% given) {
        writeLines(text, text_of("--out"))
    }
}

main(commandArgs(TRUE))
