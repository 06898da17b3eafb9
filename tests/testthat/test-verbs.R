skip_without_python()

settings <- reticulate::import("tissueshap")$settings
settings$progress <- FALSE

test_that("the whole method runs from R, on an AnnData", {
    adata <- simulate_counts(150, 120, tissues = 3)
    run_tmm(run_filter_genes(adata, "tissue"))
    run_log2(run_split(adata, n_test = 10))
    run_oversample(adata, method = "random")
    model <- run_cnn(adata, preset = "small")
    run_evaluate(run_predict(adata, model))
    expect_gt(get_record(adata, "evaluate")$macro_f1, 0.5)
    run_shap(adata, model, n_draws = 20)
    run_select_genes(run_rank_genes(adata))
    run_compare(run_de(adata, lfc = 1))
    expect_gt(get_record(adata, "compare")$n_both, 0)
    run_cluster(adata, gene_sets = c("shap", "de"), n_starts = 2, n_random = 1)
    expect_setequal(get_record(adata, "cluster")$summary$gene_set,
        c("shap", "de"))
})

test_that("folds predict and explain every sample from R", {
    adata <- run_tmm(simulate_counts(60, 60, tissues = 2))
    run_log2(run_split(adata, "tissue", n_folds = 2))
    expect_setequal(get_column(adata, "obs", "fold"), 1:2)
    run_cross_validate(adata, train = list(preset = "small", epochs = 5),
        explain = list(n_draws = 5, samples = "test"))
    folds <- get_record(adata, "cross_validate")$folds
    expect_identical(sum(folds$n_test), 60L)
    expect_identical(sum(folds$n_explained), 60L)
    run_evaluate(adata, baseline = FALSE)
    expect_identical(nrow(get_record(adata, "evaluate")$folds), 2L)
    run_select_genes(run_rank_genes(adata), method = "top_n", n_top = 5)
    selected <- get_record(adata, "select_genes")
    expect_identical(nrow(selected$folds), 2L)
    expect_true(all(selected$genes$rank_low <= selected$genes$rank_high))
    expect_error(run_cross_validate(adata, train = list(seed = 1)),
        "not a setting of")
})

test_that("interactions among selected genes are counted from R", {
    adata <- run_tmm(simulate_counts(90, 60, tissues = 3))
    run_de(adata, "tissue", lfc = 1)
    genes <- rownames(as_summarized_experiment(adata))
    edges <- data.frame(a = genes[1:30], b = genes[31:60])
    run_ppi(adata, edges, source = "de", by = "all")
    found <- get_record(adata, "ppi")
    expect_identical(found$n_network_edges, 30L)
    expect_lte(found$table$n_connected, found$table$n_genes)
})

test_that("values on another scale than the classifier's are refused in R", {
    adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
    run_log2(run_split(adata, "tissue", n_test = 5))
    model <- run_cnn(adata, preset = "small", standardise = "genes",
        epochs = 2)
    other <- as_summarized_experiment(simulate_counts(90, 100, tissues = 3,
        seed = 2))
    other <- run_tmm(other)
    values <- SummarizedExperiment::assay(other, "tmm")
    SummarizedExperiment::assay(other, "log2") <- log1p(values / 100)
    expect_error(run_predict(other, model),
        "log1p of CP10k.*run_tmm\\(adata.*run_log2.*check_scale = FALSE")
    expect_warning(run_predict(other, model, check_scale = FALSE),
        "log1p of CP10k")
    SummarizedExperiment::assay(other, "log2")[3, 4] <- NaN
    expect_error(run_predict(other, model, check_scale = FALSE),
        "is missing for gene")
})

test_that("missing genes have the value that fill says, in R too", {
    adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
    run_log2(run_split(adata, "tissue", n_test = 5))
    model <- run_cnn(adata, preset = "small", epochs = 2)
    other <- as_summarized_experiment(adata)[-1, ]
    expect_error(run_predict(other, model), "gene")
    other <- run_predict(other, model, fill = model$scale$floor)
    expect_equal(get_record(other, "predict")$n_filled, 1)
})

test_that("the layer of the baseline is the one named", {
    adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
    run_log2(run_split(adata, "tissue", n_test = 5))
    run_predict(adata, run_cnn(adata, preset = "small", epochs = 2))
    run_evaluate(adata, layer = "tmm")
    expect_identical(get_record(adata, "evaluate")$params$layer, "tmm")
})

test_that("counts are drawn around profiles", {
    skip_without_python()
    tpm <- cbind(`Heart/L` = c(900, 0.1, 40, 55, 0), b = c(0, 2500, 38, 60, 1))
    rownames(tpm) <- c("MYH6", "ALB", "ACTB", "GAPDH", "x")
    sizes <- c(`Heart/L` = 3, b = 2)
    adata <- simulate_counts(profiles = tpm, n_per_class = sizes)
    expect_identical(dim(adata$X), c(5L, 5L))
    expect_identical(as.character(adata$var_names$to_list()), rownames(tpm))
    tissue <- get_column(adata, "obs", "tissue")
    expect_identical(as.integer(table(tissue)), c(3L, 2L))
    heart <- tissue == "Heart/L"
    expect_gt(min(adata$X[heart, 1]), max(adata$X[!heart, 1]))
    again <- simulate_counts(profiles = as.data.frame(tpm, optional = TRUE),
        n_per_class = as.list(sizes))
    expect_identical(again$X, adata$X)
    renamed <- simulate_counts(profiles = tpm,
        map = c(`Heart/L` = "heart", b = "liver"), n_per_class = 2)
    expect_setequal(get_column(renamed, "obs", "tissue"), c("heart", "liver"))
    expect_error(simulate_counts(profiles = unname(tpm)), "row names")
    expect_error(simulate_counts(profiles = 1:3), "genes x classes")
})

