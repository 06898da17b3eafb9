#' Test each class against the others
#'
#' See [core_de()].
#'
#' @inheritParams run_filter_genes
#' @inheritParams core_de
#' @param covariates `NULL`, or columns of `obs` (`colData`) to put into the
#'   design: numbers are taken as they are, a trend, anything else as groups.
#'   `"factor(batch)"` makes groups of a column of numbers.
#' @param block `NULL`, or the column of `obs` (`colData`) with the donors, of
#'   whom some gave several samples: for `"limma_voom"` and `"limma"`, by
#'   [limma::duplicateCorrelation()].
#' @return `adata`, as [run_filter_genes()] returns it. Written are
#'   `varm` `de_logfc` (log2), `de_pvalue`, `de_fdr` and `de_called` (logical:
#'   passes both thresholds; genes x classes, in a SummarizedExperiment nested
#'   in `rowData`), `var` `de_significant` (called in at least one class), and
#'   the record `de` with the tables `counts` (`class`, `up`, `down`) and
#'   `dispersion` (one row per gene).
#' @section More than one machine:
#' Each worker gets blocks of the genes, and no more than those; the results are
#' those of one process. Processes of this machine, and of others that can be
#' reached by ssh:
#'
#' ```
#' workers <- BiocParallel::SnowParam(8)
#' workers <- BiocParallel::SnowParam(c("node1", "node1", "node2"))
#' se <- run_de(se, "tissue", BPPARAM = workers)
#' ```
#'
#' Jobs of SLURM, with the package batchtools, from a folder that all nodes see
#' (`resources` are those of batchtools' template; a site's own is `template`):
#'
#' ```
#' workers <- BiocParallel::BatchtoolsParam(20, cluster = "slurm",
#'     resources = list(ncpus = 1, memory = 4000, walltime = 3600))
#' se <- run_de(se, "tissue", BPPARAM = workers)
#' ```
#'
#' This package must be installed where the nodes find it: in a library of
#' [.libPaths()] that they see too. Each of the four steps of `"edgeR_QL"` is
#' submitted as jobs of its own, so a cluster pays for many samples only.
#' [run_tmm()] and [run_de_error_rate()] take the same workers.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = matrix(rnbinom(1200, mu = 50, size = 10), 100, 12)),
#'         colData = data.frame(tissue = rep(c("a", "b", "c"), 4)))
#'     se <- run_de(run_tmm(se), "tissue", lfc = 1)
#'     SummarizedExperiment::rowData(se)$de_fdr
#'     se <- run_de(se, "tissue", method = "wilcoxon", lfc = 1,
#'         key_added = "ranks")
#' }
run_de <- function(adata, label = NULL, fdr = 0.01, lfc = 4,
                   method = c("edgeR_QL", "edgeR_LRT", "limma_voom",
                       "limma", "wilcoxon"),
                   rest = c("mean_of_classes", "weighted", "pooled"),
                   lfc_test = NULL, covariates = NULL, block = NULL,
                   legacy = TRUE, assay = NULL,
                   BPPARAM = BiocParallel::SerialParam(),
                   key_added = NULL, copy = FALSE) {
    method <- choice_of(method)
    rest <- choice_of(rest)
    on_data_in_use(adata, copy, function(x) {
        x <- remember_assay(x, assay)
        class <- get_label(x, label)
        params <- list(fdr = fdr, lfc = lfc, method = method, rest = rest,
            lfc_test = lfc_test, legacy = legacy)
        made_by <- de_source(method)
        need_current(x, made_by)
        data <- if (de_values(method) == "log") log_values(x) else
            normalised_counts(x)
        of_samples <- list(label = class$values,
            covariates = sample_covariates(x, covariates),
            block = if (!is.null(block)) sample_column(x, block, "block"),
            BPPARAM = BPPARAM)
        found <- do.call(core_de, c(data, of_samples, params))
        if (!de_accepts(method, "legacy")) {
            params$legacy <- NULL
        }
        params <- c(list(label = class$name), params,
            list(covariates = covariates, block = block))
        write_slots(x, "de", found, params, c("edgeR", "limma"), key_added,
            made_by)
    })
}

# "factor(batch)" makes groups of a column of numbers, which are a trend
# otherwise.
sample_covariates <- function(x, names) {
    if (is.null(names)) {
        return(NULL)
    }
    held <- lapply(stats::setNames(names, names), function(name) {
        source <- sub("^factor\\((.+)\\)$", "\\1", name)
        if (source != name && is.null(get_column(x, "obs", name))) {
            values <- sample_column(x, source, "covariates")
            ifelse(is.na(values), NA, trimws(as.character(values)))
        } else {
            warn_of_codes(sample_column(x, name, "covariates"), name)
        }
    })
    data.frame(held, check.names = FALSE)
}

sample_column <- function(x, name, argument) {
    refuse_reserved(name, argument)
    values <- get_column(x, "obs", name)
    if (is.null(values)) {
        fail("%s has no column \"%s\" to take covariates or block from",
            place_of(x, "obs"), name)
    }
    values
}

# Integers of so many values are codes of groups more often than a
# quantity; two are the same as a trend and as groups.
warn_of_codes <- function(values, name) {
    if (is.numeric(values)) {
        known <- sort(unique(values[is.finite(values)]))
        if (length(known) >= 3L && length(known) <= 10L &&
            all(known == round(known))) {
            warning(sprintf(paste("the covariate \"%s\" has the values %s and",
                "enters as a trend; if they are groups, such as batches, ask",
                "for \"factor(%s)\""), name, paste(known, collapse = ", "),
                name), call. = FALSE)
        }
    }
    values
}

normalised_counts <- function(x) {
    list(counts = get_counts(x),
        lib_size = need_column(x, "obs", slot_name("obs", "lib_size")),
        norm_factor = need_column(x, "obs", slot_name("obs", "norm_factor")))
}

log_values <- function(x) {
    name <- slot_name("layers", "log2")
    found <- get_matrix(x, name)
    if (is.null(found)) {
        fail("%s \"%s\" is missing: read the data with values = \"log\"",
            place_of(x, "layers"), name)
    }
    check_log_values(found)
    list(counts = warn_unless_logs(found, sprintf("%s \"%s\"",
        place_of(x, "layers"), name)))
}
