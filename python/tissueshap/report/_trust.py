"""What the report shows of trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tissueshap import pl
from tissueshap.report._found import found, ran
from tissueshap.report._sections import rows

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure


def trust(adata: AnnData) -> dict[str, Any]:
    """Return the values of the template ``trust.html``: the table, and some of its details."""
    held = {name: found(adata, "trust", name) for name in ("summary", "methods", "truth")}
    shown = {name: [] if table is None else rows(table) for name, table in held.items()}
    return {
        "trust": shown["summary"],
        "trust_methods": shown["methods"],
        "trust_truth": shown["truth"],
    }


def trust_figures(adata: AnnData) -> dict[str, Figure]:
    """Draw the figures of the checks that were made."""
    if not ran(adata, "trust"):
        return {}
    drawn = {"trust": pl.trust(adata)}
    for name, draw in (("curves", pl.curves), ("randomisation", pl.randomisation)):
        if found(adata, "trust", name) is not None:
            drawn[name] = draw(adata)
    return drawn
