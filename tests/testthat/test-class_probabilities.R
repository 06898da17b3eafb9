# Models of R packages: their probabilities, and their table of trust.

# Three classes, each with two genes of its own.
simulated_x <- function(n = 90, n_genes = 20, seed = 1) {
    withr::local_seed(seed)
    classes <- rep(c("Heart", "Liver", "Lung"), length.out = n)
    x <- matrix(rnorm(n * n_genes, 5), n,
        dimnames = list(NULL, sprintf("HLA-%02d", seq_len(n_genes))))
    for (number in 1:3) {
        own <- classes == c("Heart", "Liver", "Lung")[[number]]
        at <- 2 * number - 1:0
        x[own, at] <- x[own, at] + 4
    }
    list(x = x, y = classes)
}

# An AnnData with the layer log2 and a split.
simulated_data <- function() {
    data <- simulated_x()
    counts <- t(round(2^data$x))
    mode(counts) <- "integer"
    rownames(data$x) <- sprintf("S%02d", seq_len(ncol(counts)))
    colnames(counts) <- sprintf("S%02d", seq_len(ncol(counts)))
    experiment <- SummarizedExperiment::SummarizedExperiment(
        list(counts = counts, log2 = t(data$x)),
        colData = S4Vectors::DataFrame(tissue = factor(data$y),
            row.names = colnames(counts)))
    run_split(as_anndata(experiment), "tissue", n_test = 10)
}

centroids <- function(x, y) {
    means <- rowsum(x, y) / as.vector(table(y))
    function(x) {
        distance <- outer(rowSums(x^2), rowSums(means^2), "+") -
            2 * x %*% t(means)
        score <- exp(-distance / 10)
        score / rowSums(score)
    }
}

test_that("models of R packages give samples x classes", {
    withr::local_seed(1)
    data <- simulated_x()
    y <- factor(data$y)
    models <- list(centroids(data$x, data$y))
    if (requireNamespace("randomForest", quietly = TRUE)) {
        models$forest <- randomForest::randomForest(data$x, y, ntree = 50)
    }
    if (requireNamespace("ranger", quietly = TRUE)) {
        models$ranger <- ranger::ranger(x = data$x, y = y, num.trees = 50,
            probability = TRUE, num.threads = 1)
    }
    if (requireNamespace("glmnet", quietly = TRUE)) {
        models$glmnet <- glmnet::glmnet(data$x, y, family = "multinomial")
        models$cv <- glmnet::cv.glmnet(data$x, y, family = "multinomial",
            nfolds = 3)
    }
    frame <- data.frame(data$x, y = y, check.names = FALSE)
    if (requireNamespace("rpart", quietly = TRUE)) {
        models$rpart <- rpart::rpart(y ~ ., frame)
    }
    if (requireNamespace("nnet", quietly = TRUE)) {
        models$multinom <- nnet::multinom(y ~ ., frame, trace = FALSE)
        # Without decay, some random starts end in a poor optimum.
        models$nnet <- nnet::nnet(y ~ ., frame, size = 4, decay = 0.1,
            trace = FALSE)
    }
    if (requireNamespace("caret", quietly = TRUE)) {
        models$caret <- caret::train(data$x, y, method = "knn",
            trControl = caret::trainControl("cv", 3))
    }
    for (model in models) {
        found <- class_probabilities(model, data$x)
        expect_identical(dim(found), c(90L, 3L))
        expect_identical(colnames(found), levels(y))
        expect_equal(unname(rowSums(found)), rep(1, 90), tolerance = 1e-6)
        expect_gt(mean(colnames(found)[max.col(found)] == data$y), 0.9)
        genes <- genes_of(model)
        if (!is.function(model)) expect_identical(genes, colnames(data$x))
    }
})

test_that("two classes have two columns", {
    data <- simulated_x()
    y <- factor(data$y == "Heart", labels = c("other", "Heart"))
    if (requireNamespace("nnet", quietly = TRUE)) {
        frame <- data.frame(data$x, y = y, check.names = FALSE)
        model <- nnet::multinom(y ~ ., frame, trace = FALSE)
        found <- class_probabilities(model, data$x)
        expect_identical(colnames(found), levels(y))
        expect_equal(rowSums(found), rep(1, 90))
    }
    skip_if_not_installed("glmnet")
    data <- simulated_x()
    y <- factor(data$y == "Heart", labels = c("other", "Heart"))
    model <- glmnet::glmnet(data$x, y, family = "binomial")
    found <- class_probabilities(model, data$x)
    expect_identical(colnames(found), levels(y))
    expect_equal(found[, 2], as.vector(predict(model, data$x,
        s = min(model$lambda), type = "response")), ignore_attr = TRUE)
})

