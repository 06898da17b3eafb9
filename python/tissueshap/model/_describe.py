"""What a model card needs that only the training cohort's records have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.held_out import training

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model._classifier import Classifier
    from tissueshap.model._preparation import Preparation

#: Scores of ``tl.evaluate`` that a card shows.
_SCORES = ("macro_f1", "accuracy", "baseline_macro_f1", "baseline_accuracy", "n_test", "n_folds")
_CALIBRATION = ("source", "n_samples", "method", "ece_before", "ece_after", "measured_on")


def describe(
    adata: AnnData,
    model: Classifier,
    *,
    licence: str | None = None,
    origin: str | None = None,
    intended_use: str | None = None,
    limits: str | None = None,
) -> Classifier:
    """Add the training cohort's records to a model's card, and the importance of its genes.

    Parameters
    ----------
    adata
        The AnnData that the model was trained on. Reads the records of ``tl.evaluate``,
        ``tl.calibrate`` and ``tl.trust``, and ``varm["shap_median"]``, those that there are.
    model
        The classifier.
    licence
        Licence of the model, as an SPDX identifier: ``"cc-by-4.0"``.
    origin
        Where the data come from, and under which terms.
    intended_use, limits
        What the model is for, and what it is not for, in your own words.

    Returns
    -------
    The classifier with ``preparation.importance``, and with ``card``, which ``model.save``
    writes to ``bundle.json`` and ``README.md``.

    Examples
    --------
    >>> described = ts.model.describe(adata, model, licence="cc-by-4.0", origin="simulated")
    >>> list(described.card)[:4]
    ['licence', 'origin', 'n_samples', 'n_genes']
    """
    record = slots.record(adata)
    evaluated, calibrated = record.get("evaluate", {}), record.get("calibrate", {})
    train = training(adata) if schema.obs.split in adata.obs else np.ones(adata.n_obs, bool)
    sizes = adata.obs[slots.label_name(adata, None)].astype(str)[train].value_counts()
    card: dict[str, Any] = {
        "licence": licence,
        "origin": origin,
        "intended_use": intended_use,
        "limits": limits,
        "n_samples": int(train.sum()),
        "n_genes": len(model.genes),
        "classes": {name: int(sizes.get(name, 0)) for name in model.classes},
        "scores": _plain(evaluated, _SCORES),
        "per_class": _rows(evaluated.get("per_class")),
        "calibration": calibration_card(calibrated) or model.card.get("calibration"),
        "trust": _rows(record.get("trust", {}).get("summary")),
        "trust_classes": [row["sentence"] for row in _rows(record.get("trust", {}).get("classes"))],
    }
    return replace(
        model,
        card={name: value for name, value in card.items() if value},
        preparation=_with_importance(adata, model),
    )


def _with_importance(adata: AnnData, model: Classifier) -> Preparation | None:
    """Return the model's preparation with the importance of its genes, if they were ranked."""
    key = schema.varm.shap_median
    if model.preparation is None or key not in adata.varm:
        return model.preparation
    table = slots.class_frame(adata, "varm", key, model.classes)
    largest = pd.Series(np.asarray(table, dtype=np.float64).max(axis=1), adata.var_names)
    importance = largest.reindex(model.genes).fillna(0.0).to_numpy()
    return replace(model.preparation, importance=importance)


def calibration_card(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says of the record of ``tl.calibrate``."""
    content = _plain(entry, _CALIBRATION)
    return content and {**content, "reliability": _rows(entry.get("reliability"))}


def _plain(entry: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return some values of a record in types that JSON has."""
    values = {name: entry[name] for name in names if name in entry}
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in values.items()
    }


def _rows(table: Any) -> list[dict[str, Any]]:
    if table is None:
        return []
    plain = table.astype(object).where(table.notna(), None)
    return [
        {
            str(name): value.item() if isinstance(value, np.generic) else value
            for name, value in row.items()
        }
        for row in plain.to_dict("records")
    ]
