"""``io.read_counts``: read a file of counts and a samples table into an AnnData."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from itertools import compress
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice, check_number, wrong_type
from tissueshap._core.scale import check_log_input, check_not_normalised
from tissueshap.io import _rules
from tissueshap.io._annotate_genes import annotate_genes
from tissueshap.io._classes import class_mask
from tissueshap.io._counts import MIN_GENES, CountFile
from tissueshap.io._estimated import check_estimated
from tissueshap.io._file import read_file, read_tpm
from tissueshap.io._held import Choice, joined
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
    layer: str | None = None,
    exclude: str | Sequence[str] = (),
    min_class_size: int = 0,
    values: Kind = "counts",
    tpm: str | Path | None = None,
    min_reads: float | None = None,
    min_samples: int | None = None,
    check_scale: bool = True,
) -> AnnData:
    """Read counts, and the annotation of samples and genes.

    Parameters
    ----------
    counts
        GCT 1.2 or 1.3, a table separated by tabs, commas, semicolons or blanks (each also
        gzip), .h5ad or .zarr. If ``X`` of an AnnData does not hold counts, they are read
        from ``layers["counts"]``, ``raw`` or another layer, and a message says so. Versions
        of Ensembl ids are removed. Rows that are not genes are dropped: counters
        (``__no_feature``), spike-ins, other features of 10x.
    samples
        Table with one row per sample, TSV or CSV (also gzip), or a data frame. Its id column
        is the one whose values match the samples of the counts. Counts of samples without a
        row are dropped with a warning. None if the .h5ad or GCT 1.3 file has the columns.
    label
        Column of the samples table with the classes; recorded for later verbs.
    donor
        Column with the donors; stored as ``obs["donor"]``.
    annotation
        Table for ``io.annotate_genes``.
    orient
        ``"genes-in-rows"`` or ``"genes-in-columns"`` for a table; ``"auto"`` decides by
        the sample ids.
    layer
        Of an .h5ad or .zarr file, the layer to read, ``"raw"`` or ``"X"``.
    exclude
        Classes to exclude, one or several patterns: ``["Cells - *"]``.
    min_class_size
        Classes with fewer samples are dropped, and listed in a message.
    values
        ``"counts"``; ``"estimated"`` for the fractional counts of RSEM, salmon, tximport
        and nf-core, which are rounded; or ``"log"`` for log-transformed expression, which
        ``X`` and ``layers["log2"]`` then hold as float32. Verbs that need counts cannot be
        used with it.
    tpm
        Transcripts per million of the same samples and genes, in any of the formats. Not
        needed for an .h5ad file with ``layers["tpm"]``.
    min_reads
        Leave out the genes that do not have at least so many reads in more than ``min_samples``
        samples, as ``pp.filter_genes`` does. A file with a row for each gene then takes the
        memory of the genes that are left: of GTEx's 56,200, a third. Genes that are left out
        have no part in what later functions compute, for example the TPM of ``pp.filter_genes``
        that come from ``var["length"]``.
    min_samples
        By default 95 % of the smallest class that is read, rounded down.
    check_scale
        With ``values="log"``, refuse raw counts, CPM and TPM; False only warns of them.

    Returns
    -------
    AnnData, samples x genes, in the file's order:
        ``X``, counts, int32 and C-contiguous; ``obs``, the columns of the samples table,
        the classes as categories; ``obs["donor"]``; ``var["gene_id"]`` (without version),
        ``var["symbol"]`` and others that the file or the annotation has;
        ``layers["tpm"]`` if passed; ``layers["log2"]`` for ``values="log"``;
        ``uns["truth"]``, the markers of simulated data;
        ``uns["tissueshap"]["read_counts"]``, with ``n_rounded``, the number of values
        that were rounded, for ``values="estimated"``, and ``n_left_out``, the number of genes
        that ``min_reads`` leaves out.

    Raises
    ------
    DataError
        Something is wrong with the files (the message has file, row or column, and remedy),
        or values read with ``values="log"`` are not log-transformed.

    Warns
    -----
    DataWarning
        Samples without any count or without a row in the samples table, or rows that are
        not genes, are dropped. Counts look like rounded TPM, or log-transformed values like
        z-scores or like a logarithm with another base than 2.

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
    _check_reads(min_reads, min_samples, label, values)
    if not isinstance(counts, str | PathLike):
        raise wrong_type(
            "counts",
            counts,
            "the path of a file",
            "anndata.AnnData(frame) makes an AnnData of a data frame, samples x genes",
        )
    if samples is not None and not isinstance(samples, str | PathLike | pd.DataFrame):
        raise wrong_type("samples", samples, "the path of a file or a data frame")
    table = None if samples is None else sample_table(samples)
    ids = None if table is None else table.ids()
    choice = Choice(Path(counts), table, label, exclude, min_class_size, min_reads, min_samples)
    file = _read(choice, ids, orient=orient, kind=values, layer=layer)
    if tpm is not None:
        file.tpm = read_tpm(tpm, file, orient)
    if values == "estimated":
        check_estimated(file)
    matched = None if table is None else table.match(file.samples, file.path)
    obs = joined(file.path, file.samples, file.obs, matched)
    where = str(file.path) if table is None else table.name
    keep = pd.Index(file.samples).isin(obs.index)
    keep &= _not_empty(file, keep)
    obs = obs.reindex([name for name, mask in zip(file.samples, keep, strict=True) if mask])
    if label is not None:
        label = schema.plain_name(label)
        slots.refuse_reserved(label, "label", where)
        obs[label] = _text_column(obs, label, "label", file, table)
        mask = class_mask(obs[label], exclude, min_class_size, file.path)
        keep[np.flatnonzero(keep)] = mask
        obs = obs[mask].copy()
        obs[label] = obs[label].astype("category")
    if donor is not None:
        slots.refuse_reserved(schema.plain_name(donor), "donor", where)
        column = _text_column(obs, schema.plain_name(donor), "donor", file, table)
        slots.put_donors(obs, column, schema.plain_name(donor), where)
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
        "layer": layer,
        "exclude": exclude,
        "min_class_size": min_class_size,
        "values": values,
        "tpm": tpm,
        "min_reads": min_reads,
        "min_samples": min_samples,
        "check_scale": check_scale,
    }
    results = {"n_rounded": file.matrix.n_rounded} if values == "estimated" else {}
    if min_reads is not None:
        results["n_left_out"] = int((~file.held_genes).sum())
    slots.write(adata, "read_counts", {"uns": results}, params=params, versions=("pandas",))
    logger.info("%s: %s samples x %s genes", file.path, f"{adata.n_obs:,}", f"{adata.n_vars:,}")
    return adata


