"""``pl.transfer``: the predicted classes of the samples of another cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData

#: Inches of a cell, and of the smallest one of a figure whose width is given.
_CELL, _SMALLEST_CELL = 0.2, 0.075
#: Inches above and below the cells: title, names of the columns, note.
_AROUND = 2.4


@figure
def transfer(
    canvas: Canvas,
    adata: AnnData,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the predicted classes of the samples of another cohort, in numbers of samples.

    Rows are the true classes in the classifier's words, then, below a line, those that the
    classifier does not know; the columns are the classes that were predicted. If the width is
    fixed and too small for all, those with the most errors are drawn.

    Parameters
    ----------
    adata
        The other cohort, after ``tl.transfer``. Reads its tables.
    groups
        True classes to draw; all by default.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.transfer(other, width="page", save="transfer.pdf")
    """
    known = slots.table(adata, "transfer", "confusion")
    unknown = slots.table(adata, "transfer", "unknown").rename(columns={"class": "true"})
    pairs = pd.concat([known, unknown], ignore_index=True)
    classes = sorted(known["true"].astype(str).unique())
    others = sorted(unknown["true"].astype(str).unique())
    predicted = pairs["predicted"].astype(str)
    columns = classes + sorted(set(predicted) - set(classes))
    rows = classes + others
    counts = np.zeros((len(rows), len(columns)), dtype=int)
    # A class that is unknown may have the name of a known one.
    place = {("known", name): i for i, name in enumerate(classes)}
    place |= {("unknown", name): len(classes) + i for i, name in enumerate(others)}
    kinds = ["known"] * len(known) + ["unknown"] * len(unknown)
    for kind, true, name, n in zip(
        kinds, pairs["true"].astype(str), predicted, pairs["n"], strict=True
    ):
        counts[place[kind, true], columns.index(name)] += int(n)
    wanted = _style.chosen(list(dict.fromkeys(rows)), groups)
    across = _fitting(canvas, counts, columns)
    drawn = [
        i for i, name in enumerate(rows) if name in wanted and (i in across or i >= len(classes))
    ]
    n_known = sum(i < len(classes) for i in drawn)
    shares = (counts / counts.sum(axis=1, keepdims=True))[np.ix_(drawn, across)]
    n_left = len(columns) - len(across)
    counts, rows = counts[np.ix_(drawn, across)], [rows[i] for i in drawn]
    columns = [columns[i] for i in across]
    cell = _CELL
    if canvas.width is not None:
        cell = min(cell, (_style.PAGE_HEIGHT - _AROUND) / len(rows))
    axes = canvas.axes(3.4 + _CELL * len(columns), max(2.6, _AROUND + cell * len(rows)))
    size = _style.cell_text(canvas.width, len(columns))
    axes.imshow(shares, cmap=_palette.HEAT, vmin=0, vmax=1, aspect="auto")
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[row, column] > 0.55 else _palette.INK
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=size,
            color=colour,
        )
    axes.set_xticks(
        range(len(columns)), _style.texts(columns, min(32, canvas.longest)), rotation=90
    )
    axes.set_yticks(range(len(rows)), _style.texts(rows, min(36, canvas.longest)))
    axes.tick_params(length=0, labelsize=min(7, size + 1))
    if 0 < n_known < len(rows):
        axes.axhline(n_known - 0.5, color=_palette.INK, linewidth=0.8)
    axes.set(xlabel="predicted class", ylabel="true class")
    right, scored = (int(slots.table(adata, "transfer", k)) for k in ("n_correct", "n_scored"))
    title = f"{right:,} of {scored:,} correct"
    simple = slots.record(adata)["transfer"].get("baseline_n_correct")
    if simple is not None:
        title += f"; logistic regression {int(simple):,}"
    axes.set_title(title, fontsize=8)
    if n_left:
        canvas.note(axes, f"{n_left} classes with fewer errors are not drawn")


def _fitting(canvas: Canvas, counts: np.ndarray, columns: list[str]) -> list[int]:
    """Return the columns that a figure has space for: those with the most errors."""
    n = len(columns)
    if canvas.width is not None:
        names = _style.label_length(_style.texts(columns, canvas.longest))
        n = max(5, int((canvas.width - names - 0.4) / _SMALLEST_CELL))
    wrong = counts.sum(axis=0).astype(float)
    n_both = min(counts.shape)
    square = counts[:n_both, :n_both]
    wrong[:n_both] += square.sum(axis=1) - 2 * np.diag(square)
    return sorted(np.argsort(-wrong, kind="stable")[:n].tolist())
