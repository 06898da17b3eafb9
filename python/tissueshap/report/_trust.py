"""The report's section on trust, and its part of the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tissueshap import pl
from tissueshap.report._results import ran, result
from tissueshap.report._sections import Rows, rows
from tissueshap.trust import FAILS, NOT_MEASURED

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure


_TABLES = ("summary", "classes", "specificity", "methods", "truth")


def trust(adata: AnnData) -> dict[str, Any]:
    """Return the values of the template ``trust.html``: the table, and some of its details."""
    tables = {name: result(adata, "trust", name) for name in _TABLES}
    shown = {name: [] if table is None else rows(table) for name, table in tables.items()}
    return {
        "trust": shown["summary"],
        "trust_classes": shown["classes"],
        "trust_specificity": sorted(shown["specificity"], key=lambda row: row["share"]),
        "trust_methods": shown["methods"],
        "trust_truth": shown["truth"],
    }


def verdicts(adata: AnnData) -> Rows:
    """Return one row per check that was run: the one that fails, or else its first."""
    table = result(adata, "trust", "summary")
    if table is None:
        return []
    measured = [row for row in rows(table) if row["verdict"] != NOT_MEASURED]
    by_check: dict[str, dict[str, Any]] = {}
    for row in measured:
        first = by_check.setdefault(row["check"], row)
        if row["verdict"] == FAILS and first["verdict"] != FAILS:
            by_check[row["check"]] = row
    return list(by_check.values())


def sentences(adata: AnnData) -> dict[str, str]:
    """Return what can be said of each class's genes; empty for tables of earlier versions."""
    table = result(adata, "trust", "classes")
    if table is None:
        return {}
    return dict(zip(table["class"].astype(str), table["sentence"].astype(str), strict=True))


def trust_figures(adata: AnnData) -> dict[str, Figure]:
    """Draw the figures of the checks that were run."""
    if not ran(adata, "trust"):
        return {}
    drawn = {"trust": pl.trust(adata)}
    for name, table, draw in (
        ("trust_classes", "classes", pl.trust_classes),
        ("curves", "curves", pl.curves),
        ("randomisation", "randomisation", pl.randomisation),
    ):
        if result(adata, "trust", table) is not None:
            drawn[name] = draw(adata)
    return drawn