def _check_arguments(
    orient: str, values: str, label: str | None, exclude: Sequence[str], min_class_size: int
) -> None:
    check_choice("orient", orient, get_args(Orient))
    check_choice("values", values, get_args(Kind))
    if label is None and (exclude or min_class_size):
        raise DataError("exclude and min_class_size select classes: pass label= as well")


def _check_reads(
    min_reads: float | None, min_samples: int | None, label: str | None, values: str
) -> None:
    if min_samples is not None:
        check_number("min_samples", min_samples, low=0, integer=True)
    if min_reads is None:
        if min_samples is not None:
            raise DataError("min_samples is the number of samples for min_reads: pass that too")
        return
    check_number("min_reads", min_reads, low=0)
    if values == "log":
        raise DataError("min_reads selects genes by counts, which values='log' are not: omit it")
    if label is None and min_samples is None:
        raise DataError(
            "min_reads needs a number of samples, by default that of the smallest class: pass "
            "label= or min_samples="
        )


def _read(
    choice: Choice, ids: Collection[str] | None, *, orient: Orient, kind: Kind, layer: str | None
) -> CountFile:
    """Read what is used of a file, twice if empty samples change which genes are expressed."""
    read = partial(read_file, choice.path, ids, orient=orient, kind=kind, layer=layer)
    file = read(choose=choice.of)
    expressed = choice.of(file.samples, file.obs).expressed
    if expressed is None:
        return file
    empty = compress(file.samples, ~_filled(file))
    without = replace(choice, empty=frozenset(empty))
    if without.of(file.samples, file.obs).expressed != expressed:
        file = read(choose=without.of)
    if file.held_genes.sum() < MIN_GENES:
        raise DataError(
            f"{file.path}: {file.held_genes.sum()} of {len(file.genes):,} genes have at least "
            f"{expressed.reads:g} reads in more than {expressed.samples:,} samples, but "
            f"{MIN_GENES} are needed: lower min_reads or min_samples"
        )
    return file


def _filled(file: CountFile) -> np.ndarray:
    """Return which samples have a count; of those that are not held it is not known."""
    filled = np.ones(len(file.samples), dtype=bool)
    filled[file.held_samples] = file.matrix.totals() > 0
    return filled


def _not_empty(file: CountFile, keep: np.ndarray) -> np.ndarray:
    filled = _filled(file)
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
    """Return a column as text, without missing values."""
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
            f"({_rules.MISSING_WORDS}: rename a class with such a name)"
        )
    return _rules.as_text(column.astype(object))


def _build(file: CountFile, keep: np.ndarray, obs: pd.DataFrame, values: Kind) -> AnnData:
    import anndata

    if not keep.any():
        raise DataError(f"{file.path}: no sample is left; check the samples table")
    rows = keep[file.held_samples]
    matrix = file.matrix.take(rows)
    obs.index = obs.index.astype(object)
    obs.index.name = None
    adata = anndata.AnnData(matrix, obs=obs, var=file.var())
    if values == "log":
        adata.layers[schema.layers.log2] = matrix.copy()
    if file.tpm is not None:
        # Not copied if all samples are kept: at GTEx's size it is 1.3 GB.
        tpm = file.tpm if rows.all() else file.tpm[rows]
        adata.layers[schema.layers.tpm] = np.ascontiguousarray(tpm, dtype=np.float32)
    if file.truth is not None:
        adata.uns["truth"] = file.truth
    return adata
