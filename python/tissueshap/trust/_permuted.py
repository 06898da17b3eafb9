"""P-values of genes from models of permuted labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Of the family-wise error rate of a class's genes.
LEVEL = 0.05


@dataclass(frozen=True)
class Permuted:
    """The result of :func:`permutation_pvalues`, each genes x classes.

    Attributes
    ----------
    pvalues
        Of each gene in each class by itself.
    maxt
        Adjusted within each class: the family-wise error rate is controlled.
    fdr
        False discovery rates within each class (Benjamini and Hochberg).

    Examples
    --------
    >>> null = np.zeros((19, 2, 1))
    >>> ts.trust.permutation_pvalues(np.array([[3.0], [1.0]]), null).fdr.ravel().tolist()
    [0.05, 0.05]
    """

    pvalues: np.ndarray
    maxt: np.ndarray
    fdr: np.ndarray


def permutation_pvalues(observed: np.ndarray, null: np.ndarray) -> Permuted:
    r"""Return p-values of scores, given those of permuted labels.

    .. math:: p = \frac{1 + \#\{b : s^b_j \ge s_j\}}{1 + B}, \qquad
              p^{\max T} = \frac{1 + \#\{b : \max_k s^b_k \ge s_j\}}{1 + B}

    for :math:`B` permutations (Phipson and Smyth, Statistical Applications in Genetics and
    Molecular Biology 9:39, 2010; Westfall and Young, 1993; for importances Altmann et al.,
    Bioinformatics 26:1340, 2010). No p-value is below :math:`1 / (1 + B)`: of thousands of genes
    the false discovery rate needs thousands of permutations, while maxT needs 19 for 5 %.

    Parameters
    ----------
    observed
        Genes x classes, the highest first; NaN for a class without scores.
    null
        Permutations x genes x classes. A class without scores in a permutation counts as one
        that exceeds nothing, since no gene of it was ranked.

    Examples
    --------
    >>> observed = np.array([[3.0], [1.0]])
    >>> null = np.array([[[1.5], [0.0]], [[0.5], [2.0]], [[1.0], [0.5]]])
    >>> ts.trust.permutation_pvalues(observed, null).maxt.ravel()
    array([0.25, 1.  ])
    """
    from scipy.stats import false_discovery_control

    missing = np.isnan(observed)
    null = np.where(np.isnan(null), -np.inf, null)
    least = null.max(axis=1, keepdims=True)
    n = len(null)
    pvalues = (1 + (null >= observed).sum(axis=0)) / (1 + n)
    maxt = (1 + (least >= observed).sum(axis=0)) / (1 + n)
    fdr = np.ones(observed.shape)
    for code in range(observed.shape[1]):
        own = ~missing[:, code]
        if own.any():
            fdr[own, code] = false_discovery_control(pvalues[own, code])
    parts = [np.where(missing, np.nan, part) for part in (pvalues, maxt, fdr)]
    return Permuted(*parts)
