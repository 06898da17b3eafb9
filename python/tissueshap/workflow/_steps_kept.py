"""The checkpoints of a run: what each finished step has changed, and what that depends on."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap._core.checkpoints import DamagedError, Store, digest, keeping, read, replaced, write
from tissueshap._core.errors import DataError
from tissueshap._core.folders import Owner
from tissueshap._core.logging import HINT, logger
from tissueshap.model import load
from tissueshap.workflow._depends import Dependencies
from tissueshap.workflow._finished import manifests_of, put_back, usable
from tissueshap.workflow._manifest import Manifest, read_manifest
from tissueshap.workflow._state import Snapshot, applied, changes

if TYPE_CHECKING:
    from tissueshap.model import Classifier
    from tissueshap.workflow._job import Job

#: Seconds of finished work that are not discarded without a question.
WORTH = 60.0
#: Bytes of a checkpoint without matrices.
_LEAST = 10**7


class Kept:
    """The checkpoints of a run.

    Parameters
    ----------
    folder
        Where they are.
    depends
        What the steps depend on.
    job
        The run, whose manifests and processes are filled in.
    """

    def __init__(self, folder: Path, depends: Dependencies, job: Job) -> None:
        self._folder, self._depends = folder, depends
        self.manifests = job.manifests
        self._before: dict[str, Snapshot] = {}
        self._models: tuple[Any, list[Any]] = (None, [])
        self._whole = True
        #: The last step after which a run can be resumed.
        self.last: str | None = None
        folder.mkdir(exist_ok=True)
        job.processes = _with_this_process(folder / "processes")

    @property
    def seconds(self) -> float:
        """How long the finished steps have taken."""
        return sum(one.seconds for one in self.manifests)

    def restore(self, job: Job, steps: Sequence[str], *, out: Path | None = None) -> None:
        """Bring a job to where its steps, settings, files and packages are as they were.

        Checkpoints from there on are deleted, as are those that are damaged.

        Parameters
        ----------
        job
            The run.
        steps
            Names of its steps.
        out
            Results of a finished run, to be used if there are no checkpoints.
        """
        self._restore(job, steps)
        self._delete(len(self.manifests), steps)
        if not self.manifests and out is not None:
            self._recover(job, steps, out)
        if self.manifests:
            self.last = self.manifests[-1].step
            self._take_stock(job)

    def _restore(self, job: Job, steps: Sequence[str]) -> None:
        manifests = [read_manifest(self._path(n, name)) for n, name in enumerate(steps)]
        for number, manifest in enumerate(self._unchanged(manifests, steps)):
            name = manifest.step
            try:
                self._apply(job, number, manifest)
            except (DamagedError, DataError) as error:
                logger.warning(
                    "the checkpoint of %r is damaged (%s): the step is taken again", name, error
                )
                break
            self._add(job, manifest)
        if self.manifests and not self.manifests[-1].outputs:
            # They were recovered as a whole, and a step that is not the last has changed.
            self.manifests.clear()
            job.timings.clear()

    def _unchanged(
        self, manifests: Sequence[Manifest | None], steps: Sequence[str]
    ) -> list[Manifest]:
        """Return the manifests up to the first that is missing, or of which something changed."""
        found: list[Manifest] = []
        for manifest, name in zip(manifests, steps, strict=False):
            if manifest is None or manifest.step != name:
                break
            state = found[-1].state if found else ""
            changed = self._depends.changed(manifest, state)
            if changed is not None:
                logger.info("%s has changed: the steps from %r on are taken again", changed, name)
                break
            found.append(manifest)
        return found

    def _recover(self, job: Job, steps: Sequence[str], out: Path) -> None:
        """Continue in the results of a finished run."""
        manifests = manifests_of(out)
        n_steps = usable(manifests, len(self._unchanged(manifests, steps)))
        if not n_steps:
            return
        put_back(job, out, manifests, n_steps)
        self._models = (None, [])
        path = self._path(n_steps - 1, steps[n_steps - 1])
        outputs = self._write(job, path)[0]
        for number, manifest in enumerate(manifests[:n_steps]):
            last = number == n_steps - 1
            self._add(job, replace(manifest, outputs=outputs if last else {}))
            self._seal(number)

    def _add(self, job: Job, manifest: Manifest) -> None:
        self.manifests.append(manifest)
        timing = {name: getattr(manifest, name) for name in ("step", "seconds", "found")}
        job.timings.append(timing)

    def _seal(self, number: int) -> None:
        """Write the manifest of a step, after which it counts as finished."""
        manifest = self.manifests[number]
        with replaced(self._path(number, manifest.step).with_suffix(".json")) as file:
            file.write(json.dumps(asdict(manifest), indent=1).encode())

    @contextmanager
    def during(self, number: int, name: str) -> Iterator[None]:
        """Keep what is finished within a step, if its settings and what is before it are the same.

        Settings that only later steps read count too, because it is not known yet which ones
        this step will read.
        """
        parts = self._path(number, name).with_suffix(".parts")
        place = parts / digest([self._state, self._depends.all()])[:16]
        if parts.is_dir():
            for other in parts.iterdir():
                if other != place:
                    shutil.rmtree(other)
        with keeping(Store(place)):
            yield

    def save(self, job: Job, number: int, *, started: datetime, settings: set[str]) -> None:
        """Write the checkpoint of the step that has just been taken.

        Parameters
        ----------
        job
            The run; the last of its timings is the step's.
        number
            Number of the step, 0 the first.
        started
            When it began.
        settings
            Names of the settings that it has read.
        """
        timing, began = job.timings[-1], time.perf_counter()
        path = self._path(number, timing["step"])
        try:
            outputs, writes, drops = self._write(job, path) if self._whole else ({}, {}, True)
        except TypeError as error:
            self._whole = False
            outputs, writes, drops = {}, {}, True
            logger.warning("%s: the run cannot be resumed from %r on", error, timing["step"])
        manifest = Manifest(
            step=timing["step"],
            started=started.astimezone(UTC).isoformat(timespec="seconds"),
            seconds=timing["seconds"],
            found=timing["found"],
            before=self._state,
            settings=self._depends.of(settings),
            versions=self._depends.versions(x for x in writes.values() if isinstance(x, Mapping)),
            outputs=outputs,
            writes=[list(key) for key in writes],
            drops=drops,
        )
        self.manifests.append(manifest)
        if not self._whole:
            return
        self._seal(number)
        self.last = manifest.step
        shutil.rmtree(path.with_suffix(".parts"), ignore_errors=True)
        took, size = time.perf_counter() - began, path.stat().st_size / 1e6
        logger.log(HINT, "checkpoint of %s: %.2f s, %.1f MB", timing["step"], took, size)

    @property
    def _state(self) -> str:
        return self.manifests[-1].state if self.manifests else ""

    def _path(self, number: int, name: str) -> Path:
        return self._folder / f"{number + 1:02d}-{name}"

    def _write(self, job: Job, path: Path) -> tuple[dict[str, str], dict[Any, Any], bool]:
        """Write what has changed.

        Returns
        -------
        The files, the values by place, and whether samples or genes were dropped.
        """
        found: dict[str, Any] = {}
        after: dict[str, Snapshot] = {}
        for name, adata in (("adata", job.adata), ("other", job.other)):
            if adata is not None:
                found[name], after[name] = changes(self._before.get(name), adata)
        outputs = {path.name: write(path, found)}
        for name, model in _models(job, self._models).items():
            outputs[f"{path.name}.{name}"] = _save(model, path.with_name(f"{path.name}.{name}"))
        self._before, self._models = after, (job.model, list(job.fold_models))
        axes = [part[axis] for part in found.values() for axis in ("rows", "columns")]
        sets = {name: part["set"].items() for name, part in found.items()}
        values = {(name, *key): value for name, pairs in sets.items() for key, value in pairs}
        return outputs, values, any(axis is not None for axis in axes)

    def _apply(self, job: Job, number: int, manifest: Manifest) -> None:
        if not manifest.outputs:
            return
        path = self._path(number, manifest.step)
        found = read(path, manifest.outputs.get(path.name, ""))
        models = {
            name.removeprefix(f"{path.name}."): _loaded(self._folder / name, checksum)
            for name, checksum in manifest.outputs.items()
            if name != path.name
        }
        job.adata = applied(found["adata"], job.adata if number else None)
        if "other" in found:
            job.other = applied(found["other"], job.other)
        job.model = models.pop("model", job.model)
        if models:
            job.fold_models = [models[name] for name in sorted(models, key=_number)]

    def _take_stock(self, job: Job) -> None:
        pairs = {"adata": job.adata, "other": job.other}
        self._before = {name: Snapshot.of(one) for name, one in pairs.items() if one is not None}
        self._models = (job.model, list(job.fold_models))
        names = [one.step for one in self.manifests]
        logger.info(
            "%d steps are kept from before, to %r (%.0f s)", len(names), names[-1], self.seconds
        )

    def _delete(self, n_kept: int, steps: Sequence[str]) -> None:
        """Delete the checkpoints from a number on, but not what is finished within its step."""
        current = self._path(n_kept, steps[n_kept]).name if n_kept < len(steps) else ""
        for path in self._folder.iterdir():
            number = int(path.name[:2]) if path.name[:2].isdigit() else 0
            if number <= n_kept or path.name == f"{current}.parts":
                continue
            logger.log(HINT, "removing %s", path)
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _with_this_process(path: Path) -> list[dict[str, Any]]:
    """Return the processes that have worked on a run, with this one, and write them down."""
    owner = asdict(Owner.current())
    del owner["machine"]
    try:
        earlier = read(path)
    except DamagedError:
        earlier = []
    processes: list[dict[str, Any]] = [*earlier, owner]
    write(path, processes)
    return processes


def described(folder: Path) -> str | None:
    """Return in words what a run that was stopped has finished; None if it was little."""
    manifests = [read_manifest(path.with_suffix("")) for path in sorted(folder.glob("*.json"))]
    finished = [one for one in manifests if one is not None]
    seconds = sum(one.seconds for one in finished)
    if seconds < WORTH:
        return None
    return f"{len(finished)} steps, to {finished[-1].step!r}, in {seconds / 60:.0f} min"


def bytes_needed(job: Job) -> int:
    """Return about how much a step may add: no step has more than one new matrix."""
    sizes = [one.n_obs * one.n_vars for one in (job.adata, job.other) if one is not None]
    return _LEAST + 6 * max(sizes, default=0)


def _models(job: Job, before: tuple[Any, list[Any]]) -> dict[str, Classifier]:
    """Return the classifiers that are new, by the name of their folder."""
    models = {} if job.model is None or job.model is before[0] else {"model": job.model}
    if any(one is not other for one, other in zip(job.fold_models, before[1], strict=False)) or len(
        job.fold_models
    ) != len(before[1]):
        models |= {f"fold{number}": one for number, one in enumerate(job.fold_models)}
    return models


def _number(name: str) -> int:
    return int(name.removeprefix("fold"))


def _save(model: Classifier, folder: Path) -> str:
    """Write a classifier, and return a checksum of its bundle, which has those of its files."""
    model.save(folder)
    return _bundle_sum(folder)


def _loaded(folder: Path, checksum: str) -> Classifier:
    if _bundle_sum(folder) != checksum:
        raise DamagedError(f"{folder.name} has another checksum")
    return load(folder)


def _bundle_sum(folder: Path) -> str:
    try:
        return digest((folder / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedError(f"{folder.name} cannot be read: {error}") from error
