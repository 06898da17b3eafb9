"""A file-backed AnnData gets its values in its file, and memory stays flat."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tissueshap.explain import Explainer
from tissueshap.io import read_h5ad, write_h5ad
from tissueshap.model import PRESETS, Classifier, _outputs
from tissueshap.model._architectures import build
from tissueshap.tl import rank_genes, select_genes, shap


@pytest.fixture
def path(learned, tmp_path):
    write_h5ad(learned, tmp_path / "learned.h5ad")
    return tmp_path / "learned.h5ad"


def test_the_file_has_what_memory_would_have(learned, model, path):
    shap(learned, model, target="all", class_layers=True, n_draws=20)
    backed = ad.read_h5ad(path, backed="r+")
    shap(backed, model, target="all", class_layers=True, n_draws=20)
    backed.file.close()
    there = read_h5ad(path)
    for key in ("shap", "shap_class_Liver"):
        np.testing.assert_array_equal(there.layers[key], learned.layers[key])
        np.testing.assert_array_equal(backed.layers[key], learned.layers[key])
    np.testing.assert_array_equal(there.varm["shap_mean_abs"], learned.varm["shap_mean_abs"])
    held, here = (adata.uns["tissueshap"]["shap"] for adata in (there, learned))
    assert held["params"]["target"] == "all"
    for name in ("samples", "pairs"):
        assert held[name].astype(str).equals(here[name].astype(str))


def test_later_verbs_and_files_go_on_from_there(model, path, tmp_path):
    backed = ad.read_h5ad(path, backed="r+")
    shap(backed, model, n_draws=20)
    rank_genes(backed)
    select_genes(backed)
    before = backed.layers["shap"].copy()
    backed.write_h5ad(tmp_path / "other.h5ad")
    np.testing.assert_array_equal(read_h5ad(tmp_path / "other.h5ad").layers["shap"], before)


def test_writing_over_its_own_file_keeps_the_values(model, path):
    backed = ad.read_h5ad(path, backed="r+")
    shap(backed, model, n_draws=20)
    shap(backed, model, n_draws=10)
    rank_genes(backed)
    before = backed.layers["shap"].copy()
    backed.write_h5ad()
    backed.file.close()
    back = read_h5ad(path)
    np.testing.assert_array_equal(back.layers["shap"], before)
    assert "shap_rank" in back.varm


def test_an_interruption_leaves_what_is_done_in_the_file(model, path, monkeypatch):
    stream = Explainer.stream

    def interrupted(self, x, targets, numbers=None, **how):
        for found in stream(self, x, targets, numbers, **how):
            if found.number == 5:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr(Explainer, "stream", interrupted)
    backed = ad.read_h5ad(path, backed="r+")
    with pytest.raises(KeyboardInterrupt, match="5 of"):
        shap(backed, model, n_draws=20)
    backed.file.close()
    back = read_h5ad(path)
    assert (~np.isnan(back.layers["shap"]).all(axis=1)).sum() == 5
    assert len(back.uns["tissueshap"]["shap"]["samples"]) == 5


def _wide(n_samples, n_genes=2500):
    """Return samples of many genes, and a linear classifier of three classes."""
    rng = np.random.default_rng(0)
    values = rng.normal(10, 2, (n_samples, n_genes)).astype(np.float32)
    adata = ad.AnnData(sparse.csr_matrix(values.shape, dtype=np.float32))
    adata.layers["log2"] = values
    adata.obs["tissue"] = pd.Categorical(np.resize(["a", "b", "c"], n_samples))
    preset = replace(PRESETS["paper"], arch="linear", batch_norm=None)
    network = build(preset, n_genes=n_genes, n_classes=3)
    model = Classifier(network, ["a", "b", "c"], list(adata.var_names), "linear", pd.DataFrame())
    return adata, model


def _peak(adata, model, **options):
    background = adata.layers["log2"][:20]
    tracemalloc.start()
    try:
        shap(
            adata,
            model,
            "tissue",
            samples="all",
            background=background,
            n_draws=2,
            batch_size=40,
            **options,
        )
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_neither_with_samples_nor_with_classes(tmp_path, monkeypatch):
    monkeypatch.setattr(_outputs, "_MOST_ROWS", 40)  # predictions are made in such blocks
    peaks = {}
    for size in (50, 50, 500):  # the first imports and compiles what is needed once
        adata, model = _wide(size)
        write_h5ad(adata, tmp_path / f"{size}.h5ad")
        backed = ad.read_h5ad(tmp_path / f"{size}.h5ad", backed="r+")
        peaks[size] = _peak(backed, model)
        if size == 500:
            every = _peak(backed, model, target="all", class_layers=True)
        backed.file.close()
    layer = adata.layers["log2"].nbytes
    # Ten times the samples: a layer of them is not held, as it is in memory.
    assert peaks[500] - peaks[50] < layer / 4
    assert _peak(adata, model) - peaks[500] > 0.7 * layer
    # Four layers instead of one.
    assert every - peaks[500] < layer / 2
