"""Runs that are stopped and go on, with steps that take no time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pytest

from tissueshap import io, workflow
from tissueshap._core import slots
from tissueshap._core.checkpoints import once
from tissueshap._core.errors import DataError, DiskError, WorkerError
from tissueshap._core.folders import MANIFEST
from tissueshap.workflow import Config, _course, _outputs, _steps, _steps_kept
from tissueshap.workflow._depends import Dependencies
from tissueshap.workflow._finished import usable
from tissueshap.workflow._manifest import Manifest
from tissueshap.workflow._watched import watched

Run = Callable[..., list[str]]


class _Steps:
    """Steps that note that they are taken, and stop where they are told to."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.parts: list[int] = []
        self.stop: tuple[str, BaseException] | None = None

    def all(self, config: Config) -> dict[str, Any]:
        names = ["read", "filter", "scale", "score", *(["extra"] if config.n_null else [])]
        return {name: getattr(self, name) for name in names}

    def _take(self, name: str) -> None:
        if self.stop is not None and self.stop[0] == name:
            raise self.stop[1]
        self.taken.append(name)

    def read(self, job: Any) -> str:
        self._take("read")
        assert job.config.counts is None
        assert job.config.min_tpm > 0
        slots.label_name(job.adata, job.config.label)
        return "read"

    def filter(self, job: Any) -> str:
        self._take("filter")
        job.adata._inplace_subset_var(np.arange(job.adata.n_vars) % 2 == 0)
        return "filtered"

    def scale(self, job: Any) -> str:
        self._take("scale")
        values = np.asarray(job.adata.X, dtype=np.float32) * job.config.seed
        slots.write(job.adata, "log2", {"layers": {"log2": values}}, params={})
        return "scaled"

    def score(self, job: Any) -> str:
        for number in range(3):
            once("part", {"number": number}, lambda n=number: self.parts.append(n) or n + 1)
        self._take("score")
        total = job.adata.layers["log2"].sum() + job.config.fdr
        slots.write(job.adata, "de", {"uns": {"total": float(total)}}, params={})
        return "scored"

    def extra(self, job: Any) -> str:
        self._take("extra")
        return "extra"

    def output(self, name: str) -> Callable[[Any], str]:
        def write(job: Any) -> str:
            self._take(name)
            text = f"{job.config.title} {float(job.result('de', 'total'))}"
            (job.folder / name).write_text(text)
            if name == "save":
                job.record()
                io.write_h5ad(job.adata, job.folder / "adata.h5ad")
            return name

        return write


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> _Steps:
    """Put steps that take no time in the place of the real ones."""
    fake = _Steps()
    monkeypatch.setattr(_steps, "steps", fake.all)
    for name in ("figures", "tables", "page", "save", "summary"):
        monkeypatch.setattr(_outputs, name, fake.output(name))
    return fake


@pytest.fixture
def run(fake: _Steps, toy: ad.AnnData, tmp_path: Path) -> Run:
    """Return a function that runs into one folder, and returns the steps that were taken."""

    def run(**options: Any) -> list[str]:
        fake.taken.clear()
        workflow.run(toy, out=tmp_path / "out", label="tissue", **options)
        return [name for name in fake.taken if name not in _OUTPUTS]

    return run


_OUTPUTS = ("figures", "tables", "page", "save", "summary")
_FILES = {*_OUTPUTS, "adata.h5ad", "provenance.json", "ro-crate-metadata.json", "log.txt", MANIFEST}
_ALL = ["read", "filter", "scale", "score"]


def _work(folder: Path) -> Path:
    (work,) = folder.glob(".out.tissueshap-partial-run")
    return work


def _stopped(run: Run, fake: _Steps, name: str, error: BaseException | None = None) -> None:
    """Run until a step, which fails."""
    fake.stop = (name, error or WorkerError("died"))
    with pytest.raises(BaseException, match=r".*"):
        run()
    fake.stop = None


@pytest.mark.parametrize("name", [*_ALL[1:], *_OUTPUTS])
def test_a_run_goes_on_where_it_was_stopped(
    run: Run, fake: _Steps, tmp_path: Path, name: str
) -> None:
    _stopped(run, fake, name)
    assert not (tmp_path / "out").exists()
    taken = run(resume=True)
    assert taken == (_ALL[_ALL.index(name) :] if name in _ALL else [])
    text = (tmp_path / "out" / "tables").read_text()
    shutil.rmtree(tmp_path / "out")
    assert run() == _ALL
    assert (tmp_path / "out" / "tables").read_text() == text
    assert {path.name for path in (tmp_path / "out").iterdir()} == _FILES
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({}, []),
        ({"title": "Other"}, []),
        ({"fdr": 0.5}, ["score"]),
        ({"seed": 3}, ["scale", "score"]),
        ({"n_null": 3}, ["extra"]),
        ({"min_tpm": 0.5}, _ALL),
    ],
)
def test_finished_results_are_brought_up_to_date(
    run: Run, tmp_path: Path, options: dict[str, Any], taken: list[str]
) -> None:
    out = tmp_path / "out"
    run()
    assert run(resume=True, **options) == taken
    text, adata = (out / "page").read_text(), io.read_h5ad(out / "adata.h5ad")
    found = json.loads((out / "provenance.json").read_text())
    assert [one["step"] for one in found["steps"]] == _ALL + ["extra"] * ("n_null" in options)
    shutil.rmtree(out)
    run(**options)
    assert (out / "page").read_text() == text
    assert list(slots.record(adata)) == list(slots.record(io.read_h5ad(out / "adata.h5ad")))


