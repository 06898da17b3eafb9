# Which genes differential expression calls: the rule, and the one reader of
# what run_de() stored of it.

# A gene that was not tested is not called. `limits` are the params of run_de().
is_called <- function(fdr, logfc, limits) {
    called <- fdr < limits$fdr & abs(logfc) > limits$lfc
    called & !is.na(called)
}

# Genes x classes.
called_genes <- function(x, classes, key_added = NULL) {
    key <- named_slot(slot_name("varm", "de_called"), key_added)
    if (has_slot(x, "varm", key)) {
        return(class_frame(x, "de_called", classes, key_added) == 1)
    }
    # Earlier versions stored the values alone.
    record <- need_record(x, if (is.null(key_added)) "de" else key_added, "de")
    is_called(class_frame(x, "de_fdr", classes, key_added),
        class_frame(x, "de_logfc", classes, key_added), record$params)
}
