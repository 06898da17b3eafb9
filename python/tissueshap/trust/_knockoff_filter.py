"""Which genes the knockoff filter selects, at a false discovery rate."""

from __future__ import annotations

import numpy as np


def knockoff_threshold(w: np.ndarray, fdr: float = 0.1) -> float:
    r"""Return the threshold of the knockoff+ filter.

    .. math:: T = \min\{t > 0 : \frac{1 + \#\{j : W_j \le -t\}}{\#\{j : W_j \ge t\}} \le q\}

    (Barber and Candès, Annals of Statistics 43:2055, 2015). A gene is selected if its statistic
    is at least :math:`T`; there are at least :math:`1 / q` genes or none.

    Parameters
    ----------
    w
        One statistic for each gene: positive where the gene matters more than its knockoff,
        of the other sign if both are swapped.
    fdr
        The false discovery rate :math:`q`.

    Returns
    -------
    The threshold; infinity if nothing can be selected.

    Examples
    --------
    >>> ts.trust.knockoff_threshold(np.array([5.0, 4, 3, 2, -1]), fdr=0.25)
    2.0
    """
    sizes = np.unique(np.abs(w[w != 0]))
    positive, negative = np.sort(w[w > 0]), np.sort(-w[w < 0])
    above = positive.size - np.searchsorted(positive, sizes)
    below = negative.size - np.searchsorted(negative, sizes)
    good = (1 + below) <= fdr * above
    return float(sizes[good.argmax()]) if good.any() else float("inf")


def knockoff_e_values(statistics: np.ndarray, fdr: float = 0.1) -> np.ndarray:
    r"""Return e-values of the genes, averaged over several draws of knockoffs.

    .. math:: e_j = \frac{1}{M} \sum_m \frac{p 1\{W_j^m \ge T^m\}}{1 + \#\{k : W_k^m \le -T^m\}}

    with the threshold :math:`T^m` of the filter at half of the false discovery rate (Ren and
    Barber, JRSS B 86:122, 2024). One draw of knockoffs selects by chance of the draw; the
    average hardly depends on it (Ren, Wei and Candès, JASA 118:948, 2023).

    Parameters
    ----------
    statistics
        Draws x genes.
    fdr
        The false discovery rate.

    Examples
    --------
    >>> ts.trust.knockoff_e_values(np.array([[9.0, 8, 7, 6, -1]]), fdr=0.5)
    array([5., 5., 5., 5., 0.])
    """
    total = np.zeros(statistics.shape[1])
    for w in statistics:
        threshold = knockoff_threshold(w, fdr / 2)
        total += statistics.shape[1] * (w >= threshold) / (1 + (w <= -threshold).sum())
    return np.asarray(total / len(statistics))


def e_selected(e_values: np.ndarray, fdr: float = 0.1) -> np.ndarray:
    r"""Return which hypotheses the e-BH procedure rejects, as booleans.

    The :math:`k` highest e-values, with the largest :math:`k` of which the lowest is at least
    :math:`p / (q k)` (Wang and Ramdas, JRSS B 84:822, 2022). The false discovery rate is at
    most :math:`q` whatever the dependence of the e-values.

    Parameters
    ----------
    e_values
        One for each hypothesis.
    fdr
        The false discovery rate :math:`q`.

    Examples
    --------
    >>> ts.trust.e_selected(np.array([20.0, 20, 0, 0]), fdr=0.1)
    array([ True,  True, False, False])
    """
    ordered = np.sort(e_values)[::-1]
    numbers = np.arange(1, ordered.size + 1)
    good = np.flatnonzero(ordered * numbers * fdr >= ordered.size)
    if not good.size:
        return np.zeros(e_values.shape, dtype=bool)
    return np.asarray(e_values >= ordered[good[-1]])
