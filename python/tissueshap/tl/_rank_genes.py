"""``tl.rank_genes``: rank the genes of each class by their SHAP values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.layers import find
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice, check_number
from tissueshap._core.selection import descending_ranks
from tissueshap.ranking import directions, explained_samples, scanpy_record
from tissueshap.trust import STATISTICS

if TYPE_CHECKING:
    from anndata import AnnData


def rank_genes(
    adata: AnnData,
    label: str | None = None,
    *,
    statistic: Literal["median", "mean", "mean_abs"] = "median",
    by: Literal["explained", "label"] = "explained",
    n_boot: int = 0,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Rank the genes of each class by their SHAP values, the highest first.

    A class's samples are those for which it was explained; with ``by="label"``, those that
    belong to it, whichever class was explained for them. A class whose samples are all
    misclassified, as adipose tissue of another cohort was, is then ranked as well. Yap et al.
    (Scientific Reports 11:2641, 2021) rank by the signed median over the correctly predicted
    samples.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.shap``. Reads ``obs[label]``, ``layers["shap"]`` and the
        record of ``shap``.
    %(label)s
    statistic
        Statistic of the values over a class's samples: ``"median"``, ``"mean"``, or
        ``"mean_abs"`` (the mean of the absolute values, which also ranks genes high whose
        absence is evidence for the class).
    by
        Whether a sample counts for the class that was ``"explained"`` for it, or for its
        own, by ``"label"``.
    n_boot
        Number of bootstraps of each class's samples, for an interval of the statistic; 0
        computes none. The interval covers the choice of samples, not another training, which
        ``tl.trust`` measures.
    seed
        Seed of the bootstraps.
    key_added
        Name of the record instead of ``"rank_genes"``, and prefix of what is written; the
        SHAP values are read under this name too if present.
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``varm["shap_median"]`` (genes x classes:
    the statistic) and ``varm["shap_rank"]`` (1 the highest; ties in the order of the genes),
    NaN for a class without explained samples and a gene that the model lacks; and
    ``uns["tissueshap"]["rank_genes"]``: ``counts`` (``class``, ``n_explained``).
    ``varm["shap_direction"]`` is 1 where higher expression is evidence for the class and -1 where
    lower is: the sign of the statistic times the sign of the difference between the gene's
    mean input in the class's explained samples and in the samples of other classes.
    ``uns["shap_genes"]`` has the genes as ``sc.tl.rank_genes_groups`` records them, for
    ``sc.get.rank_genes_groups_df(adata, group, key="shap_genes")`` and
    ``sc.pl.rank_genes_groups_dotplot(adata, key="shap_genes")``: the statistic is the score, and
    fold changes and p-values are those of ``tl.de``, which fills them in if it is run later.
    After ``tl.cross_validate`` also ``varm["shap_rank_fold_1"]`` and so on: the ranks by the
    samples of one fold alone, which its own network explained, NaN for a class without any;
    and ``folds``, their numbers.
    With `n_boot` also ``varm["shap_low"]`` and ``varm["shap_high"]``: the 95 % percentile
    interval of the statistic, NaN for a class with fewer than two samples.

    Raises
    ------
    DataError
        No sample is explained, ``statistic`` is unknown, or ``n_boot`` is negative.

    Examples
    --------
    >>> ts.tl.rank_genes(adata)
    >>> adata.varm["shap_rank"].min().tolist()
    [1.0, 1.0, 1.0]
    """
    check_choice("statistic", statistic, STATISTICS)
    check_choice("by", by, ("explained", "label"))
    check_number("n_boot", n_boot, low=0, integer=True)
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    source = key_added if key_added in slots.record(adata) else None
    sources = slots.begin(adata, "rank_genes", source or "shap", key_added=key_added)
    values = slots.require(adata, "layers", schema.layers.shap, key_added=source)
    samples, rows, explained = explained_samples(adata, name, by=by, source=source or "shap")
    classes = list(dict.fromkeys([*slots.class_names(adata, name), *sorted(set(explained))]))
    members = [rows[explained == class_name] for class_name in classes]
    summary, low, high = _summarised(
        values, members, STATISTICS[statistic], n_boot=n_boot, seed=seed
    )
    counts = pd.Series(explained).value_counts().reindex(classes, fill_value=0)
    empty = [class_name for class_name in classes if counts[class_name] == 0]
    if empty:
        logger.warning(
            "%d class(es) have no explained sample and are not ranked: %s", len(empty), empty[:5]
        )
    frames = {
        schema.varm.shap_direction: pd.DataFrame(
            _directions(adata, summary, members, name, classes, source or "shap"), columns=classes
        ),
        schema.varm.shap_median: pd.DataFrame(summary, columns=classes),
        schema.varm.shap_rank: pd.DataFrame(descending_ranks(summary), columns=classes),
    }
    if n_boot:
        frames[schema.varm.shap_low] = pd.DataFrame(low, columns=classes)
        frames[schema.varm.shap_high] = pd.DataFrame(high, columns=classes)
    results: dict[str, Any] = {}
    if "fold" in samples:
        fold = samples["fold"].to_numpy()
        results["folds"] = np.unique(fold)
        frames |= _by_fold(values, rows, explained, fold, classes, STATISTICS[statistic])
    slots.write(
        adata,
        "rank_genes",
        {
            "varm": frames,
            "scanpy": {
                schema.scanpy.shap_genes: scanpy_record(
                    adata, frames[schema.varm.shap_median], name
                )
            },
            "uns": {
                "counts": pd.DataFrame({"class": classes, "n_explained": counts.to_numpy()}),
                **results,
            },
        },
        params={"label": name, "statistic": statistic, "by": by, "n_boot": n_boot},
        seed=seed if n_boot else None,
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _directions(
    adata: AnnData,
    summary: np.ndarray,
    members: list[np.ndarray],
    label: str,
    classes: list[str],
    record: str,
) -> np.ndarray:
    """Return the direction of each gene, NaN if the classifier's input is not here."""
    params = slots.table(adata, record, "params")
    layer = str(params.get("layer"))
    values = find(adata, layer)
    if values is None or params.get("prepared"):  # counts were explained
        return np.full(summary.shape, np.nan)
    own = adata.obs[label].astype(str).to_numpy()
    others = [np.flatnonzero(own != name) for name in classes]
    return directions(summary, values, members, others)


def _by_fold(
    values: Any,
    rows: np.ndarray,
    explained: np.ndarray,
    fold: np.ndarray,
    classes: list[str],
    statistic: Callable[[np.ndarray], np.ndarray],
) -> dict[str, pd.DataFrame]:
    """Return the ranks by the samples of each fold alone, by the name of their frame."""
    frames = {}
    for number in np.unique(fold):
        own = fold == number
        members = [rows[own & (explained == name)] for name in classes]
        summary, _, _ = _summarised(values, members, statistic, n_boot=0, seed=0)
        ranks = pd.DataFrame(descending_ranks(summary), columns=classes)
        frames[f"{schema.varm.shap_rank_fold}_{number}"] = ranks
    return frames


def _summarised(
    values: Any,
    members: list[np.ndarray],
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    n_boot: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the statistic of each class's samples and its interval, genes x classes each.

    Parameters
    ----------
    values
        SHAP values, samples x genes; a gene that is NaN in one explained sample is in all.
    members
        Positions of each class's explained samples.
    statistic
        From samples x genes to genes.
    n_boot
        Bootstraps for the interval.
    seed
        Seed of the bootstraps.
    """
    one = np.concatenate(members)[:1]
    known = ~np.isnan(dense(values[one])[0])
    summary, low, high = (np.full((known.size, len(members)), np.nan) for _ in range(3))
    for code, own in enumerate(members):
        if own.size:
            own_values = dense(values[own])[:, known]
            summary[known, code] = statistic(own_values)
            if n_boot and own.size > 1:
                rng = np.random.default_rng([seed, code])
                low[known, code], high[known, code] = bootstrap_interval(
                    own_values, statistic, n_boot, rng
                )
    return summary, low, high


def bootstrap_interval(
    values: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    n_boot: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % percentile interval of a statistic over samples.

    Parameters
    ----------
    values
        Samples x genes.
    statistic
        From samples x genes to genes.
    n_boot
        Number of bootstraps.
    rng
        The random number generator.
    """
    drawn = [statistic(values[rng.integers(0, len(values), len(values))]) for _ in range(n_boot)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return low, high
