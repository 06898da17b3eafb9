"""The files that a run writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import io, report
from tissueshap._core import schema, slots
from tissueshap._core.called import called
from tissueshap._core.labels import symbols
from tissueshap.model import describe
from tissueshap.pl import counts, enrichment_ratio
from tissueshap.report import ran, rendered
from tissueshap.workflow._finished import FOLDS, MODEL
from tissueshap.workflow._job import Job

if TYPE_CHECKING:
    from anndata import AnnData


def figures(job: Job) -> str:
    """Draw the figures and write each as PNG and SVG."""
    if job.markers is not None:
        job.adata.uns["markers"] = job.markers
    folder = _made(job.folder / "figures")
    job.figures = report.figures(job.adata, job.other)
    for name, figure in job.figures.items():
        for form in ("png", "svg"):
            (folder / f"{name}.{form}").write_bytes(rendered(figure, form))
    return f"{len(job.figures)} figures"


def tables(job: Job) -> str:
    """Write every table of the verbs and of the report as TSV."""
    folder = _made(job.folder / "tables")
    written = {**verb_tables(job.adata), **report_tables(job.adata)}
    if job.other is not None:
        written |= {f"cohort_{name}": table for name, table in verb_tables(job.other).items()}
    for name, table in written.items():
        if {"GeneRatio", "BgRatio"} <= set(table.columns):
            table = table.assign(FoldEnrichment=enrichment_ratio(table))  # noqa: PLW2901
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return f"{len(written)} tables"


def page(job: Job) -> str:
    """Write the report."""
    job.record()
    title = job.config.title
    path = job.folder / "report.html"
    report.build(
        job.adata, path, title=title, figures=job.figures, tables="tables", other=job.other
    )
    return f"{path.stat().st_size / 1e6:.1f} MB"


def save(job: Job) -> str:
    """Write the AnnData, the classifier, and those of the folds."""
    job.record()
    describe(job.adata, job.classifier).save(job.folder / MODEL)
    for number, model in enumerate(job.fold_models, start=1):
        model.save(job.folder / FOLDS / str(number))
    path = job.folder / "adata.h5ad"
    io.write_h5ad(job.adata, path)
    if job.other is not None:
        io.write_h5ad(job.other, job.folder / "cohort.h5ad")
    return f"{path.stat().st_size / 1e6:.1f} MB"


def summary(job: Job) -> str:
    """Write the summary."""
    job.record()
    numbers = {**report.summarise(job.adata), "peak_rss_mb": peak_rss_mb()}
    text = json.dumps(numbers, indent=2, ensure_ascii=False, allow_nan=False)
    (job.folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return f"peak memory {numbers['peak_rss_mb']:,.0f} MB"


def verb_tables(adata: AnnData) -> dict[str, pd.DataFrame]:
    """Return the frames under ``uns["tissueshap"]`` by ``VERB_TABLE``."""
    return {
        f"{verb}_{name}": table
        for verb, entry in slots.record(adata).items()
        if isinstance(entry, Mapping)
        for name, table in entry.items()
        if isinstance(table, pd.DataFrame)
    }


def report_tables(adata: AnnData) -> dict[str, pd.DataFrame]:
    """Return the tables of the report that no verb writes."""
    by_name = {"classes": pd.DataFrame(report.classes(adata)), "de_genes": de_genes(adata)}
    if ran(adata, "de"):
        by_name["de_by_class"] = counts(adata)
    if ran(adata, "compare"):
        by_name["missed"] = pd.DataFrame(report.missed_by_class(adata))
    if ran(adata, "select_genes"):
        by_name["genes"] = report.gene_table(adata)
        if "markers" in adata.uns:
            by_name["markers"] = report.score_markers(adata)
    if "truth" in adata.uns:
        by_name["truth"] = report.score_truth(adata)
    return by_name


def de_genes(adata: AnnData) -> pd.DataFrame:
    """Return the significant genes, one row per class and gene, the strongest first."""
    classes = slots.class_names(adata)
    names = {
        "logfc": schema.varm.de_logfc,
        "pvalue": schema.varm.de_pvalue,
        "fdr": schema.varm.de_fdr,
    }
    values = {
        column: slots.class_frame(adata, "varm", key, classes).to_numpy(dtype=np.float64)
        for column, key in names.items()
    }
    row, column = np.nonzero(called(adata, classes).to_numpy())
    columns: dict[str, Any] = {
        "class": np.asarray(classes, dtype=object)[column],
        "gene": adata.var_names.astype(str)[row],
        "symbol": symbols(adata).to_numpy()[row],
        **{name: matrix[row, column] for name, matrix in values.items()},
    }
    return pd.DataFrame(columns).sort_values(["class", "pvalue"], kind="stable", ignore_index=True)


def peak_rss_mb() -> float:
    """Return the peak memory of this process, in MB."""
    import resource
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1024**2 if sys.platform == "darwin" else 1024), 1)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
