"""What ``tl.trust`` is given: a model, attributions, and functions that train and explain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap.adapters import Model, adapt_to, explained_with, without_model
from tissueshap.model import Classifier, gene_columns

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.adapters import Explain


def in_common_form(
    adata: AnnData,
    model: Any,
    label: str,
    attributions: Any,
    train: Callable[..., Any] | None,
    explain: Explain | None,
) -> tuple[Model, dict[str, str]]:
    """Return the model in the form that the checks know, and what they lack, with the reason.

    Parameters
    ----------
    adata
        Samples x genes.
    model, attributions, train, explain
        As ``tl.trust`` takes them.
    label
        Column of the classes.
    """
    lacks = {}
    if model is None:
        if attributions is None:
            raise DataError(
                "model=None needs attributions=: pass a model, its attributions or both"
            )
        if train is not None or explain is not None:
            raise DataError("train= and explain= need the model: pass it too")
        adapted = without_model(list(adata.var_names), slots.class_names(adata, label))
        lacks["probabilities"] = "no model was passed"
        lacks["explaining"] = "no model was passed"
    else:
        adapted = adapt_to(model, list(map(str, adata.var_names)))
    gene_columns(adata, adapted.genes)
    if explain is not None:
        adapted = explained_with(adapted, explain)
        if attributions is None:
            lacks["sums"] = "what the values of explain= add up from is unknown"
    elif attributions is not None:
        lacks.setdefault(
            "explaining",
            "the attributions were made elsewhere: pass explain=, a function of (model, x, "
            "background, targets), to explain again in the same way",
        )
    if train is None and not isinstance(model, Classifier):
        lacks["training"] = "pass train=, a function (x, y, seed) that returns a model"
    if train is not None or not isinstance(model, Classifier):
        lacks["layouts"] = "only networks of ts.tl.cnn are trained with other layouts of the genes"
    return adapted, lacks


def given_here(
    adata: AnnData, model: Any, adapted: Model, attributions: Any, explain: Explain | None
) -> bool:
    """Return whether the explanation to check is the one that the AnnData has.

    Parameters
    ----------
    adata
        Samples x genes.
    model, attributions, explain
        As ``tl.trust`` takes them.
    adapted
        The model in the form that the checks know.
    """
    if attributions is not None or explain is not None:
        return False
    if isinstance(model, Classifier):
        return True
    record = slots.record(adata).get("shap", {})
    return bool(record.get("made_from", {}).get("model") == adapted.fingerprint())
