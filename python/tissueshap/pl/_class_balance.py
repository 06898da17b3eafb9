"""``pl.class_balance``: the size of each class before and after balancing."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Unpack

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.held_out import training
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes

#: This many classes of the same size share a row.
_MANY_EQUAL = 10


@figure
def class_balance(
    canvas: Canvas,
    adata: AnnData,
    label: str | None = None,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw how many training samples each class has, before and after balancing.

    Parameters
    ----------
    adata
        Samples x genes. Reads ``obs["split"]`` (without it all samples are used) and
        the table of ``pp.oversample``, if present; with class weights the second mark is
        the sum of a class's weights. If all classes have the same number of samples after
        balancing, it is a line. Ten classes and more of the same size share a row, and are
        listed below.
    %(label)s
    %(groups)s
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.class_balance(adata, width="page", save="class_balance.pdf")
    """
    names = np.asarray(slots.class_names(adata, label), dtype=object)
    codes = slots.class_codes(adata, label)
    train = np.ones(adata.n_obs, dtype=bool)
    if schema.obs.split in adata.obs:
        train = training(adata)
    before = np.bincount(codes[train], minlength=len(names))
    order = np.argsort(-before, kind="stable")
    order = order[np.isin(names[order], _style.chosen(list(names), groups))]
    balanced = slots.record(adata).get("oversample")
    after = None
    if balanced is not None:
        table = balanced["table"]
        after = np.bincount(
            codes[table["sample"].to_numpy()], weights=table["weight"], minlength=len(names)
        )
    shown, merged = _merged(order, names, before, after)
    below = "\n".join(
        textwrap.fill(
            f"{row}: {', '.join(map(_style.text, members))}", 14 * int(canvas.width or 6.2)
        )
        for row, members in merged.items()
    )
    rows = np.arange(len(shown))
    height = _style.rows_height(len(shown)) + 0.12 * (below.count("\n") + 2 * bool(below))
    axes = canvas.axes(6.2, height)
    if after is not None:
        _balanced(axes, rows, before[shown], after[shown])
    axes.scatter(before[shown], rows, s=14, color=_palette.SHAP, zorder=3, label="training samples")
    first = {members[0]: row for row, members in merged.items()}
    canvas.class_rows(axes, [first.get(name, name) for name in names[shown]])
    axes.set_xlim(left=0)
    _style.whole_numbers(axes, "x")
    axes.set_xlabel("samples")
    if below:
        canvas.note(axes, below)
    canvas.legend_above(axes)


def _balanced(axes: Axes, rows: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
    """Mark the numbers after balancing: by one line if they are, rounded, all the same."""
    axes.hlines(rows, before, after, color=_palette.FAINT, linewidth=2, zorder=1)
    if len(rows) > 1 and np.ptp(after) <= 1:
        words = f"after balancing: {after[0]:,.0f} each"
        axes.axvline(after[0], color=_palette.UP, linewidth=1.2, zorder=2, label=words)
        return
    axes.scatter(
        after,
        rows,
        s=34,
        facecolor="white",
        edgecolor=_palette.UP,
        zorder=2,
        label="after balancing",
    )


def _merged(
    order: np.ndarray, names: np.ndarray, before: np.ndarray, after: np.ndarray | None
) -> tuple[np.ndarray, dict[str, list[str]]]:
    """Return the classes to draw, and the names behind a row that stands for many equal ones.

    Parameters
    ----------
    order
        The classes in the order of the rows.
    names, before, after
        Of all classes: name, and number of training samples before and after balancing.
    """
    numbers = list(zip(before, before if after is None else after.round(), strict=True))
    equal: dict[tuple[float, float], list[int]] = {}
    for code in order:
        equal.setdefault(numbers[code], []).append(code)
    large = [codes for codes in equal.values() if len(codes) >= _MANY_EQUAL]
    hidden = {code for codes in large for code in codes[1:]}
    merged = {
        f"{len(codes)} classes with {before[codes[0]]:,} samples": [
            str(names[code]) for code in codes
        ]
        for codes in large
    }
    return np.array([code for code in order if code not in hidden], dtype=int), merged
