"""``tl.trust``: how far the explanation can be trusted, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from tissueshap._core import provenance, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import folds
from tissueshap._core.logging import logger
from tissueshap._core.progress import progress
from tissueshap.evaluation import fold_alone
from tissueshap.model import backend, columns_of, of_model
from tissueshap.tl._cnn import cnn
from tissueshap.tl._rank_genes import rank_genes
from tissueshap.tl._select_genes import select_genes
from tissueshap.trust import (
    CHECKS,
    FAILS,
    HOLDS,
    Context,
    Numbers,
    check_numbers,
    class_table,
    makers,
    names_of,
    summary,
)

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model import Classifier


def trust(
    adata: AnnData,
    model: Classifier,
    label: str | None = None,
    *,
    checks: Sequence[str] | Literal["quick", "full"] = "quick",
    fold: int | None = None,
    n_samples: int = 3,
    n_seeds: int = 2,
    n_folds: int = 3,
    n_boot: int = 20,
    n_random: int = 5,
    replacement: Literal["samples", "mean"] = "samples",
    layer: str = "log2",
    confounders: Sequence[str] | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Measure how far the explanation can be trusted.

    Each check answers a question with a value, the value expected by chance, a threshold and
    a verdict. Checks that were not requested or are not possible give the reason. The
    thresholds and their reasons are in the table ``tissueshap.trust.CHECKS``.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes``. Reads ``obs[label]``, ``obs["split"]``,
        ``layers["log2"]``, ``layers["shap"]``, ``varm["shap_median"]``, the records of
        ``shap`` and ``select_genes``; if present ``varm["de_logfc"]`` and
        ``varm["de_pvalue"]``, ``uns["truth"]``, the records of ``null_test`` and
        ``stability``; and, to train again, the records of ``cnn``, ``log2`` and
        ``oversample`` with the layer that it mixes.
    model
        The classifier that was explained; it is not changed.
    %(label)s
    checks
        ``"quick"`` (at most one training, if it takes less than a minute), ``"full"``, or
        names: ``completeness``, ``repeat`` (explaining again, with other draws), ``lists``
        (whether the selected genes are those of the layer), ``coverage`` (explained samples of
        each class), ``performance`` (on held-out samples, compared with permuted labels),
        ``leak`` (held-out samples among the training samples), ``confounding`` (columns of
        ``obs`` that go with the class), ``use`` (deletion and insertion curves),
        ``randomisation`` (of the weights), ``specificity`` (whether the genes of a class stand
        out in it on held-out samples), ``bootstrap``, ``seeds``, ``folds``, ``cohort`` (the
        result of ``tl.stability`` in another cohort), ``order`` (each other layout of the genes,
        compared with other seeds; networks without convolutions do not depend on it),
        ``methods`` (logistic regression and TreeSHAP on gradient boosting), ``truth``,
        ``clusters``.
    fold
        After ``tl.cross_validate``: the fold whose network `model` is. The checks then concern
        this network, its fold's samples and their explanation.
    n_samples
        Number of explained samples of each class that are used for curves, randomisation and
        new networks.
    n_seeds, n_folds
        Number of networks trained with other seeds (one if `checks` is ``"quick"``), and number
        of parts of the training samples, of which each network leaves out one.
    n_boot
        Number of pairs of bootstraps of the explained samples.
    n_random
        Number of random orders of the genes, for the value expected by chance.
    replacement
        What a gene is replaced by in the curves: its value in training ``"samples"`` of
        other classes (three draws), or its ``"mean"`` over the training samples.
    layer
        The classifier's input.
    confounders
        Columns of ``obs`` that should not go with the class, for ``confounding``. By default
        all columns but those that tissueshap writes and those that are other names of the class
        (each class has one level, and half of them share a word with it).
    seed
        Seed of all random numbers.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``uns["tissueshap"]["trust"]``:

    ``summary``
        One row per check: ``check``, ``question``, ``measure``, ``value``, ``chance``,
        ``threshold``, ``higher`` (whether a high value is good), ``verdict`` (``"holds"``,
        ``"fails"``, ``"not measured"``), ``reason``.
    ``n_holds``, ``n_fails``
        The number of these verdicts.
    ``classes``
        What can be said of each class: ``class``, ``n_explained``, ``n_genes`` (selected),
        ``n_again`` (that recur, with the Wilson interval ``again_low`` to ``again_high``),
        ``again`` (in what: another training, if ``seeds`` was measured), ``n_ordered`` (the
        first genes that are in reliable order), ``within`` (all selected genes belong to the
        first so many), ``share`` (that stand out on held-out samples), ``readable``,
        ``sentence``.
    ``curves``
        ``direction`` (``"deletion"``, ``"insertion"``), ``genes`` (``"SHAP"``, ``"DE"``,
        ``"logistic regression"``, ``"TreeSHAP"``, ``"random"``, if present),
        ``n_genes``, ``probability``, ``standard_error``.
    ``gains``
        ``method``, ``gain`` (area between its curves and those of random genes).
    ``randomisation``
        ``side`` (from which the weights are re-initialised: ``"output"``, ``"input"``, or
        ``"none"``, this network explained again), ``n_layers`` (re-initialised), ``layer``,
        ``class``, ``correlation``, ``correlation_abs`` (of the absolute values).
    ``classes_apart``
        ``class``, ``n_test`` (its held-out samples), ``closest`` (the class that it is
        distinguished from least), ``pvalue`` (Fisher's exact test; missing where too few
        samples are held out).
    ``confounding``
        ``column`` (of ``obs``), ``cramers_v``.
    ``specificity``
        ``class``, ``n_test`` (its held-out samples), ``n_genes``, ``n_standing_out`` (more than
        nine in ten others of similar expression), ``share``.
    ``stability``
        ``check``, ``first``, ``second`` (networks, 0 the given one except among folds; draws
        of samples from 1), ``class``, ``jaccard``, ``rbo``.
    ``stability_index``
        ``check``, ``class`` (``"all classes"`` for the pairs of gene and class of all),
        ``n_sets``, ``nogueira`` with its 95 % interval ``low`` to ``high`` (for at least three
        sets), ``kuncheva``.
    ``ranks``
        With ``bootstrap``: ``class``, ``n_explained``, ``n_ordered``, ``within``, as in
        ``classes``; 95 % confidence in each class (``ts.trust.verified_ranks``).
    ``methods``
        ``method``, ``f1`` (mean over the table ``probes``), ``jaccard_shap`` (with the
        selected genes).
    ``probes``
        ``method``, ``n_ranks``, ``f1``.
    ``truth``
        ``method``, ``kind``, ``n_planted``, ``n_found``, ``recall``, ``n_called``,
        ``precision``, ``average_precision``.

    The tables of checks that were not run are missing.

    Raises
    ------
    DataError
        A check is unknown, a number is too small, or the model was not trained on this AnnData.
    MissingSlotError
        ``tl.shap``, ``tl.rank_genes`` or ``tl.select_genes`` has not been run.

    Examples
    --------
    >>> ts.tl.trust(adata, model, checks=["completeness", "bootstrap"])
    >>> table = adata.uns["tissueshap"]["trust"]["summary"]
    >>> table.columns.tolist()
    ['check', 'question', 'measure', 'value', 'chance', 'threshold', 'higher', 'verdict', 'reason']
    """
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    selected = names_of(checks)
    numbers = Numbers(n_samples, n_seeds, n_folds, n_boot, n_random, replacement, layer, seed)
    numbers = replace(numbers, confounders=None if confounders is None else tuple(confounders))
    check_numbers(numbers)
    also = [record for check in selected if (record := CHECKS[check].record)]
    reads = ("shap", "rank_genes", "select_genes", *also)
    columns_of(adata, model)
    sources = of_model(adata, model, "trust", *reads, layer=layer, key_added=key_added)
    if fold is None and folds(adata) is not None:
        raise DataError("there are folds: pass the fold of this network, for example fold=1")
    whole = adata if fold is None else one_fold(adata, name, fold, layer=layer)
    quick = checks == "quick"
    context = Context(whole, model, name, replace(numbers, n_seeds=1) if quick else numbers)
    provenance.check_trained_on(whole, name, model.trained_on)
    rows, tables = [], dict[str, list[pd.DataFrame]]()
    for make in progress(
        makers(context, selected, quick=quick, train=cnn).values(), desc="trust", unit="check"
    ):
        check_rows, check_tables = make()
        rows += check_rows
        for key, table in check_tables.items():
            tables.setdefault(key, []).append(table)
    details = {key: pd.concat(parts, ignore_index=True) for key, parts in tables.items()}
    table = summary(rows)
    verdicts = table["verdict"].value_counts()
    logger.info("%d verdicts hold, %d fail", verdicts.get(HOLDS, 0), verdicts.get(FAILS, 0))
    slots.write(
        adata,
        "trust",
        {
            "uns": {
                "summary": table,
                "n_holds": int(verdicts.get(HOLDS, 0)),
                "n_fails": int(verdicts.get(FAILS, 0)),
                "classes": class_table(context, rows, details),
                **details,
            }
        },
        params={
            "label": name,
            "checks": list(selected),
            "fold": fold,
            "n_samples": n_samples,
            "n_seeds": n_seeds,
            "n_folds": n_folds,
            "n_boot": n_boot,
            "n_random": n_random,
            "replacement": replacement,
            "layer": layer,
            "confounders": None if confounders is None else list(confounders),
        },
        seed=seed,
        versions=("keras", backend(), "scikit-learn", "scipy", "shap"),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def one_fold(adata: AnnData, label: str, number: int, *, layer: str) -> AnnData:
    """Return the AnnData as if one fold of ``tl.cross_validate`` were the only test set.

    Parameters
    ----------
    adata
        After ``tl.cross_validate`` and ``tl.select_genes``; the matrices are shared.
    label
        Column of ``obs`` with the classes.
    number
        The number of the fold.
    layer
        The classifiers' input.

    Returns
    -------
    As :func:`fold_alone` returns it, with the fold's own ranks. The number of selected ranks
    is that of all folds together.
    """
    work = fold_alone(adata, label, number, layer=layer)
    params = slots.table(adata, "rank_genes", "params")
    ranked: dict[str, Any] = {name: str(params[name]) for name in ("statistic", "by")}
    rank_genes(work, label, **ranked)
    n_ranks = int(slots.table(adata, "select_genes", "n_ranks"))
    select_genes(work, label, method="top_n", n_top=n_ranks)
    return work
