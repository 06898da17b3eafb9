"""What was predicted for new samples, as a table and as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap.calibration import VERDICTS
from tissueshap.report._results import result

if TYPE_CHECKING:
    from anndata import AnnData

#: Number of classes that the table lists for each sample.
_N_LISTED = 3
_JUDGED = (
    schema.obs.prediction_set,
    schema.obs.novelty,
    schema.obs.novelty_pvalue,
    schema.obs.nearest_class,
    schema.obs.second_class,
    schema.obs.mixture_pvalue,
    schema.obs.verdict,
)


def prediction_table(adata: AnnData, truth: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row per sample with what was predicted for it.

    Parameters
    ----------
    adata
        New samples, after ``tl.predict``.
    truth
        Their known classes, one row per sample: ``true_class``, the name in the user's table,
        and ``model_class``, the model's class of that name; both empty where unknown.

    Returns
    -------
    ``sample``, ``predicted``, ``confidence``; of a calibrated model ``prediction_set``,
    ``novelty``, ``novelty_pvalue``, ``nearest_class``, ``second_class``,
    ``mixture_pvalue`` and ``verdict``; ``class_2``, ``probability_2``, ``class_3`` and
    ``probability_3``; with `truth` also ``true_class`` and ``correct`` (yes, no, or
    empty where the model does not know the class).
    """
    obs = adata.obs
    columns: dict[str, Any] = {
        "sample": adata.obs_names.astype(str),
        schema.obs.predicted: obs[schema.obs.predicted].astype(str).to_numpy(),
        schema.obs.confidence: obs[schema.obs.confidence].to_numpy(),
    }
    for name in _JUDGED:
        if name in obs:
            is_number = pd.api.types.is_numeric_dtype(obs[name])
            columns[name] = (obs[name] if is_number else obs[name].astype(str)).to_numpy()
    columns |= _runners_up(adata)
    if truth is not None:
        own, known = truth["true_class"].to_numpy(), truth["model_class"].to_numpy()
        right = np.where(known == columns[schema.obs.predicted], "yes", "no")
        columns |= {"true_class": own, "correct": np.where(known == "", "", right)}
    return pd.DataFrame(columns)


def _runners_up(adata: AnnData) -> dict[str, Any]:
    """Return the classes after the first, and their probabilities."""
    classes = [str(name) for name in result(adata, "predict", "classes")]
    frame = slots.class_frame(adata, "obsm", schema.obsm.proba, classes)
    proba = frame.to_numpy(dtype=np.float64)
    order = np.argsort(-proba, axis=1, kind="stable")
    columns: dict[str, Any] = {}
    for place in range(1, min(_N_LISTED, len(classes))):
        columns[f"class_{place + 1}"] = np.asarray(classes, dtype=object)[order[:, place]]
        values = np.take_along_axis(proba, order[:, [place]], axis=1).ravel()
        columns[f"probability_{place + 1}"] = values
    return columns


def prediction_counts(table: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers of a table of predictions, in types that JSON has.

    Parameters
    ----------
    table
        Of :func:`prediction_table`.

    Returns
    -------
    ``n_samples``; ``verdicts``, the number of samples by verdict, None if the model is not
    calibrated; ``predicted``, the number by class; ``comparison`` with the true classes, None
    without them: ``n_scored`` and ``n_correct`` of classes that the model knows, ``n_unknown``
    of others, ``by_verdict`` (the same for each verdict).
    """
    judged = schema.obs.verdict in table
    sizes = table[schema.obs.predicted].value_counts()
    return {
        "n_samples": len(table),
        "verdicts": _by_verdict(table, len) if judged else None,
        "predicted": {str(name): int(n) for name, n in sizes.items()},
        "comparison": _comparison(table, judged=judged) if "correct" in table else None,
    }


def _comparison(table: pd.DataFrame, *, judged: bool) -> dict[str, Any]:
    by_verdict = _by_verdict(table, _scores) if judged else None
    return {**_scores(table), "by_verdict": by_verdict}


def _by_verdict(table: pd.DataFrame, count: Any) -> dict[str, Any]:
    return {name: count(table[table[schema.obs.verdict] == name]) for name in VERDICTS}


def _scores(table: pd.DataFrame) -> dict[str, int]:
    known = table["true_class"] != ""
    return {
        "n_scored": int((table["correct"] != "").sum()),
        "n_correct": int((table["correct"] == "yes").sum()),
        "n_unknown": int((known & (table["correct"] == "")).sum()),
    }
