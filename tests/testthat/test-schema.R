test_that("every slot of the schema has its name, and no other has one", {
    for (group in c("obs", "var", "layers", "obsm", "varm")) {
        for (key in names(schema()[[group]])) {
            expect_identical(slot_name(group, key), key)
        }
    }
    expect_error(slot_name("layers", "tmn"), "no layers\\[\"tmn\"\\].*tmm")
})

test_that("a slot names the R verb that writes it", {
    expect_identical(written_by("layers", "tmm"), "run_tmm")
    expect_identical(written_by("varm", "shap_rank"), "run_rank_genes")
    expect_identical(written_by("obs", "donor"), "read_counts")
    expect_null(written_by("obs", "nothing"))
    verbs <- unique(unlist(lapply(c("obs", "var", "layers", "obsm", "varm"),
        function(group) {
            vapply(names(schema()[[group]]), written_by, "", group = group)
        })))
    expect_true(all(verbs %in% getNamespaceExports("tissueshap")))
})
