test_that("a GMT file is read, with names, addresses and weights", {
    path <- withr::local_tempfile(fileext = ".gmt")
    writeLines(c("R-HSA-1\tMuscle\ta\tb\t", "Heart\tGO:0000001\tc,1.0",
        "HALLMARK\thttp://x\td\te"), path)
    found <- read_gene_sets(path)
    expect_identical(found$names$term, c("R-HSA-1", "GO:0000001", "HALLMARK"))
    expect_identical(found$names$name, c("Muscle", "Heart", "HALLMARK"))
    expect_identical(found$sets$gene, letters[1:5])
    writeLines(c("ONE\tx\ta", "TWO\tx\tb", "THREE\tthe third\tc"), path)
    expect_identical(read_gene_sets(path)$names$name,
        c("ONE", "TWO", "the third"))
    writeLines("broken line", path)
    expect_error(read_gene_sets(path), "line 1: a GMT line")
    expect_error(read_gene_sets("none.gmt"), "no GMT file none.gmt")
    expect_error(read_gene_sets(list("a")), "named list")
})

test_that("identifiers lose their versions", {
    expect_identical(clean_ids(c("7157.0", "ENSG00000141510.16", " TP53 ", "",
        "nan", NA)), c("7157", "ENSG00000141510", "TP53", NA, NA, NA))
})

test_that("Python makes the same lists of genes", {
    skip_without_python()
    x <- example_results()
    adata <- as_anndata(x)
    python <- reticulate::import("tissueshap.enrichment._gene_lists")
    for (source in c("shap", "de")) {
        for (by in c("all", "class", "exclusive")) {
            found <- gene_lists(x, source, by, NULL)
            expected <- python$gene_lists(adata, source, by, NULL)
            expect_identical(found$class, names(expected))
            expect_identical(lapply(found$genes, as.character),
                lapply(unname(expected), function(genes) {
                    as.character(unlist(genes))
                }), info = paste(source, by))
        }
    }
})

test_that("identifiers are those that Python takes", {
    ids <- c("ENSG00000223972.5_4", "ENSG00000182378.15_PAR_Y",
        "ENSGR0000182378.10", "ENSMUSG00000000001.4", "AC004.2", "HLA-A", "NA",
        "na", "N/A", "null", "None", "none", " TP53 ", "7157.0", "1.5")
    expected <- c("ENSG00000223972", "ENSG00000182378", "ENSG00000182378",
        "ENSMUSG00000000001", "AC004.2", "HLA-A", NA, NA, NA, NA, NA, "none",
        "TP53", "7157", "1.5")
    expect_identical(clean_ids(ids), expected)
    skip_without_python()
    pandas <- reticulate::import("pandas", convert = FALSE)
    module <- reticulate::import("tissueshap.enrichment._gene_sets",
        convert = FALSE)
    found <- module$cleaned(pandas$Series(as.list(ids)))$fillna("missing")
    expect_identical(unlist(reticulate::py_to_r(found$tolist())),
        ifelse(is.na(expected), "missing", expected))
})

test_that("symbols of another species are refused", {
    human <- sprintf("GENE%dA", 1:200)
    mouse <- ifelse(seq_along(human) <= 8, human, sub("GENE", "Gene", human))
    expect_error(check_share(mouse, human, "symbol"),
        paste("only 8 of 200 genes, by symbol .*less than 10 % of either;",
            "200 match without regard to case"))
    expect_silent(check_share(human, human[1:5], "symbol"))
    expect_silent(check_share(human[1:10], human, "symbol"))
    expect_silent(check_share(human, NULL, "symbol"))
})
