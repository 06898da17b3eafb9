test_that("the tests are those of the schema", {
    expected <- names(schema()$de_methods)
    for (verb in list(core_de, run_de)) {
        expect_identical(eval(formals(verb)$method), expected)
    }
    expect_setequal(names(de_refusal), setdiff(unlist(lapply(
        schema()$de_methods, `[[`, "options")), "legacy"))
})

test_that("each takes the values and options that the schema says", {
    data <- simulate_matrix(60, c(4, 5))
    tmm <- core_tmm(data$counts)$obs
    options <- list(lfc_test = 0.5, covariates = data.frame(batch = 1:9 %% 2),
        block = rep(1:3, 3))
    for (method in names(schema()$de_methods)) {
        run <- function(...) {
            if (de_values(method) == "log") {
                core_de(log2(data$counts + 1), data$label, method = method, ...)
            } else {
                core_de(data$counts, data$label, tmm$lib_size,
                    tmm$norm_factor, method = method, ...)
            }
        }
        for (option in names(options)) {
            if (de_accepts(method, option)) {
                found <- do.call(run, options[option])
                expect_true(all(is.finite(found$varm$de_pvalue)),
                    info = paste(method, option))
            } else {
                others <- de_methods_with(option, method)
                expect_error(do.call(run, options[option]),
                    sprintf("^%s .*\"%s\"", method, others[1L]))
            }
        }
    }
})
