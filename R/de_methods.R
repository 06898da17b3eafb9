# The tests of differential expression: what each takes is in inst/schema.json,
# for Python as well.

de_values <- function(method) schema()$de_methods[[method]]$values

de_accepts <- function(method, option) {
    option %in% unlist(schema()$de_methods[[method]]$options)
}

# The tests of the same values as `method` that have an option.
de_methods_with <- function(option, method) {
    names <- names(schema()$de_methods)
    fits <- vapply(names, function(other) {
        de_accepts(other, option) && de_values(other) == de_values(method)
    }, logical(1))
    names[fits]
}

# The record that a test's values come from.
de_source <- function(method) {
    if (de_values(method) == "log") "log2" else "tmm"
}

# Whether a test compares a class with all other samples, whatever `rest` is.
de_pools <- function(method) isTRUE(schema()$de_methods[[method]]$pools)

de_test <- function(method, values, layout, lfc_test, legacy, BPPARAM) {
    switch(method,
        edgeR_QL = , edgeR_LRT = de_edger(values, layout, method, lfc_test,
            legacy, BPPARAM),
        limma_voom = , limma = de_limma(values, layout, method, lfc_test,
            BPPARAM),
        wilcoxon = de_wilcoxon(values, layout, BPPARAM))
}

check_de_options <- function(method, lfc_test, covariates, block) {
    if (!is.null(lfc_test)) {
        check_number(lfc_test, "lfc_test", 0)
        if (lfc_test == 0) {
            fail(paste("lfc_test must be above 0, or NULL for the test",
                "against no difference"))
        }
    }
    given <- list(lfc_test = lfc_test, covariates = covariates, block = block)
    for (option in names(given)[!vapply(given, is.null, logical(1))]) {
        if (!de_accepts(method, option)) {
            others <- paste0("\"", de_methods_with(option, method), "\"",
                collapse = " or ")
            fail(de_refusal[[option]], method, others)
        }
    }
}

# Why a test refuses an option, and what to do.
de_refusal <- list(
    lfc_test = paste("%s has no test of a fold change: leave lfc_test out and",
        "choose genes by lfc, or take method = %s"),
    covariates = "%s takes no covariates: take method = %s",
    block = paste("%s cannot hold samples of one donor together: take method",
        "= %s for block, or with edgeR_QL give the donor as one of the",
        "covariates, if each gave several classes"))