test_that("a model that predicts classes alone is refused", {
    skip_if_not_installed("ranger")
    data <- simulated_x()
    model <- ranger::ranger(x = data$x, y = factor(data$y), num.trees = 5,
        num.threads = 1)
    expect_error(class_probabilities(model, data$x), "probability = TRUE")
})

verdict_of <- function(adata, check, key = "trust") {
    table <- records(adata)[[key]]$summary
    unique(as.character(table$verdict[table$check == check]))
}

test_that("a model of R is explained and checked", {
    skip_without_python()
    adata <- simulated_data()
    train <- as.character(get_column(adata, "obs", "split")) == "train"
    x <- adata$layers[["log2"]]
    colnames(x) <- as.character(adata$var_names$to_list())
    y <- as.character(get_column(adata, "obs", "tissue"))
    model <- centroids(x[train, ], y[train])
    run_trust(adata, model, n_top = 2, n_samples = 2, n_seeds = 1,
        train = function(x, y, seed) {
            kept <- seq_along(y) %% 5 != seed %% 5
            centroids(x[kept, ], y[kept])
        }, checks = c("performance", "use", "specificity", "seeds"))
    for (check in c("performance", "use", "specificity", "seeds")) {
        expect_identical(verdict_of(adata, check), "holds")
    }
    # Every class has as many samples of each name.
    turn <- stats::ave(seq_len(sum(train)), y[train], FUN = seq_along)
    wrong <- centroids(x[train, ], sort(unique(y))[turn %% 3 + 1])
    run_trust(adata, wrong, n_top = 2, checks = "performance",
        key_added = "wrong")
    expect_true("fails" %in% verdict_of(adata, "performance", "wrong"))
    nameless <- function(x) unname(model(x))
    expect_error(run_trust(adata, nameless), "name its columns")
})

test_that("a model of R is explained in the slots of run_shap()", {
    skip_without_python()
    adata <- simulated_data()
    train <- as.character(get_column(adata, "obs", "split")) == "train"
    x <- adata$layers[["log2"]]
    colnames(x) <- as.character(adata$var_names$to_list())
    model <- centroids(x[train, ],
        as.character(get_column(adata, "obs", "tissue"))[train])
    run_shap(adata, model)
    run_select_genes(run_rank_genes(adata), method = "top_n", n_top = 2)
    record <- records(adata)
    expect_identical(record$shap$params$explained_by,
        "sampled Shapley values")
    expect_lt(record$shap$median_completeness, 0.2)
    chosen <- split(as.character(record$select_genes$genes$gene),
        as.character(record$select_genes$genes$class))
    genes <- colnames(x)
    expect_setequal(chosen$Heart, genes[1:2])
    expect_setequal(chosen$Lung, genes[5:6])
    expect_error(run_shap(adata, model, output = "logit"),
        "pass output='probability'")
})

test_that("attributions of R are checked, with a model and without", {
    skip_without_python()
    adata <- simulated_data()
    genes <- as.character(adata$var_names$to_list())
    good <- list(Heart = genes[1:2], Liver = genes[3:4], Lung = genes[5:6])
    bad <- list(Heart = genes[7:8], Liver = genes[9:10], Lung = genes[11])
    run_trust(adata, NULL, attributions = good, n_top = 2,
        checks = "specificity", key_added = "good")
    run_trust(adata, NULL, attributions = bad, n_top = 2,
        checks = "specificity", key_added = "bad")
    expect_identical(verdict_of(adata, "specificity", "good"), "holds")
    expect_identical(verdict_of(adata, "specificity", "bad"), "fails")
    x <- adata$layers[["log2"]]
    weights <- rowsum(x, as.character(get_column(adata, "obs", "tissue")))
    weights <- t(weights) - colMeans(x) * 30
    rownames(weights) <- genes
    run_trust(adata, NULL, attributions = weights, n_top = 2,
        checks = "specificity", key_added = "weights")
    expect_identical(verdict_of(adata, "specificity", "weights"), "holds")
    values <- t(x) - colMeans(x)
    dimnames(values) <- list(genes, as.character(adata$obs_names$to_list()))
    run_trust(adata, NULL, attributions = values, n_top = 2,
        checks = c("specificity", "bootstrap"), key_added = "values")
    expect_identical(verdict_of(adata, "specificity", "values"), "holds")
})
