"""``tl.compare``: the genes that the classifier uses, compared with those that DE calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.called import called, thresholds_passed
from tissueshap._core.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

#: Rank cut-offs to report in addition to the selected one.
_RANKS = (5, 10, 20, 50, 100, 200, 500, 1000)


def compare(
    adata: AnnData,
    label: str | None = None,
    *,
    ranks: Sequence[int] | None = None,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Compare the SHAP genes with the differentially expressed genes.

    The overlap is tested against drawing the SHAP genes at random from all tested genes:
    the expected number is n_shap * n_de / n_genes, the p-value the hypergeometric upper
    tail.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes`` and ``tl.de``. Reads
        ``var["shap_selected"]``, ``var["de_significant"]``, ``varm["shap_rank"]``,
        ``varm["de_logfc"]``, ``varm["de_fdr"]``, ``varm["de_called"]``, and the records of
        ``select_genes`` (its table ``genes``) and ``de`` (its cut-offs).
    %(label)s
    ranks
        Rank cut-offs for the table ``by_rank``: the genes of rank 1 to n in any
        class. The cut-off that ``tl.select_genes`` chose is always among them.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["compare"]``:

    ``n_genes``, ``n_shap``, ``n_de``, ``n_both``, ``overlap_fraction``, ``expected``, ``pvalue``
        Number of genes tested, in each set and in both; the share of the SHAP genes that
        are DE genes in any class; the overlap expected by chance, and its p-value.
    ``per_class``
        One row per class: ``class``, ``n_shap``, ``n_de``, ``n_both``, ``n_up``,
        ``n_down`` (SHAP genes of the class that DE calls in the same class),
        ``fraction`` (``n_both / n_shap``, missing where ``n_shap`` is 0),
        ``expected``, ``pvalue``.
    ``genes``
        A row for each class and gene that is in either set: ``class``, ``gene``,
        ``in_shap``, ``in_de``, ``logfc`` (log2), ``fdr``, ``missed_by``: why DE did
        not call a SHAP gene (``"fdr"``, ``"logfc"`` or ``"both"``; otherwise empty).
    ``by_rank``
        One row per rank cut-off: ``n_ranks``, ``n_shap``, ``n_de``, ``n_both``,
        ``fraction``, ``expected``, ``pvalue``, ``selected``.

    Raises
    ------
    MissingSlotError
        If ``tl.select_genes`` or ``tl.de`` has not been run.
    DataError
        If the SHAP genes are not among ``adata.var_names``, or a rank is below 1.

    Notes
    -----
    Yap et al. (2021), Scientific Reports 11:2641, figure 4a to c.

    Examples
    --------
    >>> ts.tl.compare(adata)
    >>> record = adata.uns["tissueshap"]["compare"]
    >>> int(record["n_both"]) <= int(record["n_shap"])
    True
    """
    adata = target(adata, copy=copy)
    sources = slots.begin(adata, "compare", "select_genes", "de", key_added=key_added)
    classes = slots.class_names(adata, label)
    cutoffs = slots.table(adata, "de", "params")
    n_ranks = int(slots.table(adata, "select_genes", "n_ranks"))
    shap = slots.require(adata, "var", schema.var.shap_selected).to_numpy(dtype=bool)
    de = slots.require(adata, "var", schema.var.de_significant).to_numpy(dtype=bool)
    pairs = _pairs(adata, classes)
    results = {
        **_overlap(shap, de),
        "n_genes": adata.n_vars,
        "per_class": _per_class(pairs, classes, adata.n_vars),
        "genes": pairs[pairs["in_shap"] | pairs["in_de"]],
        "by_rank": _by_rank(adata, classes, de, n_ranks, ranks),
    }
    results["overlap_fraction"] = results.pop("fraction")
    slots.write(
        adata,
        "compare",
        {"uns": results},
        params={
            "label": label,
            "ranks": ranks,
            "fdr": float(cutoffs["fdr"]),
            "lfc": float(cutoffs["lfc"]),
        },
        versions=("scipy",),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _pairs(adata: AnnData, classes: list[str]) -> pd.DataFrame:
    """Return every class x gene with its results in SHAP and DE."""
    logfcs = slots.class_frame(adata, "varm", schema.varm.de_logfc, classes).to_numpy(float)
    fdrs = slots.class_frame(adata, "varm", schema.varm.de_fdr, classes).to_numpy(float)
    in_shap = _shap_genes(adata, classes)
    in_de = called(adata, classes).to_numpy()
    fdr, lfc = (passed.to_numpy() for passed in thresholds_passed(adata, classes))
    missed = np.select([~in_shap | in_de, ~fdr & ~lfc, ~fdr], ["", "both", "fdr"], "logfc")
    return pd.DataFrame(
        {
            "class": np.repeat(np.asarray(classes, dtype=object), adata.n_vars),
            "gene": np.tile(adata.var_names.to_numpy(dtype=object), len(classes)),
            "in_shap": in_shap.T.ravel(),
            "in_de": in_de.T.ravel(),
            "logfc": logfcs.T.ravel(),
            "fdr": fdrs.T.ravel(),
            "missed_by": missed.T.ravel().astype(object),
        }
    )


def _shap_genes(adata: AnnData, classes: list[str]) -> np.ndarray:
    """Return which genes (rows) were selected for which class (columns)."""
    genes = slots.table(adata, "select_genes", "genes")
    rows = adata.var_names.get_indexer(genes["gene"].astype(str))
    columns = pd.Index(classes).get_indexer(genes["class"].astype(str))
    if (rows < 0).any() or (columns < 0).any():
        lost = genes[(rows < 0) | (columns < 0)].iloc[0]
        raise DataError(
            f"the SHAP gene {lost['gene']!r} of class {lost['class']!r} is not in this AnnData: "
            "genes or classes were dropped after ts.tl.select_genes(adata); run it again"
        )
    mask = np.zeros((adata.n_vars, len(classes)), dtype=bool)
    mask[rows, columns] = True
    return mask


def _per_class(pairs: pd.DataFrame, classes: list[str], n_genes: int) -> pd.DataFrame:
    both = pairs["in_shap"] & pairs["in_de"]
    counts = (
        pairs.assign(both=both, up=both & (pairs["logfc"] > 0), down=both & (pairs["logfc"] < 0))
        .groupby("class", sort=False)[["in_shap", "in_de", "both", "up", "down"]]
        .sum()
        .loc[classes]
    )
    n_shap, n_de, n_both = (counts[name].to_numpy() for name in ("in_shap", "in_de", "both"))
    return pd.DataFrame(
        {
            "class": classes,
            "n_shap": n_shap,
            "n_de": n_de,
            "n_both": n_both,
            "n_up": counts["up"].to_numpy(),
            "n_down": counts["down"].to_numpy(),
            "fraction": np.divide(
                n_both, n_shap, out=np.full(len(n_shap), np.nan), where=n_shap > 0
            ),
            "expected": n_shap * n_de / n_genes,
            "pvalue": _upper_tail(n_both, n_genes, n_de, n_shap),
        }
    )


def _by_rank(
    adata: AnnData, classes: list[str], de: np.ndarray, n_ranks: int, ranks: Sequence[int] | None
) -> pd.DataFrame:
    """Return the overlap of the genes of rank 1 to n in any class, for each cut-off."""
    best = slots.class_frame(adata, "varm", schema.varm.shap_rank, classes).min(axis=1).to_numpy()
    requested = _RANKS if ranks is None else tuple(ranks)
    if any(n < 1 for n in requested):
        raise DataError(f"ranks={list(requested)}: a rank cut-off is 1 or more")
    cutoffs = sorted({int(n) for n in (*requested, n_ranks) if 1 <= n <= adata.n_vars})
    rows = [{"n_ranks": n, **_overlap(best <= n, de), "selected": n == n_ranks} for n in cutoffs]
    columns = "n_ranks n_shap n_de n_both fraction expected pvalue selected".split()
    return pd.DataFrame(rows, columns=columns)


def _overlap(shap: np.ndarray, de: np.ndarray) -> dict[str, Any]:
    n_genes, n_shap, n_de, n_both = len(shap), shap.sum(), de.sum(), (shap & de).sum()
    return {
        "n_shap": int(n_shap),
        "n_de": int(n_de),
        "n_both": int(n_both),
        "fraction": float(n_both / n_shap) if n_shap else float("nan"),
        "expected": float(n_shap * n_de / n_genes),
        "pvalue": float(_upper_tail(n_both, n_genes, n_de, n_shap)),
    }


def _upper_tail(n_both: Any, n_genes: int, n_de: Any, n_shap: Any) -> Any:
    """Return the probability of this overlap or a larger one."""
    from scipy.stats import hypergeom

    return hypergeom.sf(np.asarray(n_both) - 1, n_genes, n_de, n_shap)
