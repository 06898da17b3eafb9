# An .h5ad file as an experiment, by Python and without it, and written again by
# both: test_files.py compares the types. Argument: the folder.
folder <- commandArgs(trailingOnly = TRUE)
library(tissueshap)
given <- file.path(folder, "given.h5ad")
in_memory <- as_summarized_experiment(read_h5ad(given))
from_file <- as_summarized_experiment(given)
stopifnot(isTRUE(all.equal(in_memory, from_file)))
single <- as_single_cell_experiment(from_file)
stopifnot(setequal(SingleCellExperiment::reducedDimNames(single),
    c("X_umap_shap", "proba")))
path <- function(name) file.path(folder, paste0(name, ".h5ad"))
write_h5ad(as_anndata(in_memory), path("in_memory"))
write_h5ad(from_file, path("from_file"))
write_h5ad(as_anndata(single), path("single"))
nullable <- as_summarized_experiment(path("nullable"))
stopifnot(isTRUE(all.equal(nullable,
    as_summarized_experiment(read_h5ad(path("nullable"))))))
write_h5ad(as_anndata(nullable), path("nullable_in_memory"))
write_h5ad(nullable, path("nullable_from_file"))
