# The hypergeometric test of gene sets as DOSE counts it, which clusterProfiler
# and ReactomePA call (Yu et al. 2015, Bioinformatics 31:608).

# `sets` is a list of `genes` (a list of vectors, named by set) and `names`.
over_representation <- function(genes, sets, universe, min_size, max_size) {
    annotated <- unique(unlist(sets$genes, use.names = FALSE))
    background <- if (is.null(universe)) {
        annotated
    } else {
        intersect(universe, annotated)
    }
    drawn <- intersect(genes, background)
    if (length(drawn) == 0L) {
        return(empty_enrichment())
    }
    long <- data.frame(
        set = rep.int(factor(names(sets$genes), names(sets$genes)),
            lengths(sets$genes)),
        gene = unlist(sets$genes, use.names = FALSE))
    long <- long[long$gene %in% background, ]
    size <- tabulate(long$set, nlevels(long$set))
    hits <- long[long$gene %in% drawn, ]
    hits <- hits[order(hits$set, match(hits$gene, drawn)), ]
    count <- tabulate(hits$set, nlevels(hits$set))
    kept <- which(count > 0L & size >= min_size & size <= max_size)
    if (length(kept) == 0L) {
        return(empty_enrichment())
    }
    pvalue <- stats::phyper(count[kept] - 1, size[kept],
        length(background) - size[kept], length(drawn), lower.tail = FALSE)
    members <- split(hits$gene, hits$set)[kept]
    table <- data.frame(
        ID = names(sets$genes)[kept],
        Description = unname(sets$names[names(sets$genes)[kept]]),
        GeneRatio = sprintf("%d/%d", count[kept], length(drawn)),
        BgRatio = sprintf("%d/%d", size[kept], length(background)),
        pvalue = pvalue,
        p.adjust = stats::p.adjust(pvalue, method = "BH"),
        qvalue = storey_q(pvalue),
        geneID = vapply(members, paste, "", collapse = "/",
            USE.NAMES = FALSE),
        Count = count[kept])
    table <- table[order(table$pvalue, table$ID, method = "radix"), ]
    rownames(table) <- NULL
    table
}

# Storey's q-values with the share of true nulls judged at one point, lambda
# 0.05: what DOSE asks of the package qvalue, where the bootstrap that it names
# has nothing to choose from.
storey_q <- function(pvalue, lambda = 0.05) {
    null_share <- min(1, mean(pvalue >= lambda) / (1 - lambda))
    if (null_share <= 0) {
        return(rep(NA_real_, length(pvalue)))
    }
    null_share * stats::p.adjust(pvalue, method = "BH")
}

read_sets <- function(gene_sets, gene_set_names) {
    gene_sets <- unique(data.frame(term = as.character(gene_sets[[1L]]),
        gene = as.character(gene_sets[[2L]])))
    genes <- split(gene_sets$gene,
        factor(gene_sets$term, unique(gene_sets$term)))
    names <- stats::setNames(names(genes), names(genes))
    if (!is.null(gene_set_names)) {
        given <- stats::setNames(as.character(gene_set_names[[2L]]),
            as.character(gene_set_names[[1L]]))
        known <- intersect(names(given), names(names))
        names[known] <- given[known]
    }
    list(genes = genes, names = names)
}

# Biological processes with their genes, those of narrower processes included.
go_processes <- function() {
    if (is.null(cache$go)) {
        pairs <- AnnotationDbi::toTable(org.Hs.eg.db::org.Hs.egGO2ALLEGS)
        ontology <- field(pairs, "Ontology", "AnnotationDbi::toTable")
        pairs <- pairs[ontology == "BP", c("gene_id", "go_id")]
        # A gene is listed once for each kind of evidence. Comparing numbers is
        # several times faster than comparing the rows of two million strings.
        known <- unique(pairs$gene_id)
        number <- match(pairs$gene_id, known) +
            length(known) * match(pairs$go_id, unique(pairs$go_id))
        pairs <- pairs[!duplicated(number), ]
        genes <- split(pairs$gene_id, pairs$go_id)
        terms <- AnnotationDbi::Term(GO.db::GOTERM)
        names <- stats::setNames(unname(terms[names(genes)]), names(genes))
        names[is.na(names)] <- names(names)[is.na(names)]
        cache$go <- list(genes = genes, names = names)
    }
    cache$go
}
