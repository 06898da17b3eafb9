# What run_enrich() tests: lists of genes by source and class, and identifiers.

gene_lists <- function(x, source, by, label) {
    genes <- gene_names(x)
    if (by == "all") {
        key <- switch(source, shap = "shap_selected", de = "de_significant")
        marked <- as.logical(need_column(x, "var", slot_name("var", key)))
        lists <- list(all = genes[marked])
    } else {
        classes <- class_levels(x, label)
        lists <- switch(source,
            shap = shap_lists(x, classes, by),
            de = de_lists(x, classes, by, genes))
    }
    table <- data.frame(source = rep(source, length(lists)),
        class = names(lists))
    table$genes <- unname(lists)
    table
}

shap_lists <- function(x, classes, by) {
    table <- need_record(x, "select_genes")$genes
    if (by == "exclusive") {
        table <- table[as.logical(table$exclusive), ]
    }
    table <- table[order(table$rank), ]
    split(as.character(table$gene), factor(table$class, classes))
}

de_lists <- function(x, classes, by, genes) {
    called <- called_genes(x, classes)
    if (by == "exclusive") {
        called <- called & rowSums(called) == 1
    }
    stats::setNames(lapply(seq_along(classes), function(g) {
        genes[called[, g]]
    }), classes)
}

# The identifiers of the genes: the column that most of the gene sets' genes are
# in, or Entrez identifiers without gene sets.
gene_identifiers <- function(x, known, wanted) {
    if (is.null(known)) {
        return(entrez_identifiers(x, wanted))
    }
    columns <- identifier_columns(x, wanted)
    hits <- vapply(columns, function(ids) sum(ids %in% known), integer(1))
    best <- which.max(hits)
    if (hits[best] == 0L) {
        fail(paste("none of the genes (%s) is in the gene sets, which hold",
            "%s: do the identifiers match?"), first(names(columns)),
            first(known, 3L))
    }
    check_share(columns[[best]], known, names(columns)[best])
    list(column = names(columns)[best], values = columns[[best]])
}

# The columns that may hold identifiers, or the one that the user names.
identifier_columns <- function(x, wanted) {
    keys <- c("var_names", "gene_id", "symbol", "entrez_id")
    if (!is.null(wanted)) {
        keys <- wanted
    }
    columns <- lapply(stats::setNames(keys, keys), function(key) {
        if (key == "var_names") gene_names(x) else get_column(x, "var", key)
    })
    if (!is.null(wanted) && is.null(columns[[wanted]])) {
        fail("ids = \"%s\": %s has no such column", wanted, place_of(x, "var"))
    }
    lapply(columns[!vapply(columns, is.null, logical(1))], clean_ids)
}

# Entrez identifiers: the column of them, or what org.Hs.eg.db has of the
# Ensembl identifiers or symbols that it knows most of.
entrez_identifiers <- function(x, wanted) {
    columns <- identifier_columns(x, wanted)
    if (is.null(wanted) && any(!is.na(columns$entrez_id))) {
        columns <- columns["entrez_id"]
    }
    types <- vapply(columns, id_type, "")
    # Names that are numbers count the genes.
    types[names(types) == "var_names" & types == "ENTREZID"] <- "SYMBOL"
    mapped <- Map(entrez_by, columns, types)
    hits <- vapply(mapped, function(ids) sum(!is.na(ids)), integer(1))
    best <- which.max(hits)
    column <- names(columns)[best]
    if (hits[best] == 0L) {
        fail(paste("none of the genes (%s) has an Entrez identifier in",
            "org.Hs.eg.db, which knows human genes: pass ids = \"...\", a",
            "column of %s with Entrez or Ensembl identifiers or symbols"),
            first(columns[[best]], 3L), place_of(x, "var"))
    }
    if (types[[best]] != "ENTREZID") {
        message(sprintf("%d of %d genes (%s, by %s) have an Entrez identifier",
            hits[best], length(mapped[[best]]), types[[best]],
            if (column == "var_names") "row names" else column))
    }
    list(column = column, values = mapped[[best]], id_type = types[[best]])
}

# As Python's enrichment._engines._id_type().
id_type <- function(ids) {
    ids <- ids[!is.na(ids)]
    numbers <- sum(grepl("^[0-9]+$", ids))
    ensembl <- sum(grepl("^ENS[A-Z]*G[0-9]+$", ids))
    names(which.max(c(ENTREZID = numbers, ENSEMBL = ensembl,
        SYMBOL = length(ids) - numbers - ensembl)))
}

