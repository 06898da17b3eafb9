"""``pl.reliability``: how often predictions of a confidence are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tissueshap._core import slots
from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData
    from matplotlib.figure import Figure


def reliability(
    adata: AnnData,
    *,
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw accuracy against confidence, before and after calibration.

    On the diagonal, of the samples with a confidence of 80 % four in five are right. The area
    of a point is the number of its samples.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.calibrate``. Reads the table ``reliability`` of its record.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> _ = ts.tl.calibrate(adata, model, n_folds=2)
    >>> figure = ts.pl.reliability(adata)
    """
    table = slots.table(adata, "calibrate", "reliability")
    figure = reliability_diagram(table, slots.record(adata)["calibrate"], figsize)
    return _style.finish(figure, save)


def reliability_diagram(
    table: pd.DataFrame,
    record: Mapping[str, Any],
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Draw the table of :func:`reliability`, which a model's card has too.

    Parameters
    ----------
    table
        ``stage``, ``n``, ``confidence``, ``accuracy``.
    record
        ``ece_before``, ``ece_after``, ``measured_on``.
    figsize
        Of the figure, in inches; None for its own size.
    """
    largest = float(table["n"].max())
    with _style.context():
        figure = _style.new(4.2, 4.2, figsize)
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=_palette.INK, linewidth=0.8, linestyle=":")
        for stage, colour in (("before", _palette.DOWN), ("after", _palette.UP)):
            rows = table[table["stage"] == stage]
            axes.plot(rows["confidence"], rows["accuracy"], color=colour, linewidth=0.8)
            axes.scatter(
                rows["confidence"],
                rows["accuracy"],
                s=12 + 120 * rows["n"] / largest,
                color=colour,
                alpha=0.8,
                linewidth=0,
                label=f"{stage} (error {float(record[f'ece_{stage}']):.3f})",
            )
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        _style.percent(axes, "x")
        _style.percent(axes, "y")
        axes.set_xlabel("confidence: probability of the predicted class")
        axes.set_ylabel(f"share of {record['measured_on']} samples that are right")
        _style.legend_above(figure, axes)
    return figure
