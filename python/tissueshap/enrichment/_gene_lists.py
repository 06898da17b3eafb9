"""Lists of selected genes, as ``tl.enrich`` and ``tl.ppi`` test them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tissueshap._core import schema, slots
from tissueshap._core.called import called
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice

if TYPE_CHECKING:
    from anndata import AnnData

SOURCES = ("shap", "de")
GROUPINGS = ("all", "class", "exclusive")


def records_behind(sources: Sequence[str]) -> list[str]:
    """Return the records that the lists of some sources come from."""
    return ["select_genes" if source == "shap" else source for source in sources]


def check_sources(sources: Sequence[str], by: str) -> None:
    """Raise if a source or a grouping is unknown."""
    if not sources or set(sources) - set(SOURCES):
        raise DataError(f"source={list(sources)}: choose among {list(SOURCES)}")
    check_choice("by", by, GROUPINGS)


def gene_lists(adata: AnnData, source: str, by: str, label: str | None) -> dict[str, list[str]]:
    """Return the gene lists (``var_names``) by class, strongest first for SHAP.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes`` or ``tl.de``.
    source
        One of :data:`SOURCES`.
    by
        One of :data:`GROUPINGS`: one list called ``"all"``; one list per class; or one list
        per class, of the genes that no other class has.
    label
        Column of ``obs`` with the classes; the recorded one by default.
    """
    if by == "all":
        key = schema.var.shap_selected if source == "shap" else schema.var.de_significant
        return {"all": list(adata.var_names[slots.require(adata, "var", key).to_numpy(bool)])}
    classes = slots.class_names(adata, label)
    if source == "shap":
        genes = slots.table(adata, "select_genes", "genes")
        if by == "exclusive":
            genes = genes[genes["exclusive"].astype(bool)]
        genes = genes.sort_values("rank", kind="stable")
        return {name: list(genes.loc[genes["class"] == name, "gene"]) for name in classes}
    mask = called(adata, classes).to_numpy()
    if by == "exclusive":
        mask = mask & (mask.sum(axis=1, keepdims=True) == 1)  # pandas can have read-only arrays
    return {name: list(adata.var_names[mask[:, i]]) for i, name in enumerate(classes)}
