"""``pl.reliability``: how often predictions of a confidence are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


#: Points of fewer samples are accidents, and not on the line.
_LEAST = 5


@figure
def reliability(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw accuracy against confidence, before and after calibration.

    On the diagonal, of the samples with a confidence of 80 % four in five are right. The area
    of a point is the number of its samples; those of five and more are connected.

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
    _diagram(canvas, table, slots.record(adata)["calibrate"])


@figure
def reliability_diagram(canvas: Canvas, table: pd.DataFrame, record: Mapping[str, Any]) -> None:
    """Draw the table of :func:`reliability`, which a model's card has too.

    Parameters
    ----------
    canvas
        Where to draw.
    table
        ``stage``, ``n``, ``confidence``, ``accuracy``.
    record
        ``ece_before``, ``ece_after``, ``measured_on``.
    """
    _diagram(canvas, table, record)


def _diagram(canvas: Canvas, table: pd.DataFrame, record: Mapping[str, Any]) -> None:
    largest = float(table["n"].max())
    axes = canvas.axes(4.2, 4.2)
    axes.plot([0, 1], [0, 1], color=_palette.INK, linewidth=0.8, linestyle=":")
    for stage, colour in (("before", _palette.DOWN), ("after", _palette.UP)):
        rows = table[table["stage"] == stage]
        enough = rows[rows["n"] >= _LEAST]
        axes.plot(enough["confidence"], enough["accuracy"], color=colour, linewidth=0.8)
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
    canvas.legend_above(axes)
