"""The table of genes, and scanpy's functions on the record of the ranked genes."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import tissueshap as ts
from tissueshap._core.errors import DataError, MissingSlotError, TakenSlotError
from tissueshap.ranking import directions

N_GENES = 6


@pytest.fixture
def ranked() -> ad.AnnData:
    """Two classes with a slash; gene 0 leads the first by its presence, gene 1 by its absence."""
    rng = np.random.default_rng(3)
    names = [f"g{number}" for number in range(N_GENES)]
    obs = pd.DataFrame({"type": ["a/b"] * 6 + ["c"] * 6}, [f"s{number}" for number in range(12)])
    x = rng.uniform(4, 5, (12, N_GENES)).astype(np.float32)
    x[:6, 0] += 5
    x[:6, 1] -= 4
    adata = ad.AnnData(x.copy(), obs=obs, var=pd.DataFrame({"symbol": names}, index=names))
    adata.layers["log2"] = x
    shap = rng.uniform(0, 0.01, (12, N_GENES)).astype(np.float32)
    shap[:6, :2] += [0.4, 0.2]
    shap[6:, :3] = -0.1
    adata.layers["shap"] = shap
    adata.uns["tissueshap"] = {
        "label": "type",
        "shap": {
            "samples": pd.DataFrame({"sample": obs.index, "explained": obs["type"].to_numpy()}),
            "params": {"layer": "log2"},
            "slots": np.array(["layers/shap"]),
        },
    }
    ts.tl.rank_genes(adata)
    return adata


def test_rank_value_and_direction(ranked: ad.AnnData) -> None:
    table = ts.get.genes(ranked, "a/b", n=2)
    assert table["gene"].tolist() == ["g0", "g1"]
    assert table["rank"].tolist() == [1, 2]
    assert table["direction"].tolist() == ["up", "down"]
    expected = np.median(ranked.layers["shap"][:6, 0])
    assert table["value"].iloc[0] == pytest.approx(expected)
    assert table.columns.tolist() == ["class", "gene", "symbol", "rank", "value", "direction"]
    assert len(ts.get.genes(ranked, n=None)) == 2 * N_GENES


def test_the_direction_of_evidence_against_a_class() -> None:
    expression = np.array([[5.0, 1.0], [1.0, 5.0]])
    found = directions(
        np.array([[0.2, -0.2], [np.nan, 0.0]]),
        expression,
        [np.array([0]), np.array([1])],
        [np.array([1]), np.array([], dtype=int)],
    )
    np.testing.assert_array_equal(found, [[1, np.nan], [np.nan, np.nan]])
    both = directions(np.array([[-0.2], [0.0]]), expression, [np.array([0])], [np.array([1])])
    np.testing.assert_array_equal(both, [[-1], [0]])


def put_tests(adata: ad.AnnData) -> None:
    """Write what tl.de writes: the first gene is called in the first class."""
    classes = ["a|b", "c"]
    for key, value in (("logfc", 1.5), ("pvalue", 0.01), ("fdr", 0.02)):
        adata.varm[f"de_{key}"] = pd.DataFrame(value, adata.var_names, classes)
    called = pd.DataFrame(False, adata.var_names, classes)
    called.iloc[0, 0] = True
    adata.varm["de_called"] = called
    adata.uns["tissueshap"]["de"] = {"params": {"fdr": 0.05, "lfc": 1.0}}


def test_tests_and_selection_are_added(ranked: ad.AnnData) -> None:
    put_tests(ranked)
    ts.tl.select_genes(ranked, method="top_n", n_top=2)
    table = ts.get.genes(ranked, n=3)
    first = table[table["class"] == "a/b"]
    assert first["called"].tolist() == ["up", "", ""]
    assert first["selected"].tolist() == [True, True, False]
    assert first["exclusive"].iloc[0]
    assert (first["fdr"] == 0.02).all()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_scanpy_reads_the_record_from_a_file(ranked: ad.AnnData, tmp_path) -> None:
    sc = pytest.importorskip("scanpy")
    plt = pytest.importorskip("matplotlib.pyplot")
    before = sc.get.rank_genes_groups_df(ranked, "a/b", key="shap_genes")
    assert before["logfoldchanges"].isna().all()
    put_tests(ranked)
    ts.tl.rank_genes(ranked)
    path = ts.io.write_h5ad(ranked, tmp_path / "a.h5ad")
    for adata in (ranked, ts.io.read_h5ad(path)):
        table = sc.get.rank_genes_groups_df(adata, "a/b", key="shap_genes")
        own = ts.get.genes(adata, "a/b", n=None)
        assert table["names"].tolist() == own["gene"].tolist()
        np.testing.assert_allclose(table["scores"], own["value"])
        assert (table["logfoldchanges"] == 1.5).all()
        assert (table["pvals_adj"] == 0.02).all()
        for name in ("dotplot", "matrixplot", "stacked_violin"):
            draw = getattr(sc.pl, f"rank_genes_groups_{name}")
            assert draw(
                adata, key="shap_genes", n_genes=2, dendrogram=False, show=False, return_fig=True
            )
    sc.pl.rank_genes_groups_dotplot(
        ranked, key="shap_genes", n_genes=2, values_to_plot="scores", dendrogram=False, show=False
    )
    sc.pl.rank_genes_groups(ranked, key="shap_genes", n_genes=3, show=False)
    assert plt.gcf().axes


def test_a_record_of_the_users_is_not_replaced(ranked: ad.AnnData) -> None:
    del ranked.uns["tissueshap"]["rank_genes"]
    for key in list(ranked.varm):
        del ranked.varm[key]
    with pytest.raises(TakenSlotError, match=r"adata\.uns\['shap_genes'\] exists already"):
        ts.tl.rank_genes(ranked)
    ts.tl.rank_genes(ranked, key_added="mine")
    assert "mine_shap_genes" in ranked.uns
    assert ts.get.genes(ranked, key_added="mine", n=1)["gene"].iloc[0] == "g0"


def test_what_is_missing_is_named(ranked: ad.AnnData) -> None:
    with pytest.raises(DataError, match="group must be 'a/b' or 'c', not 'd'"):
        ts.get.genes(ranked, "d")
    del ranked.varm["shap_rank"]
    with pytest.raises(MissingSlotError, match=r"run ts\.tl\.rank_genes\(adata\)"):
        ts.get.genes(ranked)
