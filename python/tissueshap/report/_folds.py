"""The report's content on folds: how scores and genes vary over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tissueshap.report._results import number, ran, result, text
from tissueshap.report._sections import Rows, rows

if TYPE_CHECKING:
    from anndata import AnnData

    Caveat = tuple[str, str]

#: Samples of a class below which folds are recommended.
_FEW = 30


def content(adata: AnnData) -> dict[str, Any]:
    """Return the templates' values on folds; empty without folds."""
    fold = result(adata, "trust", "params", {}).get("fold")
    return {"folds": _scores(adata), "fold_genes": _genes(adata), "trust_fold": fold}


def n_folds(adata: AnnData) -> int | None:
    """Return the number of folds, or None without them."""
    number_of = number(adata, "cross_validate", "n_folds")
    return None if number_of is None else int(number_of)


def _scores(adata: AnnData) -> Rows:
    """Return the scores of each fold and the numbers of its training."""
    table, trained = result(adata, "evaluate", "folds"), result(adata, "cross_validate", "folds")
    if table is None or trained is None:
        return []
    return rows(table.merge(trained.drop(columns="n_test"), on="fold"))


def _genes(adata: AnnData) -> Rows:
    """Return the agreement of the folds on each class's genes, the lowest first."""
    table = result(adata, "select_genes", "folds")
    return [] if table is None else rows(table.sort_values("jaccard", kind="stable"))


def advised(adata: AnnData) -> Caveat | None:
    """Return the advice to use folds if classes are too small for a test set."""
    table = result(adata, "split", "counts")
    if table is None or n_folds(adata) is not None:
        return None
    few = table[table["n"].to_numpy() < _FEW]
    if not len(few):
        return None
    named = [f"{name} ({n})" for name, n in zip(text(few["class"]), few["n_test"], strict=True)]
    shown = ", ".join(named[:6]) + (f" and {len(named) - 6} more" if len(named) > 6 else "")
    return (
        f"Classes of fewer than {_FEW} samples",
        f"Their scores and genes come from the few samples that were held out: {shown}. "
        "Cross-validation (--folds 5) predicts and explains every sample with a network that was "
        "not trained on it, and shows how far the folds agree.",
    )


def saved_model(adata: AnnData) -> Caveat | None:
    """Return how the saved network differs from those of the folds."""
    if n_folds(adata) is None or not ran(adata, "cnn"):
        return None
    return (
        "The saved classifier is another network",
        f"It is trained on all {adata.n_obs:,} samples, for use on new ones. Scores, attributions "
        f"and genes are those of the {n_folds(adata)} networks of the folds, each of which was "
        "trained on fewer samples.",
    )


def one_division(adata: AnnData) -> Caveat | None:
    """Return the limitation of a single division into folds."""
    if n_folds(adata) is None:
        return None
    return (
        "One division into folds",
        "Networks of two folds share most of their training samples, so they agree more than "
        "networks of independent cohorts would. A fold explains few samples of a class, so its "
        "ranks vary for that reason alone. Genes that rank high in every fold are the most "
        "reliable.",
    )
