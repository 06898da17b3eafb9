"""A trained model applied to new samples, from their file to a page about them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.folders import whole_folder
from tissueshap._core.options import check_choice, check_number
from tissueshap.workflow._by_name import fetched, is_name
from tissueshap.workflow._choices import Orient, Values
from tissueshap.workflow._files import need_files
from tissueshap.workflow._log_file import LOG, log_file
from tissueshap.workflow._request import Request

if TYPE_CHECKING:
    import pandas as pd
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
    layer: str | None = None,
    min_overlap: float = 0.9,
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
        Raw counts of all genes: a file as for ``io.read_counts``, or an AnnData, samples x
        genes, which is not changed.
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
    layer
        Layer of an AnnData, or of an .h5ad or .zarr file, with the counts (or the values),
        ``"raw"`` or ``"X"``. By default they are looked for.
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
        ``second_class``, ``mixture_pvalue``, ``verdict``, ``class_2``, ``probability_2``,
        ``class_3``, ``probability_3`` and, with `label`, ``true_class`` and ``correct``),
        ``genes.tsv`` (``sample``, ``class``, ``rank`` 1 to 20, ``gene``, ``symbol``, ``shap``,
        ``expression``, ``training_median``), ``report.html``, ``adata.h5ad``,
        ``summary.json`` and ``log.txt``. It appears once everything is written.

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
    >>> calibrated = ts.tl.calibrate(adata, model, n_folds=2)
    >>> result = ts.workflow.predict(calibrated, other, "new", label="tissue", n_draws=10)
    >>> table = pd.read_csv("new/predictions.tsv", sep="\t")
    >>> table.columns[:4].tolist()
    ['sample', 'predicted', 'confidence', 'prediction_set']
    """
    check_choice("values", values, get_args(Values))
    check_choice("orient", orient, get_args(Orient))
    check_number("min_overlap", min_overlap, low=0, high=1)
    check_number("n_draws", n_draws, low=2, integer=True)
    request = Request(
        model=_path(model),
        counts=_path(counts),
        samples=_path(samples),
        label=label,
        class_map=_path(class_map),
        annotation=_path(annotation),
        values=values,
        orient=orient,
        layer=layer,
        min_overlap=min_overlap,
        check_scale=check_scale,
        explain=explain,
        n_draws=n_draws,
        title=title,
        seed=seed,
    )
    _check_inputs(request)
    if isinstance(request.annotation, Path):
        request = replace(request, annotation=fetched("annotation", request.annotation))
    with (
        whole_folder(Path(out), overwrite=overwrite) as folder,
        log_file(folder / LOG),
        _noted() as noted,
    ):
        from tissueshap.workflow._answer import answer

        return answer(request, folder, noted)


def _path(given: Any) -> Any:
    return Path(given).expanduser() if isinstance(given, str | Path) else given


def _check_inputs(request: Request) -> None:
    """Refuse missing files, and what is not an AnnData, before the work starts."""
    if not isinstance(request.counts, Path):
        from tissueshap._core.adata import check

        check(request.counts, "counts")
        if request.samples is not None:
            raise DataError("samples is for a file of counts: an AnnData has its table in obs")
    elif not request.counts.exists():  # .zarr is a folder
        need_files([("--counts", request.counts)])
    named = {name: getattr(request, name) for name in ("samples", "class_map", "annotation")}
    need_files(
        (f"--{name.replace('_', '-')}", path)
        for name, path in named.items()
        if isinstance(path, Path) and not (name == "annotation" and is_name(path))
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
