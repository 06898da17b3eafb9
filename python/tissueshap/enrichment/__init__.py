"""Over-representation of gene sets, and of interactions, among genes: no AnnData here."""
