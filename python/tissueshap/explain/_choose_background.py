"""The choice of the background of an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.options import check_choice, check_number
from tissueshap.explain._background import Background
from tissueshap.explain._samples import Rows
from tissueshap.model import Centres
from tissueshap.pp import expand

if TYPE_CHECKING:
    from anndata import AnnData

Against = Literal["train", "balanced", "stratified", "others", "kmeans"]
BACKGROUNDS: tuple[str, ...] = get_args(Against)


class WithClasses(Protocol):
    """A model that names its classes."""

    @property
    def classes(self) -> list[str]:
        """Names, in the order of its outputs."""


def choose(
    adata: AnnData,
    model: WithClasses,
    background: str | np.ndarray | Centres,
    *,
    rows: Rows,
    label: str,
    layer: str,
    n_centres: int,
    seed: int,
) -> Background:
    """Return the background for a name or a matrix.

    Parameters
    ----------
    adata
        Samples x genes. Reads ``obs["split"]``, ``obs[label]`` and, for ``"balanced"``, the
        table of ``pp.oversample``.
    model
        The classifier.
    background
        A name, as in ``tl.shap``, or samples x the model's genes.
    rows
        All rows of the classifier's input.
    label, layer
        Column with the classes; name of the input.
    n_centres, seed
        For ``"kmeans"``.

    Raises
    ------
    DataError
        The background is unknown, the matrix has other genes, or something needed is missing.
    """
    if isinstance(background, Centres):
        return _of_centres(background)
    if not isinstance(background, str):
        if background.ndim != 2 or background.shape[1] != rows.shape[1]:
            raise DataError(
                f"the background has shape {background.shape}: pass samples x {rows.shape[1]} genes"
            )
        return Background(background)
    check_choice("background", background, BACKGROUNDS, other="a matrix")
    if background == "balanced":
        return _balanced(adata, rows, layer)
    train = rows.of(np.flatnonzero(training(adata))).fitting(seed)
    if background == "kmeans":
        return _of_centres(centres(train, n_centres, seed))
    lookup = {name: code for code, name in enumerate(model.classes)}
    names = adata.obs[label].astype(str).iloc[train.rows]
    codes = names.map(lookup).fillna(-1).to_numpy(dtype=np.int64)
    if background == "others":
        return Background(train.in_memory(), groups=codes)
    weights = None
    if background == "stratified":
        _, member, sizes = np.unique(codes, return_inverse=True, return_counts=True)
        weights = 1 / sizes[member]
    return Background(train.in_memory(), weights=weights)


def _of_centres(found: Centres) -> Background:
    return Background(found.values, weights=found.weights)


class _Expanded:
    """The rows of the oversampling table, computed on request."""

    def __init__(self, adata: AnnData, columns: np.ndarray) -> None:
        self._adata, self._columns = adata, columns
        self._table = slots.table(adata, "oversample", "table")
        self._mixed = str(slots.record(adata)["oversample"]["params"]["layer"])
        self.weights = self._table["weight"].to_numpy(dtype=np.float64)
        self.shape = (len(self._table), columns.size)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        # A pass may draw a row several times, but each is computed only once.
        once, where = np.unique(rows, return_inverse=True)
        part = self._table.iloc[once]
        values = expand(self._adata, part, layer=self._mixed)
        return values[:, self._columns][where]


def _balanced(adata: AnnData, rows: Rows, layer: str) -> Background:
    if "oversample" not in slots.record(adata):
        raise DataError("background='balanced' needs ts.pp.oversample(adata): run it first")
    if layer != schema.layers.log2:
        raise DataError(
            f"background='balanced' is on the scale of layer 'log2', but the input is {layer!r}: "
            f"choose another background"
        )
    expanded = _Expanded(adata, rows.columns)
    return Background(expanded, weights=expanded.weights)


def centres(train: Any, n_centres: int, seed: int) -> Centres:
    """Return centres of clusters of the training samples, and their numbers of members.

    Parameters
    ----------
    train
        Samples x genes; anything with a shape that can be indexed by an array of rows.
    n_centres
        Number of centres; fewer if there are fewer different samples.
    seed
        Seed of k-means.
    """
    from sklearn.cluster import KMeans

    check_number("n_centres", n_centres, low=1, integer=True)
    values = np.asarray(train[np.arange(train.shape[0])], dtype=np.float32)
    n_clusters = _distinct(values, n_centres)
    # The rows are a copy already, which k-means may centre in place.
    fit = KMeans(n_clusters, n_init=1, random_state=seed, copy_x=False).fit(values)
    sizes = np.bincount(fit.labels_, minlength=len(fit.cluster_centers_))
    return Centres(fit.cluster_centers_.astype(np.float32), sizes.astype(np.float64))


def _distinct(rows: np.ndarray, most: int) -> int:
    """Return the number of different rows, counted up to a maximum."""
    seen: set[bytes] = set()
    for row in rows:
        seen.add(row.tobytes())
        if len(seen) == most:
            break
    return len(seen)
