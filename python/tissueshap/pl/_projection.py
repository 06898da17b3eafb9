"""``pl.projection``: another cohort in the embedding of the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap.pl import _labels, _palette, _style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL = 4.2  # inches
_KEY_ROWS = 26
#: Largest number of classes with names in the panels; with more there are numbers and a list.
_MOST_NAMED = 10


def projection(
    adata: AnnData,
    label: str | None = None,
    *,
    gene_sets: Sequence[str] | None = None,
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw the samples of another cohort among those of the first.

    The first cohort is grey, with its classes at their medians (as numbers, explained in
    a list, if there are more than ten). After ``tl.transfer`` the new samples are coloured
    by whether the prediction is correct, otherwise all in one colour.

    Parameters
    ----------
    adata
        The new cohort, after ``tl.project``. Reads ``obsm["X_umap_<set>"]``, the record of
        ``project`` and, if present, ``obs["predicted"]`` and that of ``transfer``.
    label
        Column of ``obs`` with its classes; the recorded one by default.
    gene_sets
        Sets to draw; all that were projected by default.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.projection(other, save="projection.png")
    >>> (ts.settings.figdir / "projection.png").exists()
    True
    """
    reference = slots.table(adata, "project", "reference")
    sets = reference["gene_set"].astype(str)
    chosen = list(dict.fromkeys(sets)) if gene_sets is None else list(gene_sets)
    names = sorted(reference["class"].astype(str).unique())
    numbered = len(names) > _MOST_NAMED
    shown = [str(i + 1) for i in range(len(names))] if numbered else _style.texts(names, 28)
    columns = min(2, len(chosen))
    lines = -(-len(chosen) // columns)
    key_columns = -(-len(names) // (_KEY_ROWS * lines)) if numbered else 0
    kinds = _kinds(adata, label)
    with _style.context():
        figure = _style.new(
            _PANEL * columns + 2.6 * key_columns, (_PANEL + 0.25) * lines + 0.4, figsize
        )
        grid = np.atleast_1d(figure.subplots(lines, columns)).ravel()
        for axes in grid[len(chosen) :]:
            axes.set_axis_off()
        for axes, name in zip(grid, chosen, strict=False):
            _panel(axes, adata, name, reference[(sets == name).to_numpy()], kinds)
        if numbered:
            _key(figure, names, key_columns)
        _style.legend_above(figure, grid[0], ncols=2)
        # Labels can only be placed once the layout is known.
        figure.draw_without_rendering()
        for axes, name in zip(grid, chosen, strict=False):
            _name(axes, reference[(sets == name).to_numpy()], names, shown)
    return _style.finish(figure, save)


def _kinds(adata: AnnData, label: str | None) -> list[tuple[str, str, np.ndarray]]:
    """Return the new samples in groups: words, colour, mask."""
    everyone = np.ones(adata.n_obs, dtype=bool)
    if "transfer" not in slots.record(adata) or schema.obs.predicted not in adata.obs:
        return [("new cohort", _palette.SHAP, everyone)]
    table = slots.table(adata, "transfer", "map").astype(str)
    map_ = dict(zip(table["other"], table["class"], strict=True))
    own = adata.obs[slots.label_of(adata, label)].astype(str).map(map_)
    right = (own == adata.obs[schema.obs.predicted].astype(str)).to_numpy()
    known = own.notna().to_numpy()
    groups = [
        ("class unknown to the classifier", _palette.MUTED, ~known),
        ("predicted right", _palette.SHAP, known & right),
        ("predicted as another", _palette.UP, known & ~right),
    ]
    return [(f"{words} ({mask.sum()})", c, mask) for words, c, mask in groups if mask.any()]


def _panel(
    axes: Axes,
    adata: AnnData,
    gene_set: str,
    reference: pd.DataFrame,
    kinds: list[tuple[str, str, np.ndarray]],
) -> None:
    key = schema.key_of(schema.obsm.X_umap, gene_set, adata.obsm)
    if key not in adata.obsm:
        raise slots.missing_slot(f"obsm[{key!r}]", "run ts.tl.project(adata, reference) first")
    flat = np.asarray(adata.obsm[key], dtype=float)
    axes.scatter(
        reference["umap_1"],
        reference["umap_2"],
        s=float(np.clip(6000 / max(len(reference), 1), 4, 20)),
        color="#C4C4C4",
        linewidths=0,
        rasterized=True,
        label="training cohort",
    )
    for words, colour, mask in kinds:
        axes.scatter(
            flat[mask, 0],
            flat[mask, 1],
            s=12,
            color=colour,
            edgecolor="white",
            linewidths=0.3,
            label=words,
            rasterized=True,
            zorder=3,
        )
    axes.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    axes.set_title(_style.set_name(gene_set), fontsize=8)


def _name(axes: Axes, reference: pd.DataFrame, names: Sequence[str], shown: Sequence[str]) -> None:
    from matplotlib.patheffects import withStroke

    medians = reference.groupby(reference["class"].astype(str))[["umap_1", "umap_2"]].median()
    labels = [
        axes.text(
            x,
            y,
            shown[names.index(name)],
            ha="center",
            va="center",
            fontsize=6.5,
            fontweight="bold",
            color=_palette.INK,
            path_effects=[withStroke(linewidth=1.8, foreground="white")],
            zorder=4,
        )
        for name, (x, y) in zip(medians.index, medians.to_numpy(), strict=True)
    ]
    _labels.spread(axes, medians.to_numpy(), labels)


def _key(figure: Figure, names: Sequence[str], columns: int) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], linestyle="") for _ in names]
    entries = [f"{i}  {_style.text(name, 46)}" for i, name in enumerate(names, start=1)]
    figure.legend(
        handles, entries, loc="outside right upper", ncols=columns, handlelength=0, fontsize=6.5
    )
