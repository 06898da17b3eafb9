"""A trained model applied to new samples, from their file to a page about them."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from tissueshap import io, model as models, report, tl
from tissueshap._core import slots
from tissueshap._core.adata import check
from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.folders import whole_folder
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice, check_number
from tissueshap._version import __version__
from tissueshap.model import MIN_OVERLAP
from tissueshap.workflow._choices import Orient, Values
from tissueshap.workflow._genes_behind import genes_behind
from tissueshap.workflow._inputs import need_files, read_map
from tissueshap.workflow._log_file import LOG, log_file
from tissueshap.workflow._new_samples import check_kind, input_layer, new_samples, true_classes
from tissueshap.workflow._outputs import peak_rss_mb

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model import Classifier


def predict(
    model: str | Path | Classifier,
    counts: str | Path | AnnData,
    out: str | Path,
    *,
    samples: str | Path | pd.DataFrame | None = None,
    label: str | None = None,
    class_map: str | Path | None = None,
    annotation: str | Path | None = None,
    values: Values = "counts",
    orient: Orient = "auto",
    min_overlap: float = MIN_OVERLAP,
    check_scale: bool = True,
    explain: bool = True,
    n_draws: int = 200,
    title: str | None = None,
    seed: int = 42,
    overwrite: bool = False,
) -> AnnData:
    r"""Apply a trained model to new samples, and write tables and a page about them.

    The model's bundle has all that is needed: neither R nor the training data are. Each sample
    is prepared and judged on its own.

    Parameters
    ----------
    model
        The model's folder (``model/`` of a run), or a classifier.
    counts
        Raw counts of all genes: a file as for ``io.read_counts``, or an AnnData with counts in
        ``X``, samples x genes, which is not changed.
    out
        Folder for the results.
    samples
        Table with one row per sample, as for ``io.read_counts``.
    label
        Column with the samples' known classes, to compare with; cells may be empty.
    class_map
        Table with two columns: a name in that column, and the model's class of that name.
    annotation
        Gene table, where the identifiers of the counts are not those of the model.
    values
        ``"counts"``; ``"estimated"`` for counts of RSEM, salmon or tximport, which are
        rounded; or ``"log"`` for values that were prepared like the model's training data.
    orient
        Orientation of a table of counts, as for ``io.read_counts``; by default, it is
        recognised by the sample ids, or by the model's genes.
    min_overlap
        Share of the model's genes that the data must have.
    check_scale
        Refuse values on another scale than the model's training data; False warns of them.
    explain
        Find the genes behind each sample's class.
    n_draws
        Draws of expected gradients for each sample.
    title
        Title of the page.
    seed
        Seed of these draws.
    overwrite
        Replace the results of an earlier call in ``out``.

    Returns
    -------
    anndata.AnnData
        The samples, with what ``tl.predict`` writes.

        The folder ``out`` gets ``predictions.tsv`` (``sample``, ``predicted``, ``confidence``,
        ``prediction_set``, ``novelty``, ``novelty_pvalue``, ``nearest_class``,
        ``second_class``, ``verdict``,
        ``class_2``, ``probability_2``, ``class_3``, ``probability_3`` and, with `label`,
        ``true_class`` and ``correct``), ``genes.tsv`` (``sample``, ``class``, ``rank`` 1 to 20,
        ``gene``, ``symbol``, ``shap``, ``expression``, ``training_median``), ``report.html``,
        ``adata.h5ad``, ``summary.json`` and ``log.txt``. It appears once everything is written.

    Raises
    ------
    DataError
        The bundle is damaged or of another version, the data cannot be read, lack the model's
        genes or are on another scale, or ``out`` is not empty.

    Warns
    -----
    DataWarning
        The model is not calibrated, so that there are no verdicts; a sample looks unlike the
        others; classes have other names than the model's.

    Examples
    --------
    >>> new = ts.datasets.simulate(30, 150, tissues=["Heart", "Liver", "Lung"], seed=1)
    >>> calibrated = ts.tl.calibrate(adata, model, n_folds=2)
    >>> found = ts.workflow.predict(calibrated, new, Path("new"), label="tissue", n_draws=10)
    >>> table = pd.read_csv("new/predictions.tsv", sep="\t")
    >>> table.columns[:4].tolist()
    ['sample', 'predicted', 'confidence', 'prediction_set']
    """
    check_choice("values", values, get_args(Values))
    check_choice("orient", orient, get_args(Orient))
    check_number("min_overlap", min_overlap, low=0, high=1)
    check_number("n_draws", n_draws, low=2, integer=True)
    out = Path(out)
    counts = _path(counts)
    paths = {"samples": _path(samples), "class_map": _path(class_map)}
    paths["annotation"] = _path(annotation)
    _need(counts, paths)
    started = time.perf_counter()
    with (
        whole_folder(out, overwrite=overwrite) as folder,
        log_file(folder / LOG),
        _noted() as noted,
    ):
        classifier = models.load(model) if isinstance(model, str | Path) else model
        _warn_uncalibrated(classifier)
        check_kind(classifier, values)
        map_ = None if paths["class_map"] is None else read_map(paths["class_map"])
        adata = new_samples(
            counts,
            classifier,
            samples=paths["samples"],
            annotation=paths["annotation"],
            values=values,
            orient=orient,
            min_overlap=min_overlap,
            check_scale=check_scale,
        )
        truth = None if label is None else true_classes(adata, label, classifier.classes, map_)
        layer = input_layer(classifier)
        tl.predict(adata, classifier, layer=layer, min_overlap=min_overlap, check_scale=check_scale)
        table = report.prediction_table(adata, truth)
        logger.info("%s", _counted(report.prediction_counts(table)))
        genes = None
        if explain and classifier.background is not None:
            genes = genes_behind(
                adata, classifier, n_draws=n_draws, min_overlap=min_overlap, seed=seed
            )
        settings = {
            "model": str(model) if isinstance(model, str | Path) else None,
            "counts": str(counts) if isinstance(counts, Path) else None,
            **{name: None if path is None else str(path) for name, path in paths.items()},
            "label": label,
            "values": values,
            "orient": orient,
            "min_overlap": min_overlap,
            "check_scale": check_scale,
            "explain": genes is not None,
            "n_draws": n_draws,
            "seed": seed,
        }
        slots.write(adata, "workflow", {}, params=settings, seed=seed)
        _write(folder, adata, classifier, table, genes, noted, settings, title)
        _summarise(folder, adata, classifier, table, noted, time.perf_counter() - started)
    return adata


def _path(given: Any) -> Any:
    return Path(given).expanduser() if isinstance(given, str | Path) else given


def _need(counts: Any, paths: dict[str, Any]) -> None:
    if not isinstance(counts, Path):
        check(counts, "counts")
        if paths["samples"] is not None:
            raise DataError("samples is for a file of counts: an AnnData has its table in obs")
    elif not counts.exists():  # .zarr is a folder
        need_files([("--counts", counts)])
    need_files(
        (f"--{name.replace('_', '-')}", path)
        for name, path in paths.items()
        if isinstance(path, Path)
    )


@contextmanager
def _noted() -> Iterator[list[str]]:
    """Collect the warnings of data, which are shown as before."""
    noted: list[str] = []
    with warnings.catch_warnings():
        otherwise = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if issubclass(category, DataWarning):
                noted.append(str(message))
            otherwise(message, category, *place)

        warnings.showwarning = show  # type: ignore[assignment]
        yield noted


def _warn_uncalibrated(model: Classifier) -> None:
    if model.calibration is not None:
        return
    warnings.warn(
        "the model is not calibrated: there are no verdicts (known, ambiguous, unfamiliar), its "
        "probabilities can be too high, and samples are not explained. To calibrate it, with the "
        "adata.h5ad of the run that trained it: adata = ts.io.read_h5ad('adata.h5ad'); "
        "ts.tl.calibrate(adata, ts.model.load('model')).save('model')",
        DataWarning,
        stacklevel=3,
    )


def _counted(counts: dict[str, Any]) -> str:
    """Return the answer in one line."""
    n, verdicts = counts["n_samples"], counts["verdicts"]
    words = f"{n:,} {'sample' if n == 1 else 'samples'}"
    if verdicts is None:
        return f"{words}; no verdicts, because the model is not calibrated"
    return f"{words}: " + ", ".join(f"{size:,} {name}" for name, size in verdicts.items())


def _write(
    folder: Path,
    adata: AnnData,
    model: Classifier,
    table: pd.DataFrame,
    genes: pd.DataFrame | None,
    noted: list[str],
    settings: dict[str, Any],
    title: str | None,
) -> None:
    table.to_csv(folder / "predictions.tsv", sep="\t", index=False, float_format="%.6g")
    if genes is not None:
        genes.to_csv(folder / "genes.tsv", sep="\t", index=False, float_format="%.6g")
    shown = {name: value for name, value in settings.items() if value is not None}
    source = Path(settings["counts"]).name if settings["counts"] else ""
    report.build_predictions(
        adata,
        model,
        folder / "report.html",
        table=table,
        genes=genes,
        source=source,
        title=title,
        warned=list(dict.fromkeys(noted)),
        settings=shown,
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
    found = {
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
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
