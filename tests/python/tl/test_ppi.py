"""Interactions among the selected genes."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import tissueshap as ts
from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError


def selected(symbols, lists):
    """Return an AnnData whose SHAP genes are these, a list a class."""
    made = AnnData(np.zeros((2 * len(lists), len(symbols)), dtype=np.int32))
    made.var_names = [f"ENSG{i:011d}" for i in range(len(symbols))]
    made.var["symbol"] = symbols
    made.obs["tissue"] = pd.Categorical(list(lists) * 2)
    slots.label_name(made, "tissue")
    by_symbol = dict(zip(symbols, made.var_names, strict=True))
    rows = [
        (name, by_symbol[gene], rank + 1, 1.0, True)
        for name, genes in lists.items()
        for rank, gene in enumerate(genes)
    ]
    genes = pd.DataFrame(rows, columns=["class", "gene", "rank", "value", "exclusive"])
    found = {
        "var": {"shap_selected": made.var_names.isin(genes["gene"])},
        "uns": {"genes": genes, "n_ranks": 2},
    }
    slots.write(made, "select_genes", found, params={})
    return made


@pytest.fixture
def toy_network():
    pairs = [("A", "B"), ("A", "C"), ("B", "C"), ("D", "E"), ("F", "G"), ("H", "I")]
    return pd.DataFrame(pairs, columns=["a", "b"])


def test_edges_are_counted_a_list(toy_network):
    adata = selected(list("ABCDEFGHIJ"), {"x/y": ["A", "B", "C"], "z": ["D", "F", "J"]})
    ts.tl.ppi(adata, toy_network, by=("all", "class"))
    table = slots.table(adata, "ppi", "table").set_index(["by", "class"])
    assert table.loc[("class", "x/y"), ["n_genes", "n_edges"]].tolist() == [3, 3]
    assert table.loc[("class", "z"), ["n_genes", "n_edges"]].tolist() == [3, 0]
    assert table.loc[("all", "all"), "n_edges"] == 3
    assert table.loc[("class", "x/y"), "pvalue"] < table.loc[("class", "z"), "pvalue"]
    assert (table["p.adjust"] >= table["pvalue"]).all()
    assert slots.table(adata, "ppi", "ids") == "symbol"
    assert slots.table(adata, "ppi", "n_network_genes") == 9


def test_copy_leaves_the_original(toy_network):
    adata = selected(list("ABCD"), {"x": ["A", "B"], "z": ["D"]})
    again = ts.tl.ppi(adata, toy_network, by="all", copy=True, key_added="string")
    assert "string" in again.uns["tissueshap"]
    assert "string" not in adata.uns["tissueshap"]


def test_errors_name_the_remedy(toy_network):
    adata = selected(list("ABCD"), {"x": ["A", "B"], "z": ["D"]})
    with pytest.raises(DataError, match="by must be one of 'all'"):
        ts.tl.ppi(adata, toy_network, by="tissue")
    with pytest.raises(DataError, match="annotate_genes"):
        ts.tl.ppi(adata, pd.DataFrame({"a": ["P1"], "b": ["P2"]}))
    with pytest.raises(MissingSlotError, match=r"ts\.tl\.de"):
        ts.tl.ppi(adata, toy_network, source="de", by="all")


@pytest.mark.data
def test_heart_genes_interact_and_random_genes_do_not(data_dir):
    genes = pd.read_csv(data_dir / "annotation" / "genes_ensembl76.tsv.gz", sep="\t", dtype=str)
    genes = genes.dropna(subset=["gene_name"]).drop_duplicates("gene_name")
    universe = pd.read_csv(data_dir / "blake_primates" / "counts.tsv.gz", sep="\t", usecols=[0])
    genes = genes[genes["ensembl_gene_id"].isin(universe.iloc[:, 0])]
    heart = (data_dir / "enrichment_golden" / "heart_genes_ensembl.txt").read_text().split()
    heart = list(genes.loc[genes["ensembl_gene_id"].isin(heart), "gene_name"])
    rng = np.random.default_rng(0)
    chance = list(rng.choice(genes["gene_name"], len(heart), replace=False))
    adata = selected(list(genes["gene_name"]), {"Heart": heart, "Chance": chance})
    ts.tl.ppi(adata, data_dir / "annotation" / "string_edges_symbols.tsv.gz", by="class")
    table = slots.table(adata, "ppi", "table").set_index("class")
    assert table.loc["Heart", "pvalue"] < 1e-50
    assert table.loc["Heart", "enrichment"] > 3
    assert table.loc["Chance", "pvalue"] > 0.01


def test_strings_own_names_are_translated(tmp_path):
    (tmp_path / "links").write_text(
        "protein1 protein2 combined_score\n9606.P1 9606.P2 900\n9606.P2 9606.P3 399\n"
    )
    (tmp_path / "info").write_text(
        "#string_protein_id\tpreferred_name\n9606.P1\tA\n9606.P2\tB\n9606.P3\tC\n"
    )
    adata = selected(list("ABCD"), {"x": ["A", "B", "C"], "z": ["D"]})
    ts.tl.ppi(adata, tmp_path / "links", aliases=tmp_path / "info", by="class")
    table = slots.table(adata, "ppi", "table").set_index("class")
    assert list(table["n_edges"]) == [1, 0]  # the other is below 0.4