def test_an_update_that_is_stopped_goes_on(run: Run, fake: _Steps, tmp_path: Path) -> None:
    run()
    fake.stop = ("extra", WorkerError("died"))
    with pytest.raises(WorkerError):
        run(resume=True, fdr=0.5, n_null=3)
    assert (tmp_path / "out" / "page").read_text()  # the results before are there
    assert [name for name in fake.taken if name in _ALL] == ["score"]
    fake.stop = None
    assert run(resume=True, fdr=0.5, n_null=3) == ["extra"]
    fake.stop = ("extra", WorkerError("died"))
    with pytest.raises(WorkerError):
        run(resume=True, fdr=0.6, n_null=3)
    fake.stop = None
    # Between its steps nothing was kept of the finished run.
    assert run(resume=True, fdr=0.6, n_null=3, seed=5) == ["scale", "score", "extra"]


def test_finished_results_that_were_changed_are_not_used(run: Run, tmp_path: Path) -> None:
    run()
    (tmp_path / "out" / "page").write_text("own")
    with pytest.raises(DataError, match="changed since .*page"):
        run(resume=True)


def test_what_a_later_step_has_replaced_cannot_be_had_back() -> None:
    def manifest(*writes: str, drops: bool = False, outputs: tuple[str, ...] = ()) -> Manifest:
        places = [["adata", *place.split("/")] for place in writes]
        return Manifest("x", "", 1.0, "", "", {}, {}, dict.fromkeys(outputs, ""), places, drops)

    read, dropping = manifest("X", drops=True), manifest("var/pass", drops=True)
    added, again = manifest("layers/a"), manifest("layers/a")
    train, tune = manifest(outputs=("07-cnn.model",)), manifest(outputs=("08-tune.model",))
    fold = manifest(outputs=("07-folds.fold0",))
    assert usable([read, dropping, added], 3) == 3
    assert usable([read, dropping, added], 2) == 2
    assert usable([read, dropping, added], 1) == 0
    assert usable([read, added, again], 2) == 1
    assert usable([read, train, tune, added], 3) == 3
    assert usable([read, train, tune, added], 2) == 1
    assert usable([read, fold, added], 3) == 3
    assert usable([read, fold, added], 2) == 2
    assert usable([read, fold, fold], 2) == 1


def test_every_process_is_named(run: Run, fake: _Steps, tmp_path: Path) -> None:
    for name in ("scale", "score"):
        fake.stop = (name, WorkerError("died"))
        with pytest.raises(WorkerError):
            run(resume=True)
    fake.stop = None
    run(resume=True)
    found = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert len(found["processes"]) == 3
    assert [one["step"] for one in found["steps"]] == _ALL
    assert found["seconds"] >= sum(one["seconds"] for one in found["steps"])


def test_nothing_to_resume_is_a_run_from_the_start(run: Run) -> None:
    assert run(resume=True) == _ALL


def test_the_log_has_both_parts(run: Run, fake: _Steps, tmp_path: Path) -> None:
    _stopped(run, fake, "score")
    run(resume=True)
    log = (tmp_path / "out" / "log.txt").read_text()
    assert log.count("scale        begins") == 1
    assert log.count("score        begins") == 2
    assert "3 steps are kept from before, to 'scale'" in log


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"title": "Other"}, ["score"]),
        ({"n_jobs": 1}, ["score"]),
        ({"fdr": 0.5}, ["score"]),
        ({"seed": 3}, ["scale", "score"]),
        ({"n_null": 3}, ["score", "extra"]),
    ],
)
def test_a_changed_setting_takes_the_steps_again_that_read_it(
    run: Run, fake: _Steps, options: dict[str, Any], taken: list[str]
) -> None:
    _stopped(run, fake, "score")
    assert run(resume=True, **options) == taken


def test_a_changed_report_takes_only_the_report_again(
    run: Run, fake: _Steps, tmp_path: Path
) -> None:
    _stopped(run, fake, "page")
    assert run(resume=True, title="Other") == []
    assert (tmp_path / "out" / "page").read_text().startswith("Other ")


def test_other_data_start_from_the_beginning(run: Run, fake: _Steps, toy: ad.AnnData) -> None:
    _stopped(run, fake, "score")
    toy.X[0, 0] += 1
    assert run(resume=True) == _ALL


def test_another_version_takes_the_steps_again(
    run: Run, fake: _Steps, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _stopped(run, fake, "score")
    caplog.set_level("INFO", "tissueshap")
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"0.{len(name)}")
    assert run(resume=True) == _ALL
    assert "the version of Python" in caplog.text


