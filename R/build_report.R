#' Write the report of an analysis
#'
#' Runs Python's `ts.report.build`: one HTML file with the figures, tables and
#' caveats of the verbs that were run. A section is there when its verb was run.
#'
#' @param x As [run_filter_genes()]'s `adata`, after the verbs; it is not
#'   changed.
#' @param path The file to write.
#' @param title Title of the report.
#' @param other Another cohort, after [run_transfer()].
#' @return The path, invisibly.
#' @export
#' @examples
#' if (python_available() &&
#'     requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     build_report(example_results(), tempfile(fileext = ".html"))
#' }
build_report <- function(x, path, title = NULL, other = NULL) {
    if (!is_string(path)) {
        fail("path must be the name of a file, not %s",
            code_of(path))
    }
    words <- place_words(x)
    refuse_inside_python("ts.report.build(adata, path)")
    call_python("report.build", list(as_anndata(x), path.expand(path)),
        list(title = title, other = if (!is.null(other)) as_anndata(other)),
        words)
    invisible(path)
}
