"""The toy, prepared and learned once for the tests of the learning verbs."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest

from tissueshap.model._classifier import Classifier
from tissueshap.pp import log2, oversample, split
from tissueshap.tl import cnn, rank_genes, select_genes, shap


@pytest.fixture(scope="session")
def _prepared(_toy: ad.AnnData) -> ad.AnnData:
    adata = _toy.copy()
    counts = np.asarray(adata.X, dtype=np.float64)
    adata.layers["tmm"] = (counts / counts.sum(axis=1, keepdims=True) * 1e6).astype(np.float32)
    split(adata, n_test=10, seed=3)
    log2(adata)
    oversample(adata, seed=3)
    return adata


@pytest.fixture
def prepared(_prepared: ad.AnnData) -> ad.AnnData:
    """The toy with CPM, a split of 10 test samples a class, log2 and a SMOTE table."""
    return _prepared.copy()


@pytest.fixture(scope="session")
def _learned(_prepared: ad.AnnData) -> tuple[ad.AnnData, Classifier]:
    adata = _prepared.copy()
    return adata, cnn(adata, preset="small")


@pytest.fixture(scope="session")
def model(_learned: tuple[ad.AnnData, Classifier]) -> Classifier:
    """The small preset trained on `prepared`."""
    return _learned[1]


@pytest.fixture
def learned(_learned: tuple[ad.AnnData, Classifier]) -> ad.AnnData:
    """`prepared` after tl.cnn."""
    return _learned[0].copy()


@pytest.fixture(scope="session")
def _explained(_learned: tuple[ad.AnnData, Classifier]) -> ad.AnnData:
    adata, model = _learned[0].copy(), _learned[1]
    shap(adata, model, n_draws=60)
    rank_genes(adata)
    select_genes(adata, method="top_n", n_top=5)
    return adata


@pytest.fixture
def explained(_explained: ad.AnnData) -> ad.AnnData:
    """`learned` after tl.select_genes: five genes of each class."""
    return _explained.copy()
