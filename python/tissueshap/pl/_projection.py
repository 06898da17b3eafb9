"""``pl.projection``: another cohort in the embedding of the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap.pl import _labels, _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes

#: Inches of the legend.
_LEGEND = 0.4


@figure
def projection(
    canvas: Canvas,
    adata: AnnData,
    label: str | None = None,
    *,
    gene_sets: Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the samples of another cohort among those of the first.

    The first cohort is grey, with the names of its classes as in :func:`umap`. After
    ``tl.transfer`` the new samples are coloured by whether the prediction is correct, otherwise
    all in one colour.

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
    >>> figure = ts.pl.projection(other, width="page", save="projection.pdf")
    """
    reference = slots.table(adata, "project", "reference")
    sets = reference["gene_set"].astype(str)
    chosen = list(dict.fromkeys(sets)) if gene_sets is None else list(gene_sets)
    names = sorted(reference["class"].astype(str).unique())
    plan = _labels.arrange(canvas, names, len(chosen), above=_LEGEND)
    shown = dict(zip(names, _style.texts(names, plan.longest), strict=True))
    kinds = _kinds(adata, label)
    width, height = plan.size
    size = (width * plan.columns, height * plan.lines + _LEGEND)
    panels = canvas.grid(*size, plan.lines, plan.columns, plan.n)
    placed = []
    for axes, name in zip(panels, chosen[: plan.n], strict=True):
        part = reference[(sets == name).to_numpy()]
        dots = _panel(axes, adata, name, part, kinds)
        medians = part.groupby(part["class"].astype(str))[["umap_1", "umap_2"]].median()
        labels = _labels.prepare(axes, medians.to_numpy(), [shown[each] for each in medians.index])
        grey = [_palette.MUTED] * len(medians)
        placed.append((axes, medians.to_numpy(), labels, dots, grey))
    canvas.legend_above(panels[0], ncols=2)
    _labels.note_missing(canvas, panels[0], plan.n, len(chosen))
    # Labels can only be placed once the layout is known.
    canvas.lay_out()
    for each in placed:
        _labels.place(*each)


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
) -> np.ndarray:
    """Draw both cohorts and return where their samples are."""
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
        rasterized=_style.rasterised(len(reference)),
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
            rasterized=_style.rasterised(len(flat)),
            zorder=3,
        )
    axes.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    axes.set_title(_style.set_name(gene_set), fontsize=8)
    return np.concatenate([reference[["umap_1", "umap_2"]].to_numpy(float), flat])
