"""What was run, in sentences, for the verbs that have been run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tissueshap.report._folds import n_folds
from tissueshap.report._results import ran, result
from tissueshap.report._sections import methods

if TYPE_CHECKING:
    from anndata import AnnData

_STATISTICS = {"mean": "mean", "mean_abs": "mean absolute value"}
_TARGETS = {"true": "annotated class", **dict.fromkeys(("predicted", "all"), "predicted class")}


def account(adata: AnnData) -> str:
    """Return the description of the method, for the verbs that have left a record."""
    return " ".join(filter(None, (_counts(adata), _training(adata), _genes(adata), _de(adata))))


def _counts(adata: AnnData) -> str:
    done = [
        words
        for verb, words in (("filter_genes", "filtered"), ("tmm", "normalised by TMM (edgeR)"))
        if ran(adata, verb)
    ]
    if done:
        return f"Counts were {' and '.join(done)}."
    return "Values were log-transformed already, and not changed." if ran(adata, "cnn") else ""


def _training(adata: AnnData) -> str:
    if not ran(adata, "split"):
        return ""
    split = "Some samples of each class were held out."
    if not ran(adata, "cnn"):
        return split
    names = methods(adata)
    balanced = f", balanced by {names['balance']}" if names["balance"] else ""
    preset = f" (preset {names['preset']})" if names["preset"] else ""
    if ran(adata, "cross_validate"):
        groups = result(adata, "split", "params", {}).get("groups")
        whole = f", all samples of a {groups} in one" if groups else ""
        return (
            f"The samples were divided into {n_folds(adata)} folds{whole}. Those of each fold "
            f"were predicted and explained by a neural network{preset} that was trained on the "
            f"others{balanced}."
        )
    return f"{split} A neural network{preset} was trained on the others{balanced}."


def _genes(adata: AnnData) -> str:
    said = []
    if ran(adata, "shap"):
        params = result(adata, "shap", "params", {})
        target = str(params.get("target", "predicted"))
        of = "logit" if params.get("output") == "logit" else "probability"
        which = _TARGETS.get(target, f"class {target}")
        said.append(
            "For each explained sample, expected gradients (the estimator of SHAP's "
            f"GradientExplainer) attributed the {of} of the {which} to the genes."
        )
    if ran(adata, "rank_genes"):
        statistic = str(result(adata, "rank_genes", "params", {}).get("statistic", "median"))
        top = ", and the top ranks are selected" if ran(adata, "select_genes") else ""
        said.append(
            f"A gene's rank in a class follows its {_STATISTICS.get(statistic, 'median')} over "
            f"that class's samples{top}."
        )
    return " ".join(said)


def _de(adata: AnnData) -> str:
    if not ran(adata, "de"):
        return ""
    names = methods(adata)
    compared = ", and the two lists are compared here" if ran(adata, "compare") else ""
    return (
        f"Independently, {names['de_tool']} compared each class with {names['de_against']}"
        f"{compared}."
    )
