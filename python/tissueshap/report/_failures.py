"""Evidence against the result, which the report shows first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tissueshap.report._results import number, result
from tissueshap.report._trust import verdicts
from tissueshap.trust import FAILS

if TYPE_CHECKING:
    from anndata import AnnData

    #: A heading, one sentence, and what it means.
    Failure = tuple[str, str, str]


def failures(adata: AnnData) -> list[Failure]:
    """Return what fails: a heading, a sentence, and what it means."""
    found_here = [check(adata) for check in _CHECKS]
    return [failure for failure in found_here if failure is not None]


def _trust(adata: AnnData) -> Failure | None:
    made = verdicts(adata)
    failed = [row for row in made if row["verdict"] == FAILS]
    if not failed:
        return None
    verb = "fails" if len(failed) == 1 else "fail"
    listed = " ".join(str(row["question"]) for row in failed)
    return (
        "The explanation does not pass every check",
        f"{len(failed)} of {len(made)} checks {verb}: {listed}",
        "The answer to each of these questions is no. The section on trust has the values, and "
        "those expected by chance. If the genes do not mark their class on held-out samples, or "
        "another training gives other genes, no single gene of the list is reliable.",
    )


def _overlap(adata: AnnData) -> Failure | None:
    names = ("overlap_fraction", "expected", "n_both", "n_shap")
    share, expected, n_both, n_shap = (number(adata, "compare", name) for name in names)
    if share is None or expected is None or not n_shap or n_both is None or n_both > expected:
        return None
    return (
        "No more differentially expressed genes than by chance",
        f"{share:.0%} of its genes are also differentially expressed, "
        f"{expected / n_shap:.0%} expected by chance.",
        "Random genes would overlap as much: the classifier does not use the genes that differ "
        "between the classes, or almost all genes differ.",
    )


def _training(adata: AnnData) -> Failure | None:
    if not result(adata, "cnn", "diverged", default=False):
        return None
    return (
        "The training diverged",
        "The training diverged: its loss rose above that of equal probabilities and stayed high "
        "for more than a quarter of the epochs.",
        "Weights that have moved far from their start affect the explanation long after the "
        "loss has decreased again. Train with a smaller learning rate.",
    )


_CHECKS: tuple[Callable[[AnnData], Failure | None], ...] = (_trust, _overlap, _training)
