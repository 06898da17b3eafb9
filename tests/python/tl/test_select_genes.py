from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.tl._rank_genes import descending_ranks
from tissueshap.tl._select_genes import select_genes, unique_curve


def _ranked(values, classes=("A", "B", "C/D")):
    """Return an AnnData as tl.rank_genes leaves it."""
    values = np.asarray(values, dtype=float)
    obs = pd.DataFrame({"tissue": list(classes)}, index=[f"S{i}" for i in range(len(classes))])
    adata = ad.AnnData(np.zeros((len(classes), len(values))), obs=obs)
    adata.var_names = [f"G{number}" for number in range(len(values))]
    frames = {"shap_median": values, "shap_rank": descending_ranks(values)}
    found = {key: pd.DataFrame(value, columns=classes) for key, value in frames.items()}
    slots.write(adata, "rank_genes", {"varm": found}, params={})
    slots.label_name(adata, "tissue")
    return adata


def _random(n_genes=300, n_classes=3, seed=0, **options):
    return _ranked(np.random.default_rng(seed).normal(size=(n_genes, n_classes)), **options)


def _by_definition(ranks, n):
    """Return the unique and the exclusive genes of the top n ranks, by counting."""
    inside = ranks <= n
    return int(inside.any(axis=1).sum()), int((inside.sum(axis=1) == 1).sum())


def test_the_curve_counts_genes_as_sets_do():
    ranks = descending_ranks(np.random.default_rng(1).normal(size=(40, 5)))
    curve = unique_curve(ranks)
    assert curve["n_ranks"].tolist() == list(range(1, 41))
    for row in curve.itertuples():
        unique, exclusive = _by_definition(ranks, row.n_ranks)
        assert (row.n_unique, row.n_total) == (unique, 5 * row.n_ranks)
        assert row.unique_fraction == unique / (5 * row.n_ranks)
        assert row.exclusive_fraction == pytest.approx(exclusive / unique)


def test_ranks_grow_until_the_fraction_would_fall_to_the_threshold():
    adata = _random()
    select_genes(adata, method="unique_fraction")
    found = adata.uns["tissueshap"]["select_genes"]
    fraction = found["curve"]["unique_fraction"].to_numpy()
    n = found["n_ranks"]
    assert (fraction[:n] > 0.5).all()
    assert fraction[n] <= 0.5
    assert found["unique_fraction"] == fraction[n - 1]
    assert found["n_genes"] == adata.var["shap_selected"].sum() == found["curve"]["n_unique"][n - 1]


def test_the_papers_numbers_are_within_the_rule():
    # 103 ranks of 47 tissues: 4,841 places, 2,423 genes; one more rank would cross.
    n_classes, n_ranks, n_unique = 47, 103, 2423
    assert n_classes * n_ranks == 4841
    places = n_classes * (n_ranks + 1)
    ranks = np.full((n_unique + 20, n_classes), np.nan)
    rng = np.random.default_rng(0)
    # Each gene takes one place; the places that are left repeat genes of other classes.
    column = [list(range(1, n_ranks + 2)) for _ in range(n_classes)]
    for gene in range(n_unique + 20):
        code = gene % n_classes
        late = gene >= n_unique
        ranks[gene, code] = column[code].pop(-1 if late else 0)
    for code in range(n_classes):
        free = rng.permutation(np.flatnonzero(np.isnan(ranks[:n_unique, code])))
        for place, rank in enumerate(column[code]):
            ranks[free[place], code] = rank
    curve = unique_curve(ranks).set_index("n_ranks")
    assert curve.loc[103, "n_unique"] == 2423
    assert curve.loc[103, "unique_fraction"] == pytest.approx(0.5005, abs=1e-4)
    assert curve.loc[104, "n_total"] == places
    assert curve.loc[104, "unique_fraction"] < 0.5


def test_exactly_the_threshold_is_excluded():
    # Two classes that agree from the second rank on: 2/2, 3/4, 4/6, 5/8 ... never 1/2 but
    # at the last rank, where all six genes fill twelve places.
    values = np.array([[6, 1], [1, 6], [5, 5], [4, 4], [3, 3], [2, 2]])
    adata = _ranked(values, classes=("A", "B"))
    select_genes(adata, method="unique_fraction")
    assert adata.uns["tissueshap"]["select_genes"]["n_ranks"] == 5


