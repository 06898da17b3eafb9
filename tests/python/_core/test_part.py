"""Some genes of an AnnData, whose matrices stay where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tissueshap._core import slots
from tissueshap._core.dense import dense
from tissueshap._core.lazy import on_disk
from tissueshap._core.part import Part

GENES = np.array([True, False, True, True])


@pytest.fixture
def counts() -> np.ndarray:
    return np.arange(20.0).reshape(5, 4)


@pytest.fixture
def held(counts: np.ndarray, tmp_path: Path) -> Iterator[ad.AnnData]:
    adata = ad.AnnData(sparse.csr_matrix(counts), obs=pd.DataFrame(index=list("abcde")))
    adata.raw = adata
    adata.layers["twice"] = 2 * counts
    adata.obsm["X_two"] = counts[:, :2]
    adata.varm["by"] = pd.DataFrame({"one": range(4)}, index=adata.var_names)
    adata.uns["tissueshap"] = {"label": "tissue"}
    adata.write_h5ad(tmp_path / "a.h5ad")
    backed = ad.read_h5ad(tmp_path / "a.h5ad", backed="r")
    yield backed
    backed.file.close()


def test_it_has_the_genes_of_everything(held: ad.AnnData, counts: np.ndarray) -> None:
    part = Part(held, GENES)
    assert part.shape == (5, 3)
    assert on_disk(part.X)
    assert not part.isbacked
    np.testing.assert_array_equal(dense(part.X[:]), counts[:, GENES])
    np.testing.assert_array_equal(dense(part.layers["twice"][:]), 2 * counts[:, GENES])
    assert list(part.layers) == ["twice"]
    assert part.varm["by"]["one"].tolist() == [0, 2, 3]
    assert part.raw.n_vars == 4
    with pytest.raises(KeyError, match="none"):
        part.layers["none"]


def test_what_is_written_is_its_own(held: ad.AnnData) -> None:
    part = Part(held, GENES)
    part.layers["new"] = np.zeros((5, 3))
    part.obs["number"] = range(5)
    slots.record(part)["split"] = {"verb": "split"}
    assert list(part.layers) == ["twice", "new"]
    assert "new" not in held.layers
    assert "number" not in held.obs
    assert list(slots.record(held)) == ["label"]
    del part.layers["new"]
    assert len(part.layers) == 1


def test_all_genes_with_other_samples_annotation(held: ad.AnnData, counts: np.ndarray) -> None:
    obs = pd.DataFrame({"side": "train"}, index=held.obs_names)
    part = Part(held, obs=obs, uns={})
    assert part.n_vars == 4
    assert part.obs.columns.tolist() == ["side"]
    assert "tissueshap" not in part.uns
    np.testing.assert_array_equal(dense(part.X[np.array([3, 1])]), counts[[3, 1]])


def test_a_selection_is_in_memory(held: ad.AnnData, counts: np.ndarray) -> None:
    some = Part(held, GENES)[["d", "a"], [2, 0]]
    assert type(some) is ad.AnnData
    np.testing.assert_array_equal(dense(some.X), counts[[3, 0]][:, [3, 0]])
    np.testing.assert_array_equal(some.layers["twice"], 2 * counts[[3, 0]][:, [3, 0]])
    np.testing.assert_array_equal(some.obsm["X_two"], counts[[3, 0], :2])
