"""Two-dimensional embeddings by UMAP."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tissueshap._core.settings import settings

#: Below this many samples the spectral start of UMAP has too few eigenvectors to choose from.
_MIN_SPECTRAL = 50

_PARAMETRIC = "umap.parametric_umap"

#: Functions that UMAP compiles in each session, although once is enough.
_COMPILED = {
    "umap.umap_": ("smooth_knn_dist", "compute_membership_strengths", "init_transform"),
    "umap.utils": ("fast_knn_indices",),
    "umap.layouts": ("_nb_optimize_layout_euclidean_single_epoch",),
}


def embed(X: np.ndarray, *, n_pcs: int | None, n_neighbors: int, seed: int) -> np.ndarray:
    """Return the 2-D UMAP of some samples (rows) as float32; as :class:`Embedding`."""
    return Embedding(X, n_pcs=n_pcs, n_neighbors=n_neighbors, seed=seed).flat


class Embedding:
    """A fitted 2-D UMAP, into which other samples can be projected.

    Parameters
    ----------
    X
        Samples x genes, log2 values.
    n_pcs
        Embed this many principal components instead of the genes.
    n_neighbors
        Number of neighbours; at most one fewer than there are samples.
    seed
        Seed of UMAP and of the principal components.

    Attributes
    ----------
    flat
        Samples x 2, float32.
    """

    def __init__(self, X: np.ndarray, *, n_pcs: int | None, n_neighbors: int, seed: int) -> None:
        self._pca = None
        if n_pcs is not None and n_pcs < min(X.shape):
            from sklearn.decomposition import PCA

            self._pca = PCA(n_pcs, random_state=seed)
            X = self._pca.fit_transform(X)
        self._umap = import_umap().UMAP(
            n_neighbors=min(n_neighbors, len(X) - 1),
            random_state=seed,
            n_jobs=1,
            init="spectral" if len(X) >= _MIN_SPECTRAL else "random",
        )
        self.flat = np.asarray(self._umap.fit_transform(X), dtype=np.float32)

    def project(self, X: np.ndarray) -> np.ndarray:
        """Return the positions of other samples (rows, the same genes), samples x 2, float32."""
        if self._pca is not None:
            X = self._pca.transform(X)
        return np.asarray(self._umap.transform(X), dtype=np.float32)


@cache
def import_umap() -> Any:
    """Return the module ``umap``, imported and compiled within seconds.

    By default the package imports TensorFlow and PyTorch (800 MB) for its parametric model,
    which is not used here, and compiles its functions again in each session and worker.
    """
    if "umap" not in sys.modules:
        _need_cache_folder()
        _import_without_parametric()
    import umap

    _compile_distances(sys.modules["umap.umap_"])
    spectral: Any = sys.modules["umap.spectral"]
    spectral.component_layout = _place_parts
    for module, names in _COMPILED.items():
        for name in names:
            _keep_compiled(getattr(sys.modules[module], name, None))
    return umap


def _compile_distances(module: Any) -> None:
    """Have UMAP compute the distances of all pairs of samples in compiled code, by threads.

    scikit-learn calls UMAP's distance for one pair at a time, of which 2,000 samples have two
    million: the calls take longer than the distances. The values are the same.
    """
    one_by_one = module.pairwise_distances
    pairs = _pairs(module.dist.euclidean)

    def pairwise_distances(X: Any, Y: Any = None, metric: Any = "euclidean", **options: Any) -> Any:
        plain = isinstance(X, np.ndarray) and X.dtype == np.float32 and X.flags.c_contiguous
        if metric is not module.dist.euclidean or Y is not None or options or not plain:
            return one_by_one(X, Y, metric, **options)
        # Versions of scikit-learn differ in the type.
        dtype = one_by_one(X[:2], metric=metric).dtype
        distances = np.zeros((len(X), len(X)), dtype=dtype)
        # A later row has fewer pairs left: each thread takes rows of all parts.
        n_threads = settings.cores
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(lambda first: pairs(X, distances, first, n_threads), range(n_threads)))
        return distances

    module.pairwise_distances = pairwise_distances


def _place_parts(
    data: np.ndarray, n_components: int, component_labels: np.ndarray, dim: int, *_: Any, **__: Any
) -> np.ndarray:
    """Return where UMAP starts with each of five and more separate parts.

    These are the principal components of the parts' centroids. UMAP takes eigenvectors of
    ``exp(-distance ** 2)`` instead, which is 0 between parts of expression data: the eigenvalues
    are equal, and the eigenvectors have any values, depending on the solver, or put most parts
    in the same place.
    """
    from sklearn.decomposition import PCA

    parts = range(n_components)
    centroids = np.array([data[component_labels == part].mean(axis=0) for part in parts])
    n_axes = min(dim, data.shape[1])
    places = PCA(n_axes, svd_solver="full").fit_transform(centroids.astype(np.float64))
    return np.pad(places / np.abs(places).max(), ((0, 0), (0, dim - n_axes)))


def _pairs(distance: Any) -> Any:
    """Return a compiled function that fills in the distances of each n-th row, and mirrors them."""
    import numba

    @numba.njit(nogil=True)
    def pairs(X, distances, first, step):  # type: ignore[no-untyped-def]  # pragma: no cover
        for i in range(first, len(X), step):
            for j in range(i + 1, len(X)):
                distances[i, j] = distance(X[i], X[j])
                distances[j, i] = distances[i, j]

    _keep_compiled(pairs)
    return pairs


def _need_cache_folder() -> None:
    """Give Numba a cache folder if it has none, because umap cannot be imported without it."""
    places = [Path.home() / ".cache"] if os.environ.get("HOME") else []
    spec = find_spec("pynndescent")
    if spec is not None and spec.origin is not None:
        places.append(Path(spec.origin).parent / "__pycache__")
    if "NUMBA_CACHE_DIR" in os.environ or any(map(_writable, places)):
        return
    folder = tempfile.mkdtemp(prefix="tissueshap-numba-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = folder  # workers inherit it
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder


def _writable(folder: Path) -> bool:
    """Return whether files can be created in a folder, which may have to be created first."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def _import_without_parametric() -> None:
    """Import ``umap`` so that its parametric model is imported only on request."""
    sys.modules[_PARAMETRIC] = None  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Tensorflow not installed", module="umap")
            import umap
    finally:
        del sys.modules[_PARAMETRIC]
    names = vars(umap)
    for name in ("ParametricUMAP", "load_ParametricUMAP"):
        names.pop(name, None)
    names["__getattr__"] = _parametric


def _parametric(name: str) -> Any:
    """Return a name of ``umap`` that is in its parametric part; ``umap.__getattr__``."""
    if "Parametric" not in name:
        raise AttributeError(f"module 'umap' has no attribute {name!r}")
    return getattr(import_module(_PARAMETRIC), name)


def _keep_compiled(function: Any) -> None:
    """Have Numba store a compiled function next to its source, or in the user's cache."""
    with suppress(AttributeError, RuntimeError):  # not compiled, or no folder to write to
        function.enable_caching()
