"""``tl.trust``: how far the explanation can be trusted, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from tissueshap._core import provenance, slots
from tissueshap._core.adata import target
from tissueshap._core.checkpoints import Store, keeping
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import folds
from tissueshap._core.logging import logger
from tissueshap._core.options import check_number
from tissueshap._core.progress import progress
from tissueshap.evaluation import fold_alone
from tissueshap.model import Classifier, backend, of_model
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
    given_here,
    in_common_form,
    makers,
    names_of,
    summary,
    trainer,
    with_explanation,
)

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.adapters import Explain

#: Most samples of each class, bootstraps and random orders of a quick table.
_QUICK = {"n_samples": 2, "n_boot": 10, "n_random": 2}


def trust(
    adata: AnnData,
    model: Any,
    label: str | None = None,
    *,
    attributions: Any = None,
    train: Callable[..., Any] | None = None,
    explain: Explain | None = None,
    n_top: int | None = None,
    checks: Sequence[str] | Literal["quick", "full"] = "quick",
    fold: int | None = None,
    n_samples: int = 3,
    n_seeds: int = 2,
    n_folds: int = 3,
    n_boot: int = 20,
    n_random: int = 5,
    replacement: Literal["samples", "mean"] = "samples",
    layer: str | None = None,
    confounders: Sequence[str] | None = None,
    n_permutations: int = 19,
    n_knockoffs: int = 5,
    knockoff_statistic: Literal["lasso", "model"] = "lasso",
    groups: str | None = None,
    folder: str | Path | None = None,
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
        Samples x genes, with ``obs["split"]``; for a classifier of ``tl.cnn`` after
        ``tl.select_genes``. Reads ``obs[label]``, ``obs["split"]``,
        ``layers["log2"]``, ``layers["shap"]``, ``varm["shap_median"]``, the records of
        ``shap`` and ``select_genes``; if present ``varm["de_logfc"]`` and
        ``varm["de_pvalue"]``, ``uns["truth"]``, the records of ``null_test`` and
        ``stability``; and, to train again, the records of ``cnn``, ``log2`` and
        ``oversample`` with the layer that it mixes.
    model
        The model; it is not changed. A classifier of ``tl.cnn``, whose explanation `adata`
        has; or a Keras or PyTorch network, an estimator with ``predict_proba``, a CellTypist
        model, or a function from samples x genes to probabilities, as
        ``ts.adapters.adapt`` takes them (which also names their genes and classes). Such a
        model is explained here, on at most ten held-out samples of each class that it predicts
        correctly, by the method that ``ts.adapters.adapt`` lists. None if there are only
        `attributions`.
    %(label)s
    attributions
        An explanation that was made elsewhere, to be checked instead of one made here. Of
        samples: samples x genes (x classes), of all samples or of the held-out ones in their
        order; the name of a layer; a data frame of samples x genes; a ``shap.Explanation``; a
        tensor; a list of arrays, one per class. Values without classes are those of the class
        that the model predicts (without a model, of the sample's own class). Of classes: a
        data frame of genes x classes, such as coefficients, or of the columns class, gene and
        rank; ``{class: [genes, the most important first]}``.
    train
        Trains a model like `model`, for the checks that train again: ``train(x, y, seed)``
        with samples x genes and the names of their classes, or, if its first parameter is
        called ``adata``, ``train(adata, seed)`` with the training samples. Classifiers of
        ``tl.cnn`` do not need it.
    explain
        How a model is explained: ``explain(model, x, background, targets)`` returns samples x
        genes for the class of each (its number). By default the method that
        ``ts.adapters.adapt`` lists.
    n_top
        Genes of each class that are checked, if the explanation is not one that `adata` has; by
        default ten, or a tenth of the genes if these are fewer.
    checks
        ``"quick"`` takes about as long as explaining, up to 2.5 times: nothing is trained,
        stability over seeds is that of the networks of which the model is the mean, if it is
        one, and at most two samples of each class, ten bootstraps and two random orders are
        used. ``"full"`` makes all checks but those that are made by name only. Or the names of
        checks:

        - About the data and the predictions: ``coverage`` (explained samples of each class),
          ``performance`` (on held-out samples, compared with permuted labels), ``leak``
          (held-out samples among the training samples), ``confounding`` (columns of ``obs``
          that go with the class).
        - About the values: ``completeness`` (their sums), ``repeat`` (explaining again, with
          other draws), ``lists`` (whether the selected genes are those of the layer), ``use``
          (deletion and insertion curves), ``randomisation`` (of the weights), ``sensitivity``
          (to noise as large as that between replicates).
        - About the genes: ``specificity`` (whether the genes of a class stand out in it on
          held-out samples), ``contamination`` (genes of sex, blood, quality and other classes),
          ``covariates`` (columns that the genes of a class say something of, within the class),
          ``clusters`` (of samples on the genes), ``truth`` (planted markers of simulated data).
        - About their stability: ``bootstrap`` (other explained samples), ``seeds`` and ``folds``
          (other trainings), ``modules`` (of genes that vary together, over the same seeds),
          ``cohort`` (the result of ``tl.stability`` in another cohort), ``order`` (each other
          layout of the genes, compared with other seeds; networks without convolutions do not
          depend on it).
        - Compared with others: ``methods`` (logistic regression and TreeSHAP on gradient
          boosting), ``explainers`` (integrated gradients and others of the same model).
        - By name only: ``necessity`` (eight trainings without the genes, with them alone, and
          with random ones), ``permutations`` (trainings on permuted labels: a p-value for each
          gene), ``knockoffs`` (false discovery rate of the genes).
    fold
        After ``tl.cross_validate``: the fold whose network `model` is. The checks then concern
        this network, its fold's samples and their explanation.
    n_samples
        Number of explained samples of each class that are used for curves, randomisation and
        new networks.
    n_seeds, n_folds
        Number of networks trained with other seeds (a quick table trains none), and number of
        parts of the training samples, of which each network leaves out one. Before they are
        trained, the log says how long that takes. Networks of ``tl.cnn`` are trained by
        ``ts.settings.n_jobs`` processes if that is faster.
    n_boot
        Number of pairs of bootstraps of the explained samples.
    n_random
        Number of random orders of the genes, for the value expected by chance.
    replacement
        What a gene is replaced by in the curves: its value in training ``"samples"`` of
        other classes (three draws), or its ``"mean"`` over the training samples.
    layer
        The model's input; by default the layer that a classifier of ``tl.cnn`` was trained on,
        and for other models that of the classifier trained on `adata`, or ``"log2"``.
    confounders
        Columns of ``obs`` that should not go with the class, for ``confounding`` and
        ``covariates``. By default
        all columns but those that tissueshap writes and those that are other names of the class
        (each class has one level, and half of them share a word with it).
    n_permutations
        Number of trainings on permuted labels, for ``permutations``: 19 are the fewest that
        can give a p-value of 0.05.
    n_knockoffs
        Number of draws of the knockoffs, whose e-values are averaged, for ``knockoffs``.
    knockoff_statistic
        What is compared between genes and knockoffs: coefficients of a logistic ``"lasso"``, or
        the values of a ``"model"`` trained again on both (once per draw).
    groups
        Column of ``obs``, such as a donor or centre, for ``folds``: samples of one value are in
        the same part. By default the one that ``pp.split`` kept together, if any.
    folder
        Where the results of finished trainings and fits are kept (``seeds``, ``folds``,
        ``order``, ``necessity``, ``permutations``, ``knockoffs``): if the work is interrupted,
        the same call goes on from there. They are used again only for the same model, data and
        settings. A function `train` is the same if its own lines are; what one whose lines
        cannot be read has trained is not kept.
    seed
        Seed of all random numbers.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``uns["tissueshap"]["trust"]``:

    ``genes``
        ``class``, ``gene``, ``rank``, ``value``, ``exclusive``: the genes that were checked, if
        the explanation is not one that `adata` has.
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
        samples are held out), ``margin`` (how much more often it is predicted for its own
        samples than for those of that class), ``confused`` (not significant, and by at most
        half).
    ``confounding``
        ``column`` (of ``obs``), ``cramers_v``.
    ``covariates``
        ``column``, ``class``, ``n_samples``, ``score`` (cross-validated R squared or balanced
        accuracy), ``chance`` (mean of the permutations), ``gain`` (from chance, 0, to 1),
        ``pvalue``, ``r2`` (median share of the genes' values that the column explains).
    ``contamination``
        ``class``, ``gene``, ``symbol``, ``kind`` (``"sex-linked"``, ``"immunoglobulin"``,
        ``"haemoglobin"``, ``"mitochondrial"``, ``"ribosomal"``, ``"another class"``), ``of`` (that
        class).
    ``specificity``
        ``class``, ``n_test`` (its held-out samples), ``n_genes``, ``n_standing_out`` (more than
        nine in ten others of similar expression), ``share``.
    ``stability``
        ``check``, ``first``, ``second`` (networks, 0 the given one, except in a quick table,
        where they are those of which it is the mean; draws of samples from 1), ``class``,
        ``jaccard``, ``rbo``.
    ``stability_index``
        ``check``, ``class`` (``"all classes"`` for the pairs of gene and class of all),
        ``n_sets``, ``nogueira`` with its 95 % interval ``low`` to ``high`` (for at least three
        sets), ``kuncheva``.
    ``module_stability``
        ``class``, ``first``, ``second`` (networks, as in ``stability``), ``genes``, ``modules``:
        Jaccard index of the first genes and of as many modules.
    ``ranks``
        With ``bootstrap``: ``class``, ``n_explained``, ``n_ordered``, ``within``, as in
        ``classes``; 95 % confidence in each class (``ts.trust.verified_ranks``).
    ``methods``
        ``method``, ``f1`` (mean over the table ``probes``), ``jaccard_shap`` (with the
        selected genes).
    ``probes``
        ``method``, ``n_ranks``, ``f1``.
    ``explainers``
        ``method`` (``"SHAP"``, the given values, first), ``drop`` (of a class's log-odds when its
        first genes are set to their mean over the training samples), ``correlation`` and
        ``jaccard`` (agreement with the given values, mean over the classes), ``infidelity``
        (``ts.trust.relative_infidelity`` with noise as between replicates).
    ``sensitivity``
        ``class``, ``sensitivity`` (``ts.trust.sensitivity``), ``draws`` (the same of other draws
        without noise).
    ``necessity``
        ``action`` (``"remove"`` or ``"keep"``), ``genes`` (``"selected"``, ``"random"``),
        ``n_ranks`` (of each class), ``n_genes``, ``macro_f1`` (of the model trained then, on
        the held-out samples).
    ``permutations``
        ``class``, ``gene``, ``value`` (what ranks it), ``pvalue``, ``maxt``
        (family-wise within the class, and at least the p-value of the class itself), ``fdr``
        (Benjamini and Hochberg within the class) of each selected gene
        (``ts.trust.permutation_pvalues``).
    ``knockoffs``
        ``class`` (``"all classes"`` for a gene that distinguishes any), ``gene``, ``selected``,
        ``statistic`` (by how much it exceeds its knockoff, mean over the draws),
        ``frequency`` (share of the draws in which the filter selects it), ``e_value``,
        ``discovered`` (at a false discovery rate of 0.2 for each class by itself) of each gene
        that is selected or discovered (``ts.trust.Knockoffs``, ``knockoff_e_values``).
    ``truth``
        ``method``, ``kind``, ``n_planted``, ``n_found``, ``recall``, ``n_called``,
        ``precision``, ``average_precision``.

    The tables of checks that were not run are missing.

    Raises
    ------
    DataError
        A check is unknown, a number is too small, the model was not trained on this AnnData,
        or genes, classes or attributions do not fit.
    MissingSlotError
        ``tl.shap``, ``tl.rank_genes`` or ``tl.select_genes`` has not been run for a classifier
        of ``tl.cnn``.

    Examples
    --------
    >>> ts.tl.trust(adata, model, checks=["completeness", "bootstrap"])
    >>> table = adata.uns["tissueshap"]["trust"]["summary"]
    >>> table.columns.tolist()
    ['check', 'question', 'measure', 'value', 'chance', 'threshold', 'higher', 'verdict', 'reason']

    A model of another package:

    >>> from sklearn.linear_model import LogisticRegression
    >>> train = adata.obs["split"] == "train"
    >>> x, tissue = adata.layers["log2"][train], adata.obs["tissue"][train].astype(str)
    >>> regression = LogisticRegression(max_iter=500).fit(x, tissue)
    >>> ts.tl.trust(adata, regression, checks=["completeness", "use"], key_added="regression")
    >>> table = adata.uns["tissueshap"]["regression"]["summary"].set_index("check")
    >>> table.loc["completeness", "verdict"]
    'holds'
    """
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    selected = names_of(checks)
    if layer is None:
        layer = model.layer if isinstance(model, Classifier) else slots.input_layer(adata)
    numbers = Numbers(
        n_samples=n_samples,
        n_seeds=n_seeds,
        n_folds=n_folds,
        n_boot=n_boot,
        n_random=n_random,
        replacement=replacement,
        layer=layer,
        seed=seed,
        confounders=None if confounders is None else tuple(confounders),
        groups=None if groups is None else str(slots.obs_column(adata, groups, "groups").name),
        n_permutations=n_permutations,
        n_knockoffs=n_knockoffs,
        knockoff_statistic=knockoff_statistic,
    )
    check_numbers(numbers)
    if n_top is not None:
        check_number("n_top", n_top, low=1, integer=True)
    adapted, lacks = in_common_form(adata, model, name, attributions, train, explain)
    if given_here(adata, model, adapted, attributions, explain):
        also = [record for check in selected if (record := CHECKS[check].record)]
        reads = ("shap", "rank_genes", "select_genes", *also)
        sources = of_model(adata, adapted, "trust", *reads, layer=layer, key_added=key_added)
        if fold is None and folds(adata) is not None:
            raise DataError("there are folds: pass the fold of this network, for example fold=1")
        whole = adata if fold is None else one_fold(adata, name, fold, layer=layer)
    else:
        sources = of_model(adata, adapted, "trust", layer=layer, key_added=key_added)
        if fold is not None or folds(adata) is not None:
            raise DataError("a model of another package needs one split: run ts.pp.split(adata)")
        lacks["recorded"] = "it is made from an explanation in adata, and this one is not there"
        whole = with_explanation(
            adata,
            adapted,
            name,
            given=attributions,
            layer=layer,
            n_top=n_top,
            seed=seed,
            lacks=lacks,
            rank_genes=rank_genes,
            select_genes=select_genes,
        )
    if checks == "quick":
        fewer: dict[str, Any] = {k: min(getattr(numbers, k), most) for k, most in _QUICK.items()}
        numbers = replace(numbers, quick=True, **fewer)
    context = Context(whole, adapted, name, numbers, lacks)
    provenance.check_trained_on(whole, name, adapted.trained_on)
    again = trainer(adata, model, adapted, train=train, explain=explain, layer=layer, cnn=cnn)
    rows, tables = [], dict[str, list[pd.DataFrame]]()
    with nullcontext() if folder is None else keeping(Store(Path(folder))):
        for make in progress(
            makers(context, selected, trainer=again).values(),
            desc="trust",
            unit="check",
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
                **({} if whole is adata or fold is not None else _genes(whole)),
                **details,
            }
        },
        params={
            "label": name,
            "model": adapted.kind,
            "explained_by": adapted.explained_by if attributions is None else "attributions",
            "n_top": n_top,
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
            "n_permutations": n_permutations,
            "n_knockoffs": n_knockoffs,
            "knockoff_statistic": knockoff_statistic,
            "groups": groups,
        },
        seed=seed,
        versions=("keras", backend(), "scikit-learn", "scipy", "shap"),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _genes(whole: AnnData) -> dict[str, pd.DataFrame]:
    return {"genes": slots.table(whole, "select_genes", "genes")}


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
