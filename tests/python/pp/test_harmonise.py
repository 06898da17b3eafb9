"""A second cohort on the training cohort's scale."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import pp
from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError


def cohort(values: np.ndarray, genes: list[str], split: list[str] | None = None) -> ad.AnnData:
    adata = ad.AnnData(
        obs=pd.DataFrame(index=[f"s{i}" for i in range(len(values))]),
        var=pd.DataFrame(index=genes),
        layers={"log2": values.astype(np.float32)},
    )
    if split is not None:
        adata.obs["split"] = pd.Categorical(split)
    return adata


@pytest.fixture
def pair() -> tuple[ad.AnnData, ad.AnnData]:
    """A second cohort (40 x c, a, new, flat) and a training cohort (60 x a, b, c, flat)."""
    rng = np.random.default_rng(3)
    new = rng.normal([3, 8, 5, 1], [1, 2, 1, 0], (40, 4))
    train = rng.normal([10, 4, 6, 7], [0.5, 1, 3, 1], (60, 4))
    split = ["train"] * 50 + ["test"] * 10
    return cohort(new, ["c", "a", "new", "flat"]), cohort(train, ["a", "b", "c", "flat"], split)


def test_genes_take_the_training_samples_mean_and_deviation(pair) -> None:
    adata, reference = pair
    before = adata.layers["log2"].copy()
    assert pp.harmonise(adata, reference) is None
    found = pd.DataFrame(adata.layers["harmonised"], columns=adata.var_names)
    train = pd.DataFrame(reference.layers["log2"][:50], columns=reference.var_names)
    for gene in ("a", "c"):
        assert found[gene].mean() == pytest.approx(train[gene].mean(), abs=1e-4)
        assert found[gene].std(ddof=0) == pytest.approx(train[gene].std(ddof=0), rel=1e-4)
        # A change of scale alone: the order of the samples stays.
        assert np.corrcoef(found[gene], before[:, adata.var_names == gene][:, 0])[0, 1] > 0.99999
    assert found["new"].isna().all()
    assert np.allclose(found["flat"], train["flat"].mean(), atol=1e-4)
    np.testing.assert_array_equal(adata.layers["log2"], before)
    record = adata.uns["tissueshap"]["harmonise"]
    assert (record["n_genes"], record["n_constant"], record["n_reference"]) == (3, 1, 50)
    assert record["params"] == {"method": "zscore", "layer": "log2"}
    assert adata.layers["harmonised"].dtype == np.float32


def test_the_training_cohort_itself_stays_as_it_is(pair) -> None:
    reference = pair[1][:50].copy()
    same = pp.harmonise(reference, reference, copy=True)
    assert np.allclose(same.layers["harmonised"], reference.layers["log2"], atol=1e-5)
    assert "harmonised" not in reference.layers


def test_moments_do_not_cancel(monkeypatch) -> None:
    from tissueshap._core import dense
    from tissueshap.pp._harmonise import moments

    monkeypatch.setattr(dense, "_BLOCK", 21)
    values = 1e6 + np.random.default_rng(0).normal(0, 1e-2, (100, 3))
    rows = np.arange(100) % 3 > 0
    mean, sd = moments(values, rows)
    assert np.allclose(mean, values[rows].mean(axis=0), rtol=1e-13)
    assert np.allclose(sd, values[rows].std(axis=0), rtol=1e-6)


def test_what_is_refused(pair) -> None:
    adata, reference = pair
    with pytest.raises(DataError, match="method must be 'zscore', not 'quantile'"):
        pp.harmonise(adata, reference, method="quantile")
    other = cohort(np.ones((3, 2)), ["x", "y"])
    with pytest.raises(DataError, match="share no gene"):
        pp.harmonise(adata, other)
    with pytest.raises(DataError, match="needs two"):
        pp.harmonise(adata[:1].copy(), reference)
    with (
        pytest.warns(UserWarning, match="not unique"),
        pytest.raises(DataError, match="duplicate names"),
    ):
        pp.harmonise(cohort(np.ones((3, 2)), ["a", "a"]), reference)
    with pytest.raises(MissingSlotError, match="tmm"):
        pp.harmonise(adata, reference, layer="tmm")


def test_log_values_are_mixed_without_another_logarithm() -> None:
    rng = np.random.default_rng(0)
    adata = cohort(rng.normal(5, 2, (20, 6)), list("abcdef"), (["train"] * 8 + ["test"] * 2) * 2)
    adata.obs["tissue"] = ["x"] * 10 + ["y"] * 10
    adata = adata[[*range(10), *range(10, 15), 18, 19]].copy()
    slots.label_name(adata, "tissue")
    pp.oversample(adata, method="smote", layer="log2", k_neighbors=2)
    table = adata.uns["tissueshap"]["oversample"]["table"]
    assert (table["mix"] > 0).any()
    values, mix = adata.layers["log2"], table["mix"].to_numpy()[:, None]
    expected = (1 - mix) * values[table["sample"]] + mix * values[table["neighbour"]]
    assert np.allclose(pp.expand(adata, table, layer="log2"), expected, atol=1e-5)
