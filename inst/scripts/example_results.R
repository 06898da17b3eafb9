# Makes inst/extdata/example_results.rds, which example_results() reads: the
# whole method on simulated tissues. Run it in the checkout, with the package
# installed:
#
#   Rscript inst/scripts/example_results.R
#
# The result is stored as plain matrices and tables, so that it depends on no
# version of a class.

library(tissueshap)

settings <- reticulate::import("tissueshap")$settings
settings$progress <- FALSE

# Sparse counts and much noise, and pairs of tissues of one organ, so that there
# are mistakes to look at.
adata <- simulate_counts(200, 260, tissues = list("Brain - Cortex" = 5,
    "Brain - Hippocampus" = 4, "Heart - Atrial Appendage" = 3,
    "Heart - Left Ventricle" = 2, "Skin - Not Sun Exposed" = 3,
    "Skin - Sun Exposed" = 3), bcv = 0.8, ambiguous = 0.3, seed = 1)
run_filter_genes(adata, "tissue", subset = TRUE)
run_tmm(adata)
run_log2(run_split(adata, n_test = 8))
run_oversample(adata)
model <- run_cnn(adata, preset = "small", epochs = 30)
run_evaluate(run_predict(adata, model))
run_shap(adata, model, target = "all", n_draws = 50)
run_select_genes(run_rank_genes(adata), method = "unique_fraction")
run_trust(adata, model, checks = c("performance", "specificity", "bootstrap",
    "seeds"))
run_modules(adata, min_correlation = 0.3)
run_compare(run_de(adata, lfc = 1))
run_cluster(adata, samples = "all", n_starts = 20, n_random = 3)
run_null_test(adata, n_sets = 40, n_starts = 3)

# Gene sets of the planted markers, and two of chance.
truth <- adata$uns[["truth"]]
markers <- split(as.character(truth$gene), as.character(truth$class))
names(markers) <- paste(names(markers), "markers")
others <- setdiff(unlist(adata$var_names$to_list()), unlist(markers))
chance <- list("Other genes, 1" = others[1:20],
    "Other genes, 2" = others[21:40])
run_enrich(adata, c(markers, chance), by = "class", engine = "sets",
    min_size = 2, pvalue_cutoff = 1)

# Half of the pairs of markers of one tissue interact, and pairs of chance.
set.seed(1)
kept <- unlist(adata$var_names$to_list())
pairs <- lapply(markers, function(genes) {
    found <- t(utils::combn(sort(intersect(genes, kept)), 2L))
    found[stats::runif(nrow(found)) < 0.5, , drop = FALSE]
})
pairs <- rbind(do.call(rbind, pairs),
    t(replicate(400L, sort(sample(kept, 2L)))))
run_ppi(adata, data.frame(a = pairs[, 1L], b = pairs[, 2L]))

parts <- tissueshap:::parts_of(adata)
parts$layers <- lapply(parts$layers[c("tmm", "log2", "shap")], signif, 5)
dir.create("inst/extdata", showWarnings = FALSE)
saveRDS(parts, "inst/extdata/example_results.rds", compress = "xz",
    version = 2)
