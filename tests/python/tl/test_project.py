"""A new cohort in the embedding of the first."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core import slots
from tissueshap._core.errors import DataError, DataWarning, MissingSlotError
from tissueshap.tl import cluster, project


@pytest.fixture
def reference(toy):
    depth = toy.X.sum(axis=1, keepdims=True)
    turn = toy.obs.groupby("tissue", observed=True).cumcount().to_numpy()
    found = {
        "layers": {"log2": np.log2(toy.X / depth * 1e6 + 0.001) + 10},
        "obs": {"split": np.where(turn % 3 == 0, "train", "test")},
        "var": {"shap_selected": toy.var_names.isin(set(toy.uns["truth"]["gene"]))},
    }
    slots.write(toy, "made", found, params={})
    cluster(toy, gene_sets=("shap", "random"), n_starts=1, n_random=2)
    return toy


def test_new_samples_land_among_their_own_class(reference):
    # Samples that were not embedded, with the genes in another order.
    new = reference[reference.obs["split"] == "train", ::-1].copy()
    del new.obsm
    project(new, reference)
    flat = new.obsm["X_umap_shap"]
    assert flat.dtype == np.float32
    assert np.isfinite(flat).all()
    table = new.uns["tissueshap"]["project"]["reference"]
    assert set(table["gene_set"]) == {"shap", "random"}
    own = table[table["gene_set"] == "shap"]
    centres = own.groupby("class")[["umap_1", "umap_2"]].median()
    away = ((flat[:, None] - centres.to_numpy()[None]) ** 2).sum(axis=2)
    nearest = centres.index.to_numpy()[away.argmin(axis=1)]
    assert (nearest == new.obs["tissue"].astype(str)).mean() > 0.95


def test_the_embedding_that_is_fitted_again_is_the_stored_one(reference):
    before = reference.obsm["X_umap_shap"].copy()
    new = reference[:20].copy()
    project(new, reference, gene_sets="shap")
    table = new.uns["tissueshap"]["project"]["reference"]
    held = reference.obs_names.get_indexer(table["sample"])
    np.testing.assert_allclose(before[held], table[["umap_1", "umap_2"]], atol=1e-3)
    np.testing.assert_array_equal(reference.obsm["X_umap_shap"], before)


def test_a_changed_reference_is_noticed(reference):
    new = reference[:20].copy()
    reference.obsm["X_umap_shap"] = reference.obsm["X_umap_shap"] + 1
    with pytest.warns(DataWarning, match="differs from reference.obsm"):
        project(new, reference, gene_sets=["shap"])


def test_what_is_refused(reference):
    new = reference[:20].copy()
    with pytest.raises(DataError, match="were not embedded"):
        project(new, reference, gene_sets=["de"])
    lacking = new[:, ~reference.var["shap_selected"].to_numpy()].copy()
    with pytest.raises(DataError, match="genes of the set 'shap' are missing from adata"):
        project(lacking, reference)
    new.layers["log2"][0] = np.nan
    with pytest.raises(DataError, match=r"is missing for gene .* in sample '"):
        project(new, reference)
    reference.uns["tissueshap"]["cluster"]["params"]["scale"] = True
    with pytest.raises(DataError, match="scale=False"):
        project(new, reference)
    del reference.uns["tissueshap"]["cluster"]
    with pytest.raises(MissingSlotError, match="cluster"):
        project(new, reference)


def test_another_scale_is_warned_of(reference):
    new = reference[reference.obs["split"] == "train"].copy()
    new.layers["log2"] = new.layers["log2"] - 10
    with pytest.warns(DataWarning, match="on the scale of the training data"):
        project(new, reference)
