"""The figures of a report."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tissueshap import pl
from tissueshap._core import schema, slots
from tissueshap.report._biology import EXCLUSIVE
from tissueshap.report._results import ran, result
from tissueshap.report._trust import trust_figures

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure

#: An SVG larger than this (bytes) is shown as PNG, because thousands of points draw slowly.
_SVG_LIMIT = 300_000
_DPI = 160
#: More classes than this are named left and right of the panels of an embedding.
_MANY = 10


def _makers() -> dict[str, tuple[str, Callable[..., Any]]]:
    """Return, by figure, the verb that it shows and the function that draws it."""
    return {
        "class_balance": ("split", pl.class_balance),
        "history": ("cnn", pl.history),
        "reliability": ("calibrate", pl.reliability),
        "confusion": ("evaluate", pl.confusion),
        "uniqueness": ("select_genes", pl.uniqueness),
        "exclusive": ("select_genes", pl.exclusive),
        "shap": ("rank_genes", pl.shap),
        "de_counts": ("de", pl.de_counts),
        "overlap": ("compare", pl.overlap),
        "per_class": ("compare", pl.per_class),
        "logfc": ("compare", pl.logfc),
        "balancing": ("compare_balancing", pl.balancing),
        "umap": ("cluster", _umap),
        "vmeasure": ("cluster", pl.vmeasure),
        "stability": ("stability", pl.stability),
        "null": ("null_test", pl.null),
        "enrichment": ("enrich", pl.enrichment),
        "processes": (EXCLUSIVE, partial(pl.enrichment, key=EXCLUSIVE, size="ratio")),
        "ppi": ("ppi", pl.ppi),
    }


def _umap(adata: AnnData) -> Figure:
    """Draw the embeddings, of many classes one below the other, so that names are readable."""
    many = adata.obs[slots.label_of(adata)].nunique() > _MANY
    figure: Figure = pl.umap(adata, width="page" if many else None)
    return figure


def _shown(adata: AnnData, verb: str) -> bool:
    """Return whether a verb has left something to draw; of gene sets perhaps none passes."""
    table = result(adata, verb, "table")
    return ran(adata, verb) and (table is None or len(table) > 0)


def figures(adata: AnnData, other: AnnData | None = None) -> dict[str, Figure]:
    """Draw every figure whose verb has been run, and those of another cohort from ``other``.

    Parameters
    ----------
    adata
        Samples x genes, after the verbs.
    other
        Another cohort, after ``tl.transfer``.

    Returns
    -------
    dict
        Figures by name, in the order of the report.

    Examples
    --------
    >>> figures = ts.report.figures(adata)
    >>> "confusion" in figures
    True
    """
    drawn = {name: draw(adata) for name, (verb, draw) in _makers().items() if _shown(adata, verb)}
    if schema.varm.shap_mean_abs in adata.varm:
        drawn["shap_bar"] = pl.shap_bar(adata)
    drawn |= trust_figures(adata)
    if other is not None:
        if ran(other, "transfer"):
            drawn["transfer"] = pl.transfer(other)
        if ran(other, "project"):
            drawn["projection"] = pl.projection(other)
    return drawn


def embedded(drawn: Mapping[str, Figure]) -> dict[str, str]:
    """Return each figure as a ``data:`` URL, so that the report needs no other file."""
    return {name: _address(figure) for name, figure in drawn.items()}


def _address(figure: Figure) -> str:
    vector = rendered(figure, "svg")
    if len(vector) <= _SVG_LIMIT:
        return _encoded("image/svg+xml", vector)
    return _encoded("image/png", rendered(figure, "png"))


def rendered(figure: Figure, form: str) -> bytes:
    """Return a figure as the bytes of a ``"png"`` or ``"svg"`` file.

    They have no date, and the identifiers in the SVG are derived from its content, so the
    same figure gives the same bytes.
    """
    buffer = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else None
    with pl.context():
        figure.savefig(buffer, format=form, dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def _encoded(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