# The first Entrez identifier of each gene, NA if it has none.
entrez_by <- function(ids, id_type) {
    if (id_type == "ENTREZID") {
        return(ids)
    }
    table <- entrez_of(id_type)
    field(table, "gene_id", "AnnotationDbi::toTable")[
        match(ids, table[[2L]])]
}

# The smallest share that matches of the data's genes, or of the sets' genes
# where these are fewer: less is chance between species, whose symbols differ in
# case (Cd79a, CD79A).
fewest_matches <- 0.1

check_share <- function(ids, known, name) {
    ids <- ids[!is.na(ids)]
    known <- unique(known)
    hits <- sum(ids %in% known)
    if (is.null(known) || max(hits / c(length(ids), length(known))) >=
        fewest_matches) {
        return(invisible())
    }
    alike <- sum(toupper(ids) %in% toupper(known))
    species <- if (alike > 2 * hits) {
        sprintf(paste("; %d match without regard to case: are they of",
            "another species?"), alike)
    } else {
        ""
    }
    fail(paste("only %d of %d genes, by %s (%s), are among the %d of the gene",
        "sets (%s), less than %.0f %% of either%s; give both the identifiers",
        "of one species and kind"), hits, length(ids), name, first(ids, 3L),
        length(known), first(sort(known, method = "radix"), 3L),
        100 * fewest_matches, species)
}

# 7157.0 and ENSG00000141510.16 lose what follows the dot.
clean_ids <- function(ids) {
    ids <- trimws(as.character(ids))
    ids <- strip_version(sub("^(\\d+)\\.0$", "\\1", ids))
    missing <- c("", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null",
        ".")
    ids[tolower(ids) %in% missing | ids %in% "None"] <- NA
    ids
}

# As Python's io._genes.strip_version: GENCODE's second number where a gene was
# mapped to GRCh37 (.5_4), its mark of chromosome Y's copy, and the older ENSGR.
strip_version <- function(ids) {
    ids <- sub("^ENSGR(\\d{10})(\\.\\d+)?(_\\d+)?$", "ENSG0\\1", ids)
    sub("^(ENS[A-Z]*[GT]\\d{11})(\\.\\d+)?(_\\d+)?(_PAR_Y)?(_\\d+)?$",
        "\\1", ids)
}

# A GMT file, or a named list, as data frames of term and gene, term and name.
read_gene_sets <- function(gene_sets) {
    if (is.list(gene_sets)) {
        if (is.null(names(gene_sets))) {
            fail("gene_sets must be a named list of vectors of genes")
        }
        notes <- names(gene_sets)
        terms <- names(gene_sets)
        genes <- lapply(gene_sets, as.character)
    } else {
        if (!file.exists(gene_sets)) {
            fail("there is no GMT file %s: give the path of a .gmt file",
                gene_sets)
        }
        fields <- strsplit(readLines(gene_sets, encoding = "UTF-8"), "\t")
        fields <- fields[lengths(fields) > 0L]
        short <- which(lengths(fields) < 3L)
        if (length(short)) {
            fail(paste("%s, line %d: a GMT line is a name, a description and",
                "genes, separated by tabs"), gene_sets, short[1L])
        }
        terms <- vapply(fields, `[[`, "", 1L)
        notes <- vapply(fields, `[[`, "", 2L)
        genes <- lapply(fields, function(line) {
            # Enrichr's files may weigh a gene: "GENE,1.0".
            sub(",.*", "", trimws(line[-c(1L, 2L)]))
        })
        described <- describe_terms(terms, notes)
        terms <- described$term
        notes <- described$name
    }
    sets <- data.frame(term = rep(terms, lengths(genes)),
        gene = unlist(genes, use.names = FALSE))
    list(sets = sets[nzchar(sets$gene), ],
        names = unique(data.frame(term = terms, name = notes)))
}

# Some files have the accession first, some the name; some have an address,
# or one word for all sets.
describe_terms <- function(terms, notes) {
    accession <- "^(R-[A-Z]{3}-\\d+|GO:\\d{7}|[a-z]{2,4}\\d{5}|WP\\d+)$"
    swapped <- grepl(accession, notes) & !grepl(accession, terms)
    plain <- notes %in% c("", "na", "NA", notes[duplicated(notes)]) |
        grepl("://", notes, fixed = TRUE)
    data.frame(
        term = ifelse(swapped, notes, terms),
        name = ifelse(swapped | plain, terms, notes))
}
