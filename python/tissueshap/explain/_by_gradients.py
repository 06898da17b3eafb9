"""Other ways of explaining a model by its gradient.

Each takes a function of points and the class of each that returns the gradient of that class's
output, points x genes, as :meth:`Explainer.gradients` is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Points (n, genes) and the class of each (n,) to gradients (n, genes).
Gradients = Callable[[np.ndarray, np.ndarray], np.ndarray]
#: Points on the way from the baseline to the sample, as in captum.
N_STEPS = 50


def integrated_gradients(
    gradients: Gradients,
    x: np.ndarray,
    targets: np.ndarray,
    baseline: np.ndarray,
    *,
    n_steps: int = N_STEPS,
) -> np.ndarray:
    """Return (x - b) times the mean gradient on the straight path from b to x, n x genes.

    Sundararajan, Taly and Yan, ICML 2017: ``(x - b) * integral of df/dz at b + a (x - b) da``
    for a from 0 to 1, by Gauss-Legendre quadrature.

    Parameters
    ----------
    gradients
        The model's.
    x, targets
        Samples, n x genes, and the class that is explained for each.
    baseline
        One sample that all are compared with, (genes,).
    n_steps
        Number of points.

    Examples
    --------
    >>> square = lambda x, targets: 2 * x
    >>> x = np.array([[1.0, 2.0]])
    >>> ts.explain.integrated_gradients(square, x, np.array([0]), np.zeros(2)).round(6)
    array([[1., 4.]])
    """
    places, weights = np.polynomial.legendre.leggauss(n_steps)
    change = x - baseline
    total = np.zeros(x.shape)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        total += weight * gradients(np.asarray(baseline + place * change, x.dtype), targets)
    return np.asarray(change * total)


def gradient_x_input(gradients: Gradients, x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return each gene's value times its gradient, n x genes (Shrikumar et al. 2016).

    Parameters
    ----------
    gradients
        The model's.
    x, targets
        Samples, n x genes, and the class that is explained for each.

    Examples
    --------
    >>> square = lambda x, targets: 2 * x
    >>> ts.explain.gradient_x_input(square, np.array([[1.0, 2.0]]), np.array([0]))
    array([[2., 8.]])
    """
    return np.asarray(x * gradients(x, targets))


def smooth_gradient(
    gradients: Gradients, x: np.ndarray, targets: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Return the mean gradient at the sample plus noise, n x genes (Smilkov et al. 2017).

    Parameters
    ----------
    gradients
        The model's.
    x, targets
        Samples, n x genes, and the class that is explained for each.
    noise
        Draws x n x genes.

    Examples
    --------
    >>> square = lambda x, targets: 2 * x
    >>> noise = np.array([[[1.0, 0.0]], [[-1.0, 0.5]]])
    >>> ts.explain.smooth_gradient(square, np.array([[1.0, 2.0]]), np.array([0]), noise)
    array([[2. , 4.5]])
    """
    total = np.zeros(x.shape)
    for draw in noise:
        total += gradients(np.asarray(x + draw, x.dtype), targets)
    return np.asarray(total / len(noise))
