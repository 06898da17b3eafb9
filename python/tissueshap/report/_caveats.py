"""Caveats, derived from the data of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema
from tissueshap._core.called import rule
from tissueshap._core.held_out import rounds
from tissueshap.report import _folds
from tissueshap.report._failures import failures
from tissueshap.report._results import is_test, number, ran, result, text

if TYPE_CHECKING:
    from anndata import AnnData

    Caveat = tuple[str, str]


def caveats(adata: AnnData) -> list[Caveat]:
    """Return the limitations of this result, each as a heading and a sentence or two."""
    failed = [(heading, f"{words} {meaning}") for heading, words, meaning in failures(adata)]
    found_here = [check(adata) for check in _CHECKS]
    return failed + [caveat for caveat in found_here if caveat is not None]


def _baseline(adata: AnnData) -> Caveat | None:
    ours, theirs = (number(adata, "evaluate", k) for k in ("macro_f1", "baseline_macro_f1"))
    if ours is None or theirs is None or ours >= theirs:
        return None
    return (
        "A simpler model performs as well or better",
        f"On the same {int(is_test(adata).sum()):,} held-out samples logistic regression reaches "
        f"macro F1 {theirs:.3f}, the network {ours:.3f}. The genes that the network uses are not "
        "necessarily those that separate the classes best.",
    )


def _retried(adata: AnnData) -> Caveat | None:
    retries = number(adata, "cnn", "retries")
    if not retries or result(adata, "cnn", "diverged"):
        return None
    times = "once" if retries == 1 else f"{int(retries)} times"
    return (
        "The training was repeated",
        f"It diverged {times} and was started again; the learning rate of "
        f"{number(adata, 'cnn', 'learning_rate'):.2g} is the first at which it did not diverge.",
    )


def _few_tested(adata: AnnData) -> Caveat | None:
    table = result(adata, "evaluate", "per_class")
    if table is None:
        return None
    fewest = int(table["n"].min())
    name = text(table["class"])[int(table["n"].to_numpy().argmin())]
    if fewest >= 100:
        return None
    return (
        "Few samples held out",
        f"Every class is scored on a limited number of samples ({fewest} in {name}, where one "
        f"sample changes recall by {1 / fewest:.1%}). Differences of that size are not "
        "meaningful.",
    )


def _few_explained(adata: AnnData) -> Caveat | None:
    table = result(adata, "shap", "samples")
    if table is None or len(table) == 0:
        return None
    counts = text(table["explained"]).value_counts()
    if counts.min() >= 10:
        return None
    thin = [f"{name} ({n})" for name, n in counts[counts < 10].items()]
    return (
        "Medians of few samples",
        "A gene's rank is its median attribution over a class's explained samples; these "
        f"classes have fewer than ten: {', '.join(map(str, thin))}.",
    )


def _donors(adata: AnnData) -> Caveat | None:
    if schema.obs.donor not in adata.obs or not ran(adata, "split"):
        return None
    donors = text(adata.obs[schema.obs.donor]).to_numpy()
    parts = rounds(adata)
    shared = sum(int(np.isin(donors[test], donors[train]).sum()) for train, test in parts)
    if not shared:
        return None
    return (
        "Donors on both sides of the split",
        f"{shared:,} of {int(is_test(adata).sum()):,} held-out samples come from a donor who also "
        "gave a training sample, so the scores apply to new samples of known donors. "
        "--split-by-donor keeps all samples of a donor on one side.",
    )


def _panel(adata: AnnData) -> Caveat | None:
    if adata.n_vars >= 2000:
        return None
    normalised = (
        "the library size is the panel's, and TMM's assumption that most genes do not change "
        "may fail. Fold changes are relative to this panel; "
        if ran(adata, "tmm")
        else ""
    )
    return (
        "A panel of genes, not a transcriptome",
        f"With {adata.n_vars:,} genes {normalised}overlaps by chance are more likely than among "
        "20,000 genes.",
    )


def _long_list(adata: AnnData) -> Caveat | None:
    chosen = adata.var.get(schema.var.shap_selected)
    if chosen is None or chosen.mean() < 0.3:
        return None
    published = result(adata, "select_genes", "params", {}).get("method") == "unique_fraction"
    shorter = "raise --unique-fraction" if published else "select fewer ranks with --select top_n"
    return (
        "A large share of the genes is selected",
        f"{chosen.mean():.0%} of the genes are SHAP genes, so random sets of this size share "
        "many of them, and overlaps are large by chance. For a shorter list, "
        f"{shorter}.",
    )


def _silent_classes(adata: AnnData) -> Caveat | None:
    counts = result(adata, "de", "counts")
    if counts is None:
        return None
    silent = text(counts["class"])[(counts["up"] + counts["down"]).to_numpy() == 0]
    if not len(silent):
        return None
    limits = result(adata, "de", "params")
    return (
        "Classes without differentially expressed genes",
        f"At {rule(limits)}, there are none in: {', '.join(silent)}. Their SHAP genes therefore "
        "cannot overlap with any; this is due to the thresholds and is not a finding.",
    )


def _replicates(adata: AnnData) -> Caveat | None:
    if not ran(adata, "de"):
        return None
    return (
        "Samples are treated as independent",
        "Samples (or cells) of the same donor are not independent replicates. P-values of "
        "differential expression ignore this and are too small if donors gave several samples or "
        "all cells come from one person.",
    )


def _one_split(adata: AnnData) -> Caveat | None:
    if not ran(adata, "cnn") or ran(adata, "cross_validate"):
        return None
    return (
        "One split, one training",
        "With another seed, another network is trained on other samples. Genes of similar "
        "expression can replace each other, so part of the list would change; repeat with other "
        "seeds before relying on a single gene.",
    )


def _explains_model(adata: AnnData) -> Caveat | None:
    if not ran(adata, "shap"):
        return None
    return (
        "SHAP explains the classifier",
        "An attribution shows what this network used to distinguish these classes. It is not "
        "evidence of cause or function, and it depends on which classes are compared.",
    )


_CHECKS: tuple[Callable[[AnnData], Caveat | None], ...] = (
    _baseline,
    _folds.advised,
    _retried,
    _few_tested,
    _few_explained,
    _donors,
    _panel,
    _long_list,
    _silent_classes,
    _explains_model,
    _one_split,
    _folds.one_division,
    _folds.saved_model,
    _replicates,
)
