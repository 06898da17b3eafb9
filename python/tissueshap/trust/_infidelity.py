"""Infidelity and sensitivity of values (Yeh et al., NeurIPS 2019), as captum defines them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def infidelity(
    outputs: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    values: np.ndarray,
    noise: np.ndarray,
    *,
    baseline: np.ndarray | None = None,
    scaled: bool = False,
) -> np.ndarray:
    """Return how far values are from the changes of the output that noise causes, (n,).

    ``INFD = E[(I' v - (f(x) - f(x - I)))^2]`` over the noise I. It is 0 if the values predict
    each change. captum's ``infidelity`` with the same noise gives the same.

    Parameters
    ----------
    outputs
        Points, m x genes, to the explained output of each, (m,): the points are those of all
        samples for one draw after the other, in the order of the samples.
    x
        Samples, n x genes.
    values
        Their values, n x genes.
    noise
        Draws x n x genes.
    baseline
        Of values that are a gradient times a change (SHAP values, integrated gradients): what
        the change is from, (genes,) or n x genes. The noise is then taken as a share of the
        change, ``I / (x - b)``, as captum's ``infidelity_perturb_func_decorator`` does.
    scaled
        Multiply the values by the factor that makes the result smallest, so that their size does
        not matter.

    Examples
    --------
    >>> weights = np.array([1.0, -2.0])
    >>> x, noise = np.ones((1, 2)), np.array([[[0.5, 0.1]], [[-0.2, 0.3]]])
    >>> ts.trust.infidelity(lambda points: points @ weights, x, weights[None], noise).round(6)
    array([0.])
    """
    expected, changes = _changes(outputs, x, values, noise, baseline)
    if scaled:
        size = np.square(expected).sum(axis=0)
        both = (expected * changes).sum(axis=0)
        expected = expected * np.divide(both, size, out=np.ones_like(both), where=size > 0)
    return np.asarray(np.square(expected - changes).mean(axis=0))


def relative_infidelity(
    outputs: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    values: np.ndarray,
    noise: np.ndarray,
    *,
    baseline: np.ndarray | None = None,
) -> np.ndarray:
    """Return the scaled infidelity over that of values that are all 0, (n,): 0 to 1.

    It is one less the squared correlation (about 0) of the predicted changes with the real ones.

    Parameters
    ----------
    outputs, x, values, noise, baseline
        As for :func:`infidelity`.

    Examples
    --------
    >>> weights = np.array([1.0, -2.0])
    >>> x, noise = np.ones((1, 2)), np.array([[[0.5, 0.1]], [[-0.2, 0.3]]])
    >>> outputs = lambda points: points @ weights
    >>> ts.trust.relative_infidelity(outputs, x, 3 * weights[None], noise).round(6)
    array([0.])
    """
    expected, changes = _changes(outputs, x, values, noise, baseline)
    both = np.square((expected * changes).sum(axis=0))
    size = np.square(expected).sum(axis=0) * np.square(changes).sum(axis=0)
    return np.asarray(1 - np.divide(both, size, out=np.zeros_like(both), where=size > 0))


def sensitivity(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the largest relative change of values, (n,).

    ``SENS_MAX = max |v(x + d) - v(x)| / |v(x)|`` over the draws of d, with Euclidean norms.
    captum's ``sensitivity_max`` with the same draws gives the same.

    Parameters
    ----------
    values
        Of the samples, n x genes.
    others
        Of the samples with each draw of noise, draws x n x genes.

    Examples
    --------
    >>> ts.trust.sensitivity(np.array([[3.0, 4.0]]), np.array([[[3.0, 3.0]], [[3.0, 6.0]]]))
    array([0.4])
    """
    change = np.sqrt(np.square(others - values).sum(axis=2)).max(axis=0)
    size = np.sqrt(np.square(values).sum(axis=1))
    return np.asarray(np.divide(change, size, out=np.full_like(change, np.nan), where=size > 0))


def _changes(
    outputs: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    values: np.ndarray,
    noise: np.ndarray,
    baseline: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes that the values predict and those of the output, draws x n each."""
    share = np.asarray(noise, dtype=np.float64)
    if baseline is not None:
        change = np.asarray(x, dtype=np.float64) - baseline
        # As in captum: a gene that is as in the baseline has its noise itself as the share.
        share = share / np.where(change == 0, 1.0, change)
    before = np.asarray(outputs(x), dtype=np.float64)
    after = np.stack([np.asarray(outputs(x - draw), dtype=np.float64) for draw in noise])
    return (share * values).sum(axis=2), before - after
