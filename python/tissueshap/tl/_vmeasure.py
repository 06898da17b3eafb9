"""Choosing samples and gene sets, and embedding the samples on them.

Shared by ``tl.cluster`` and ``tl.null_test``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import _schema, _slots
from tissueshap._dense import dense
from tissueshap._errors import DataError
from tissueshap._logging import logger
from tissueshap.tl._k_means import k_means_scores

if TYPE_CHECKING:
    from anndata import AnnData

#: Samples a neighbourhood in UMAP, its own default.
_N_NEIGHBORS = 15
#: Below this many samples the spectral start of UMAP has too few eigenvectors to choose from.
_MIN_SPECTRAL = 50

SAMPLES = ("test", "train", "all")
SPACES = ("umap", "expression")


def chosen_samples(adata: AnnData, samples: str) -> np.ndarray:
    """Return the positions of the samples to cluster: ``"test"``, ``"train"`` or ``"all"``.

    Without a split ``"test"`` is all samples.
    """
    if samples not in SAMPLES:
        raise DataError(f"samples={samples!r} is none of {list(SAMPLES)}")
    if samples == "all" or (samples == "test" and _schema.obs.split not in adata.obs):
        return np.arange(adata.n_obs)
    split = _slots.require(adata, "obs", _schema.obs.split).astype(str).to_numpy()
    found: np.ndarray = np.flatnonzero(split == samples)
    if not found.size:
        raise DataError(f"adata.obs['split'] has no {samples!r} sample: run ts.pp.split(adata)")
    return found


def checked_classes(adata: AnnData, label: str | None, rows: np.ndarray) -> np.ndarray:
    """Return the class codes of the samples to cluster, at least two classes of them."""
    codes: np.ndarray = _slots.class_codes(adata, label)[rows]
    n_classes = len(np.unique(codes))
    if n_classes < 2 or len(rows) < n_classes + 2:
        raise DataError(
            f"{len(rows)} samples of {n_classes} class(es) cannot be clustered: at least two "
            "classes and a few samples of each are needed (samples='all' takes every sample)"
        )
    return codes


def expression(
    adata: AnnData, layer: str, rows: np.ndarray, genes: np.ndarray, *, scale: bool
) -> np.ndarray:
    """Return the float32 matrix of some samples and genes, its genes standardised or not."""
    values = dense(_slots.require(adata, "layers", layer)[np.ix_(rows, genes)])
    X = np.asarray(values, dtype=np.float32)
    return standardised(X) if scale else X


def random_sets(n_genes: int, size: int, n_sets: int, seed: int) -> Iterator[np.ndarray]:
    """Yield sets of gene positions, each drawn anew without replacement."""
    for child in np.random.SeedSequence(seed).spawn(n_sets):
        yield np.sort(np.random.default_rng(child).choice(n_genes, size, replace=False))


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
        Samples a neighbourhood; at most one fewer than there are samples.
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
        with _parts_in_log():
            self.flat = np.asarray(self._umap.fit_transform(X), dtype=np.float32)

    def project(self, X: np.ndarray) -> np.ndarray:
        """Return where other samples (rows, the same genes) lie, samples x 2, float32."""
        if self._pca is not None:
            X = self._pca.transform(X)
        return np.asarray(self._umap.transform(X), dtype=np.float32)


@contextmanager
def _parts_in_log() -> Iterator[None]:
    """Log, rather than warn, that the neighbourhoods fall into separate parts.

    Classes far apart do that. UMAP then lays out each part by itself; the warning comes
    from the step that places the parts, which form no connected graph by definition.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if "Graph is not fully connected" in str(warning.message):
            logger.debug("UMAP: the samples' neighbourhoods fall into separate parts")
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def standardised(X: np.ndarray) -> np.ndarray:
    """Return each gene (column) with mean 0 and standard deviation 1; a constant one is 0."""
    spread = X.std(axis=0)
    found: np.ndarray = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return found


def import_umap() -> Any:
    """Return the module ``umap``."""
    with warnings.catch_warnings():
        # umap says at import that its parametric model wants TensorFlow: not used here.
        warnings.filterwarnings("ignore", message="Tensorflow not installed", module="umap")
        import umap
    return umap


def score(
    X: np.ndarray, codes: np.ndarray, *, embedding: dict[str, Any], on: str, n_starts: int
) -> tuple[np.ndarray | None, pd.DataFrame]:
    """Return the embedding of some samples and how well k-means finds the classes.

    Parameters
    ----------
    X
        Samples x genes of one gene set.
    codes
        Class of each sample.
    embedding
        ``n_pcs``, ``n_neighbors`` and ``seed`` for :func:`embed`; the seed is that of
        k-means too.
    on
        What is clustered: ``"umap"``, the embedding, or ``"expression"``, `X` itself,
        where no embedding is made.
    n_starts
        Runs of k-means.
    """
    flat = embed(X, **embedding) if on == "umap" else None
    space = X if flat is None else flat
    return flat, k_means_scores(space, codes, n_starts=n_starts, seed=embedding["seed"])


def check_starts(n_starts: int, on: str) -> None:
    """Raise unless there is at least one start in a space that is known."""
    if n_starts < 1:
        raise DataError(f"n_starts={n_starts}: at least 1 run of k-means is needed")
    if on not in SPACES:
        raise DataError(f"on={on!r} is none of {list(SPACES)}")
