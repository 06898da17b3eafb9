"""The results of a finished run, and the state after one of its steps that they contain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tissueshap import io
from tissueshap._core import schema
from tissueshap.model import load
from tissueshap.workflow._manifest import Manifest
from tissueshap.workflow._provenance import FILE
from tissueshap.workflow._state import dropped

if TYPE_CHECKING:
    from tissueshap.workflow._job import Job


#: Folders of the results: the classifier, and those of the folds, numbered from 1.
MODEL, FOLDS = "model", "folds"


def manifests_of(out: Path) -> list[Manifest]:
    """Return the manifests of the steps whose results are in a folder; none if there are none."""
    if not (out / "adata.h5ad").is_file():
        return []
    try:
        steps = json.loads((out / FILE).read_bytes())["steps"]
        return [Manifest(**one) for one in steps]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def usable(manifests: Sequence[Manifest], n_steps: int) -> int:
    """Return the last step, at most ``n_steps``, whose state the results contain; 0 for none.

    What later steps have added can be removed. What they have replaced, and samples and genes
    that they have dropped, cannot be had back.
    """
    return next(
        (n for n in range(n_steps, 0, -1) if _contained(manifests[:n], manifests[n:])),
        0,
    )


def _contained(earlier: Sequence[Manifest], later: Sequence[Manifest]) -> bool:
    written = {tuple(key) for one in earlier for key in one.writes}
    replaced = any(tuple(key) in written for one in later for key in one.writes)
    every = (*earlier, *later)
    models = [{_classifiers(name.rpartition(".")[2]) for name in one.outputs} for one in every]
    for kind in (MODEL, FOLDS):
        trained = [number for number, kinds in enumerate(models) if kind in kinds]
        if trained and trained[0] < len(earlier) <= trained[-1]:
            return False
    return not (any(one.drops for one in later) or replaced)


def _classifiers(output: str) -> str | None:
    """Return where in the results the classifier of an output of a step is."""
    if output == MODEL:
        return MODEL
    return FOLDS if output.startswith("fold") else None


def put_back(job: Job, out: Path, manifests: Sequence[Manifest], n_steps: int) -> None:
    """Bring a job to the state after a step of a finished run that is :func:`usable`."""
    later = {tuple(key) for one in manifests[n_steps:] for key in one.writes}
    later.add(("adata", "uns", schema.UNS, "workflow"))
    job.adata = io.read_h5ad(out / "adata.h5ad")
    dropped(job.adata, {key[1:] for key in later if key[0] == "adata"})
    if job.config.markers is not None:
        job.adata.uns.pop("markers", None)
    if (out / "cohort.h5ad").is_file():
        job.other = io.read_h5ad(out / "cohort.h5ad")
        dropped(job.other, {key[1:] for key in later if key[0] == "other"})
    names = [name.rpartition(".")[2] for one in manifests[:n_steps] for name in one.outputs]
    if MODEL in names:
        job.model = load(out / MODEL)
    n_folds = len({name for name in names if _classifiers(name) == FOLDS})
    job.fold_models = [load(out / FOLDS / str(number)) for number in range(1, n_folds + 1)]
