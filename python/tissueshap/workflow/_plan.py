"""``tissueshap run --dry-run``: what a run would do, without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tissueshap._core.errors import DataError
from tissueshap.workflow._by_name import without_names
from tissueshap.workflow._config import Config
from tissueshap.workflow._job import Job
from tissueshap.workflow._run import settled

#: Seconds of a small run, and per value: 16,651 samples x 18,900 genes took 83 minutes on two
#: busy cores with the default network.
_SECONDS, _PER_VALUE = 60.0, 83 * 60 / (16_651 * 18_900)


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
    minutes
        Roughly how long a run with the default settings takes on two cores, without a GPU.
    """

    data: str
    sizes: dict[str, int]
    steps: list[tuple[str, str]]
    minutes: float


def plan(config: Config) -> Plan:
    """Check the files, options and classes of a run, and list its steps.

    Raises
    ------
    DataError
        What the run would refuse before its work starts.
    """
    from tissueshap._core import slots
    from tissueshap.workflow._course import check_genes, small_files
    from tissueshap.workflow._steps import read, steps

    config, adata = settled(config, {})
    renews = config.overwrite or config.resume
    if config.out is not None and config.out.exists() and not renews:
        if not config.out.is_dir() or any(config.out.iterdir()):
            raise DataError(f"{config.out} is not empty: choose another --out, or --overwrite")
    with TemporaryDirectory() as folder:
        # Nothing is downloaded to make a plan.
        job = Job(without_names(config), Path(folder), adata)
        wanted = small_files(job)
        data = read(job)
        check_genes(job, wanted)
        sizes = job.adata.obs[slots.label_of(job.adata)].astype(str).value_counts()
        taken = steps(config)
    n_values = job.adata.n_obs * job.adata.n_vars
    return Plan(
        data,
        {str(name): int(size) for name, size in sizes.items()},
        [(name, (step.__doc__ or "").split("\n", 1)[0]) for name, step in taken.items()],
        (_SECONDS + _PER_VALUE * n_values) / 60,
    )
