# The verbs that R does itself, then some that it leaves to Python: what
# test_hosts.py does in Python. Arguments: file to read, file to write, label,
# samples of each class to hold out.
given <- commandArgs(trailingOnly = TRUE)
adata <- tissueshap::read_h5ad(given[1])
tissueshap::run_filter_genes(adata, given[3], min_reads = 10)
tissueshap::run_tmm(adata)
tissueshap::run_split(adata, n_test = as.integer(given[4]))
tissueshap::run_log2(adata)
tissueshap::run_oversample(adata)
tissueshap::run_de(adata, lfc = 2)
tissueshap::run_de(adata, method = "limma_voom", key_added = "voom")
tissueshap::write_h5ad(adata, given[2])
