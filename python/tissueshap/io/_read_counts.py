"""``io.read_counts``: a file of counts and a samples table become an AnnData."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.logging import logger
from tissueshap._core.scale import check_log_input, check_not_normalised
from tissueshap.io import _rules
from tissueshap.io._annotate_genes import annotate_genes
from tissueshap.io._classes import class_mask
from tissueshap.io._counts import CountFile
from tissueshap.io._estimated import check_estimated
from tissueshap.io._file import read_file, read_tpm
from tissueshap.io._matrix import Kind
from tissueshap.io._samples import SampleTable, sample_table, typed
from tissueshap.io._table import Orient
from tissueshap.io._text import first

if TYPE_CHECKING:
    from anndata import AnnData


def read_counts(
    counts: str | Path,
    samples: str | Path | pd.DataFrame | None = None,
    *,
    label: str | None = None,
    donor: str | None = None,
    annotation: str | Path | pd.DataFrame | None = None,
    orient: Orient = "auto",
    exclude: str | Sequence[str] = (),
    min_class_size: int = 0,
    values: Kind = "counts",
    tpm: str | Path | None = None,
    check_scale: bool = True,
) -> AnnData:
    """Read counts and what is known about samples and genes.

    Parameters
    ----------
    counts
        GCT 1.2 or 1.3, a table separated by tabs, commas, semicolons or blanks (each also
        gzip), .h5ad or .zarr. Where ``X`` of an AnnData holds no counts they are read from
        ``layers["counts"]``, ``raw`` or another layer, and a message says so. Ensembl
        versions are taken off the gene ids. Rows that are not genes are left out:
        counters (``__no_feature``), spike-ins, other features of 10x.
    samples
        Table with a row a sample, TSV or CSV (also gzip), or a data frame. Its id column
        is the one whose values are the counts' samples. Counts of samples without a row
        are dropped with a warning. None where .h5ad or GCT 1.3 has the columns itself.
    label
        Column of the samples table with the classes; recorded for the later verbs.
    donor
        Column with the donors; kept as ``obs["donor"]``.
    annotation
        Table for :func:`tissueshap.io.annotate_genes`.
    orient
        ``"genes-in-rows"`` or ``"genes-in-columns"`` for a table; ``"auto"`` finds it by
        the sample ids.
    exclude
        Classes to leave out, a pattern or several: ``["Cells - *"]``.
    min_class_size
        Classes with fewer samples are dropped, and named in a message.
    values
        ``"counts"``; ``"estimated"`` for the fractional counts of RSEM, salmon, tximport
        and nf-core, which are rounded; or ``"log"`` for expression that is on a log scale
        already: then ``X`` and ``layers["log2"]`` hold it as float32, and verbs that need
        counts do not apply.
    tpm
        Transcripts per million of the same samples and genes, in any of the formats. An
        .h5ad file brings its own ``layers["tpm"]``.
    check_scale
        With ``values="log"``, refuse raw counts, CPM and TPM; False warns of them, and goes
        on.

    Returns
    -------
    AnnData, samples x genes, in the file's order:
        ``X``, counts, int32 and C-contiguous; ``obs``, the columns of the samples table,
        the classes as categories; ``obs["donor"]``; ``var["gene_id"]`` (without version),
        ``var["symbol"]`` and more where the file or the annotation has them;
        ``layers["tpm"]`` where given; ``layers["log2"]`` for ``values="log"``;
        ``uns["tissueshap"]["read_counts"]``, with ``n_rounded``, the number of values
        that were rounded, for ``values="estimated"``.

    Raises
    ------
    DataError
        What is wrong with the files, with file, row or column, and remedy; values that are
        read as logarithms and are none.

    Warns
    -----
    DataWarning
        Samples without a single count, or without a row in the samples table, are dropped
        and named; so are rows that are not genes. Counts look like rounded TPM, or
        logarithms like z-scores or logarithms that are not to base 2.

    Examples
    --------
    >>> genes = ["ALB", "APOB", "MYH7", "TNNT2"]
    >>> counts = pd.DataFrame({"gene": genes, "s1": [90, 70, 2, 0], "s2": [3, 0, 80, 60]})
    >>> counts.to_csv("counts.csv", index=False)
    >>> tissues = pd.DataFrame({"sample": ["s1", "s2"], "tissue": ["Liver", "Heart"]})
    >>> tissues.to_csv("samples.csv", index=False)
    >>> adata = ts.io.read_counts("counts.csv", "samples.csv", label="tissue")
    >>> adata.shape, list(adata.var_names), list(adata.obs["tissue"])
    ((2, 4), ['ALB', 'APOB', 'MYH7', 'TNNT2'], ['Liver', 'Heart'])
    """
    exclude = [exclude] if isinstance(exclude, str) else list(exclude)
    _check_arguments(orient, values, label, exclude, min_class_size)
    if not isinstance(counts, str | PathLike):
        raise DataError(
            f"counts is of type {type(counts).__name__}: give the path of a file; "
            "anndata.AnnData(frame) makes an AnnData of a data frame, samples x genes"
        )
    if samples is not None and not isinstance(samples, str | PathLike | pd.DataFrame):
        raise DataError(
            f"samples is of type {type(samples).__name__}: give the path of a file or a data frame"
        )
    table = None if samples is None else sample_table(samples)
    ids = None if table is None else table.ids()
    file = read_file(counts, ids, orient=orient, kind=values)
    if tpm is not None:
        file.tpm = read_tpm(tpm, file, orient)
    if values == "estimated":
        check_estimated(file)
    obs = _join(file, table)
    where = str(file.path) if table is None else table.name
    keep = pd.Index(file.samples).isin(obs.index)
    keep &= _not_empty(file, keep)
    obs = obs.reindex([name for name, kept in zip(file.samples, keep, strict=True) if kept])
    if label is not None:
        label = schema.column(label)
        slots.refuse_reserved(label, "label", where)
        obs[label] = _text_column(obs, label, "label", file, table)
        kept = class_mask(obs[label], exclude, min_class_size, file.path)
        keep[np.flatnonzero(keep)] = kept
        obs = obs[kept].copy()
        obs[label] = obs[label].astype("category")
    if donor is not None:
        slots.refuse_reserved(schema.column(donor), "donor", where)
        column = _text_column(obs, schema.column(donor), "donor", file, table)
        slots.put_donors(obs, column, schema.column(donor), where)
    adata = _build(file, keep, typed(obs), values)
    if values == "log":
        check_log_input(adata.X, adata, str(file.path), refuse=check_scale)
    else:
        check_not_normalised(adata.X.sum(axis=1, dtype=np.float64), str(file.path))
    if label is not None:
        slots.label_name(adata, label)
    if annotation is not None:
        annotate_genes(adata, annotation)
    params = {
        "counts": file.path,
        "samples": None if table is None else table.name,
        "label": label,
        "donor": donor,
        "orient": orient,
        "exclude": exclude,
        "min_class_size": min_class_size,
        "values": values,
        "tpm": tpm,
        "check_scale": check_scale,
    }
    results = {"uns": {"n_rounded": file.matrix.n_rounded}} if values == "estimated" else {}
    slots.write(adata, "read_counts", results, params=params, versions=("pandas",))
    logger.info("%s: %s samples x %s genes", file.path, f"{adata.n_obs:,}", f"{adata.n_vars:,}")
    return adata


def _check_arguments(
    orient: str, values: str, label: str | None, exclude: Sequence[str], min_class_size: int
) -> None:
    if orient not in get_args(Orient):
        raise DataError(f"orient={orient!r}: it is one of {', '.join(get_args(Orient))}")
    if values not in get_args(Kind):
        raise DataError(f"values={values!r}: it is one of {', '.join(get_args(Kind))}")
    if label is None and (exclude or min_class_size):
        raise DataError("exclude and min_class_size choose classes: pass label= as well")


def _join(file: CountFile, table: SampleTable | None) -> pd.DataFrame:
    """Return what is known about the samples that are kept, the samples table first."""
    own = pd.DataFrame(index=pd.Index(file.samples))
    if file.obs is not None:
        own = _rules.tidy(file.obs, f"{file.path}, obs,")
    if table is None:
        return own
    given = table.match(file.samples, file.path)
    rest = own.drop(columns=[name for name in own.columns if name in given.columns])
    return given.join(rest)


def _not_empty(file: CountFile, keep: np.ndarray) -> np.ndarray:
    filled = file.matrix.totals() > 0
    empty = [name for name, lost in zip(file.samples, keep & ~filled, strict=True) if lost]
    if empty:
        warnings.warn(
            f"{len(empty):,} samples of {file.path} are zero in every gene and are dropped: "
            f"{', '.join(empty)}",
            DataWarning,
            stacklevel=3,
        )
    return filled


def _text_column(
    obs: pd.DataFrame, name: str, argument: str, file: CountFile, table: SampleTable | None
) -> pd.Series:
    """Return a column as text, complete."""
    where = str(file.path) if table is None else table.name
    if name not in obs:
        hint = "; pass samples=" if table is None else ""
        raise DataError(
            f"{where} has no column {name!r} for {argument}=; it has {first(obs.columns, 20)}{hint}"
        )
    column = obs[name]
    if column.isna().any():
        raise DataError(
            f"{where}, column {name!r}: empty for {int(column.isna().sum()):,} samples "
            f"({first(column.index[column.isna()])}); fill it in or remove these rows "
            f"({_rules.MISSING_WORDS}: a class of such a name needs another)"
        )
    return _rules.as_text(column.astype(object))


def _build(file: CountFile, keep: np.ndarray, obs: pd.DataFrame, values: Kind) -> AnnData:
    import anndata

    if not keep.any():
        raise DataError(f"{file.path}: no sample is left; check the samples table")
    matrix = file.matrix.take(keep)
    obs.index = obs.index.astype(object)
    obs.index.name = None
    adata = anndata.AnnData(matrix, obs=obs, var=file.var())
    if values == "log":
        adata.layers[schema.layers.log2] = matrix.copy()
    if file.tpm is not None:
        # Where all are kept it is not copied: at GTEx's size it is 1.3 GB.
        tpm = file.tpm if keep.all() else file.tpm[keep]
        adata.layers[schema.layers.tpm] = np.ascontiguousarray(tpm, dtype=np.float32)
    return adata
