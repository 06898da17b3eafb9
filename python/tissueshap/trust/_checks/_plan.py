"""Which checks of ``tl.trust`` are made, and by what."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice, check_number
from tissueshap.trust._again import Trainer
from tissueshap.trust._checks import _data, _explainers, _genes, _values, _within
from tissueshap.trust._checks._context import Context, Numbers
from tissueshap.trust._checks._declared import CHECKS, LEVELS
from tissueshap.trust._checks._knockoffs import knockoffs
from tissueshap.trust._checks._methods import methods, simple_scores
from tissueshap.trust._checks._necessity import necessity
from tissueshap.trust._checks._networks import Networks
from tissueshap.trust._checks._permutations import permutations
from tissueshap.trust._checks._retrain import Retraining
from tissueshap.trust._checks._rows import Found, absent


def makers(
    context: Context, asked: tuple[str, ...], *, trainer: Trainer
) -> dict[str, Callable[[], Found]]:
    """Return the function of each check; of one not requested, it returns a row that says so.

    Parameters
    ----------
    context
        The model and its explanation.
    asked
        Names of the checks to make.
    trainer
        Trains the model again.
    """
    networks = Networks(context, trainer)
    retraining = Retraining(context, networks)
    retraining.announce(asked)
    scores = {"SHAP": context.scores} | ({} if context.de is None else {"DE": context.de})
    if "methods" in asked:
        scores |= simple_scores(context)
    by_check: dict[str, Callable[[], Found]] = {
        "completeness": lambda: _values.completeness(context),
        "repeat": lambda: _values.repeat(context),
        "lists": lambda: _genes.lists(context),
        "coverage": lambda: _data.coverage(context),
        "performance": lambda: _data.performance(context),
        "leak": lambda: _data.leak(context),
        "confounding": lambda: _data.confounding(context),
        "covariates": lambda: _within.covariates(context),
        "contamination": lambda: _within.contamination(context),
        "use": lambda: _values.use(context, scores),
        "randomisation": lambda: _values.randomisation(context),
        "specificity": lambda: _genes.specificity(context),
        "bootstrap": lambda: _genes.bootstrap(context),
        "seeds": retraining.seeds,
        "folds": retraining.folds,
        "modules": retraining.modules,
        "cohort": lambda: _genes.cohort(context),
        "order": retraining.order,
        "methods": lambda: methods(context, scores),
        "explainers": lambda: _explainers.explainers(context),
        "sensitivity": lambda: _explainers.sensitivity(context),
        "necessity": lambda: necessity(context, networks),
        "permutations": lambda: permutations(context, networks),
        "knockoffs": lambda: knockoffs(context, networks),
        "truth": lambda: _genes.truth(context, scores),
        "clusters": lambda: _genes.clusters(context),
    }
    return {
        check: _made(context, check, by_check[check]) if check in asked else _skipped(check)
        for check in CHECKS
    }


def _made(context: Context, check: str, make: Callable[[], Found]) -> Callable[[], Found]:
    """Return the function of a check, or of a row with the reason why it cannot be made."""
    for need in CHECKS[check].needs:
        if need in context.lacks:
            reason = context.lacks[need]
            return lambda: ([absent(check, reason)], {})
    return make


def _skipped(check: str) -> Callable[[], Found]:
    level = "checks='full' or " if CHECKS[check].full else "checks="
    reason = f"not asked for: {level}[{check!r}]"
    return lambda: ([absent(check, reason)], {})


def names_of(checks: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the requested checks, in the order of the table."""
    if isinstance(checks, str):
        full = f"a list of names among {', '.join(CHECKS)}"
        check_choice("checks", checks, LEVELS, other=full)
        return LEVELS[checks]
    unknown = [name for name in checks if name not in CHECKS]
    if unknown:
        raise DataError(f"there are no checks {unknown}: choose among {LEVELS['full']}")
    return tuple(name for name in CHECKS if name in checks)


def check_numbers(numbers: Numbers) -> None:
    """Raise if a number is too small to measure anything."""
    least = {"n_samples": 1, "n_seeds": 1, "n_folds": 2, "n_boot": 1, "n_random": 2}
    least |= {"n_permutations": 1, "n_knockoffs": 1}
    for name, number in least.items():
        check_number(name, getattr(numbers, name), low=number, integer=True)
    check_choice("knockoff_statistic", numbers.knockoff_statistic, ("lasso", "model"))
    check_choice("replacement", numbers.replacement, ("samples", "mean"))
