# The verbs that R does without Python, on the path of an .h5ad file; and what
# R reads of a file, written again without Python. Arguments: the file, its
# label, a GMT file, and the file to write what was read to.
given <- commandArgs(trailingOnly = TRUE)
stopifnot(!tissueshap::python_available())
tissueshap::run_filter_genes(given[1], given[2], min_reads = 200)
tissueshap::run_tmm(given[1])
tissueshap::run_de(given[1], lfc = 2)
tissueshap::run_enrich(given[1], given[3], source = "de", by = "class",
    engine = "sets", min_size = 2, pvalue_cutoff = 1,
    qvalue_cutoff = 1)
x <- tissueshap::as_summarized_experiment(given[1])
tissueshap::write_h5ad(x, given[4])
stopifnot(!"reticulate" %in% loadedNamespaces() ||
    !reticulate::py_available(initialize = FALSE))
