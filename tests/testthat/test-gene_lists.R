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
