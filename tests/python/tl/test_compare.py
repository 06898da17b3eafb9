import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.stats import fisher_exact

from tissueshap import errors
from tissueshap._core import slots
from tissueshap.tl._compare import compare

CLASSES = ["A", "B/C"]


def made(n_genes: int = 10) -> AnnData:
    """Ten genes, two classes: what DE and SHAP say of each is written out below."""
    genes = [f"g{i}" for i in range(n_genes)]
    adata = AnnData(
        np.zeros((4, n_genes), dtype=np.float32),
        obs=pd.DataFrame({"kind": [*CLASSES, *CLASSES]}, index=list("wxyz")),
        var=pd.DataFrame(index=genes),
    )
    slots.label_name(adata, "kind")
    logfc = pd.DataFrame(0.0, index=genes, columns=CLASSES)
    fdr = pd.DataFrame(1.0, index=genes, columns=CLASSES)
    logfc.loc[["g0", "g1", "g2", "g5"], "A"] = [5, -5, 5, 3]
    fdr.loc[["g0", "g1", "g2", "g5"], "A"] = [0.001, 0.001, 0.5, 0.001]
    logfc.loc[["g3", "g9"], "B/C"] = [6, np.nan]
    fdr.loc[["g3", "g9"], "B/C"] = [1e-9, np.nan]
    ranks = pd.DataFrame({"A": [1, 2, 3, 6, 7, 4, 5, 8, 9, 10]}, index=genes)
    ranks["B/C"] = [3, 4, 5, 1, 10, 6, 7, 8, 9, 2]
    selected = pd.DataFrame(
        [("A", "g0"), ("A", "g1"), ("A", "g2"), ("A", "g5"), ("A", "g6"), ("B/C", "g0")],
        columns=["class", "gene"],
    )
    called = (fdr < 0.01) & (logfc.abs() > 4)
    slots.write(
        adata,
        "de",
        {
            "varm": {"de_logfc": logfc, "de_fdr": fdr},
            "var": {"de_significant": called.any(axis=1).to_numpy()},
        },
        params={"fdr": 0.01, "lfc": 4.0},
    )
    slots.write(
        adata,
        "select_genes",
        {
            "var": {"shap_selected": np.isin(genes, selected["gene"])},
            "varm": {"shap_rank": ranks},
            "uns": {"genes": selected, "n_ranks": 5},
        },
        params={},
    )
    return adata


def test_counts_what_both_call():
    adata = made()
    assert compare(adata) is None
    found = adata.uns["tissueshap"]["compare"]
    assert (found["n_shap"], found["n_de"], found["n_both"]) == (5, 3, 2)
    assert found["overlap_fraction"] == pytest.approx(2 / 5)
    assert found["expected"] == pytest.approx(5 * 3 / 10)


def test_counts_within_a_class_only():
    adata = made()
    compare(adata)
    rows = adata.uns["tissueshap"]["compare"]["per_class"].set_index("class")
    assert list(rows.index) == CLASSES
    assert rows.loc["A", ["n_shap", "n_de", "n_both", "n_up", "n_down"]].tolist() == [5, 2, 2, 1, 1]
    # g0 is a DE gene, but of class A: it does not count for the other class.
    assert rows.loc["B/C", ["n_shap", "n_de", "n_both"]].tolist() == [1, 1, 0]
    assert rows.loc["A", "fraction"] == pytest.approx(0.4)


def test_p_value_is_fishers():
    adata = made()
    compare(adata)
    row = adata.uns["tissueshap"]["compare"]["per_class"].set_index("class").loc["A"]
    expected = fisher_exact([[2, 3], [0, 5]], alternative="greater").pvalue
    assert row["pvalue"] == pytest.approx(expected)
    assert row["expected"] == pytest.approx(5 * 2 / 10)


def test_says_why_a_gene_was_missed():
    adata = made()
    compare(adata)
    genes = adata.uns["tissueshap"]["compare"]["genes"].set_index(["class", "gene"])
    missed = genes["missed_by"]
    assert missed["A", "g0"] == ""
    assert missed["A", "g2"] == "fdr"
    assert missed["A", "g5"] == "logfc"
    assert missed["A", "g6"] == "both"
    assert missed["B/C", "g3"] == ""
    assert not genes.loc[("B/C", "g3"), "in_shap"]
    assert ("A", "g7") not in genes.index


def test_cut_offs_by_rank():
    adata = made()
    compare(adata, ranks=[1, 2])
    rows = adata.uns["tissueshap"]["compare"]["by_rank"]
    assert rows["n_ranks"].tolist() == [1, 2, 5]
    assert rows["n_shap"].tolist() == [2, 4, 7]  # {g0, g3}; + {g1, g9}; + {g2, g5, g6}
    assert rows["n_both"].tolist() == [2, 3, 3]
    assert rows["selected"].tolist() == [False, False, True]


def test_copy_and_key_added_leave_the_rest_alone():
    adata = made()
    changed = compare(adata, key_added="again", copy=True)
    assert "again" in changed.uns["tissueshap"]
    assert not {"again", "compare"} & set(adata.uns["tissueshap"])


def test_survives_the_file(tmp_path):
    from anndata import read_h5ad

    adata = made()
    compare(adata)
    adata.write_h5ad(tmp_path / "a.h5ad")
    back = read_h5ad(tmp_path / "a.h5ad").uns["tissueshap"]["compare"]
    assert set(back["genes"]["missed_by"]) == {"", "fdr", "logfc", "both"}
    assert back["n_both"] == 2


def test_names_the_verb_that_is_missing():
    adata = made()
    del adata.uns["tissueshap"]["de"]
    with pytest.raises(errors.MissingSlotError, match="de"):
        compare(adata)


def test_names_a_gene_that_was_dropped_since():
    adata = made()[:, 1:].copy()
    with pytest.raises(errors.StaleError, match=r"other genes: run ts\.tl\.select_genes"):
        compare(adata)
    for verb in ("select_genes", "de"):  # of an earlier version, which carries no genes
        del adata.uns["tissueshap"][verb]["made_from"]
    with pytest.raises(errors.DataError, match="'g0'.*run it again"):
        compare(adata)


def test_refuses_a_rank_below_one():
    with pytest.raises(errors.DataError, match="1 or more"):
        compare(made(), ranks=[0])
