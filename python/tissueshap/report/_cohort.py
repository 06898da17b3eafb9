"""The report's sections on another cohort and on balancing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tissueshap.report._results import number, ran, result, text
from tissueshap.report._sections import rows

if TYPE_CHECKING:
    from anndata import AnnData


def content(adata: AnnData, other: AnnData | None) -> dict[str, Any]:
    """Return the values of the templates ``another.html`` and ``balancing.html``."""
    balancing = result(adata, "compare_balancing", "summary")
    return {
        "balancing": [] if balancing is None else rows(balancing),
        "another": _another(other),
        "stability": _stability(adata),
    }


def _another(other: AnnData | None) -> dict[str, Any]:
    if other is None or not ran(other, "transfer"):
        return {}
    names = ("n_correct", "n_scored", "accuracy", "macro_f1")
    baseline = tuple(f"baseline_{name}" for name in (*names, "n_genes") if name != "n_scored")
    table = result(other, "transfer", "confusion")
    wrong = table[text(table["true"]).to_numpy() != text(table["predicted"]).to_numpy()]
    unknown = text(result(other, "transfer", "unknown")["class"])
    return {
        "n_samples": other.n_obs,
        **{name: number(other, "transfer", name) for name in (*names, *baseline)},
        "per_class": rows(result(other, "transfer", "per_class").sort_values("f1", kind="stable")),
        "harmonised": ran(other, "harmonise"),
        "frozen": ran(other, "tmm"),
        "mistakes": rows(wrong.sort_values("n", ascending=False, kind="stable").head(12)),
        "unknown": sorted(set(unknown)),
    }


def _stability(adata: AnnData) -> dict[str, Any]:
    table = result(adata, "stability", "per_class")
    if table is None:
        return {}
    names = ("n_genes", "n_top", "median_fraction", "median_rbo", "p")
    return {
        **{name: number(adata, "stability", name) for name in names},
        "rows": rows(table.sort_values("fraction", ascending=False, kind="stable")),
    }
