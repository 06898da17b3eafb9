#' Which gene sets the selected genes are enriched in
#'
#' The engines `"go"`, `"sets"`, `"clusterprofiler"` and `"reactomepa"` are
#' those of [core_enrich()] and run in R; `"offline"` and `"gseapy"` run
#' Python's `ts.tl.enrich`.
#'
#' @inheritParams run_filter_genes
#' @param gene_sets The path of a GMT file, or a named list of vectors of genes;
#'   not needed where the engine brings its own.
#' @param source `"shap"` for the genes of [run_select_genes()], `"de"` for
#'   those of [run_de()], or both.
#' @param by One list of all genes, a list a class, or a list a class of the
#'   genes that no other class has.
#' @param engine As above.
#' @param universe Genes (as the AnnData names them) that could have been
#'   selected; by default all.
#' @param ids Name of the column of `var` (`rowData`) with the identifiers that
#'   the gene sets use; by default the one that finds the most, the row names
#'   among them. The gene sets of `"go"`, `"clusterprofiler"` and `"reactomepa"`
#'   use Entrez identifiers: those of the column `entrez_id`, or what
#'   \pkg{org.Hs.eg.db} has of Ensembl identifiers or symbols.
#' @param min_size,max_size Smallest and largest gene set, counted in the
#'   universe.
#' @param pvalue_cutoff,qvalue_cutoff What to keep: p-value and adjusted p-value
#'   up to the first, q-value up to the second.
#' @return `adata`, as [run_filter_genes()] returns it. Written is
#'   the record `enrich` with `table` (clusterProfiler's columns after `source`
#'   and `class`), `lists`, `ids` and `n_universe`.
#' @export
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     counts <- matrix(rnbinom(1200, mu = 50, size = 10), 100, 12)
#'     counts[1:20, 1:4] <- counts[1:20, 1:4] * 8L
#'     rownames(counts) <- paste0("gene", 1:100)
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = counts),
#'         colData = data.frame(tissue = rep(c("a", "b", "c"), each = 4)))
#'     se <- run_de(run_tmm(se), "tissue", lfc = 1)
#'     sets <- list(first = rownames(counts)[1:20],
#'         last = rownames(counts)[81:100])
#'     se <- run_enrich(se, sets, source = "de", engine = "sets")
#'     S4Vectors::metadata(se)$tissueshap$enrich$table
#' }
run_enrich <- function(adata, gene_sets = NULL, source = "shap",
                       by = c("all", "class", "exclusive"),
                       engine = c("offline", "gseapy", "sets", "go",
                           "clusterprofiler", "reactomepa"),
                       universe = NULL, label = NULL, ids = NULL,
                       min_size = 10, max_size = 500, pvalue_cutoff = 0.05,
                       qvalue_cutoff = 0.2, key_added = NULL, copy = FALSE) {
    by <- choice_of(by)
    engine <- choice_of(engine)
    source <- choice_of(source, c("shap", "de"), several = TRUE)
    check_set_sizes(min_size, max_size)
    check_number(pvalue_cutoff, "pvalue_cutoff", 0, 1)
    check_number(qvalue_cutoff, "qvalue_cutoff", 0, 1)
    settings <- list(source = source, by = by, engine = engine, label = label,
        min_size = min_size, max_size = max_size,
        pvalue_cutoff = pvalue_cutoff, qvalue_cutoff = qvalue_cutoff)
    if (engine %in% c("offline", "gseapy")) {
        return(in_python("tl.enrich", adata, c(list(gene_sets = gene_sets,
            universe = universe, ids = ids, key_added = key_added),
            settings), copy = copy))
    }
    need_engine(engine)
    reads <- ifelse(source == "shap", "select_genes", source)
    on_data_in_use(adata, copy, function(x) {
        need_current(x, reads)
        sets <- if (is.null(gene_sets)) NULL else read_gene_sets(gene_sets)
        names <- gene_identifiers(x, unique(sets$sets$gene), ids)
        results <- enrich_lists(x, sets, names, universe, settings)
        if (is.character(gene_sets)) {
            settings$gene_sets <- gene_sets
        }
        write_slots(x, "enrich", list(uns = results), settings,
            engine_packages(engine, !is.null(sets), names$id_type), key_added,
            reads)
    })
}

enrich_lists <- function(x, sets, names, universe, settings) {
    asked <- if (is.null(universe)) gene_names(x) else universe
    background <- unique(stats::na.omit(names$values[match(asked,
        gene_names(x))]))
    if (!is.null(sets)) {
        background <- intersect(background, sets$sets$gene)
    }
    lists <- do.call(rbind, lapply(settings$source, function(source) {
        gene_lists(x, source, settings$by, settings$label)
    }))
    tests <- lapply(seq_len(nrow(lists)), function(i) {
        genes <- names$values[match(lists$genes[[i]], gene_names(x))]
        genes <- unique(genes[genes %in% background])
        table <- core_enrich(settings$engine, genes, background,
            gene_sets = sets$sets, gene_set_names = sets$names,
            min_size = settings$min_size, max_size = settings$max_size)$table
        table <- keep_significant(table, settings)
        list(table = cbind(
            source = rep(lists$source[i], nrow(table)),
            class = rep(lists$class[i], nrow(table)), table),
            n_mapped = length(genes))
    })
    tables <- lapply(tests, `[[`, "table")
    list(
        table = do.call(rbind, tables),
        lists = data.frame(source = lists$source, class = lists$class,
            n_genes = lengths(lists$genes),
            n_mapped = vapply(tests, `[[`, 0L, "n_mapped"),
            n_terms = vapply(tables, nrow, 0L)),
        ids = names$column, n_universe = length(background))
}

# A q-value that could not be estimated does not lose the term.
keep_significant <- function(table, settings) {
    kept <- table$pvalue <= settings$pvalue_cutoff &
        table$p.adjust <= settings$pvalue_cutoff &
        !(table$qvalue > settings$qvalue_cutoff & !is.na(table$qvalue))
    table[kept, ]
}
