"""The content of each section of the report, as plain values for the template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.de_methods import methods_for, name_of, pools
from tissueshap.pl import counts
from tissueshap.report._genes import gene_table
from tissueshap.report._markers import score_markers
from tissueshap.report._results import is_test, number, ran, result, text
from tissueshap.report._truth import score_truth

if TYPE_CHECKING:
    from anndata import AnnData

Rows = list[dict[str, Any]]

#: How often chance alone may make a report say that a rate is exceeded.
_CHANCE = 0.05


def classes(adata: AnnData) -> Rows:
    """Return numbers by class: samples, training, held out, after balancing, donors."""
    label = text(adata.obs[slots.label_of(adata)])
    table = pd.DataFrame({"n": label.value_counts()}).sort_index()
    if ran(adata, "split") and not ran(adata, "cross_validate"):
        test = is_test(adata).to_numpy()
        table["train"] = label[~test].value_counts()
        table["test"] = label[test].value_counts()
    balanced = result(adata, "oversample", "table")
    if balanced is not None:
        table["balanced"] = label.iloc[np.asarray(balanced["sample"])].value_counts()
    if schema.obs.donor in adata.obs:
        donors = text(adata.obs[schema.obs.donor])
        table["donors"] = donors.groupby(label.to_numpy()).nunique()
    return rows(table.fillna(0).astype(int).reset_index(names="class"))


def per_class(adata: AnnData) -> Rows:
    """Return the scores of each class, the weakest first."""
    table = result(adata, "evaluate", "per_class")
    return [] if table is None else rows(table.sort_values("f1", kind="stable"))


def mistakes(adata: AnnData, *, n_top: int = 8) -> Rows:
    """Return the most common mistakes: true class, predicted class, number."""
    table = result(adata, "evaluate", "confusion")
    if table is None:
        return []
    wrong = table[text(table["true"]).to_numpy() != text(table["predicted"]).to_numpy()]
    wrong = wrong[wrong["n"] > 0].sort_values("n", ascending=False, kind="stable")
    return rows(wrong.head(n_top))


def all_right_listed(adata: AnnData) -> bool:
    """Return whether the confusion figure lists the classes without mistakes."""
    table = result(adata, "evaluate", "per_class")
    right = None if table is None else (table["recall"] == 1) & (table["precision"] == 1)
    return right is not None and bool(right.any() and not right.all())


def validated(adata: AnnData) -> bool:
    """Return whether samples were held out to monitor the training."""
    table = result(adata, "cnn", "history")
    return table is not None and "val_loss" in table and bool(table["val_loss"].notna().any())


def genes(adata: AnnData) -> Rows:
    """Return the selected genes, one row per class and gene."""
    return rows(gene_table(adata)) if ran(adata, "select_genes") else []


def top_genes(chosen: Rows, *, n_top: int = 8) -> list[tuple[str, Rows]]:
    """Return each class's first genes."""
    by_class: dict[str, Rows] = {}
    for row in chosen:
        by_class.setdefault(row["class"], []).append(row)
    return [(name, genes[:n_top]) for name, genes in by_class.items()]


def de_counts(adata: AnnData) -> Rows:
    """Return numbers by class: SHAP genes, DE genes up and down, shared and expected."""
    table = result(adata, "compare", "per_class")
    return [] if table is None else rows(table)


def missed_by_class(adata: AnnData) -> Rows:
    """Return by class how many SHAP genes differential expression missed, and why."""
    table = result(adata, "compare", "genes")
    if table is None:
        return []
    only = table[np.asarray(table["in_shap"], bool) & ~np.asarray(table["in_de"], bool)]
    counted = pd.crosstab(text(only["class"]), text(only["missed_by"]))
    counted = counted.reindex(columns=list(_MISSED), fill_value=0)
    return rows(counted.assign(n=counted.sum(axis=1)).reset_index(names="class"))


def missed(adata: AnnData) -> list[tuple[str, int]]:
    """Return why differential expression missed SHAP genes, and how often."""
    table = result(adata, "compare", "genes")
    if table is None:
        return []
    only = table[np.asarray(table["in_shap"], bool) & ~np.asarray(table["in_de"], bool)]
    counts = text(only["missed_by"]).value_counts()
    return [(_MISSED.get(str(reason), str(reason)), int(n)) for reason, n in counts.items()]


_MISSED = {
    "fdr": "it is not significant",
    "logfc": "its fold change is too small",
    "both": "it is neither significant nor changed enough",
}


def top_ranks(adata: AnnData) -> Rows:
    """Return the numbers of ranks with 90 to 50 % unique places, and of their genes."""
    table = result(adata, "select_genes", "by_share")
    return [] if table is None else rows(table)


