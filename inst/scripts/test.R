# Runs tests/testthat on the installed package; called by `make test`.
#
# A warning is a failure, and so is a run without any test. If real data are
# required (TISSUESHAP_REQUIRE_DATA=1), a test that is skipped because they are
# missing is a failure too.

Sys.setenv(NOT_CRAN = "true")
results <- as.data.frame(testthat::test_dir(
    "tests/testthat",
    package = "tissueshap",
    load_package = "installed",
    reporter = "check",
    stop_on_failure = TRUE,
    stop_on_warning = TRUE
))
if (!nrow(results)) {
    stop("tests/testthat holds no test")
}
skipped <- vapply(
    unlist(lapply(results$result, function(test) {
        Filter(function(found) inherits(found, "expectation_skip"), test)
    }), recursive = FALSE),
    conditionMessage, ""
)
if (Sys.getenv("TISSUESHAP_REQUIRE_DATA") == "1") {
    for_data <- grep("no real data", skipped, value = TRUE)
    if (length(for_data)) {
        stop(
            "tests were skipped because the data are missing:\n",
            paste(for_data, collapse = "\n")
        )
    }
}
