#' Which gene sets a list of genes is enriched in
#'
#' Four engines, one table: `"go"` tests the biological processes of the Gene
#' Ontology (\pkg{org.Hs.eg.db} and \pkg{GO.db}), as clusterProfiler's
#' `enrichGO` does; `"sets"` tests the gene sets given; `"clusterprofiler"` and
#' `"reactomepa"` call those packages: `enricher` for gene sets given, otherwise
#' `enrichGO`, and `enrichPathway`.
#'
#' @param engine One of `"go"`, `"sets"`, `"clusterprofiler"`, `"reactomepa"`.
#' @param genes The genes.
#' @param universe All genes that could have been in the list; `NULL` for all
#'   that are annotated.
#' @param id_type What `genes` and `universe` are: `"ENTREZID"`, or
#'   `"ENSEMBL"` or `"SYMBOL"` to be translated. Gene sets that are given are
#'   tested on the identifiers as they are.
#' @param gene_sets A data frame of two columns, `term` and `gene`.
#' @param gene_set_names A data frame of `term` and `name`, or `NULL`.
#' @param min_size,max_size Smallest and largest gene set, counted in the
#'   universe.
#' @return A list: `table`, a data frame of the gene sets tested with
#'   clusterProfiler's columns `ID`, `Description`, `GeneRatio`, `BgRatio`,
#'   `pvalue`, `p.adjust`, `qvalue`, `geneID` and `Count`, and `unmapped`, the
#'   genes that could not be translated.
#' @references Yu et al. (2012), OMICS 16:284. Storey (2002), Journal of the
#'   Royal Statistical Society B 64:479, for the q-values.
#' @export
#' @examples
#' sets <- data.frame(term = rep(c("one", "two"), c(12, 15)),
#'     gene = c(letters[1:12], letters[10:24]))
#' core_enrich("sets", letters[1:8], letters, gene_sets = sets)$table
core_enrich <- function(engine = c("go", "sets", "clusterprofiler",
                            "reactomepa"), genes, universe = NULL,
                        id_type = c("ENTREZID", "ENSEMBL", "SYMBOL"),
                        gene_sets = NULL, gene_set_names = NULL,
                        min_size = 10, max_size = 500) {
    engine <- choice_of(engine)
    id_type <- choice_of(id_type)
    check_set_sizes(min_size, max_size)
    need_engine(engine)
    if (engine == "sets" && is.null(gene_sets)) {
        fail("the engine \"sets\" needs gene_sets: columns term and gene")
    }
    genes <- unique(as.character(genes))
    if (length(genes) == 0L) {
        return(list(table = empty_enrichment(), unmapped = character()))
    }
    unmapped <- character()
    if (is.null(gene_sets) && id_type != "ENTREZID") {
        mapped <- to_entrez(genes, id_type, engine)
        unmapped <- mapped$unmapped
        genes <- mapped$genes
        if (!is.null(universe)) {
            universe <- to_entrez(universe, id_type, engine)$genes
        }
    }
    if (!is.null(universe)) {
        universe <- unique(as.character(universe))
    }
    table <- switch(engine,
        go = over_representation(genes, go_processes(), universe, min_size,
            max_size),
        sets = over_representation(genes,
            read_sets(gene_sets, gene_set_names), universe, min_size,
            max_size),
        clusterprofiler = by_clusterprofiler(genes, universe, gene_sets,
            gene_set_names, min_size, max_size),
        reactomepa = as_enrichment(ReactomePA::enrichPathway(genes,
            organism = "human", pvalueCutoff = 1, pAdjustMethod = "BH",
            qvalueCutoff = 1, universe = universe, minGSSize = min_size,
            maxGSSize = max_size)))
    list(table = table, unmapped = unmapped)
}

need_engine <- function(engine) {
    needed <- switch(engine, go = c("org.Hs.eg.db", "GO.db"),
        clusterprofiler = "clusterProfiler", reactomepa = "ReactomePA")
    for (package in needed) {
        need_package(package, "BiocManager::install")
    }
}

