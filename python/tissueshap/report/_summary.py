"""The numbers of a run."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tissueshap._core import schema, slots
from tissueshap._core.labels import GENE_SETS
from tissueshap._version import __version__
from tissueshap.report._failures import failures
from tissueshap.report._folds import n_folds
from tissueshap.report._results import is_test, number, ran, result
from tissueshap.report._trust import sentences, verdicts

if TYPE_CHECKING:
    from anndata import AnnData


def summarise(adata: AnnData) -> dict[str, Any]:
    """Return the numbers of a run, in types that JSON has.

    Parameters
    ----------
    adata
        After the verbs; results of verbs that were not run are None.

    Returns
    -------
    dict
        ``n_samples``, ``n_classes``, ``n_genes``, ``n_train``, ``n_test``, ``n_folds``
        (with folds all samples are both training and held out), ``macro_f1_folds`` (by fold),
        ``n_train_balanced`` (rows after balancing), ``macro_f1``,
        ``baseline_macro_f1``, ``accuracy``, ``n_shap_genes``, ``n_ranks``,
        ``unique_fraction``, ``n_de_genes``, ``overlap_fraction`` (share of the SHAP
        genes that are DE genes), ``overlap_expected`` (the same by chance), ``v_measure``
        (by gene set), ``training`` (``learning_rate``, ``retries``, ``diverged``), ``trust``
        (by check that was run: ``verdict``, ``value``, ``threshold``, ``chance``,
        ``question``, ``measure``; for a check with several rows the one that fails, or else
        the first), ``trust_classes`` (by class, what can be read of its genes, in a sentence),
        ``failures`` (evidence against the result, in sentences), ``timings``
        (seconds by step), ``versions``.

    Examples
    --------
    >>> round(ts.report.summarise(adata)["macro_f1"], 1)
    1.0
    """
    return {
        "failures": [words for _, words, _ in failures(adata)],
        **_cohort(adata),
        **{name: number(adata, "evaluate", name) for name in _SCORES},
        "macro_f1_folds": _macro_f1_folds(adata),
        **_genes(adata),
        "v_measure": v_measures(adata),
        "training": training(adata),
        "trust": trust(adata),
        "trust_classes": sentences(adata),
        "timings": timings(adata),
        "versions": versions(adata),
    }


_SCORES = ("macro_f1", "baseline_macro_f1", "accuracy")


def v_measures(adata: AnnData) -> dict[str, float | None]:
    """Return the mean V-measure of each gene set; None for one not clustered."""
    table = result(adata, "cluster", "summary")
    scores: Mapping[str, float] = {}
    if table is not None:
        names = table["gene_set"].astype(str)
        scores = dict(zip(names, table["v_measure"].astype(float), strict=True))
    return {name: scores.get(name) for name in [*GENE_SETS, *(set(scores) - set(GENE_SETS))]}


def training(adata: AnnData) -> dict[str, Any]:
    """Return the course of the training; empty without a record of it."""
    names = {"learning_rate": float, "retries": int, "diverged": bool}
    values = {name: result(adata, "cnn", name) for name in names}
    return {name: names[name](value) for name, value in values.items() if value is not None}


def trust(adata: AnnData) -> dict[str, dict[str, Any]]:
    """Return the verdict of each check that was run, with its values."""
    words, figures = ("verdict", "question", "measure"), ("value", "threshold", "chance")
    return {
        row["check"]: {
            **{name: row[name] for name in words},
            **{name: None if math.isnan(row[name]) else float(row[name]) for name in figures},
        }
        for row in verdicts(adata)
    }


def timings(adata: AnnData) -> dict[str, float]:
    """Return the seconds that each step of the workflow took."""
    table = result(adata, "workflow", "timings")
    if table is None:
        return {}
    steps = table["step"].astype(str)
    return dict(zip(steps, table["seconds"].astype(float).round(2), strict=True))


def versions(adata: AnnData) -> dict[str, str]:
    """Return all versions that verbs have recorded, and Python's."""
    numbers = {"python": platform.python_version()}
    for entry in slots.record(adata).values():
        if isinstance(entry, Mapping):
            numbers.update({str(k): str(v) for k, v in entry.get("versions", {}).items()})
    numbers["tissueshap"] = __version__
    return dict(sorted(numbers.items(), key=lambda item: item[0].lower()))


def _cohort(adata: AnnData) -> dict[str, Any]:
    test = is_test(adata) if schema.obs.split in adata.obs else None
    balanced = result(adata, "oversample", "table")
    return {
        "n_samples": adata.n_obs,
        "n_classes": len(slots.class_names(adata)),
        "n_genes": adata.n_vars,
        "n_train": None if test is None else int((~test).sum()),
        "n_test": None if test is None else int(test.sum()),
        "n_folds": n_folds(adata),
        "n_train_balanced": None if balanced is None else len(balanced),
    }


def _macro_f1_folds(adata: AnnData) -> list[float] | None:
    table = result(adata, "evaluate", "folds")
    return None if table is None else [float(score) for score in table["macro_f1"]]


def _genes(adata: AnnData) -> dict[str, Any]:
    ranks = number(adata, "select_genes", "n_ranks")
    chosen = adata.var.get(schema.var.shap_selected)
    tested = adata.var.get(schema.var.de_significant) if ran(adata, "de") else None
    expected, n_shap = (number(adata, "compare", name) for name in ("expected", "n_shap"))
    return {
        "n_shap_genes": None if chosen is None else int(chosen.sum()),
        "n_ranks": None if ranks is None else int(ranks),
        "unique_fraction": number(adata, "select_genes", "unique_fraction"),
        "n_de_genes": None if tested is None else int(tested.sum()),
        "overlap_fraction": number(adata, "compare", "overlap_fraction"),
        "overlap_expected": expected / n_shap if n_shap and expected is not None else None,
    }
