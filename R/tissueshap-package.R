#' Which genes a tissue classifier uses, and how far to trust them
#'
#' The verbs `run_*()` take an AnnData, a SummarizedExperiment or the path of
#' an `.h5ad` file, and write what they find into it. The methods themselves
#' are the functions `core_*()`: a matrix in, a plain list out.
#'
#' Counts that are sparse or on disk are read in blocks of four million values
#' (32 MB): `options(tissueshap.block_cells = )` sets another size, where less
#' memory is there or more is to spare. Results do not depend on it.
#'
#' @useDynLib tissueshap, .registration = TRUE
#' @importFrom Rcpp evalCpp
#' @keywords internal
"_PACKAGE"
