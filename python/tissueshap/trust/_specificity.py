"""Whether the selected genes of a class stand out in it, on held-out samples."""

from __future__ import annotations

from itertools import product
from typing import Literal

import numpy as np

#: A gene is compared with genes of similar mean expression: bins of at least so many genes,
#: and at most so many bins.
_BIN_SIZE, _MAX_BINS = 100, 20
#: A selected gene stands out in its class where it does so more than this share of the genes
#: of similar expression. Of random genes one in ten does.
STANDS_OUT = 0.9


def standing_out(
    x: np.ndarray,
    codes: np.ndarray,
    x_test: np.ndarray,
    codes_test: np.ndarray,
    chosen: np.ndarray,
    *,
    one_direction: bool = False,
) -> np.ndarray:
    """Return the share of other genes that stand out less than each chosen gene.

    A gene stands out by the difference between the held-out samples of the class and those
    of the others, over its standard deviation within the classes of the training samples.
    The median gene's standard deviation is added to this (Tusher et al., PNAS 98:5116, 2001),
    because a gene that hardly varies would otherwise stand out by a tiny difference. The
    difference counts in the direction that it has among the training samples. A gene whose
    absence is evidence for the class therefore stands out by being low, and a difference that
    was due to chance in the training samples is reversed half of the time.

    Parameters
    ----------
    x, codes
        Training samples, n x genes, and their classes.
    x_test, codes_test
        Held-out samples and their classes.
    chosen
        Booleans, genes x classes.
    one_direction
        Compare a gene that is high in the class with how high others are, and one that is low
        with how low: twice as many random genes stand out then, as there are two directions.

    Returns
    -------
    Genes x classes: among the genes of similar mean expression that are not chosen for the
    class, the share that stands out less, with ties counted as half; 0.5 on average for
    random genes. NaN if a gene is not chosen, there is no gene to compare it with, or the
    class or all others have no held-out samples.
    """
    n_classes = chosen.shape[1]
    means, spread = _moments(x, codes, n_classes)
    direction = np.sign(_differences(means, np.bincount(codes, minlength=n_classes)))
    means_test, _ = _moments(x_test, codes_test, n_classes)
    difference = _differences(means_test, np.bincount(codes_test, minlength=n_classes))
    change = difference / (spread + np.median(spread) + 1e-12)[:, None]
    standing = direction * change
    bins = _bins(x.mean(axis=0, dtype=np.float64))
    shares = np.full(chosen.shape, np.nan)
    for code in range(n_classes):
        if np.isnan(standing[:, code]).any():
            continue
        ways = direction[:, code] if one_direction else np.zeros(len(chosen))
        for number, way in product(np.unique(bins[chosen[:, code]]), np.unique(ways)):
            ours = chosen[:, code] & (bins == number) & (ways == way)
            of_others = way * change[:, code] if way else standing[:, code]
            others = np.sort(of_others[~chosen[:, code] & (bins == number)])
            if others.size:
                places = [np.searchsorted(others, standing[ours, code], s) for s in _SIDES]
                shares[ours, code] = np.mean(places, axis=0) / others.size
    return shares


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def _moments(x: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each class's means, genes x classes, and the standard deviation within them."""
    means = np.full((x.shape[1], n_classes), np.nan)
    squares = np.zeros(x.shape[1])
    known = np.unique(codes)
    for code in known:
        values = x[codes == code].astype(np.float64)
        means[:, code] = values.mean(axis=0)
        squares += np.square(values - means[:, code]).sum(axis=0)
    return means, np.sqrt(squares / max(1, len(codes) - known.size))


def _differences(means: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return each class's mean less that of all other samples, genes x classes."""
    totals = np.where(np.isnan(means), 0.0, means) * sizes
    others = sizes.sum() - sizes
    rest = totals.sum(axis=1, keepdims=True) - totals
    blank = np.full_like(means, np.nan)
    differences: np.ndarray = means - np.divide(rest, others, out=blank, where=others > 0)
    return differences


def _bins(level: np.ndarray) -> np.ndarray:
    """Return each gene's bin of mean expression, with bins of about the same size."""
    number = int(np.clip(level.size // _BIN_SIZE, 1, _MAX_BINS))
    return np.argsort(np.argsort(level, kind="stable"), kind="stable") * number // level.size