@pytest.mark.parametrize("suffix", ["", ".json"])
@pytest.mark.parametrize("cut", [0, -1, 100])
def test_a_damaged_checkpoint_is_made_again(
    run: Run, fake: _Steps, tmp_path: Path, suffix: str, cut: int
) -> None:
    _stopped(run, fake, "score")
    path = _work(tmp_path) / "kept" / f"02-filter{suffix}"
    path.write_bytes(path.read_bytes()[:cut])
    assert run(resume=True) == ["filter", "scale", "score"]


def test_a_changed_checkpoint_is_made_again(
    run: Run, fake: _Steps, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _stopped(run, fake, "score")
    path = _work(tmp_path) / "kept" / "03-scale"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    assert run(resume=True) == ["scale", "score"]
    assert "the checkpoint of 'scale' is damaged" in caplog.text


def test_parts_of_a_step_are_kept(run: Run, fake: _Steps, tmp_path: Path) -> None:
    _stopped(run, fake, "score")
    assert fake.parts == [0, 1, 2]
    run(resume=True)
    assert fake.parts == [0, 1, 2]
    shutil.rmtree(tmp_path / "out")
    _stopped(run, fake, "score")
    run(resume=True, fdr=0.5)  # they may depend on it
    assert fake.parts == [0, 1, 2] * 3


@pytest.mark.parametrize(
    ("error", "seconds", "kept"),
    [
        (WorkerError("died"), 0.0, True),
        (KeyboardInterrupt(), 0.0, True),
        (DiskError("full"), 0.0, True),
        (DataError("wrong"), 0.0, False),
        (DataError("wrong"), 100.0, True),
    ],
)
def test_which_errors_keep_the_finished_steps(
    run: Run,
    fake: _Steps,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
    seconds: float,
    kept: bool,
) -> None:
    monkeypatch.setattr(_steps_kept.Kept, "seconds", seconds)
    fake.stop = ("score", error)
    with pytest.raises(type(error)) as caught:
        run()
    said = str(caught.value) + caplog.text
    words = "the steps up to 'scale' are kept in"
    assert (words in said) == kept
    assert ("with --resume (resume=True) continues" in said) == kept
    assert bool(list(tmp_path.iterdir())) == kept


def test_an_error_in_the_first_step_leaves_nothing(run: Run, fake: _Steps, tmp_path: Path) -> None:
    _stopped(run, fake, "read")
    assert list(tmp_path.iterdir()) == []


def test_long_work_is_not_thrown_away_without_a_question(
    run: Run, fake: _Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stopped(run, fake, "score")
    monkeypatch.setattr(_steps_kept, "WORTH", 0.0)
    with pytest.raises(DataError, match="has finished 3 steps, to 'scale', in 0 min .*--resume"):
        run()
    assert run(resume=True) == ["score"]
    with pytest.raises(DataError, match="already holds results"):
        run()


def test_little_work_is_replaced(run: Run, fake: _Steps) -> None:
    _stopped(run, fake, "score")
    assert run() == _ALL


def test_a_full_disk_is_refused_before_a_step(
    run: Run, fake: _Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [3]

    def needed(_: Any) -> int:
        left[0] -= 1
        return 10**18 if left[0] < 0 else 0

    monkeypatch.setattr(_course, "bytes_needed", needed)
    with pytest.raises(DiskError, match=r"need about .* MB, but .* free on the disk of"):
        run()
    assert fake.taken == ["read", "filter", "scale"]
    monkeypatch.undo()
    left_over = [path.name for path in (_work(tmp_path) / "kept").iterdir()]
    assert "03-scale.json" in left_over


def test_data_that_cannot_be_kept_do_not_stop_a_run(
    run: Run,
    fake: _Steps,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: Any) -> None:
        raise TypeError("an object cannot be kept in a checkpoint")

    monkeypatch.setattr(_steps_kept, "changes", refuse)
    assert run() == _ALL
    assert "object cannot be kept in a checkpoint: the run cannot be resumed" in caplog.text
    shutil.rmtree(tmp_path / "out")
    caplog.clear()
    _stopped(run, fake, "score")
    assert "--resume" not in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_settings_that_are_read_are_noted() -> None:
    used: set[str] = set()
    config = watched(Config(preset="paper", fdr=0.5), used)
    used.clear()
    assert config.fdr == 0.5
    assert used == {"fdr"}
    used.clear()
    assert config.n_test == 50  # a property
    assert used == {"preset", "test_fraction", "folds", "test_per_class"}
    assert isinstance(config, Config)


def test_files_count_by_what_is_in_them(tmp_path: Path) -> None:
    def of(path: Path) -> str:
        return json.dumps(Dependencies(Config(markers=path), None).of(["markers", "out"]))

    path = tmp_path / "markers.tsv"
    path.write_text("a")
    before = of(path)
    assert '"out"' not in before
    (tmp_path / "moved").mkdir()
    moved = path.rename(tmp_path / "moved" / "markers.tsv")
    assert of(moved) == before
    moved.write_text("b")
    assert of(moved) != before
