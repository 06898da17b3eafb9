"""``tl.evaluate``: score the predictions on held-out samples."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import _schema, _slots
from tissueshap._counts import target
from tissueshap._dense import dense
from tissueshap._errors import DataError, DataWarning
from tissueshap._logging import logger

if TYPE_CHECKING:
    from anndata import AnnData


def evaluate(
    adata: AnnData,
    label: str | None = None,
    *,
    baseline: bool = True,
    layer: str = "log2",
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Score the predictions on the test samples, beside a simple method.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split`` and ``tl.predict``. Reads ``obs[label]``,
        ``obs["split"]``, ``obs["predicted"]``, for the baseline ``layers["log2"]``, and
        where it is there ``obs["donor"]``.
    label
        Column of ``obs`` with the classes; by default the one recorded before.
    baseline
        Train a multinomial logistic regression (scikit-learn, each gene standardised) on
        the same training samples, and score it on the same test samples.
    layer
        The baseline's input.
    seed
        Seed of the baseline.
    key_added
        Name of the record in place of ``"evaluate"``; the predictions are read under it too.
    copy
        Return a new AnnData and leave this one as it is.

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``uns["tissueshap"]["evaluate"]``:
    ``macro_f1``, ``accuracy``, ``baseline_macro_f1``, ``baseline_accuracy``, ``n_test``;
    ``per_class`` (``class``, ``n``, ``precision``, ``recall``, ``f1``, ``baseline_f1``);
    ``confusion`` (``true``, ``predicted``, ``n``; pairs that occur); and with donors
    ``n_donors`` and ``n_shared_donors``: those with both training and test samples, whose
    test samples are easier than a new donor's. ``pp.split(groups="donor")`` leaves none.

    Raises
    ------
    DataError
        There are no test samples.

    Warns
    -----
    DataWarning
        Classes have names that the classifier does not know.
    """
    adata = target(adata, copy=copy)
    name = _slots.label_name(adata, label)
    classes, codes = _slots.class_names(adata, name), _slots.class_codes(adata, name)
    split, test = held_out(adata)
    predicted = _slots.require(adata, "obs", _schema.obs.predicted, key_added=key_added)
    found = np.asarray(predicted.astype(str))[test]
    true = np.asarray(classes)[codes[test]]
    _warn_of_unknown(adata, name, classes, key_added)
    per_class, macro_f1 = scores(true, found, classes)
    results: dict[str, Any] = {
        "macro_f1": macro_f1,
        "accuracy": float((true == found).mean()),
        "n_test": int(test.size),
        **_donors(adata, split),
    }
    if baseline:
        simple = _logistic(adata, layer, np.flatnonzero(split == "train"), test, codes, seed)
        named = np.asarray(classes)[simple]
        simple_per_class, results["baseline_macro_f1"] = scores(true, named, classes)
        results["baseline_accuracy"] = float((true == named).mean())
        per_class["baseline_f1"] = simple_per_class["f1"]
    _slots.write(
        adata,
        "evaluate",
        {"uns": {**results, "per_class": per_class, "confusion": confusion(true, found)}},
        params={"label": name, "baseline": baseline, "layer": layer},
        seed=seed,
        versions=("scikit-learn",),
        key_added=key_added,
    )
    return adata if copy else None


def _warn_of_unknown(adata: AnnData, label: str, classes: list[str], key_added: str | None) -> None:
    """Warn where classes have other names than the classifier's: their scores are all 0."""
    proba = adata.obsm.get(_slots.named(_schema.obsm.proba, key_added))
    if not isinstance(proba, pd.DataFrame):
        return
    unknown = [name for name in classes if _schema.column(name) not in proba.columns]
    if unknown:
        warnings.warn(
            f"the classifier does not know the classes {unknown[:5]} of adata.obs[{label!r}], "
            f"whose scores are therefore 0; it knows {list(proba.columns[:5])}",
            DataWarning,
            stacklevel=3,
        )


def held_out(adata: AnnData) -> tuple[np.ndarray, np.ndarray]:
    """Return the split, and where the test samples are; there must be some."""
    split = np.asarray(_slots.require(adata, "obs", _schema.obs.split))
    test = np.flatnonzero(split == "test")
    if not test.size:
        raise DataError("no sample is held out: run ts.pp.split(adata) with n_test above 0")
    return split, test


def _donors(adata: AnnData, split: np.ndarray) -> dict[str, int]:
    """Return how many donors there are, and how many on both sides of the split."""
    if _schema.obs.donor not in adata.obs:
        return {}
    donor = adata.obs[_schema.obs.donor]
    train, test = (set(donor[split == side].dropna()) for side in ("train", "test"))
    shared = len(train & test)
    if shared:
        logger.info(
            "%d of %d donors have samples on both sides of the split: "
            "pp.split(groups='donor') keeps them apart",
            shared,
            len(train | test),
        )
    return {"n_donors": len(train | test), "n_shared_donors": shared}


def scores(true: np.ndarray, found: np.ndarray, classes: list[str]) -> tuple[pd.DataFrame, float]:
    """Return the scores of each class, and the mean F1 of those with test samples."""
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, number = precision_recall_fscore_support(
        true, found, labels=classes, zero_division=0.0
    )
    table = pd.DataFrame(
        {"class": classes, "n": number, "precision": precision, "recall": recall, "f1": f1}
    )
    return table, float(f1[number > 0].mean())


def confusion(true: np.ndarray, found: np.ndarray) -> pd.DataFrame:
    """Return how often each pair of true and predicted class occurs."""
    pairs = pd.DataFrame({"true": true, "predicted": found})
    return pairs.groupby(["true", "predicted"], as_index=False).size().rename(columns={"size": "n"})


def _logistic(
    adata: AnnData,
    layer: str,
    train: np.ndarray,
    test: np.ndarray,
    codes: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Return the classes that a logistic regression predicts for the test samples."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    values = _slots.require(adata, "layers", layer)
    scale = StandardScaler()
    x = scale.fit_transform(np.asarray(dense(values[train]), dtype=np.float32))
    regression = LogisticRegression(max_iter=300, random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regression.fit(x, codes[train])
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            logger.info("the baseline was stopped after %d steps", regression.max_iter)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    scaled = scale.transform(np.asarray(dense(values[test]), dtype=np.float32))
    return np.asarray(regression.predict(scaled))
