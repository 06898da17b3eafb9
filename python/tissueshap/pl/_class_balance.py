"""``pl.class_balance``: the size of each class before and after balancing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.held_out import training
from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.figure import Figure


def class_balance(
    adata: AnnData,
    label: str | None = None,
    *,
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw how many training samples each class has, before and after balancing.

    Parameters
    ----------
    adata
        Samples x genes. Reads ``obs["split"]`` (without it all samples are used) and
        the table of ``pp.oversample``, if present; with class weights the second mark is
        the sum of a class's weights.
    %(label)s
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.class_balance(adata, save="class_balance.png")
    >>> (ts.settings.figdir / "class_balance.png").exists()
    True
    """
    names = np.asarray(slots.class_names(adata, label), dtype=object)
    codes = slots.class_codes(adata, label)
    train = np.ones(adata.n_obs, dtype=bool)
    if schema.obs.split in adata.obs:
        train = training(adata)
    before = np.bincount(codes[train], minlength=len(names))
    order = np.argsort(-before, kind="stable")
    rows = np.arange(len(names))
    balanced = slots.record(adata).get("oversample")
    with _style.context():
        figure = _style.new(6.2, _style.rows_height(len(names)), figsize)
        axes = figure.add_subplot()
        if balanced is not None:
            table = balanced["table"]
            after = np.bincount(
                codes[table["sample"].to_numpy()], weights=table["weight"], minlength=len(names)
            )
            axes.hlines(
                rows, before[order], after[order], color=_palette.FAINT, linewidth=2, zorder=1
            )
            axes.scatter(
                after[order],
                rows,
                s=34,
                facecolor="white",
                edgecolor=_palette.UP,
                zorder=2,
                label="after balancing",
            )
        axes.scatter(
            before[order], rows, s=14, color=_palette.SHAP, zorder=3, label="training samples"
        )
        _style.class_rows(axes, names[order])
        axes.set_xlim(left=0)
        _style.whole_numbers(axes, "x")
        axes.set_xlabel("samples")
        _style.legend_above(figure, axes)
    return _style.finish(figure, save)
