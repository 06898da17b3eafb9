"""``tl.transfer``: how a classifier performs on another cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.logging import logger
from tissueshap.evaluation import confusion, logistic, matches, scores

if TYPE_CHECKING:
    from anndata import AnnData


def transfer(
    adata: AnnData,
    label: str | None = None,
    *,
    map: Mapping[str, str] | None = None,
    reference: AnnData | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Score the predictions for another cohort, whose classes may have other names.

    Samples of classes that the classifier does not know get predictions as well; they are
    listed, and excluded from the scores.

    Parameters
    ----------
    adata
        The other cohort, samples x genes, after ``tl.predict``. Reads ``obs[label]``,
        ``obs["predicted"]`` and the record of ``predict`` (its classes and its layer).
    label
        Column of ``obs`` with the cohort's own classes; the recorded one by default.
    map
        The classifier's class for each class of the cohort: ``{"zone of skin": "Skin"}``.
        Classes that are not listed have the same name in both. Several may map to the same
        class.
    reference
        The training cohort, after ``tl.cnn``. A logistic regression is trained on its training
        samples and the layer that the classifier was trained on, and predicts the same samples
        as the classifier; it uses the genes that both cohorts have. By default none is trained.
    seed
        Seed of the logistic regression.
    key_added
        Name of the record instead of ``"transfer"``; the predictions are read under it too.
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["transfer"]``:

    ``accuracy``, ``macro_f1``, ``n_correct``, ``n_scored``
        Over the samples of classes that the classifier knows.
    ``baseline_accuracy``, ``baseline_macro_f1``, ``baseline_n_correct``, ``baseline_n_genes``
        The same for logistic regression, and the number of genes it used, with `reference`.
    ``per_class``
        One row per class among them, with the classifier's names: ``class``, ``n``,
        ``precision``, ``recall``, ``f1``, and with `reference` ``baseline_f1``.
    ``confusion``
        ``true`` (with the classifier's names), ``predicted``, ``n``; pairs that occur.
    ``unknown``
        ``class`` (the cohort's name), ``predicted``, ``n``, of the excluded samples.
    ``map``
        ``other`` (the cohort's name) and ``class``, of the classes that were matched.

    Raises
    ------
    DataError
        No class is matched, `map` names a class that the classifier does not have, or
        `reference` shares no gene or has other classes.

    Examples
    --------
    >>> ts.tl.predict(other, model)
    >>> ts.tl.transfer(other)
    >>> int(other.uns["tissueshap"]["transfer"]["n_scored"]) == other.n_obs
    True
    """
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    record = key_added if key_added in slots.record(adata) else None
    sources = slots.begin(adata, "transfer", record or "predict", key_added=key_added)
    classes = [str(one) for one in slots.table(adata, record or "predict", "classes")]
    own = adata.obs[name].astype(str)
    matched = matches(sorted(own.unique()), classes, map)
    predicted = slots.require(adata, "obs", schema.obs.predicted, key_added=record)
    predicted_class = np.asarray(predicted.astype(str))
    true = own.map(matched)
    known = true.notna().to_numpy()
    expected = true[known].to_numpy(dtype=str)
    scored_classes = [one for one in classes if one in set(expected)]
    # A sample misclassified as a class that is not scored lowers the recall of its own class.
    per_class, macro_f1 = scores(expected, predicted_class[known], scored_classes)
    unknown = confusion(own[~known].to_numpy(dtype=str), predicted_class[~known])
    right = expected == predicted_class[known]
    results: dict[str, Any] = {}
    if reference is not None:
        layer = str(slots.table(adata, record or "predict", "params")["layer"])
        simple, n_genes = _baseline(adata, reference, layer, np.flatnonzero(known), classes, seed)
        simple_per_class, results["baseline_macro_f1"] = scores(expected, simple, scored_classes)
        results["baseline_accuracy"] = float((expected == simple).mean())
        results["baseline_n_correct"] = int((expected == simple).sum())
        results["baseline_n_genes"] = n_genes
        per_class["baseline_f1"] = simple_per_class["f1"]
    if not known.all():
        logger.info("%d samples are of classes that the classifier does not know", (~known).sum())
    slots.write(
        adata,
        "transfer",
        {
            "uns": {
                "accuracy": float(right.mean()),
                "macro_f1": macro_f1,
                "n_correct": int(right.sum()),
                "n_scored": int(known.sum()),
                **results,
                "per_class": per_class,
                "confusion": confusion(expected, predicted_class[known]),
                "unknown": unknown.rename(columns={"true": "class"}),
                "map": pd.DataFrame(list(matched.items()), columns=["other", "class"]),
            }
        },
        params={"label": name, "baseline": reference is not None},
        seed=seed,
        versions=("scikit-learn",),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _baseline(
    adata: AnnData,
    reference: AnnData,
    layer: str,
    rows: np.ndarray,
    classes: Sequence[str],
    seed: int,
) -> tuple[np.ndarray, int]:
    """Return the predictions of logistic regression for some samples, and its number of genes."""
    label = slots.label_of(reference)
    own = reference.obs[label].astype(str).to_numpy()
    if unknown := sorted(set(own) - set(classes)):
        raise DataError(
            f"reference has classes that the classifier does not know: {unknown[:5]}; pass the "
            "AnnData that it was trained on"
        )
    train = training(reference)
    trained_on = str(slots.table(reference, "cnn", "params")["layer"])
    x = slots.require(reference, "layers", trained_on)[np.flatnonzero(train)]
    new = slots.require(adata, "layers", layer)[rows]
    names = [pd.Index(one.var_names.astype(str)) for one in (reference, adata)]
    genes = names[0].intersection(names[1], sort=False)
    if not len(genes):
        raise DataError(
            f"reference shares no gene with adata: {list(names[0][:3])} and "
            f"{list(names[1][:3])}; use the same kind of identifier in both"
        )
    first, second = (
        np.asarray(dense(values)[:, own_names.get_indexer(genes)], np.float32)
        for values, own_names in zip((x, new), names, strict=True)
    )
    # A harmonised layer is NaN where its cohort lacks a gene.
    usable = np.isfinite(second).all(axis=0)
    predicted = logistic(first[:, usable], own[train], second[:, usable], seed=seed)
    return predicted.astype(str), int(usable.sum())
