"""The same genes in another cohort: overlaps by hand, and against chance."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.tl import stability

GENES = [f"g{i:03d}" for i in range(100)]


def ranked(ranks: dict[str, np.ndarray], genes: list[str], n_ranks: int = 10) -> ad.AnnData:
    names = list(ranks)
    adata = ad.AnnData(
        np.zeros((len(names), len(genes))),
        obs=pd.DataFrame({"tissue": names}, index=[f"s{i}" for i in range(len(names))]),
        var=pd.DataFrame(index=genes),
    )
    slots.label_name(adata, "tissue")
    frame = pd.DataFrame({name: values.astype(float) for name, values in ranks.items()})
    counts = pd.DataFrame({"class": names, "n_explained": 3})
    found = {"varm": {"shap_rank": frame}, "uns": {"counts": counts}}
    slots.write(adata, "rank_genes", found, params={})
    slots.write(adata, "select_genes", {"uns": {"n_ranks": n_ranks}}, params={})
    return adata


def order(seed: int, n: int = 100) -> np.ndarray:
    return np.random.default_rng(seed).permutation(n) + 1


@pytest.fixture
def pair() -> tuple[ad.AnnData, ad.AnnData]:
    """Classes a, b/c and lone; in the other, which lacks no gene, A is a, and b/c reversed."""
    first = {"a": order(1), "b/c": order(2), "lone": order(3)}
    second = {"A": order(1), "b/c": 101 - order(2), "extra": order(9)}
    return ranked(first, GENES), ranked(second, GENES)


def table(adata: ad.AnnData) -> pd.DataFrame:
    return adata.uns["tissueshap"]["stability"]["per_class"].set_index("other")


def test_same_and_reversed_rankings(pair) -> None:
    stability(*pair, map={"A": "a"})
    found = table(pair[0])
    assert list(found.index) == ["A", "b/c"]
    same, turned = found.loc["A"], found.loc["b/c"]
    assert same[["class", "n_both", "fraction", "jaccard", "closest"]].tolist() == [
        "a",
        10,
        1,
        1,
        "a",
    ]
    assert same["rbo"] == pytest.approx(1)
    assert same["pvalue"] == pytest.approx(hypergeom.pmf(10, 100, 10, 10))
    assert same["expected"] == 1
    assert turned[["n_both", "pvalue"]].tolist() == [0, 1]
    assert turned["rbo"] < turned["rbo_expected"]
    genes = pair[0].uns["tissueshap"]["stability"]["genes"]
    assert genes["class"].unique().tolist() == ["a"]
    assert genes["rank"].tolist() == genes["other_rank"].tolist() == list(range(1, 11))


def test_only_shared_genes_count_and_are_ranked_anew(pair) -> None:
    adata, _ = pair
    kept = np.array([gene != adata.var_names[order(1).argmin()] for gene in GENES])
    others = [*np.array(GENES)[kept][::-1], "new"]
    ranks = np.append(order(1)[kept][::-1], 1000)
    other = ranked({"a": ranks}, others)
    stability(adata, other, n_top=5)
    found = adata.uns["tissueshap"]["stability"]
    assert found["n_genes"] == 99
    assert table(adata).loc["a", "n_both"] == 5
    assert found["genes"]["rank"].tolist() == [1, 2, 3, 4, 5]


def test_the_class_that_is_closest_may_be_another() -> None:
    adata = ranked({"a": order(1), "b": order(2)}, GENES)
    stability(adata, ranked({"a": order(2)}, GENES))
    assert table(adata).loc["a", "closest"] == "b"


def test_what_is_refused(pair) -> None:
    adata, other = pair
    with pytest.raises(DataError, match="n_top must be .* not 101"):
        stability(adata, other, n_top=101)
    with pytest.raises(DataError, match="p must be above 0 and below 1, not 1"):
        stability(adata, other, p=1.0)
    with pytest.raises(DataError, match="0 genes are ranked in both"):
        stability(adata, ranked({"a": order(1)}, [f"x{i}" for i in range(100)]))
    with pytest.raises(DataError, match="no class is matched"):
        stability(adata, ranked({"z": order(1)}, GENES))
    del other.varm["shap_rank"]
    with pytest.raises(MissingSlotError, match="rank_genes"):
        stability(adata, other)
