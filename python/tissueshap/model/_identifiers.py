"""A model's genes found in another table of genes, whatever identifiers that has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.errors import DataError
from tissueshap.io import meaning, strip_version

#: What a column of a table of genes must hold to be compared, as :func:`io.meaning` has it.
_MEANINGS = ("id", schema.var.symbol, schema.var.entrez_id)
#: The name of ``var_names`` in addition to them.
_NAMES = "var_names"


@dataclass(frozen=True)
class Matched:
    """Where a model's genes are in another table.

    Attributes
    ----------
    columns
        The model's gene for each gene of the table, -1 for none, (genes of the table,).
    found
        Whether each of the model's genes is there, (genes of the model,).
    by
        The identifiers that match, as ``"var_names"`` of the table and a column of the
        model's.
    """

    columns: np.ndarray
    found: np.ndarray
    by: tuple[str, str]


def match_genes(genes: pd.DataFrame, names: pd.Index, var: pd.DataFrame) -> Matched:
    """Find a model's genes by the identifiers that match most of them.

    A gene that occurs several times in the table (versions of an Ensembl identifier, two
    rows of a symbol) is matched each time: counts are to be added. A name that several of
    the model's genes share matches none of them.

    Parameters
    ----------
    genes
        The model's genes: ``gene`` and, where known, ``gene_id``, ``symbol``, ``entrez_id``.
    names, var
        ``var_names`` and ``var`` of the other table.

    Raises
    ------
    DataError
        No gene matches.
    """
    columns = [key for key in var if meaning(str(key)) in _MEANINGS]
    theirs = {_NAMES: names.to_series()} | {key: var[key] for key in columns}
    cleaned = {str(key): _cleaned(values) for key, values in theirs.items()}
    best = Matched(np.full(len(names), -1), np.zeros(len(genes), bool), (_NAMES, "gene"))
    for own in genes.columns:
        lookup = _unique(_cleaned(genes[own]))
        for key, values in cleaned.items():
            places = lookup.reindex(values).fillna(-1).to_numpy(dtype=np.int64)
            found = np.zeros(len(genes), dtype=bool)
            found[places[places >= 0]] = True
            if found.sum() > best.found.sum():
                best = Matched(places, found, (str(key), own))
    if not best.found.any():
        raise DataError(_no_match(genes, cleaned))
    return best


def _cleaned(values: pd.Series) -> np.ndarray:
    """Return identifiers as text, Ensembl's without version; missing ones are empty."""
    text = values.astype(object).where(values.notna(), "").map(str)
    return np.array([strip_version(name.removesuffix(".0")) for name in text], dtype=object)


def _unique(identifiers: np.ndarray) -> pd.Series:
    """Return the position of each identifier that occurs once."""
    places = pd.Series(np.arange(identifiers.size), index=identifiers)
    return places[~places.index.duplicated(keep=False) & (places.index != "")]


def _no_match(genes: pd.DataFrame, theirs: dict[str, np.ndarray]) -> str:
    shown = "; ".join(f"{key} {list(values[:3])}" for key, values in theirs.items())
    own = "; ".join(f"{key} {genes[key].astype(str).tolist()[:3]}" for key in genes)
    upper = {name.upper() for name in theirs[_NAMES] if name}
    alike = max(genes[key].astype(str).str.upper().isin(upper).sum() for key in genes)
    hint = "use the same kind of identifiers"
    if alike:
        hint = (
            f"{alike:,} match without regard to case, as symbols of another species do: "
            "translate them to those of the model's species"
        )
    return f"none of the model's {len(genes):,} genes ({own}) is in the data ({shown}): {hint}"
