"""``pl.umap``: the embedded samples, one panel for each gene set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from tissueshap._core import schema, slots
from tissueshap.pl import _labels, _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes


@figure
def umap(
    canvas: Canvas,
    adata: AnnData,
    label: str | None = None,
    *,
    gene_sets: Sequence[str] | None = None,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the embedding of each gene set, samples coloured by class.

    Up to ten classes are named next to their medians, where the names cover the fewest samples.
    The names of more are left and right of a panel, with lines to the medians. If the width is
    fixed, only as many panels are drawn as fit on a page.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.cluster``. Reads ``obsm["X_umap_<set>"]`` and the
        table ``summary`` of its record.
    %(label)s
    gene_sets
        Sets to draw; all that were embedded by default.
    groups
        Classes in colours and with names; those of the others are grey. All by default.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.umap(adata, width="page", save="umap.pdf")
    """
    names = slots.class_names(adata, label)
    codes = slots.class_codes(adata, label)
    drawn = np.isin(np.asarray(names, dtype=object), _style.chosen(names, groups))
    summary = slots.table(adata, "cluster", "summary").set_index("gene_set")
    chosen = list(summary.index) if gene_sets is None else list(gene_sets)
    colours = np.asarray(_palette.classes(len(names)))
    plan = _labels.arrange(canvas, [names[i] for i in np.flatnonzero(drawn)], len(chosen))
    shown = _style.texts(names, plan.longest)
    width, height = plan.size
    size = (width * plan.columns, height * plan.lines)
    panels = canvas.grid(*size, plan.lines, plan.columns, plan.n)
    placed = []
    for axes, gene_set in zip(panels, chosen[: plan.n], strict=True):
        flat = _embedding(adata, gene_set)
        _points(axes, flat, np.where(drawn[codes], colours[codes], _palette.FAINT), drawn[codes])
        axes.set_title(_title(gene_set, summary), fontsize=8)
        present, medians = _medians(flat, codes, drawn)
        labels = _labels.prepare(axes, medians, [shown[code] for code in present])
        placed.append((axes, medians, labels, flat, colours[present]))
    _labels.note_missing(canvas, panels[0], plan.n, len(chosen))
    # Labels can only be placed once the layout is known.
    canvas.lay_out()
    for each in placed:
        _labels.place(*each)


def _title(gene_set: str, summary: pd.DataFrame) -> str:
    name = _style.set_name(gene_set)
    if gene_set not in summary.index:
        return name
    n_genes, v_measure = (float(summary[key].loc[gene_set]) for key in ("n_genes", "v_measure"))
    return f"{name} ({n_genes:,.0f} genes)\nV-measure {v_measure:.3f}"


def _embedding(adata: AnnData, gene_set: str) -> np.ndarray:
    key = schema.key_of(schema.obsm.X_umap, gene_set, adata.obsm)
    if key not in adata.obsm:
        remedy = f"run ts.tl.cluster(adata) with the gene set {gene_set!r} first"
        raise slots.missing_slot(f"obsm[{key!r}]", remedy)
    return np.asarray(adata.obsm[key], dtype=float)


def _points(axes: Axes, flat: np.ndarray, colours: np.ndarray, drawn: np.ndarray) -> None:
    """Draw the samples, those of other classes below."""
    kept = np.isfinite(flat).all(axis=1)
    for of, order in ((kept & ~drawn, 1), (kept & drawn, 2)):
        if not of.any():
            continue
        axes.scatter(
            flat[of, 0],
            flat[of, 1],
            c=colours[of],
            s=float(np.clip(6000 / max(kept.sum(), 1), 4, 20)),
            linewidths=0,
            alpha=0.75,
            rasterized=_style.rasterised(int(kept.sum())),
            zorder=order,
        )
    axes.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")


def _medians(
    flat: np.ndarray, codes: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes that have samples, and the median of each."""
    kept = np.isfinite(flat).all(axis=1) & drawn[codes]
    present = np.unique(codes[kept])
    medians = [np.median(flat[kept & (codes == code)], axis=0) for code in present]
    return present, np.array(medians).reshape(-1, 2)
