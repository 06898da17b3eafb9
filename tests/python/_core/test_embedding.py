"""UMAP is there in seconds: without its parametric model, and compiled once a machine."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from tissueshap._core.embedding import embed, import_umap
from tissueshap._core.settings import settings

EMBED = """
import json, sys
import numpy as np
from tissueshap._core.embedding import embed

flat = embed(np.random.default_rng(0).normal(size=(60, 20)).astype("float32"),
             n_pcs=None, n_neighbors=10, seed=1)
import umap
from umap.umap_ import smooth_knn_dist
print(json.dumps({
    "heavy": [name for name in ("tensorflow", "torch") if name in sys.modules],
    "held": "ParametricUMAP" in vars(umap),
    "compiled": sum(smooth_knn_dist.stats.cache_misses.values()),
    "kept": sum(smooth_knn_dist.stats.cache_hits.values()),
    "flat": flat.tolist(),
}))
"""

PLAIN = """
import json, sys
import numpy as np
import umap

flat = umap.UMAP(n_neighbors=10, random_state=1, n_jobs=1).fit_transform(
    np.random.default_rng(0).normal(size=(60, 20)).astype("float32"))
print(json.dumps({"flat": flat.tolist()}))
"""


def _run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_the_parametric_model_is_not_imported():
    found = _run(EMBED)
    assert found["heavy"] == []
    assert not found["held"]


@pytest.mark.slow
def test_the_parametric_model_is_there_for_who_asks():
    code = "import json\nfrom tissueshap._core.embedding import import_umap\nimport_umap()\n"
    code += "from umap import ParametricUMAP\nimport umap\n"
    code += "print(json.dumps([ParametricUMAP.__module__, hasattr(umap, 'NoSuchName')]))"
    assert _run(code) == ["umap.parametric_umap", False]


@pytest.mark.slow
def test_compiled_functions_are_kept_and_give_what_umap_gives(tmp_path):
    first = _run(EMBED, NUMBA_CACHE_DIR=str(tmp_path))
    second = _run(EMBED, NUMBA_CACHE_DIR=str(tmp_path))
    assert first["compiled"] == 1
    assert (second["compiled"], second["kept"]) == (0, 1)
    assert first["flat"] == second["flat"] == _run(PLAIN)["flat"]


def test_numba_has_a_folder_where_nothing_else_can_be_written(monkeypatch):
    import os

    from tissueshap._core import embedding

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    embedding._need_cache_folder()
    assert "NUMBA_CACHE_DIR" not in os.environ  # there is a place
    monkeypatch.setattr(embedding, "_writable", lambda _: False)
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "x")  # so that it is put back
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    embedding._need_cache_folder()
    folder = os.environ["NUMBA_CACHE_DIR"]
    assert os.path.isdir(folder)
    assert numba.config.CACHE_DIR == folder


def test_a_folder_that_has_to_be_made_counts_as_writable(tmp_path):
    from tissueshap._core.embedding import _writable

    assert _writable(tmp_path / "a" / "b")
    assert not _writable(tmp_path.__class__("/dev/null/nothing"))


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("shape", [(2, 3), (61, 7), (50, 1001)])
def test_distances_are_those_that_umap_computes_one_by_one(shape, n_jobs):
    from sklearn.metrics import pairwise_distances

    umap = sys.modules[import_umap().UMAP.__module__]
    X = np.random.default_rng(1).normal(5, 3, shape).astype(np.float32)
    with settings.override(n_jobs=n_jobs):
        found = umap.pairwise_distances(X, metric=umap.dist.euclidean)
    expected = pairwise_distances(X, metric=umap.dist.euclidean)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(
        umap.pairwise_distances(X, metric=umap.dist.manhattan),
        pairwise_distances(X, metric=umap.dist.manhattan),
    )


@pytest.mark.parametrize("n_parts", [5, 47])
def test_separate_parts_are_placed_by_the_seed(n_parts):
    rng = np.random.default_rng(0)
    parts = np.repeat(rng.normal(scale=20, size=(n_parts, 30)), 20, axis=0)
    values = (parts + rng.normal(size=parts.shape)).astype(np.float32)
    one, two, other = (embed(values, n_pcs=None, n_neighbors=10, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("n_genes", [1, 2, 30])
def test_separate_parts_start_as_far_apart_as_they_are(n_genes):
    import_umap()
    centroids = np.zeros((47, n_genes), np.float32)
    centroids[:, :2] = np.random.default_rng(0).normal(scale=50, size=(47, n_genes))[:, :2]
    values, parts = np.repeat(centroids, 3, axis=0), np.repeat(np.arange(47), 3)
    places = sys.modules["umap.spectral"].component_layout(values, 47, parts, 2, None)
    assert places.shape == (47, 2)
    assert np.abs(places).max() == 1
    ratio = pdist(places) / pdist(centroids)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)