test_that("logistic regression is scored beside the classifier from R", {
    adata <- run_tmm(simulate_counts(90, 100, tissues = 3))
    run_log2(run_split(adata, "tissue", n_test = 5))
    model <- run_cnn(adata, preset = "small", epochs = 2)
    other <- simulate_counts(60, 100, tissues = 3, seed = 1)
    run_log2(run_tmm(other, reference = adata))
    run_predict(other, model)
    run_transfer(other, "tissue")
    expect_null(get_record(other, "transfer")$baseline_n_correct)
    run_transfer(other, "tissue", reference = adata)
    found <- get_record(other, "transfer")
    expect_lte(found$baseline_n_correct, found$n_scored)
    expect_identical(found$baseline_n_genes, 100L)
    expect_true(all(found$per_class$baseline_f1 <= 1))
})

test_that("numbers that code groups are named, and can be groups", {
    data <- simulate_matrix(120, c(6, 7, 8))
    se <- run_tmm(experiment_of(data))
    se$batch <- rep(1:3, length.out = ncol(se))
    se$batch_name <- paste0("b", se$batch)
    expect_warning(run_de(se, "tissue", covariates = "batch"),
        "values 1, 2, 3 and enters as a trend.*factor\\(batch\\)")
    groups <- run_de(se, "tissue", covariates = "factor(batch)")
    named <- run_de(se, "tissue", covariates = "batch_name")
    of <- function(x) SummarizedExperiment::rowData(x)$de_pvalue
    expect_equal(of(groups), of(named))
})

test_that("classes keep their levels, and a/b and a|b are two, in Python", {
    skip_if_not_installed("SummarizedExperiment")
    se <- as_summarized_experiment(simulate_counts(60, 40, tissues = 3))
    levels <- c("a|b", "a/b", "none", "c")
    se$tissue <- factor(levels[c(2, 1, 4)][as.integer(factor(se$tissue))],
        levels)
    S4Vectors::metadata(se)$tissueshap <- NULL
    se <- run_tmm(se)
    expect_message(split <- run_split(se, "tissue", n_test = 4),
        "colData \"tissue\" has 1 classes without samples.*none")
    split <- run_log2(split)
    model <- run_cnn(split, preset = "small", epochs = 2)
    expect_identical(unlist(model$classes), c("a|b", "a/b", "c"))
    done <- run_predict(split, model)
    expect_identical(levels(done$predicted), c("a|b", "a/b", "c"))
    expect_named(SummarizedExperiment::colData(done)$proba,
        c("a%7Cb", "a|b", "c"))
    done <- run_rank_genes(run_shap(done, model, n_draws = 3,
        samples = "all"))
    ranks <- shap_table(done, n = 2)
    expect_true(all(ranks$direction %in% c("up", "down")))
    expect_identical(unique(ranks$class),
        intersect(levels, as.character(done$predicted)))
    expect_identical(shap_table(as_anndata(done), n = 2), ranks,
        ignore_attr = TRUE)
    expect_identical(names(records(as_anndata(done))), names(records(done)))
    path <- withr::local_tempfile(fileext = ".html")
    expect_identical(build_report(run_evaluate(done, baseline = FALSE), path),
        path)
    expect_match(readLines(path, n = 5, warn = FALSE), "html",
        all = FALSE)
})

test_that("errors of Python name the places of a SummarizedExperiment", {
    skip_if_not_installed("SummarizedExperiment")
    se <- as_summarized_experiment(simulate_counts(60, 40, tissues = 3))
    expect_error(run_rank_genes(se), "^assay \"shap\" is missing: run run_shap")
    expect_error(run_cnn(run_split(se, "tissue", n_test = 5)),
        "^assay \"log2\" is missing: run run_log2")
    expect_error(run_split(se, "organ"), "^colData has no column 'organ'")
    expect_error(run_split(as_anndata(se), "organ"), "^adata.obs has no column")
})

test_that("the filter says what it keeps, and what it loses", {
    skip_if_not_installed("SummarizedExperiment")
    set.seed(5)
    means <- rep(exp(seq(-4, 0.7, length.out = 40)), 100)
    cells <- matrix(rpois(4000, means), 40,
        dimnames = list(paste0("g", 1:40), NULL))
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = cells),
        colData = data.frame(type = rep(c("a", "b"), 50)))
    expect_message(kept <- run_filter_genes(se, "type", subset = TRUE),
        "kept [0-9]+ of 40 genes: at least 1 reads in more than 47 samples")
    expect_lt(nrow(kept), 40)
    expect_warning(suppressMessages(run_filter_genes(se, "type",
        min_reads = 5, min_samples = 0)), "pass min_reads = 1")
    expect_warning(suppressMessages(again <- run_filter_genes(kept, "type")),
        "dropped [0-9]+ of 40 genes.*subset = FALSE")
    expect_identical(get_record(again, "filter_genes")$min_reads, 1)
})
