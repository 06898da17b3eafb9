# The share of the R package's lines that tests/testthat runs, file by file;
# called by `make coverage`. Less than 85 % in all is a failure.

Sys.setenv(NOT_CRAN = "true")
found <- covr::package_coverage(
    type = "tests", quiet = FALSE,
    line_exclusions = list("R/RcppExports.R", "src/RcppExports.cpp")
)
by_file <- vapply(
    split(covr::tally_coverage(found), ~filename),
    function(lines) 100 * mean(lines$value > 0), numeric(1)
)
print(round(sort(by_file), 1))
total <- covr::percent_coverage(found)
cat(sprintf("in all: %.1f %%\n", total))
if (total < 85) {
    quit(status = 1)
}
