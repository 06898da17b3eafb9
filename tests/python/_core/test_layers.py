"""The layer ``"X"``: the matrix X, in every verb that takes the name of a layer."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest
from scipy import sparse

from tissueshap import pl, pp, tl
from tissueshap._core.errors import DataError, DataWarning, StaleError
from tissueshap._core.layers import place_of


@pytest.fixture
def scanpy_like(toy: ad.AnnData) -> ad.AnnData:
    """Counts in a layer and sparse log-transformed values in X."""
    toy.layers["counts"] = toy.X.copy()
    scaled = toy.X / toy.X.sum(axis=1, keepdims=True) * 1e4
    toy.X = sparse.csr_matrix(np.log1p(scaled).astype(np.float32))
    return toy


def test_a_chain_of_verbs_on_x(scanpy_like: ad.AnnData) -> None:
    other = scanpy_like[::3].copy()
    same = scanpy_like.copy()
    same.layers["lognorm"] = same.X.copy()
    for adata, layer in ((scanpy_like, "X"), (same, "lognorm")):
        pp.split(adata, "tissue")
        model = tl.cnn(adata, layer=layer, epochs=3, n_models=1, seed=1)
        assert model.layer == layer
        tl.predict(adata, model)
        tl.shap(adata, model, n_draws=5)
        tl.rank_genes(adata)
        tl.evaluate(adata)
        tl.calibrate(adata, model, n_folds=2)
        tl.cluster(adata, gene_sets=["all"], n_starts=2)
        tl.modules(adata)
        tl.select_genes(adata)
        tl.trust(adata, model, checks=("completeness", "use", "bootstrap"))
    np.testing.assert_array_equal(scanpy_like.obsm["proba"], same.obsm["proba"])
    np.testing.assert_array_equal(scanpy_like.varm["shap_rank"], same.varm["shap_rank"])
    assert scanpy_like.uns["tissueshap"]["cnn"]["params"]["layer"] == "X"
    assert pl.shap(scanpy_like, n_top=2).axes
    assert pl.shap(scanpy_like, class_name=model.classes[0]).axes
    # The values are watched, as those of a layer are.
    scanpy_like.X = scanpy_like.X * 2
    with pytest.raises(StaleError, match="rank_genes|cnn|shap"):
        tl.select_genes(scanpy_like)
    # New data: a model reads their X. This one is that of the other layer.
    tl.predict(other, model, layer="X")
    assert "proba" in other.obsm


def test_x_with_counts_is_not_trained_on_silently(toy: ad.AnnData) -> None:
    pp.split(toy, "tissue")
    with pytest.warns(DataWarning, match=r"adata\.X is not on a log scale"):
        tl.cnn(toy, layer="X", epochs=1, n_models=1)


def test_a_layer_of_that_name_comes_first(scanpy_like: ad.AnnData) -> None:
    assert place_of(scanpy_like, "X") == "adata.X"
    assert place_of(scanpy_like, "counts") == "adata.layers['counts']"
    scanpy_like.layers["X"] = np.full(scanpy_like.shape, np.nan, dtype=np.float32)
    assert place_of(scanpy_like, "X") == "adata.layers['X']"
    pp.split(scanpy_like, "tissue")
    with pytest.raises(DataError, match=r"adata\.layers\['X'\]"):
        tl.cnn(scanpy_like, layer="X", epochs=1, n_models=1)
