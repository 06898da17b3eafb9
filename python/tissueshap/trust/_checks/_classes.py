"""One sentence for each class, derived from the table of trust and its details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._genes import LEAST_SAMPLES
from tissueshap.trust._intervals import wilson
from tissueshap.trust._verdict import FAILS, Row

#: Checks whose first row, if it fails, leaves no class's genes to be read. Values that do not
#: add up may still rank the genes.
_OF_ALL = ("repeat", "lists", "performance", "leak", "confounding", "use", "randomisation")
#: Comparisons in which genes recur, the strictest that is not relative to another first.
_AGAIN = {
    "seeds": "in another training",
    "folds": "with other training samples",
    "bootstrap": "with other explained samples",
}
#: Share of a class's genes that must recur: a Jaccard index of a third.
_LEAST_AGAIN = 0.5
_COLUMNS = (
    "class", "n_explained", "n_genes", "n_again", "again_low", "again_high", "again", "n_ordered",
    "within", "share", "readable", "sentence",
)  # fmt: skip


def class_table(
    context: Context, rows: Sequence[Row], tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return what can be said of each class's genes.

    Parameters
    ----------
    context
        The model and its data.
    rows
        Of the summary.
    tables
        Of the checks, by name.

    Returns
    -------
    ``class``, ``n_explained``, ``n_genes`` (selected), ``n_again`` (that recur on average) with
    its interval ``again_low`` and ``again_high``, ``again`` (where), ``n_ordered`` and
    ``within`` (see :func:`verified_ranks`), ``share`` (that stand out on held-out samples),
    ``readable``, ``sentence``; missing where the check was not made.
    """
    failed = [row.check for row in rows if _fails_for_all(row)]
    # Share of a class's genes that must stand out on held-out samples.
    least = {row.check: row.threshold for row in rows}.get("specificity", np.nan)
    again, where = _again(tables.get("stability"))
    parts = {
        name: _by_class(tables.get(name)) for name in ("ranks", "specificity", "classes_apart")
    }
    records = []
    for code, name in enumerate(context.classes):
        n_genes = int((~np.isnan(context.scores[:, code])).sum())
        record: dict[str, Any] = {
            "class": name,
            "n_explained": int((context.ranked_as == code).sum()),
            "n_genes": min(context.n_ranks, n_genes),
            "again": where,
            "n_ordered": parts["ranks"].get(name, {}).get("n_ordered", np.nan),
            "within": parts["ranks"].get(name, {}).get("within", np.nan),
            "share": parts["specificity"].get(name, {}).get("share", np.nan),
            **_recurring(again.get(name), min(context.n_ranks, n_genes)),
        }
        against = _against(record, parts["classes_apart"].get(name, {}), failed, least)
        record["readable"] = not against
        record["sentence"] = f"{name}: {against or _reading(record)}."
        records.append(record)
    return pd.DataFrame(records, columns=list(_COLUMNS))


def _fails_for_all(row: Row) -> bool:
    own = row.check in _OF_ALL and row.question == CHECKS[row.check].question
    return own and row.verdict == FAILS


def _by_class(table: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    if table is None:
        return {}
    return {str(name): dict(row) for name, row in table.set_index("class").iterrows()}


def _again(table: pd.DataFrame | None) -> tuple[dict[str, float], str]:
    """Return each class's share of genes that recur, and in what."""
    for check, words in _AGAIN.items():
        if table is not None and (table["check"] == check).any():
            index = table.loc[table["check"] == check].set_index("class")["jaccard"]
            # Of two lists of one length, the share in both.
            shares = (2 * index / (1 + index)).groupby(level=0).mean()
            return {str(name): float(value) for name, value in shares.items()}, words
    return {}, ""


def _recurring(share: float | None, n_genes: int) -> dict[str, float]:
    if share is None or np.isnan(share):
        return dict.fromkeys(("n_again", "again_low", "again_high"), np.nan)
    n_again = round(share * n_genes)
    low, high = wilson(n_again, n_genes)
    return {
        "n_again": n_again,
        "again_low": float(np.floor(low * n_genes + 0.5)),
        "again_high": float(np.floor(high * n_genes + 0.5)),
    }


def _against(
    record: dict[str, Any], apart: dict[str, Any], failed: Sequence[str], least: float
) -> str:
    """Return why a class's genes should not be read one by one; empty if they may."""
    if failed:
        names = ", ".join(dict.fromkeys(failed))
        return f"do not interpret its genes: the table fails for all classes ({names})"
    if record["n_explained"] < LEAST_SAMPLES:
        return f"do not interpret its genes: {record['n_explained']} explained samples"
    if apart.get("confused", False):
        closest = apart["closest"]
        return f"do not interpret single genes: held-out samples are confused with {closest}"
    if record["n_again"] < _LEAST_AGAIN * record["n_genes"]:
        return f"do not interpret single genes: {_recur(record)}"
    if record["share"] < least:
        return (
            "do not interpret single genes: "
            f"{record['share']:.0%} of them stand out in it on held-out samples"
        )
    return ""


def _recur(record: dict[str, Any]) -> str:
    low, high = int(record["again_low"]), int(record["again_high"])
    return (
        f"{int(record['n_again'])} [{low}, {high}] of {record['n_genes']} recur {record['again']}"
    )


def _reading(record: dict[str, Any]) -> str:
    """Return how the genes of a class may be read."""
    text = f"{record['n_genes']} genes"
    if not np.isnan(record["n_again"]):
        low, high = int(record["again_low"]), int(record["again_high"])
        text += f", of which {int(record['n_again'])} [{low}, {high}] recur {record['again']}"
    if not np.isnan(record["n_ordered"]):
        number = int(record["n_ordered"])
        text += f"; {_ordered(number)}, and all are among the first {int(record['within']):,}"
    return text


def _ordered(number: int) -> str:
    if number == 0:
        return "their order is not reliable"
    if number == 1:
        return "the first one is reliably the first"
    return f"the first {number} are in reliable order"
