# Runs lintr on the R sources, as .lintr configures it; called by `make lint`.

found <- lapply(
    c("R", "tests/testthat", "inst/scripts"),
    function(folder) lintr::lint_dir(folder, pattern = "[.][Rr]$")
)
invisible(lapply(found, print))
if (sum(lengths(found))) {
    quit(status = 1)
}
