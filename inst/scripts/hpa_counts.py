#!/usr/bin/env python3
"""RSEM's results of all samples as two tables and one AnnData: hpa_fastq.sh's last step."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import tissueshap as ts
from tissueshap._core.errors import DataError, DataWarning, TissueshapError
from tissueshap.io import gene_table

#: Columns of the run table that say where reads are, not what the sample is.
_FILES = ("fastq_ftp", "fastq_md5", "fastq_bytes")


def results(out: Path, samples: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return expected counts, rounded, and TPM of the samples, genes in rows."""
    counts, tpm = {}, {}
    for sample in samples:
        path = out / "samples" / sample / "rsem" / f"{sample}.genes.results"
        if not path.exists():
            raise DataError(f"{path} is missing: run hpa_fastq.sh again, with --step quantify")
        table = pd.read_csv(path, sep="\t", index_col="gene_id")
        counts[sample] = np.rint(table["expected_count"]).astype(np.int64)
        tpm[sample] = table["TPM"].astype(np.float32)
    return _joined(counts), _joined(tpm)


def _joined(columns: dict[str, pd.Series]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    if frame.isna().any(axis=None):
        raise DataError("the samples were quantified on different genes: run --step quantify")
    return frame


def run_table(path: Path, column: str) -> pd.DataFrame:
    """Return the run table, one row per sample; differing values of its runs are joined by ;."""
    table = pd.read_csv(path, sep="\t", dtype=str).drop(columns=[*_FILES], errors="ignore")
    joined = table.groupby(column, sort=False).agg(_together)
    return joined.dropna(axis="columns", how="all")


def _together(values: pd.Series) -> str | None:
    return ";".join(dict.fromkeys(values.dropna())) or None


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table with genes in rows, whole or not at all."""
    part = path.with_name(f".{path.name}")
    frame.to_csv(part, sep="\t", index_label="gene_id", compression={"method": "gzip", "mtime": 0})
    part.replace(path)


def versions(path: Path) -> dict[str, str]:
    """Return the tools' versions that hpa_fastq.sh noted."""
    return dict(line.split("\t", 1) for line in path.read_text().splitlines())


def main(arguments: list[str] | None = None) -> int:
    """Write counts.tsv.gz, tpm.tsv.gz and counts.h5ad; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="hpa_fastq.sh's OUT")
    parser.add_argument("--runs", type=Path, required=True, help="table of runs")
    parser.add_argument("--sample-column", default="run_accession", help="[run_accession]")
    parser.add_argument("--gtf", type=Path, required=True, help="GTF of the reference")
    given = parser.parse_args(arguments)
    warnings.simplefilter("always", DataWarning)
    warnings.showwarning = lambda message, *_, **__: print(f"warning: {message}", file=sys.stderr)
    try:
        samples = run_table(given.runs, given.sample_column)
        counts, tpm = results(given.out, list(samples.index))
        write_table(counts, given.out / "counts.tsv.gz")
        write_table(tpm, given.out / "tpm.tsv.gz")
        adata = ts.io.read_counts(
            given.out / "counts.tsv.gz",
            samples,
            tpm=given.out / "tpm.tsv.gz",
            orient="genes-in-rows",
            annotation=gene_table(given.gtf),
        )
        adata.uns["hpa_fastq"] = versions(given.out / "versions.tsv")
        ts.io.write_h5ad(adata, given.out / "counts.h5ad")
    except (TissueshapError, OSError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