# What the engine works with, for the record: the package that tests, and those
# that hold the annotation, whose releases change what is found.
engine_packages <- function(engine, own_sets, id_type = "ENTREZID") {
    if (own_sets) {
        return(if (engine == "clusterprofiler") "clusterProfiler" else
            character())
    }
    packages <- switch(engine, go = c("org.Hs.eg.db", "GO.db"),
        clusterprofiler = c("clusterProfiler", "org.Hs.eg.db", "GO.db"),
        reactomepa = c("ReactomePA", "reactome.db",
            if (id_type != "ENTREZID") "org.Hs.eg.db"))
    # ReactomePA and clusterProfiler choose themselves what they load.
    packages[nzchar(vapply(packages, function(package) {
        system.file(package = package)
    }, ""))]
}

enrichment_columns <- c("ID", "Description", "GeneRatio", "BgRatio", "pvalue",
    "p.adjust", "qvalue", "geneID", "Count")

empty_enrichment <- function() {
    data.frame(ID = character(), Description = character(),
        GeneRatio = character(), BgRatio = character(), pvalue = numeric(),
        p.adjust = numeric(), qvalue = numeric(), geneID = character(),
        Count = integer())
}

by_clusterprofiler <- function(genes, universe, gene_sets, gene_set_names,
                               min_size, max_size) {
    as_enrichment(if (is.null(gene_sets)) {
        clusterProfiler::enrichGO(genes, OrgDb = "org.Hs.eg.db", ont = "BP",
            pvalueCutoff = 1, pAdjustMethod = "BH", qvalueCutoff = 1,
            universe = universe, minGSSize = min_size, maxGSSize = max_size)
    } else {
        names <- if (is.null(gene_set_names)) NA else gene_set_names
        clusterProfiler::enricher(genes, pvalueCutoff = 1,
            pAdjustMethod = "BH", universe = universe, minGSSize = min_size,
            maxGSSize = max_size, qvalueCutoff = 1, TERM2GENE = gene_sets,
            TERM2NAME = names)
    })
}

# Newer versions add columns (RichFactor, FoldEnrichment, zScore); no result at
# all is NULL.
as_enrichment <- function(found) {
    if (is.null(found)) {
        return(empty_enrichment())
    }
    table <- as.data.frame(found)
    lacking <- setdiff(enrichment_columns, names(table))
    if (length(lacking)) {
        fail(paste("the enrichment package returned no column %s: it has",
            "changed; use engine = \"go\""), first(lacking))
    }
    table <- table[enrichment_columns]
    rownames(table) <- NULL
    table
}

# The first Entrez identifier that each gene has; bitr where clusterProfiler
# does the work.
to_entrez <- function(genes, id_type, engine) {
    genes <- unique(strip_version(as.character(genes)))
    need_package("org.Hs.eg.db", "BiocManager::install")
    if (engine == "clusterprofiler") {
        # bitr warns of what it does not find; that is reported below.
        pairs <- withCallingHandlers(
            clusterProfiler::bitr(genes, fromType = id_type,
                toType = "ENTREZID", OrgDb = "org.Hs.eg.db"),
            warning = function(w) {
                if (grepl("fail to map", conditionMessage(w))) {
                    invokeRestart("muffleWarning")
                }
            })
        of_bitr <- function(name) field(pairs, name, "clusterProfiler::bitr")
        entrez <- of_bitr("ENTREZID")[match(genes, of_bitr(id_type))]
    } else {
        entrez <- entrez_by(genes, id_type)
    }
    lost <- is.na(entrez)
    if (any(lost)) {
        message(sum(lost), " of ", length(genes), " genes (", id_type,
            ") have no Entrez identifier: ", first(genes[lost]))
    }
    list(genes = unique(entrez[!lost]), unmapped = genes[lost])
}

entrez_of <- function(id_type) {
    need_package("org.Hs.eg.db", "BiocManager::install")
    AnnotationDbi::toTable(switch(id_type,
        ENSEMBL = org.Hs.eg.db::org.Hs.egENSEMBL,
        SYMBOL = org.Hs.eg.db::org.Hs.egSYMBOL))
}
