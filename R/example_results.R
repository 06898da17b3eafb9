#' A finished analysis to look at
#'
#' The whole method on 160 simulated samples of four tissues, with what every
#' verb recorded, so that figures and later verbs can be tried without training
#' anything. The script `example_results.R` among the package's `scripts` made
#' it.
#'
#' @return A SummarizedExperiment with the classes in `colData` `tissue`.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     results <- example_results()
#'     names(S4Vectors::metadata(results)$tissueshap)
#' }
example_results <- function() {
    need_experiment()
    build_experiment(readRDS(system.file("extdata", "example_results.rds",
        package = "tissueshap", mustWork = TRUE)))
}
