# Every verb takes every kind of data, returns the same kind, and finds the
# same in each.
skip_unless_slow()
skip_without_python()
skip_if_not_installed("SingleCellExperiment")
skip_if_not_installed("hdf5r")

settings <- reticulate::import("tissueshap")$settings
settings$progress <- FALSE

given <- simulate_counts(60, 40, tissues = 3)
model <- local({
    adata <- run_tmm(given$copy())
    run_log2(run_split(adata, "tissue", n_test = 5))
    trained <- run_cnn(adata, preset = "small", epochs = 2, n_models = 1)
    run_calibrate(adata, trained, n_folds = 2)
})
other <- local({
    adata <- run_log2(run_tmm(given$copy()))
    run_split(adata, "tissue", n_test = 5)
    run_shap(run_predict(adata, model), model, n_draws = 4, samples = "all")
    run_rank_genes(adata)
    run_select_genes(adata, method = "top_n", n_top = 5)
    run_cluster(adata, gene_sets = "shap", n_starts = 1, samples = "all")
})
genes <- gene_names(given)
sets <- list(some = genes[1:20], others = genes[15:40])
edges <- data.frame(a = genes[1:20], b = genes[21:40])

# In an order in which each finds what it needs.
verbs <- list(
    filter_genes = function(x) run_filter_genes(x, "tissue"),
    tmm = function(x) run_tmm(x),
    split = function(x) run_split(x, n_test = 5),
    log2 = function(x) run_log2(x),
    oversample = function(x) run_oversample(x, method = "random"),
    compare_balancing = function(x) {
        run_compare_balancing(x, methods = "none", preset = "small",
            epochs = 1)
    },
    predict = function(x) run_predict(x, model),
    evaluate = function(x) run_evaluate(x, baseline = FALSE),
    explain = function(x) run_explain(x, model, n_draws = 4),
    shap = function(x) run_shap(x, model, n_draws = 4, samples = "all"),
    rank_genes = function(x) run_rank_genes(x),
    select_genes = function(x) {
        run_select_genes(x, method = "top_n", n_top = 5)
    },
    modules = function(x) run_modules(x, min_correlation = 0.3, n_boot = 2),
    de = function(x) run_de(x, lfc = 1),
    de_error_rate = function(x) {
        run_de_error_rate(x, methods = "wilcoxon", n_permutations = 1)
    },
    compare = function(x) run_compare(x),
    cluster = function(x) run_cluster(x, gene_sets = "shap", n_starts = 1),
    null_test = function(x) run_null_test(x, n_sets = 2, n_starts = 1),
    enrich = function(x) {
        run_enrich(x, sets, engine = "sets", min_size = 2, pvalue_cutoff = 1,
            qvalue_cutoff = 1)
    },
    ppi = function(x) run_ppi(x, edges, by = "all"),
    harmonise = function(x) run_harmonise(x, other),
    transfer = function(x) run_transfer(x),
    project = function(x) run_project(x, other),
    stability = function(x) run_stability(x, other, n_top = 5),
    trust = function(x) run_trust(x, model, checks = "completeness"),
    cross_validate = function(x) {
        run_cross_validate(run_split(x, n_folds = 2),
            train = list(preset = "small", epochs = 1),
            explain = list(n_draws = 2, samples = "test"))
    })

run_all <- function(kind) {
    x <- as_kind(given, kind)
    for (verb in names(verbs)) {
        x <- verbs[[verb]](x)
        expect_kind(x, kind)
        expect_false(is.null(get_record(x, verb)), info = verb)
    }
    x
}

test_that("no verb is left out", {
    exported <- grep("^run_", getNamespaceExports("tissueshap"), value = TRUE)
    expect_setequal(c(paste0("run_", names(verbs)), "run_cnn",
        "run_calibrate"), exported)
})

found <- lapply(stats::setNames(nm = kind_names), function(kind) NULL)

