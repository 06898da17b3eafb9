#' Read counts, samples and annotation
#'
#' Runs Python's `ts.io.read_counts`: GCT (1.2, 1.3), TSV, CSV, compressed or
#' not, `.h5ad` or `.zarr`.
#'
#' @param counts The file with the counts.
#' @param samples The file with one row per sample, or a data frame; `NULL` for
#'   an `.h5ad` file that contains them.
#' @param label,donor Names of the columns with classes and donors.
#' @param annotation A file, or a data frame, with what is known of the genes.
#' @param orient `"auto"`, or where the genes are in the file:
#'   `"genes-in-rows"` or `"genes-in-columns"`.
#' @param exclude Patterns (globs) of classes to leave out.
#' @param min_class_size Smaller classes are left out.
#' @param values What the file holds: `"counts"`; `"estimated"`, the fractional
#'   counts of RSEM, salmon, tximport and nf-core, which are rounded; or
#'   `"log"`, expression on a log scale.
#' @param ... More settings of `ts.io.read_counts`.
#' @return An AnnData (a Python object), samples x genes.
#' @export
#' @examples
#' if (python_available()) {
#'     counts <- tempfile(fileext = ".tsv")
#'     samples <- tempfile(fileext = ".tsv")
#'     write.table(data.frame(gene_id = paste0("g", 1:4), s1 = 1:4,
#'         s2 = 4:1), counts, sep = "\t", quote = FALSE, row.names = FALSE)
#'     write.table(data.frame(sample_id = c("s1", "s2"), tissue = c("a", "b")),
#'         samples, sep = "\t", quote = FALSE, row.names = FALSE)
#'     read_counts(counts, samples, label = "tissue")
#' }
read_counts <- function(counts, samples = NULL, label = NULL, donor = NULL,
                        annotation = NULL, orient = "auto",
                        exclude = character(), min_class_size = 0,
                        values = c("counts", "estimated", "log"), ...) {
    values <- choice_of(values)
    call_python("io.read_counts", list(counts, samples), list(label = label,
        donor = donor, annotation = annotation, orient = orient,
        exclude = as.list(exclude), min_class_size = min_class_size,
        values = values, ...))
}
