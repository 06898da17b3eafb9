"""``tl.evaluate``: score the predictions on held-out samples."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import provenance, schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.held_out import Rounds, rounds
from tissueshap._core.lazy import fitting
from tissueshap._core.logging import logger
from tissueshap.evaluation import confusion, logistic, scores

if TYPE_CHECKING:
    from anndata import AnnData


def evaluate(
    adata: AnnData,
    label: str | None = None,
    *,
    baseline: bool = True,
    layer: str | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Score the predictions on the held-out samples, alongside a simple method.

    With folds (``pp.split(n_folds=5)``) all samples are held out in turn: the scores are those
    of all samples together, and the record reports how they vary over the folds.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split`` and ``tl.predict``, or with folds
        ``tl.cross_validate``. Reads ``obs[label]``,
        ``obs["split"]``, ``obs["predicted"]``, for the baseline ``layers[layer]``, and
        ``obs["donor"]`` if present.
    %(label)s
    baseline
        Train a multinomial logistic regression (scikit-learn, each gene standardised) on
        the same training samples (with folds, of each fold) and score it on the same test
        samples.
    layer
        The baseline's input; by default the layer that the classifier was trained on.
    seed
        Seed of the baseline.
    key_added
        Name of the record instead of ``"evaluate"``; the predictions are read under it too.
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``uns["tissueshap"]["evaluate"]``:
    ``macro_f1``, ``accuracy``, ``baseline_macro_f1``, ``baseline_accuracy``, ``n_test``;
    ``per_class`` (``class``, ``n``, ``precision``, ``recall``, ``f1``, ``baseline_f1``);
    ``confusion`` (``true``, ``predicted``, ``n``; pairs that occur); and with donors
    ``n_donors`` and ``n_shared_donors``: those with both training and test samples, whose
    test samples are easier than a new donor's. ``pp.split(groups="donor")`` leaves none.
    With folds also ``n_folds``, ``macro_f1_sd`` and in ``per_class`` ``f1_sd`` (standard
    deviation over the folds that hold the class out), and ``folds``: ``fold``, ``n_test``,
    ``macro_f1``, ``accuracy``, and of the baseline ``baseline_macro_f1``,
    ``baseline_accuracy``.

    Raises
    ------
    DataError
        There are no test samples, or there are folds but the predictions are of a single
        network, which may have been trained on every sample.

    Warns
    -----
    DataWarning
        Classes have names that the classifier does not know.

    Examples
    --------
    >>> ts.tl.predict(adata, model)
    >>> ts.tl.evaluate(adata)
    >>> adata.uns["tissueshap"]["evaluate"]["per_class"].columns.tolist()
    ['class', 'n', 'precision', 'recall', 'f1', 'baseline_f1']
    """
    adata = target(adata, copy=copy)
    layer = slots.input_layer(adata, layer)
    name = slots.label_name(adata, label)
    made_by = key_added or "predict"
    baseline_layer = layer if baseline else None
    sources = slots.begin(adata, "evaluate", made_by, layer=baseline_layer, key_added=key_added)
    provenance.check_trained_on(adata, name, provenance.trained_on(adata, made_by))
    classes, codes = slots.class_names(adata, name), slots.class_codes(adata, name)
    parts = rounds(adata)
    predicted = slots.require(adata, "obs", schema.obs.predicted, key_added=key_added)
    _check_unseen(adata, len(parts), key_added)
    _warn_of_unknown(adata, name, classes, key_added)
    test = np.concatenate([test for _, test in parts])
    true = np.asarray(classes)[codes[test]]
    by = {"": np.asarray(predicted.astype(str))[test]}
    if baseline:
        simple = [_logistic(adata, layer, *part, codes, seed) for part in parts]
        by["baseline_"] = np.asarray(classes)[np.concatenate(simple)]
    results: dict[str, Any] = {"n_test": int(test.size), **_donors(adata, parts)}
    scored = {}
    for prefix, named in by.items():
        scored[prefix], results[f"{prefix}macro_f1"] = scores(true, named, classes)
        results[f"{prefix}accuracy"] = float((true == named).mean())
    per_class = scored[""]
    if baseline:
        per_class["baseline_f1"] = scored["baseline_"]["f1"]
    if len(parts) > 1:
        fold = np.repeat(np.arange(1, len(parts) + 1), [test.size for _, test in parts])
        results["folds"], per_class["f1_sd"] = _by_fold(true, by, fold, classes)
        results["n_folds"] = len(parts)
        results["macro_f1_sd"] = float(results["folds"]["macro_f1"].std())
    slots.write(
        adata,
        "evaluate",
        {"uns": {**results, "per_class": per_class, "confusion": confusion(true, by[""])}},
        params={"label": name, "baseline": baseline, "layer": layer},
        seed=seed,
        versions=("scikit-learn",),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _warn_of_unknown(adata: AnnData, label: str, classes: list[str], key_added: str | None) -> None:
    """Warn of classes whose names the classifier does not know: their scores are all 0."""
    proba = adata.obsm.get(slots.named(schema.obsm.proba, key_added))
    if not isinstance(proba, pd.DataFrame):
        return
    known = schema.columns_in(classes, proba.columns)
    unknown = [name for name in classes if name not in known]
    if unknown:
        warnings.warn(
            f"the classifier does not know the classes {unknown[:5]} of adata.obs[{label!r}], "
            f"whose scores are therefore 0; it knows {list(proba.columns[:5])}",
            DataWarning,
            stacklevel=3,
        )


def _check_unseen(adata: AnnData, n_parts: int, key_added: str | None) -> None:
    """Refuse predictions by a single network if it may have been trained on every sample."""
    record = slots.record(adata).get(key_added or "predict", {})
    if n_parts > 1 and "n_folds" not in record.get("params", {}):
        raise DataError(
            "there are folds, but the predictions are of a single network, which may have been "
            "trained on every sample: run ts.tl.cross_validate(adata)"
        )


def _donors(adata: AnnData, parts: Rounds) -> dict[str, int]:
    """Return how many donors there are, and how many have training and held-out samples."""
    if schema.obs.donor not in adata.obs:
        return {}
    donor = adata.obs[schema.obs.donor]
    sides = [tuple(set(donor.iloc[side].dropna()) for side in part) for part in parts]
    everyone = set().union(*(side for part in sides for side in part))
    shared = set().union(*(train & test for train, test in sides))
    if shared:
        logger.info(
            "%d of %d donors have samples on both sides of the split: "
            "pp.split(groups='donor') keeps them apart",
            len(shared),
            len(everyone),
        )
    return {"n_donors": len(everyone), "n_shared_donors": len(shared)}


def _by_fold(
    true: np.ndarray, by: dict[str, np.ndarray], fold: np.ndarray, classes: list[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the scores of each fold, and how each class's F1 varies over them."""
    rows, f1 = [], []
    for number in np.unique(fold):
        own = fold == number
        row: dict[str, float] = {"fold": number, "n_test": own.sum()}
        for prefix, named in by.items():
            table, row[f"{prefix}macro_f1"] = scores(true[own], named[own], classes)
            row[f"{prefix}accuracy"] = float((true[own] == named[own]).mean())
            if not prefix:
                f1.append(table["f1"].where(table["n"] > 0))
        rows.append(row)
    return pd.DataFrame(rows), pd.concat(f1, axis=1).std(axis=1).to_numpy()


def _logistic(
    adata: AnnData,
    layer: str,
    train: np.ndarray,
    test: np.ndarray,
    codes: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Return the classes that a logistic regression predicts for the test samples."""
    values = slots.require(adata, "layers", layer)
    train = fitting(values, train, seed)
    x, new = (np.asarray(dense(values[rows]), dtype=np.float32) for rows in (train, test))
    return logistic(x, codes[train], new, seed=seed)