for (kind in kind_names) {
    test_that(paste("every verb takes, and returns, an object of kind", kind), {
        found[[kind]] <<- run_all(kind)
    })
}

# What an experiment holds, as plain values: layers, columns, frames, records.
content <- function(x) {
    layers <- lapply(stats::setNames(nm = SummarizedExperiment::assayNames(x)),
        function(layer) get_matrix(x, layer))
    sides <- lapply(c(obs = "obs", var = "var"), function(group) {
        lapply(as.list(side_of(x, group)), function(held) {
            if (length(dim(held)) == 2L) unname(as.matrix(held)) else
                as.vector(held)
        })
    })
    records <- lapply(stats::setNames(nm = names(verbs)), function(verb) {
        record <- get_record(x, verb)
        in_order <- function(held) held[sort(names(held))]
        record$params <- in_order(record$params)
        # Times differ.
        record <- lapply(record, function(value) {
            if (is_table(value)) value[setdiff(names(value), "seconds")] else
                value
        })
        # R leaves out what only Python can compute, and ids count it.
        in_order(record[setdiff(names(record), c("versions", "made_from",
            "id"))])
    })
    c(layers, sides$obs, sides$var, records)
}

test_that("all kinds end with the same content", {
    expected <- content(as_summarized_experiment(found[["AnnData"]]))
    for (kind in c("anndataR", "SummarizedExperiment", "path")) {
        seen <- content(as_summarized_experiment(found[[kind]]))
        expect_setequal(names(seen), names(expected))
        for (name in names(expected)) {
            expect_equal(seen[[name]], expected[[name]], tolerance = 1e-5,
                info = paste(kind, name), ignore_attr = TRUE)
        }
    }
    single <- found[["SingleCellExperiment"]]
    expect_true("X_umap_shap" %in%
        SingleCellExperiment::reducedDimNames(single))
    expect_equal(get_embedding(single, "shap"),
        get_embedding(found[["AnnData"]], "shap"), tolerance = 1e-5)
})

test_that("a model can be trained on every kind", {
    for (kind in kind_names) {
        x <- as_kind(other, kind)
        trained <- run_cnn(x, "tissue", preset = "small", epochs = 1)
        expect_identical(unlist(trained$classes), unlist(model$classes))
        if (kind %in% c("path", "anndataR")) {
            expect_false(is.null(get_record(x, "cnn")))
        }
    }
})

test_that("an experiment's own training rows train a model", {
    se <- as_kind(other, "SummarizedExperiment")
    se <- se[, -which(se$tissue == "tissue 1" & se$split == "train")[1:8]]
    for (method in c("random", "smote")) {
        balanced <- run_oversample(se, "tissue", method = method)
        expect_gt(nrow(get_record(balanced, "oversample")$table),
            sum(se$split == "train"))
        trained <- run_cnn(as_anndata(balanced), preset = "small", epochs = 1)
        expect_identical(unlist(trained$classes), unlist(model$classes))
    }
})

test_that("what Python does not know of stays in an experiment", {
    x <- as_kind(given, "SingleCellExperiment")
    S4Vectors::metadata(x)$note <- function() NULL
    SingleCellExperiment::altExp(x, "more") <- x[1:3, ]
    SummarizedExperiment::rowRanges(x) <- GenomicRanges::GRanges("1",
        IRanges::IRanges(seq_len(nrow(x)), width = 1),
        names = rownames(x))
    x$ordered <- factor(x$tissue, unique(x$tissue), ordered = TRUE)
    done <- suppressMessages(run_split(x, "tissue", n_test = 5))
    expect_identical(done$ordered, x$ordered)
    expect_identical(SingleCellExperiment::altExp(done, "more"),
        SingleCellExperiment::altExp(x, "more"))
    expect_identical(SummarizedExperiment::rowRanges(done),
        SummarizedExperiment::rowRanges(x))
    expect_identical(S4Vectors::metadata(done)$note,
        S4Vectors::metadata(x)$note)
    expect_setequal(as.character(done$split), c("train", "test"))
})
