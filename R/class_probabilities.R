# Models of R packages, for the verbs that take a classifier: one function asks
# any of them for probabilities, one passes it to Python.

#' Probabilities of the classes, from a model of any package
#'
#' [run_trust()] asks a model for its probabilities with this function. Methods
#' are there for `ranger::ranger()` (trained with `probability = TRUE`),
#' `glmnet::glmnet()` and `cv.glmnet()`, `nnet::multinom()` and `nnet()`, and
#' functions. All others are asked with `predict(model, x, type = "prob")`, as
#' `randomForest::randomForest()`, `caret::train()` and `rpart::rpart()`
#' understand it. For a model with another interface, define a method, or pass
#' a function of `x`.
#'
#' @param model The model.
#' @param x Samples x genes, a numeric matrix with names of genes.
#' @param ... Passed on to the model's method of [predict()].
#' @return A matrix, samples x classes, with the names of the classes.
#' @export
#' @examples
#' nearest <- function(x) {
#'     score <- exp(cbind(Heart = x[, "MYH6"], Liver = x[, "ALB"]))
#'     score / rowSums(score)
#' }
#' x <- matrix(c(9, 1, 2, 8), 2, dimnames = list(NULL, c("MYH6", "ALB")))
#' class_probabilities(nearest, x)
class_probabilities <- function(model, x, ...) UseMethod("class_probabilities")

#' @rdname class_probabilities
#' @export
class_probabilities.default <- function(model, x, ...) {
    x <- as.data.frame(x, optional = TRUE)
    unclass(as.matrix(stats::predict(model, x, type = "prob", ...)))
}

#' @rdname class_probabilities
#' @export
class_probabilities.function <- function(model, x, ...) {
    as.matrix(model(x, ...))
}

#' @rdname class_probabilities
#' @export
class_probabilities.ranger <- function(model, x, ...) {
    found <- stats::predict(model, data = x, ...)$predictions
    if (!is.matrix(found)) {
        fail(paste("the ranger model predicts classes, not probabilities:",
            "train it with ranger(probability = TRUE)"))
    }
    found
}

#' @rdname class_probabilities
#' @param s Penalty of a glmnet model; by default `"lambda.1se"` for
#'   `cv.glmnet()`, as its own `predict()` takes it, and the smallest for
#'   `glmnet()`.
#' @export
class_probabilities.cv.glmnet <- function(model, x, s = "lambda.1se", ...) {
    glmnet_probabilities(model, x, s, model$glmnet.fit, ...)
}

#' @rdname class_probabilities
#' @export
class_probabilities.glmnet <- function(model, x, s = min(model$lambda), ...) {
    glmnet_probabilities(model, x, s, model, ...)
}

#' @rdname class_probabilities
#' @export
class_probabilities.multinom <- function(model, x, ...) {
    x <- as.data.frame(x, optional = TRUE)
    of_second(stats::predict(model, x, type = "probs", ...), model$lev, nrow(x))
}

#' @rdname class_probabilities
#' @export
class_probabilities.nnet <- function(model, x, ...) {
    x <- as.data.frame(x, optional = TRUE)
    of_second(stats::predict(model, x, type = "raw", ...), model$lev, nrow(x))
}

glmnet_probabilities <- function(model, x, s, fit, ...) {
    found <- stats::predict(model, newx = x, s = s, type = "response", ...)
    of_second(found, fit$classnames, nrow(x))
}

# With two classes, some packages return the probability of the second alone.
of_second <- function(found, classes, n) {
    if (length(found) == n && length(classes) == 2L) {
        found <- cbind(1 - as.vector(found), as.vector(found))
    }
    matrix(found, n, length(classes), dimnames = list(NULL, classes))
}

# The genes that a model was trained with, or NULL.
genes_of <- function(model) UseMethod("genes_of")

#' @exportS3Method
genes_of.default <- function(model) NULL

#' @exportS3Method
genes_of.randomForest <- function(model) rownames(model$importance)

#' @exportS3Method
genes_of.ranger <- function(model) model$forest$independent.variable.names

#' @exportS3Method
genes_of.cv.glmnet <- function(model) genes_of(model$glmnet.fit)

#' @exportS3Method
genes_of.glmnet <- function(model) {
    weights <- if (is.list(model$beta)) model$beta[[1L]] else model$beta
    rownames(weights)
}

#' @exportS3Method
genes_of.train <- function(model) {
    setdiff(colnames(model$trainingData), ".outcome")
}

#' @exportS3Method
genes_of.rpart <- function(model) genes_of_formula(model)

#' @exportS3Method
genes_of.nnet <- function(model) genes_of_formula(model)

# R puts names such as HLA-A between backticks; a model without a formula has
# no terms, and names no genes.
genes_of_formula <- function(model) {
    if (is.null(model$terms)) {
        return(NULL)
    }
    gsub("^`|`$", "", attr(model$terms, "term.labels"))
}

is_python <- function(x) inherits(x, "python.builtin.object")

# A model of R as Python takes it; one of Python, and NULL, as it is.
model_for_python <- function(model, genes) {
    if (is.null(model) || is_python(model)) {
        return(model)
    }
    own <- genes_of(model)
    if (!is.null(own)) genes <- own
    named <- function(x) {
        matrix(as.numeric(x), nrow(x), dimnames = list(NULL, genes))
    }
    # Two samples, because some packages drop the dimension of one.
    classes <- colnames(class_probabilities(model,
        named(matrix(0, 2L, length(genes)))))
    if (is.null(classes)) {
        fail(paste("class_probabilities(model, x) must name its columns by the",
            "classes: define a method for class \"%s\", or pass a function"),
            class(model)[[1L]])
    }
    call_python("adapters.adapt",
        list(function(x) unname(class_probabilities(model, named(x)))),
        list(genes = as.list(genes), classes = as.list(classes)))
}

# A function that trains a model of R, as Python calls it.
training_for_python <- function(train, genes) {
    if (is.null(train)) {
        return(NULL)
    }
    function(x, y, seed) {
        x <- matrix(as.numeric(x), nrow(x), dimnames = list(NULL, genes))
        model_for_python(train(x, as.character(y), as.integer(seed)), genes)
    }
}

# Attributions of R as Python takes them: genes x samples (as R has them) become
# samples x genes, genes x classes a data frame, lists of genes a dictionary.
attributions_for_python <- function(given, samples) {
    if (is.matrix(given)) {
        of_samples <- !is.null(colnames(given)) &&
            all(colnames(given) %in% samples)
        if (of_samples) given <- t(given)
        as.data.frame(given, optional = TRUE)
    } else if (is.list(given) && !is.data.frame(given)) {
        lapply(given, as.list)
    } else {
        given
    }
}
