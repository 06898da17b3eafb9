"""``pl.null``: a gene set's V-measure compared with those of random gene sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from anndata import AnnData


@figure
def null(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw the mean V-measure of each random gene set, and that of the tested set.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.null_test``. Reads its table ``null``, the
        observed V-measure and the p-values.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.null(adata, width="page", save="null.pdf")
    """
    values = slots.table(adata, "null_test", "null")["v_measure"]
    observed = float(slots.table(adata, "null_test", "observed"))
    empirical = float(slots.table(adata, "null_test", "empirical_pvalue"))
    name = _style.set_name(slots.table(adata, "null_test", "gene_set"))
    n_genes = int(slots.table(adata, "null_test", "n_genes"))
    t_test = slots.record(adata)["null_test"].get("t_pvalue")
    published = "" if t_test is None else f"; one-tailed t test p = {float(t_test):.2g}"
    axes = canvas.axes(5.2, 3.0)
    axes.hist(
        values,
        bins="auto" if values.nunique() > 2 else 10,
        color=_palette.GENE_SETS["random"],
        edgecolor="white",
        linewidth=0.5,
        label=f"{len(values):,} random sets of {n_genes:,} genes",
    )
    axes.axvline(observed, color=_palette.SHAP, linewidth=2, label=f"{name} genes: {observed:.3f}")
    axes.set(xlabel="mean V-measure of the k-means starts", ylabel="random gene sets")
    axes.set_title(f"empirical p = {empirical:.3g}{published}", fontsize=8, fontweight="normal")
    _style.whole_numbers(axes, "y")
    canvas.legend_above(axes)