def called(adata: AnnData) -> Rows:
    """Return numbers by class of genes that DE calls: up, down, only in this class."""
    return rows(counts(adata)) if ran(adata, "de") else []


def de_rates(adata: AnnData) -> Rows:
    """Return what the tests of DE call for labels without difference, if that was counted."""
    table = result(adata, "de_error_rate", "rates")
    if table is None:
        return []
    from scipy.stats import binom

    params = result(adata, "de_error_rate", "params")
    fdr, permuted = float(params["fdr"]), str(params["null"]) == "permuted"
    words = "permuted labels" if permuted else "halves of each class compared with each other"
    # More tests with calls than a rate of `fdr` gives by chance in one table of twenty.
    with_calls = (table["realised_fdr"] * table["n_tests"]).round()
    above = binom.sf(with_calls - 1, table["n_tests"], fdr) <= _CHANCE
    return rows(table.assign(fdr=fdr, null=words, above=above))


def null_test(adata: AnnData) -> dict[str, float]:
    """Return the results of the null test, or an empty mapping."""
    names = (
        *("n_sets", "n_genes", "observed", "null_mean", "null_sd"),
        *("empirical_pvalue", "t_statistic", "t_pvalue"),
    )
    values = {name: number(adata, "null_test", name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def v_measure(adata: AnnData) -> Rows:
    """Return the clustering scores of each gene set."""
    table = result(adata, "cluster", "summary")
    return [] if table is None else rows(table)


def markers(adata: AnnData) -> list[dict[str, Any]]:
    """Return by class which known markers were selected and which were not."""
    if "markers" not in adata.uns or not ran(adata, "select_genes"):
        return []
    scored = score_markers(adata)
    n_ranks = int(result(adata, "select_genes", "n_ranks"))
    return [
        _marker_class(str(name), of_class, n_ranks / adata.n_vars)
        for name, of_class in scored.groupby("class", sort=True)
    ]


def _marker_class(name: str, scored: pd.DataFrame, chance: float) -> dict[str, Any]:
    measured = scored[scored["measured"]].sort_values("shap_rank")
    return {
        "class": name,
        "found": rows(measured[measured["in_shap"]]),
        "missed": rows(measured[~measured["in_shap"]]),
        "absent": list(scored.loc[~scored["measured"], "gene"]),
        "n_measured": len(measured),
        "n_de": int(measured["in_de"].sum()),
        "expected": len(measured) * chance,
    }


def truth(adata: AnnData) -> Rows:
    """Return the scores on a simulation's planted markers."""
    return rows(score_truth(adata)) if "truth" in adata.uns and ran(adata, "de") else []


_RESTS = {
    "mean_of_classes": "the average of the others",
    "weighted": "the average of the others, weighted by their samples",
    "pooled": "all other samples together",
}


def methods(adata: AnnData) -> dict[str, str]:
    """Return the names of the methods: balancing, preset, test."""
    names = {
        "smote": "SMOTE",
        "random": "random oversampling",
        "undersample": "random undersampling",
        "class_weight": "class weights",
        "none": "",
    }
    balance = str(result(adata, "oversample", "params", {}).get("method", "none"))
    tested = result(adata, "de", "params", {})
    test = str(tested.get("method", methods_for("counts")[0]))
    rest = _RESTS.get(str(tested.get("rest", "")), _RESTS["mean_of_classes"])
    return {
        "balance": names.get(balance, balance),
        "preset": str(result(adata, "cnn", "params", {}).get("preset", "")),
        "de_tool": name_of(test),
        "de_rest": rest,
        "de_against": _RESTS["pooled"] if pools(test) else rest,
        **_clustering(result(adata, "cluster", "params", {}), folded=ran(adata, "cross_validate")),
    }


def _clustering(params: dict[str, Any], *, folded: bool) -> dict[str, str]:
    kinds = {"test": "Held-out samples", "train": "Training samples", "all": "All samples"}
    samples = "all" if folded else str(params.get("samples", "test"))
    return {
        "cluster_samples": kinds.get(samples, ""),
        "cluster_starts": f"{int(params.get('n_starts', 0)):,}",
        "cluster_on": str(params.get("on", "umap")),
    }


def rows(table: pd.DataFrame) -> Rows:
    """Return the rows of a frame as dictionaries of plain values, with classes as strings."""
    plain = table.copy()
    for name in plain.columns[[not pd.api.types.is_numeric_dtype(t) for t in plain.dtypes]]:
        plain[name] = plain[name].astype(str)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]
