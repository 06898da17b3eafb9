"""``pl.logfc``: fold changes of the genes of SHAP, DE and both, and why DE misses genes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

#: Fewer values than this are drawn as points, because a density of five genes is meaningless.
_FEWEST = 10


@figure
def logfc(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw log2 fold changes of genes called by SHAP only, DE only and both.

    The second panel shows why DE misses the genes that only SHAP calls. A gene counts
    once for each class in which it is called.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.compare``. Reads its table ``genes`` and its
        cut-offs.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.logfc(adata, width="page", save="logfc.pdf")
    """
    genes = slots.table(adata, "compare", "genes")
    cutoffs = slots.table(adata, "compare", "params")
    in_shap, in_de = genes["in_shap"].astype(bool), genes["in_de"].astype(bool)
    groups = {
        "SHAP only": (genes.loc[in_shap & ~in_de, "logfc"], _palette.SHAP),
        "both": (genes.loc[in_shap & in_de, "logfc"], _palette.BOTH),
        "DE only": (genes.loc[~in_shap & in_de, "logfc"], _palette.DE),
    }
    figure = canvas.figure(6.6, 3.4)
    if canvas.width is None or canvas.width > 4.5:
        left, right = figure.subplots(1, 2, width_ratios=[1.7, 1])
    else:
        left, right = figure.subplots(2, 1, height_ratios=[1.7, 1])
    for place, (values, colour) in enumerate(groups.values()):
        _violin(left, place, values.dropna().to_numpy(float), colour)
    left.set_xticks(
        range(3), [f"{name}\nn = {len(values):,}" for name, (values, _) in groups.items()]
    )
    left.set_xlim(-0.6, 2.6)
    lfc = float(cutoffs["lfc"])
    for cutoff in (-lfc, lfc):
        left.axhline(cutoff, color=_palette.MUTED, linewidth=0.8, linestyle="--")
    left.set_ylabel("log2 fold change, class against the others")
    left.grid(axis="y")
    missed = genes.loc[in_shap & ~in_de, "missed_by"]
    _reasons(right, missed, fdr=float(cutoffs["fdr"]), lfc=lfc)


def _violin(axes: Axes, place: int, values: np.ndarray, colour: str) -> None:
    """Draw a violin with its quartiles, or points for few or constant values."""
    if len(values) < _FEWEST or np.ptp(values) == 0:
        axes.scatter(np.full(len(values), place), values, s=12, color=colour)
        return
    drawn: Any = axes.violinplot([values], [place], widths=0.8, showextrema=False)
    drawn["bodies"][0].set(facecolor=colour, alpha=0.55, edgecolor=colour)
    low, middle, high = np.percentile(values, [25, 50, 75])
    axes.vlines(place, low, high, color=_palette.INK, linewidth=3)
    axes.scatter([place], [middle], s=14, color="white", edgecolor=_palette.INK, zorder=3)


def _reasons(axes: Axes, missed: pd.Series, *, fdr: float, lfc: float) -> None:
    reasons = {"fdr": f"FDR\n≥ {fdr:g}", "logfc": f"|log2FC|\n≤ {lfc:g}", "both": "both"}
    counts = missed.value_counts().reindex(list(reasons), fill_value=0)
    axes.bar(range(3), counts, color=_palette.SHAP, width=0.7)
    for place, count in enumerate(counts):
        axes.annotate(
            f"{count:,}",
            (place, count),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
        )
    axes.set_xticks(range(3), list(reasons.values()))
    axes.set_ylim(0, max(1, counts.max()) * 1.12)
    axes.set_title("why DE missed SHAP-only genes", fontsize=8, fontweight="normal")
    _style.whole_numbers(axes, "y")
