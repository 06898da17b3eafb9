"""The answer about new samples: from reading them to the files about them."""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap import io, model as models, report, tl
from tissueshap._core import slots
from tissueshap._core.errors import DataWarning
from tissueshap._core.logging import logger
from tissueshap._version import __version__
from tissueshap.workflow import _genes_behind
from tissueshap.workflow._new_samples import check_kind, new_samples, true_classes
from tissueshap.workflow._outputs import peak_rss_mb
from tissueshap.workflow._small_files import read_map

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from tissueshap.model import Classifier
    from tissueshap.workflow._request import Request


def answer(request: Request, folder: Path, noted: list[str]) -> AnnData:
    """Predict and explain new samples, and write the files about them.

    Parameters
    ----------
    request
        What is asked.
    folder
        The folder to write to.
    noted
        Warnings so far; those to come are added.
    """
    started = time.perf_counter()
    model = models.load(request.model) if isinstance(request.model, Path) else request.model
    _warn_uncalibrated(model)
    check_kind(model, request.values)
    class_map = None if request.class_map is None else read_map(request.class_map)
    adata = new_samples(request, model)
    truth = None
    if request.label is not None:
        truth = true_classes(adata, request.label, model.classes, class_map)
    tl.predict(
        adata,
        model,
        min_overlap=request.min_overlap,
        check_scale=request.check_scale,
    )
    table = report.prediction_table(adata, truth)
    logger.info("%s", _counted(report.prediction_counts(table)))
    genes = None
    if request.explain and model.background is not None:
        genes = _genes_behind.genes_behind(
            adata,
            model,
            n_draws=request.n_draws,
            min_overlap=request.min_overlap,
            seed=request.seed,
        )
    slots.write(adata, "workflow", {}, params=request.settings(), seed=request.seed)
    _write(request, folder, adata, model, table, genes, noted)
    _summarise(folder, adata, model, table, noted, time.perf_counter() - started)
    return adata


def _warn_uncalibrated(model: Classifier) -> None:
    if model.calibration is not None:
        return
    warnings.warn(
        "the model is not calibrated: there are no verdicts (known, ambiguous, unfamiliar), its "
        "probabilities can be too high, and samples are not explained. To calibrate it, with the "
        "adata.h5ad of the run that trained it: adata = ts.io.read_h5ad('adata.h5ad'); "
        "ts.tl.calibrate(adata, ts.model.load('model')).save('model')",
        DataWarning,
        stacklevel=2,
    )


def _counted(counts: dict[str, Any]) -> str:
    """Return the answer in one line."""
    n, verdicts = counts["n_samples"], counts["verdicts"]
    words = f"{n:,} {'sample' if n == 1 else 'samples'}"
    if verdicts is None:
        return f"{words}; no verdicts, because the model is not calibrated"
    return f"{words}: " + ", ".join(f"{size:,} {name}" for name, size in verdicts.items())


def _write(
    request: Request,
    folder: Path,
    adata: AnnData,
    model: Classifier,
    table: pd.DataFrame,
    genes: pd.DataFrame | None,
    noted: list[str],
) -> None:
    table.to_csv(folder / "predictions.tsv", sep="\t", index=False, float_format="%.6g")
    if genes is not None:
        genes.to_csv(folder / "genes.tsv", sep="\t", index=False, float_format="%.6g")
    report.build_predictions(
        adata,
        model,
        folder / "report.html",
        table=table,
        genes=genes,
        source=request.counts.name if isinstance(request.counts, Path) else "",
        title=request.title,
        warned=list(dict.fromkeys(noted)),
        settings=request.settings(),
    )
    io.write_h5ad(adata, folder / "adata.h5ad")


def _summarise(
    folder: Path,
    adata: AnnData,
    model: Classifier,
    table: pd.DataFrame,
    noted: list[str],
    seconds: float,
) -> None:
    """Write the summary, the last file."""
    record = slots.record(adata)["predict"]
    by = record.get("matched_by")
    summary = {
        **report.prediction_counts(table),
        "n_filled": int(record["n_filled"]),
        "overlap": float(record["overlap"]),
        "matched_by": None if by is None else list(map(str, by)),
        "model": {
            "fingerprint": model.fingerprint(),
            "label": model.label,
            "n_classes": len(model.classes),
            "n_genes": len(model.genes),
            "calibrated": model.calibration is not None,
            "scores": model.card.get("scores"),
            "calibration": {
                name: value
                for name, value in model.card.get("calibration", {}).items()
                if name != "reliability"
            },
            "versions": model.versions,
        },
        "warnings": list(dict.fromkeys(noted)),
        "seconds": round(seconds, 1),
        "peak_rss_mb": peak_rss_mb(),
        "versions": {"tissueshap": __version__},
    }
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
