"""The course of a run: its folder, its steps, and what is kept of them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any

from tissueshap._core.errors import DataError, DiskError
from tissueshap._core.folders import Workspace, need_space, resumable_folder
from tissueshap._core.logging import HINT, logger
from tissueshap._core.progress import bar
from tissueshap._version import __version__
from tissueshap.workflow import _biology, _outputs, _provenance, _steps
from tissueshap.workflow._config import Config
from tissueshap.workflow._depends import Dependencies
from tissueshap.workflow._inputs import check_identifiers
from tissueshap.workflow._job import Job
from tissueshap.workflow._log_file import LOG, log_file
from tissueshap.workflow._steps_kept import WORTH, Kept, bytes_needed, described
from tissueshap.workflow._watched import watched

if TYPE_CHECKING:
    from anndata import AnnData


def course(config: Config, out: Path, adata: AnnData) -> AnnData:
    """Take the steps of a run, and return its AnnData.

    Parameters
    ----------
    config
        The settings.
    out
        The folder for the results.
    adata
        The data, which are changed; an empty AnnData if the settings name a file.
    """
    started = time.perf_counter()
    with (
        resumable_folder(
            out,
            overwrite=config.overwrite or config.resume,
            resume=config.resume,
            describe=described,
        ) as space,
        log_file(_emptied(space.new) / LOG),
    ):
        _begin(config, space.new)
        used: set[str] = set()
        job = Job(watched(config, used), space.new, adata)
        depends = Dependencies(config, None if config.counts else adata)
        kept = Kept(space.kept, depends, job)
        try:
            _take_steps(job, kept, used, out)
        except BaseException as error:
            _stopped(error, kept, space)
            raise
        minutes, seconds = divmod(round(time.perf_counter() - started), 60)
        logger.info("done in %d min %d s: %s", minutes, seconds, out / "report.html")
    return job.adata


def _emptied(folder: Path) -> Path:
    """Remove what a run that was stopped left of its results, except its log."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOG:
            path.unlink()
    return folder


def _begin(config: Config, folder: Path) -> None:
    """Report where the log is, and write the settings into it."""
    logger.info("the log of this run, until it is done: %s", folder / LOG)
    default = Config().to_dict()
    chosen = {name: v for name, v in config.to_dict().items() if v != default[name]}
    listed = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
    logger.log(HINT, "tissueshap %s, Python %s: %s", __version__, python_version(), listed)


def _stopped(error: BaseException, kept: Kept, space: Workspace) -> None:
    """Keep the finished steps, unless the input is wrong and little was done; say so."""
    of_input = isinstance(error, DataError) and not isinstance(error, DiskError)
    if kept.last is None or (of_input and kept.seconds < WORTH):
        return
    space.worth_keeping = True
    words = (
        f"the steps up to {kept.last!r} are kept in {space.folder}: the same command "
        "with --resume (resume=True) continues there"
    )
    if isinstance(error, KeyboardInterrupt):
        raise KeyboardInterrupt(words) from error
    logger.warning("the run cannot go on; %s", words)


def small_files(job: Job) -> dict[str, set[str]]:
    """Read the small files, to find an error in them before the counts are read.

    Returns
    -------
    The identifiers of genes in each, for :func:`check_genes`.
    """
    _ = job.markers, job.class_map
    return _biology.identifiers(job)


def check_genes(job: Job, wanted: Mapping[str, set[str]]) -> None:
    """Refuse small files whose genes are not those of the data."""
    for what, identifiers in wanted.items():
        check_identifiers(job.adata, identifiers, what)


def _take_steps(job: Job, kept: Kept, used: set[str], out: Path) -> None:
    """Take the steps that are not kept from before.

    Parameters
    ----------
    job
        The run.
    kept
        Its checkpoints.
    used
        The names of the settings that are read are added to it.
    out
        The folder for the results, which a finished run may have filled.
    """
    work = _steps.steps(job.config)
    outputs = {
        "figures": _outputs.figures,
        "tables": _outputs.tables,
        "report": _outputs.page,
        "save": _outputs.save,
        "summary": _outputs.summary,
        "provenance": _provenance.write,
    }
    chosen = {**work, **outputs}
    wanted = small_files(job)
    kept.restore(job, list(work), out=out if job.config.resume else None)
    first = len(job.timings)
    if first:
        check_genes(job, wanted)
    width = len(str(len(chosen)))
    with _bar(len(chosen)) as shown:
        shown.update(first)
        for number, (name, step) in enumerate(chosen.items()):
            if number < first:
                continue
            shown.set_description(name, refresh=False)
            place = f"[{number + 1:{width}d}/{len(chosen)}]"
            logger.log(HINT, "%s %-12s begins", place, name)
            need_space(job.folder, bytes_needed(job))
            used.clear()
            began, started = datetime.now(UTC), time.perf_counter()
            with kept.during(number, name):
                said = step(job)
            seconds = time.perf_counter() - started
            job.timings.append({"step": name, "seconds": seconds, "found": said})
            if name in work:
                kept.save(job, number, started=began, settings=used)
            if not number:
                check_genes(job, wanted)
            logger.info("%s %-12s %6.1f s  %s", place, name, seconds, said)
            shown.update()


@contextmanager
def _bar(total: int) -> Iterator[Any]:
    """Show a bar over the steps on a terminal, with messages above it."""
    from tqdm.contrib.logging import logging_redirect_tqdm

    with logging_redirect_tqdm(loggers=[logger]), bar(total=total, unit="step") as shown:
        yield shown
