# What is compared with what: the design and the contrasts.

# A layout is what the tests need of the samples: `class` (from zero, or the
# class of each sample as an integer), `design`, `contrasts` (coefficients x
# tests), `effective` library sizes, `block`, and whether it is `one_way`.
de_layout <- function(label, rest, effective, covariates, block) {
    classes <- stats::model.matrix(~ 0 + label)
    colnames(classes) <- levels(label)
    design <- cbind(classes, covariate_columns(covariates, length(label)))
    check_rank(design, nlevels(label))
    contrasts <- class_contrasts(table(label), rest)
    contrasts <- rbind(contrasts,
        matrix(0, ncol(design) - nlevels(label), ncol(contrasts)))
    list(class = as.integer(label) - 1L, design = design,
        contrasts = contrasts, effective = effective, block = block,
        one_way = ncol(design) == nlevels(label))
}

# k x k: column g compares class g with the others, which count alike or by
# their samples.
class_contrasts <- function(sizes, rest) {
    weight <- as.vector(sizes)^(rest == "weighted")
    vapply(seq_along(weight), function(g) {
        contrast <- -weight / sum(weight[-g])
        contrast[g] <- 1
        contrast
    }, numeric(length(weight)))
}

# One class and everything else, as two classes.
pooled_label <- function(label, class) {
    factor(ifelse(label == class, "class", "rest"), levels = c("class", "rest"))
}

covariate_columns <- function(covariates, n) {
    if (is.null(covariates)) {
        return(NULL)
    }
    covariates <- as.data.frame(covariates, stringsAsFactors = FALSE)
    for (name in names(covariates)) {
        values <- covariates[[name]]
        check_length(values, n, sprintf("covariate \"%s\"", name), "samples")
        if (anyNA(values) || (is.numeric(values) && !all(is.finite(values)))) {
            fail(paste("covariate \"%s\" is missing or not finite in %d",
                "samples: drop them, or fill it in"), name,
                sum(is.na(values) | values %in% c(Inf, -Inf)))
        }
        if (!is.numeric(values)) {
            covariates[[name]] <- factor(as.character(values))
            if (nlevels(covariates[[name]]) == 1L) {
                fail("covariate \"%s\" is the same in all samples (%s)", name,
                    levels(covariates[[name]]))
            }
        }
    }
    stats::model.matrix(~ ., covariates)[, -1L, drop = FALSE]
}

check_rank <- function(design, k) {
    dependent <- limma::nonEstimable(design)
    if (!is.null(dependent)) {
        fail(paste("the covariates cannot be told from the classes or from",
            "each other (%s): leave one out"), first(dependent))
    }
    if (nrow(design) <= ncol(design)) {
        fail(paste("%d samples of %d classes (%d covariates) leave no",
            "replicates: at least one class needs two samples"), nrow(design),
            k, ncol(design) - k)
    }
}

check_block <- function(block, n) {
    if (is.null(block)) {
        return(NULL)
    }
    check_length(block, n, "block", "samples")
    if (anyNA(block)) {
        fail("block is missing for samples %s: drop or fill them in",
            first(which(is.na(block))))
    }
    if (!anyDuplicated(block)) {
        fail("every sample has a block of its own: leave block out")
    }
    as.character(block)
}
