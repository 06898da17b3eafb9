"""Balance the training classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.lazy import buffer_rows, on_disk, transformed
from tissueshap._core.options import check_choice
from tissueshap.pp._log2 import logarithm_of
from tissueshap.pp._mixture import mixtures
from tissueshap.pp._smote import Mixes, by_numpy, by_smote_variants, smote

_ENGINES = {"tissueshap": by_numpy, "smote_variants": by_smote_variants}
_WORKERS = {"tissueshap": ("scikit-learn",), "smote_variants": ("smote-variants", "scikit-learn")}
#: Layers that the classifier reads as they are.
_LOGGED = (schema.layers.log2, schema.layers.harmonised)
_METHODS = ("smote", "random", "undersample", "class_weight", "none")


def oversample(
    adata: AnnData,
    label: str | None = None,
    *,
    method: Literal["smote", "random", "undersample", "class_weight", "none"] = "smote",
    k_neighbors: int = 5,
    engine: Literal["tissueshap", "smote_variants"] = "tissueshap",
    layer: str = "tmm",
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Balance the training classes.

    No sample is added to ``adata``: a table describes the rows to train the classifier
    on. Each row is ``(1 - mix) * sample + mix * neighbour`` of the linear layer, and
    :func:`expand` computes the values of some rows at a time.

    Parameters
    ----------
    adata
        Samples x genes. Reads ``obs["split"]``; only its training samples are used.
    %(label)s
    method
        ``"smote"`` adds synthetic samples until each class is as large as the largest (or
        one short of it: the numbers and draws are those of smote-variants'
        ``MulticlassOversampling``), ``"random"`` repeats samples up to the size of the
        largest class, ``"undersample"`` draws as many samples as the smallest class has,
        ``"class_weight"`` weights each sample by ``n / (k * n_class)``, ``"none"`` uses
        the samples unchanged.
    k_neighbors
        Number of neighbours that SMOTE chooses from, by Euclidean distance within the class.
    engine
        What draws for SMOTE: this package, or smote-variants itself. The rows are the
        same, but smote-variants may swap sample and neighbour.
    layer
        Layer that SMOTE mixes: one on a linear scale, or ``"log2"`` if the data are only
        available log-transformed.
    seed
        Seed of the draws.
    %(key_added)s
    %(copy)s

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes
        ``uns["tissueshap"]["oversample"]``: ``table`` (``sample`` and ``neighbour``:
        positions in ``adata``; ``mix``; ``weight``), ``counts`` (``class``,
        ``n_train``, ``n_balanced``) and ``n_obs``.

    Raises
    ------
    DataError
        If there is only one class, or SMOTE is used and a class has only one training sample.

    Examples
    --------
    >>> ts.pp.oversample(adata)
    >>> rows = adata.uns["tissueshap"]["oversample"]["table"]
    >>> rows.columns.tolist()
    ['sample', 'neighbour', 'mix', 'weight']
    >>> adata.obs["tissue"].iloc[rows["sample"]].value_counts().nunique()  # classes of one size
    1
    """
    check_choice("method", method, _METHODS)
    check_choice("engine", engine, _ENGINES)
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    sources = slots.begin(adata, "oversample", layer=layer, key_added=key_added)
    classes = slots.class_names(adata, name)
    train = np.flatnonzero(training(adata))
    codes = slots.class_codes(adata, name)[train]
    sizes = np.bincount(codes, minlength=len(classes))
    _check_sizes(classes, sizes, method)
    if method == "smote":
        values = slots.require(adata, "layers", layer)
        _check_memory(values, sizes)
        mixes = smote(
            lambda members: _float64(values, train[members]),
            codes,
            k_neighbors=k_neighbors,
            engine=_ENGINES[engine],
            seed=seed,
        )
        rows = _with_mixes(train, mixes)
    else:
        rows = _without_mixes(train[_resampled(codes, sizes, method, seed)])
    balanced = np.bincount(slots.class_codes(adata, name)[rows["sample"]], minlength=len(classes))
    if method == "class_weight":
        rows["weight"] = (len(codes) / (len(classes) * sizes))[codes]
    counts = pd.DataFrame({"class": classes, "n_train": sizes, "n_balanced": balanced})
    slots.write(
        adata,
        "oversample",
        {"uns": {"table": rows, "counts": counts, "n_obs": adata.n_obs}},
        params={
            "label": name,
            "method": method,
            "k_neighbors": k_neighbors,
            "engine": engine,
            "layer": layer,
        },
        seed=seed,
        versions=_WORKERS[engine] if method == "smote" else (),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def expand(
    adata: AnnData,
    rows: pd.DataFrame | Sequence[int] | np.ndarray | slice,
    *,
    layer: str = "tmm",
    offset: float | None = None,
    shift: float | None = None,
    key_added: str | None = None,
) -> np.ndarray:
    """Return the classifier's input for some training rows.

    Parameters
    ----------
    adata
        The AnnData that ``oversample`` was run on.
    rows
        Rows of its table, or their positions in it.
    layer
        The layer that is mixed. ``"log2"`` and ``"harmonised"`` are log-transformed and are
        not transformed again.
    offset, shift
        Terms of ``log2(x + offset) + shift``; by default those that ``pp.log2`` recorded.
    key_added
        Name of the record, if ``oversample`` was given one.

    Returns
    -------
        Rows x genes, float32.

    Raises
    ------
    DataError
        If samples were added or dropped after ``oversample`` was run.

    Examples
    --------
    >>> ts.pp.oversample(adata)
    >>> ts.pp.expand(adata, slice(0, 5)).shape == (5, adata.n_vars)
    True
    """
    record = key_added or "oversample"
    if int(slots.table(adata, record, "n_obs")) != adata.n_obs:
        raise DataError(
            f"adata has {adata.n_obs} samples, but {slots.table(adata, record, 'n_obs')} when "
            "its training table was made: run ts.pp.oversample(adata) again"
        )
    chosen: pd.DataFrame = (
        rows if isinstance(rows, pd.DataFrame) else slots.table(adata, record, "table").iloc[rows]
    )
    parts = (chosen[name].to_numpy() for name in ("sample", "neighbour", "mix"))
    values, finish = mixed_values(adata, layer, offset=offset, shift=shift)
    return mixtures(values, *parts, finish=finish)


def mixed_values(
    adata: AnnData, layer: str, *, offset: float | None = None, shift: float | None = None
) -> tuple[Any, Callable[[np.ndarray], Any] | None]:
    """Return the layer that :func:`expand` mixes, and what it does to each row then."""
    values = slots.require(adata, "layers", layer)
    if layer in _LOGGED:
        return values, None
    recorded = logarithm_of(adata)
    return values, partial(
        transformed,
        offset=recorded["offset"] if offset is None else offset,
        shift=recorded["shift"] if shift is None else shift,
    )


def _float64(values: Any, rows: np.ndarray) -> np.ndarray:
    """Return some rows in float64, converted a few at a time to save memory."""
    converted = np.empty((rows.size, values.shape[1]))
    for start in range(0, rows.size, 64):
        part = rows[start : start + 64]
        converted[start : start + 64] = dense(values[part])
    return converted


def _check_memory(values: Any, sizes: np.ndarray) -> None:
    """Refuse SMOTE's search for neighbours in a class on disk that does not fit into memory."""
    if on_disk(values) and sizes.max() > buffer_rows(values.shape[1]):
        raise DataError(
            f"method='smote' compares all samples of a class, and the {sizes.max():,} of the "
            f"largest do not fit into memory: choose method='random', which repeats samples, or "
            f"method='class_weight'"
        )


def _check_sizes(classes: list[str], sizes: np.ndarray, method: str) -> None:
    if len(classes) < 2:
        raise DataError(f"there is only one class, {classes}: at least two are needed")
    fewest = 2 if method == "smote" else 1
    small = [classes[code] for code in np.flatnonzero(sizes < fewest)]
    if small:
        raise DataError(
            f"method={method!r} needs {fewest} training samples per class; there are fewer of "
            f"{small[:5]}: drop these classes"
            + (", or choose method='random'" if method == "smote" else "")
        )


def _resampled(codes: np.ndarray, sizes: np.ndarray, method: str, seed: int) -> np.ndarray:
    """Return the positions of the samples to train on, for the methods that mix none."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(codes == code) for code in range(len(sizes))]
    if method == "undersample":
        drawn = [rng.choice(own, sizes.min(), replace=False) for own in members]
        return np.sort(np.concatenate(drawn))
    everyone = np.arange(len(codes))
    if method == "random":
        more = [rng.choice(own, sizes.max() - len(own)) for own in members]
        return np.concatenate([everyone, *more])
    return everyone


def _without_mixes(samples: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample": samples.astype(np.int64),
            "neighbour": samples.astype(np.int64),
            "mix": 0.0,
            "weight": 1.0,
        }
    )


def _with_mixes(train: np.ndarray, mixes: Mixes) -> pd.DataFrame:
    synthetic = _without_mixes(train[mixes.sample])
    synthetic["neighbour"] = train[mixes.neighbour]
    synthetic["mix"] = mixes.mix
    return pd.concat([_without_mixes(train), synthetic], ignore_index=True)