def test_genes_have_their_class_rank_value_and_exclusiveness():
    values = np.array([[9, 9, 0], [8, 0, 9], [0, 8, 1], [1, 1, 8.0], [0, 0, 0]])
    adata = _ranked(values)
    select_genes(adata, method="top_n", n_top=2)
    genes = adata.uns["tissueshap"]["select_genes"]["genes"]
    found = list(genes.itertuples(index=False, name=None))
    assert found == [
        ("A", "G0", 1, 9.0, False),
        ("A", "G1", 2, 8.0, False),
        ("B", "G0", 1, 9.0, False),
        ("B", "G2", 2, 8.0, True),
        ("C/D", "G1", 1, 9.0, False),
        ("C/D", "G3", 2, 8.0, True),
    ]
    assert adata.var["shap_selected"].tolist() == [True, True, True, True, False]


def test_a_class_without_ranks_is_left_out_of_the_places():
    values = np.random.default_rng(0).normal(size=(50, 3))
    values[:, 1] = np.nan
    adata = _ranked(values)
    select_genes(adata, method="unique_fraction")
    found = adata.uns["tissueshap"]["select_genes"]
    assert set(found["genes"]["class"]) == {"A", "C/D"}
    assert found["curve"]["n_total"].tolist() == list(range(2, 101, 2))


def test_classes_that_agree_in_the_first_rank_keep_it(caplog):
    adata = _ranked(np.tile(np.arange(10.0)[:, None], 3))
    select_genes(adata, method="unique_fraction")
    assert adata.uns["tissueshap"]["select_genes"]["n_ranks"] == 1
    assert "first rank" in caplog.text


def test_one_class_takes_all_ranks():
    adata = _ranked(np.arange(10.0)[:, None], classes=("A",))
    select_genes(adata, method="unique_fraction")
    assert adata.uns["tissueshap"]["select_genes"]["n_ranks"] == 10


def test_it_can_copy_and_use_another_name():
    adata = _random()
    other = select_genes(adata, copy=True, key_added="run2", method="top_n", n_top=3)
    assert "shap_selected" not in adata.var
    assert other.var["run2_shap_selected"].sum() == other.uns["tissueshap"]["run2"]["n_genes"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "best"}, "method must be one of .*, not .best."),
        ({"method": "top_n"}, "n_top must be .* not None"),
        ({"n_top": 5}, "n_top=5 is for method='top_n'"),
        ({"method": "top_n", "n_top": 0}, "at least 1"),
        ({"threshold": 50}, "threshold must be above 0 and below 1"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(DataError, match=message):
        select_genes(_random(), **options)


def test_ranks_are_taken_down_to_a_third_of_the_highest_value():
    # By rank the mean class has 1, 0.75, 0.35 and 0.2 of its highest value.
    adata = _ranked([[10, 0.3], [8, 0.4], [3, 0.7], [1, 1.0]], classes=("A", "B"))
    select_genes(adata)
    record = adata.uns["tissueshap"]["select_genes"]
    assert record["n_ranks"] == 3
    assert record["params"]["method"] == "peak"
    assert record["params"]["threshold"] == pytest.approx(1 / 3)
    select_genes(adata, threshold=0.7)
    assert adata.uns["tissueshap"]["select_genes"]["n_ranks"] == 2


def test_it_says_what_has_to_come_before():
    adata = _random()
    del adata.varm["shap_rank"]
    with pytest.raises(MissingSlotError, match=r"ts\.tl\.rank_genes"):
        select_genes(adata, method="unique_fraction")


def test_ranks_at_shares_of_unique_genes():
    adata = _random()
    select_genes(adata, method="unique_fraction", threshold=0.7)
    table = slots.table(adata, "select_genes", "by_share").set_index("share")
    assert list(table.index) == [0.9, 0.8, 0.7, 0.6, 0.5]
    ranks = adata.varm["shap_rank"].to_numpy()
    for share, row in table.iterrows():
        n_unique, n_exclusive = _by_definition(ranks, row["n_ranks"])
        assert (row["n_genes"], row["n_exclusive"]) == (n_unique, n_exclusive)
        assert n_unique / (3 * row["n_ranks"]) > share
        one_more, _ = _by_definition(ranks, row["n_ranks"] + 1)
        assert one_more / (3 * (row["n_ranks"] + 1)) <= share
    assert table.loc[0.7, "n_ranks"] == slots.table(adata, "select_genes", "n_ranks")


def test_a_share_that_the_first_rank_does_not_keep_has_no_ranks():
    # All three classes have the same first gene.
    adata = _ranked([[3, 3, 3], [2, 1, 1], [1, 2, 0]])
    select_genes(adata, method="unique_fraction")
    table = slots.table(adata, "select_genes", "by_share")
    assert (table[["n_ranks", "n_genes", "n_exclusive"]] == 0).all(axis=None)
