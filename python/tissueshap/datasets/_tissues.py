"""The simulated cohort: which tissues, how many samples, which donors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError


def gtex_tissues() -> pd.DataFrame:
    """Return the 47 tissues: ``n_total`` samples and their ``relatives``, by name."""
    table = files("tissueshap.datasets").joinpath("gtex_tissues.tsv")
    with table.open(encoding="utf-8") as handle:
        return pd.read_csv(handle, sep="\t", comment="#", index_col="tissue")


def cohort(tissues: Sequence[str] | Mapping[str, float] | None) -> pd.DataFrame:
    """Return ``n_total`` and ``relatives`` of the tissues asked for, in alphabetical order.

    A tissue that GTEx does not have gets the median size and no relatives.
    """
    known = gtex_tissues()
    if tissues is None:
        return known.sort_index()
    if isinstance(tissues, str) or len(set(tissues)) != len(tissues) or len(tissues) < 2:
        raise DataError(f"tissues={tissues!r}: name two tissues or more, each once")
    names = sorted(map(str, tissues))
    table = pd.DataFrame(index=pd.Index(names, name="tissue"))
    table["n_total"] = known["n_total"].reindex(names).fillna(known["n_total"].median())
    table["relatives"] = known["relatives"].reindex(names).fillna(pd.Series(names, index=names))
    if isinstance(tissues, Mapping):
        table["n_total"] = [float(tissues[name]) for name in names]
        if not (table["n_total"] > 0).all():
            raise DataError("tissues: every size has to be above 0")
    return table


def class_sizes(shares: np.ndarray, n_samples: int, floor: int) -> np.ndarray:
    """Return integers with the sum ``n_samples``, in proportion to the shares, at least ``floor``.

    Parameters
    ----------
    shares
        Relative sizes, one per class.
    n_samples
        Their sum.
    floor
        Smallest size.
    """
    if floor < 1 or n_samples < floor * len(shares):
        raise DataError(
            f"n_samples={n_samples:,} is too few for {len(shares)} tissues of at least {floor}: "
            f"ask for {floor * len(shares):,}, fewer tissues, or a smaller min_class_size"
        )
    low = np.zeros(len(shares), dtype=bool)
    while True:
        exact = np.where(low, float(floor), 0.0)
        exact[~low] = shares[~low] / shares[~low].sum() * (n_samples - floor * low.sum())
        below = (exact < floor) & ~low
        if not below.any():
            break
        low |= below
    sizes = np.floor(exact).astype(np.int64)
    # the largest remainders take what rounding down has left
    sizes[np.argsort(sizes - exact, kind="stable")[: n_samples - sizes.sum()]] += 1
    return sizes
