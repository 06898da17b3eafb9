"""``pl.umap``: the embedded samples, one panel for each gene set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema, slots
from tissueshap.pl import _labels, _palette, _style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Largest number of classes with names in the panels; with more there are numbers and a list.
_MOST_NAMED = 10
_KEY_ROWS = 26
_PANEL = 4.2  # inches


def umap(
    adata: AnnData,
    label: str | None = None,
    *,
    gene_sets: Sequence[str] | None = None,
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw the embedding of each gene set, samples coloured by class.

    Labels are at the classes' medians, moved apart if they would overlap. Up to ten
    classes have names in the panels; more have numbers, with a list of the names.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.cluster``. Reads ``obsm["X_umap_<set>"]`` and the
        table ``summary`` of its record.
    %(label)s
    gene_sets
        Sets to draw; all that were embedded by default.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.umap(adata, save="umap.png")
    >>> (ts.settings.figdir / "umap.png").exists()
    True
    """
    names = slots.class_names(adata, label)
    codes = slots.class_codes(adata, label)
    summary = slots.table(adata, "cluster", "summary").set_index("gene_set")
    chosen = list(summary.index) if gene_sets is None else list(gene_sets)
    numbered = len(names) > _MOST_NAMED
    columns = min(2, len(chosen))
    lines = -(-len(chosen) // columns)
    key_columns = -(-len(names) // (_KEY_ROWS * lines)) if numbered else 0
    with _style.context():
        figure = _style.new(_PANEL * columns + 2.7 * key_columns, (_PANEL + 0.25) * lines, figsize)
        grid = np.atleast_1d(figure.subplots(lines, columns)).ravel()
        colours = np.asarray(_palette.classes(len(names)))
        for axes in grid[len(chosen) :]:
            axes.set_axis_off()
        if numbered:
            _key(figure, names, colours, key_columns)
        panels = list(zip(grid, chosen, strict=False))
        for axes, gene_set in panels:
            _points(axes, _embedding(adata, gene_set), colours[codes])
            row = summary.loc[gene_set] if gene_set in summary.index else None
            scored = "" if row is None else f"\nV-measure {row['v_measure']:.3f}"
            size = "" if row is None else f" ({int(row['n_genes']):,} genes)"
            axes.set_title(f"{_style.set_name(gene_set)}{size}{scored}", fontsize=8)
        # Labels can only be placed once the layout is known.
        figure.draw_without_rendering()
        shown = [str(i + 1) for i in range(len(names))] if numbered else _style.texts(names, 28)
        for axes, gene_set in panels:
            _name_classes(axes, _embedding(adata, gene_set), codes, shown)
    return _style.finish(figure, save)


def _embedding(adata: AnnData, gene_set: str) -> np.ndarray:
    key = schema.key_of(schema.obsm.X_umap, gene_set, adata.obsm)
    if key not in adata.obsm:
        remedy = f"run ts.tl.cluster(adata) with the gene set {gene_set!r} first"
        raise slots.missing_slot(f"obsm[{key!r}]", remedy)
    return np.asarray(adata.obsm[key], dtype=float)


def _points(axes: Axes, flat: np.ndarray, colours: np.ndarray) -> None:
    kept = np.isfinite(flat).all(axis=1)
    axes.scatter(
        flat[kept, 0],
        flat[kept, 1],
        c=colours[kept],
        s=float(np.clip(6000 / max(kept.sum(), 1), 4, 20)),
        linewidths=0,
        alpha=0.75,
        rasterized=True,
        zorder=2,
    )
    axes.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")


def _name_classes(axes: Axes, flat: np.ndarray, codes: np.ndarray, shown: Sequence[str]) -> None:
    """Put each class's name or number at its median."""
    from matplotlib.patheffects import withStroke

    kept = np.isfinite(flat).all(axis=1)
    drawn = np.unique(codes[kept])
    medians = np.array([np.median(flat[kept & (codes == code)], axis=0) for code in drawn])
    labels = [
        axes.text(
            x,
            y,
            shown[code],
            ha="center",
            va="center",
            fontsize=6.5,
            fontweight="bold",
            color=_palette.INK,
            path_effects=[withStroke(linewidth=1.8, foreground="white")],
            zorder=4,
        )
        for (x, y), code in zip(medians, drawn, strict=True)
    ]
    _labels.spread(axes, medians, labels)


def _key(figure: Figure, names: Sequence[str], colours: np.ndarray, columns: int) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], marker="o", linestyle="", markersize=4, color=c) for c in colours]
    entries = [f"{i}  {_style.text(name, 46)}" for i, name in enumerate(names, start=1)]
    figure.legend(
        handles, entries, loc="outside right upper", ncols=columns, handletextpad=0.1, fontsize=6.5
    )
