"""``tissueshap run --dry-run``: what a run would do, without doing it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.settings import settings as session
from tissueshap.workflow._by_name import without_names
from tissueshap.workflow._config import Config
from tissueshap.workflow._cost import Sizes, seconds
from tissueshap.workflow._job import Job
from tissueshap.workflow._run import settled


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes
    ----------
    data
        Samples, genes and classes, in words.
    sizes
        Number of samples of each class.
    steps
        Name of each step, and what it does.
    seconds
        Roughly how long each step takes on these cores, if they are idle, without a GPU; also
        of what is written at the end.
    cores
        Number of cores.
    """

    data: str
    sizes: dict[str, int]
    steps: list[tuple[str, str]]
    seconds: dict[str, float]
    cores: int


def plan(config: Config) -> Plan:
    """Check the files, options and classes of a run, and list its steps.

    Raises
    ------
    DataError
        What the run would refuse before its work starts.
    """
    from tissueshap.workflow._course import check_genes, small_files
    from tissueshap.workflow._steps import network, read, split, steps

    config, adata = settled(config, {})
    renews = config.overwrite or config.resume
    if config.out is not None and config.out.exists() and not renews:
        if not config.out.is_dir() or any(config.out.iterdir()):
            raise DataError(f"{config.out} is not empty: choose another --out, or --overwrite")
    with TemporaryDirectory() as folder:
        # Nothing is downloaded to make a plan.
        job = Job(without_names(config), Path(folder), adata)
        wanted = small_files(job)
        began = time.perf_counter()
        data = read(job)
        reading = time.perf_counter() - began
        check_genes(job, wanted)
        sizes = job.adata.obs[slots.label_of(job.adata)].astype(str).value_counts()
        taken = steps(config)
        split(job)
        cores = config.n_jobs or session.cores
        settings = network(job).changed(epochs=config.epochs, n_models=config.n_models)
        names = [*taken, "figures", "report", "save"]
        estimated = seconds(config, settings, _sizes_of(job), names, cores=cores)
        estimated["read"] += reading
    return Plan(
        data,
        {str(name): int(size) for name, size in sizes.items()},
        [(name, (step.__doc__ or "").split("\n", 1)[0]) for name, step in taken.items()],
        estimated,
        cores,
    )


def _sizes_of(job: Job) -> Sizes:
    classes = job.adata.obs[slots.label_of(job.adata)].astype(str)
    held = job.config.folds is not None
    return Sizes(
        n_samples=job.adata.n_obs,
        n_genes=job.adata.n_vars,
        train=classes[training(job.adata)].value_counts().to_numpy(),
        n_test=job.adata.n_obs if held else job.adata.n_obs - job.n_train(),
        n_other=0 if job.other is None else job.other.n_obs,
    )
