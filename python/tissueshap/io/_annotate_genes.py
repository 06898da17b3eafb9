"""``io.annotate_genes``: symbols, Entrez ids, biotypes and lengths."""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.logging import logger
from tissueshap._core.options import wrong_type
from tissueshap.io import _rules
from tissueshap.io._delimited import read_delimited
from tissueshap.io._genes import gene_columns, meaning, strip_version
from tissueshap.io._text import first

if TYPE_CHECKING:
    from anndata import AnnData

_CODING = "protein_coding"
_KEYS = (schema.var.gene_id, schema.var.symbol, schema.var.entrez_id)
_COLUMNS = (*_KEYS, schema.var.biotype, schema.var.length)
_TRUE = {"true", "t", "1", "yes"}


def annotate_genes(adata: AnnData, annotation: str | Path | pd.DataFrame) -> None:
    """Add symbol, Entrez id, biotype and length to the genes.

    Genes are matched by the identifier that matches most of them: Ensembl id without
    version, symbol, or Entrez id. Values in ``var`` are kept where the annotation has none.

    Parameters
    ----------
    adata
        Samples x genes; ``var["gene_id"]`` or ``var_names`` hold identifiers.
    annotation
        Table (TSV or CSV, also gzip, or a data frame) with columns such as
        ``ensembl_gene_id``, ``gene_name`` or ``symbol``, ``entrez_id``, ``biotype`` or
        ``protein_coding`` (true or false), ``length`` (base pairs). The names used by
        Ensembl BioMart (``Gene stable ID``, or biomaRt's names), GENCODE, NCBI and
        Expression Atlas are recognised; the genes can also be the row names.

    Returns
    -------
    None. Writes ``var["symbol"]``, ``var["entrez_id"]``, ``var["biotype"]`` and
    ``var["length"]`` (NaN where unknown), those that the table has; and
    ``uns["tissueshap"]["annotate_genes"]`` with ``n_matched`` and ``matched_by``.

    Raises
    ------
    DataError
        The table has none of the columns, or none of the genes.

    Examples
    --------
    >>> table = pd.DataFrame({"gene_id": adata.var_names, "entrez_id": range(adata.n_vars)})
    >>> ts.io.annotate_genes(adata, table)
    >>> list(adata.var["entrez_id"][:3])
    ['0', '1', '2']
    """
    adata = target(adata, copy=False)
    name, table = _table(annotation)
    keys = [key for key in _KEYS if key in table]
    if not keys or len(table.columns) < 2:
        raise DataError(
            f"{name} needs a column of gene identifiers (ensembl_gene_id, symbol or entrez_id) "
            "and one to add (protein_coding or biotype, length)"
        )
    own = {
        "var_names": pd.Series(adata.var_names, index=adata.var_names).map(strip_version),
        **{key: _rules.as_text(adata.var[key]) for key in _KEYS if key in adata.var},
    }
    if schema.var.gene_id in own:
        own[schema.var.gene_id] = own[schema.var.gene_id].map(strip_version, na_action="ignore")
    hits = {(mine, key): own[mine].isin(table[key].dropna()).sum() for mine in own for key in keys}
    mine, key = max(hits, key=lambda pair: hits[pair])
    n_matched = int(hits[mine, key])
    if n_matched == 0:
        raise DataError(
            f"none of the genes ({first(adata.var_names)}) is in {name} "
            f"({first(table[keys[0]])}): both need Ensembl ids, symbols or Entrez ids of one "
            "species"
        )
    known = table.dropna(subset=[key]).drop_duplicates(key).set_index(key)
    values = known.reindex(own[mine].to_numpy())
    values[key] = own[mine].where(own[mine].isin(known.index)).to_numpy()
    columns = [column for column in _COLUMNS[1:] if column in values]
    if n_matched < adata.n_vars / 2:
        missed = adata.var_names[~own[mine].isin(known.index)]
        warnings.warn(
            f"{name} has {n_matched:,} of {adata.n_vars:,} genes, by {key}; it lacks "
            f"{first(missed)}",
            DataWarning,
            stacklevel=2,
        )
    logger.info("%s: %d of %d genes found by %s", name, n_matched, adata.n_vars, key)
    slots.write(
        adata,
        "annotate_genes",
        {
            "var": {column: _merged(adata, column, values[column]) for column in columns},
            "uns": {"n_matched": n_matched, "matched_by": key},
        },
        params={"annotation": name},
        versions=("pandas",),
    )


def _table(annotation: str | Path | pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Return the annotation's name, and its columns renamed to the slots."""
    if isinstance(annotation, pd.DataFrame):
        name, frame = "the annotation", _rules.table(annotation, "the annotation")
    elif not isinstance(annotation, str | PathLike):
        raise wrong_type("annotation", annotation, "the path of a table or a data frame")
    else:
        name, frame = str(annotation), read_delimited(annotation, "genes")
    columns = {str(column): values for column, values in frame.items()}
    known = {name: values for name, values in columns.items() if meaning(name)}
    table = pd.DataFrame(gene_columns(known), index=frame.index)
    table = table[[slot for slot in _COLUMNS if slot in table]]
    flags = {name.lower(): values for name, values in columns.items()}
    if _CODING in flags and schema.var.biotype not in table:
        coding = flags[_CODING].map(lambda text: str(text).lower() in _TRUE)
        table[schema.var.biotype] = np.where(coding, "protein_coding", "other")
    return name, table


def _merged(adata: AnnData, column: str, values: pd.Series) -> np.ndarray:
    """Return the annotation's values, or the gene's present value if it has none."""
    values = values.set_axis(adata.var_names)
    if column == schema.var.length:
        present = adata.var.get(column, pd.Series(np.nan, index=adata.var_names))
        return values.astype(np.float64).fillna(present).to_numpy()
    present = adata.var.get(column, pd.Series("", index=adata.var_names)).astype(object)
    text: np.ndarray = values.astype(object).where(values.notna(), present).fillna("").to_numpy()
    return text
