test_that("a GMT file is read, with names, addresses and weights", {
    path <- withr::local_tempfile(fileext = ".gmt")
    writeLines(c("R-HSA-1\tMuscle\ta\tb\t", "Heart\tGO:0000001\tc,1.0",
        "HALLMARK\thttp://x\td\te"), path)
    found <- read_gene_sets(path)
    expect_identical(found$names$term, c("R-HSA-1", "GO:0000001", "HALLMARK"))
    expect_identical(found$names$name, c("Muscle", "Heart", "HALLMARK"))
    expect_identical(found$sets$gene, letters[1:5])
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
    python <- reticulate::import("tissueshap.tl._gene_lists")
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
