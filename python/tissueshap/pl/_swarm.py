"""A class's top genes, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.pl._canvas import Canvas

#: Bins along the axis within which dots are stacked.
_SLOTS = 80


def draw(
    canvas: Canvas,
    adata: AnnData,
    class_name: str,
    genes: list[str],
    *,
    layer: str,
) -> None:
    """Draw SHAP values of the samples explained as a class, coloured by expression.

    Parameters
    ----------
    canvas
        Where to draw.
    adata
        Samples x genes, after ``tl.shap``.
    class_name
        The class.
    genes
        Genes (``var_names``), the first on top.
    layer
        Layer whose values give the colours, from each gene's lowest to its highest.
    """
    samples = _explained(adata, class_name)
    columns = adata.var_names.get_indexer(genes)
    values = slots.require(adata, "layers", schema.layers.shap)[np.ix_(samples, columns)]
    # The scale is that of all samples, because those of one class may all be high.
    everywhere = dense(slots.require(adata, "layers", layer)[:, columns]).astype(float)
    low, span = everywhere.min(axis=0), np.ptp(everywhere, axis=0)
    level = (everywhere[samples] - low) / np.where(span > 0, span, 1)
    axes = canvas.axes(5.6, _style.rows_height(len(genes), margin=1.4) + 0.08 * len(genes))
    reach = (float(np.nanmin(values)), float(np.nanmax(values)))
    for row in range(len(genes)):
        dots = axes.scatter(
            values[:, row],
            row + stacked(values[:, row], reach),
            c=level[:, row],
            cmap=_palette.SEQUENTIAL,
            vmin=0,
            vmax=1,
            s=16 if len(samples) < 30 else 7,
            linewidths=0,
            rasterized=_style.rasterised(values.size),
        )
    axes.axvline(0, color=_palette.MUTED, linewidth=0.8, zorder=0)
    _style.gene_rows(axes, adata, genes)
    axes.set_xlabel(f"SHAP value for {_style.text(class_name)}")
    axes.set_title(f"{len(samples):,} samples", fontsize=8, fontweight="normal")
    bar = axes.figure.colorbar(dots, ax=axes, shrink=0.7, aspect=25, pad=0.02)
    bar.set_label("expression")
    bar.set_ticks([0, 1], labels=["low", "high"])


def stacked(values: np.ndarray, reach: tuple[float, float]) -> np.ndarray:
    """Return offsets that place dots of similar values next to each other.

    Parameters
    ----------
    values
        Place of each dot along the axis.
    reach
        Lowest and highest value of the axis.
    """
    low, high = reach
    bins = np.floor((values - low) / max(high - low, np.finfo(float).tiny) * _SLOTS)
    offsets = np.zeros(len(values))
    for place in np.unique(bins):
        members = np.flatnonzero(bins == place)
        # 0, 1, -1, 2, -2, ...: the stack grows from the middle.
        turn = np.arange(len(members))
        offsets[members] = np.where(turn % 2, (turn + 1) // 2, -(turn // 2))
    widest = np.abs(offsets).max(initial=0)
    return offsets * min(0.08, 0.4 / widest) if widest else offsets


def _explained(adata: AnnData, class_name: str) -> np.ndarray:
    """Return the positions of the samples that were explained as a class."""
    table = slots.table(adata, "shap", "samples")
    chosen = table.loc[table["explained"].astype(str) == class_name, "sample"]
    if not len(chosen):
        raise DataError(
            f"no sample was explained as {class_name!r}: tl.shap(adata, model, samples='test') "
            "explains wrongly predicted samples too"
        )
    numeric = np.issubdtype(chosen.to_numpy().dtype, np.integer)
    rows = chosen.to_numpy() if numeric else adata.obs_names.get_indexer(chosen.astype(str))
    positions: np.ndarray = np.asarray(rows, dtype=np.int64)
    return positions
