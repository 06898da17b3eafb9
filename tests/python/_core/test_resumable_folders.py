from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tissueshap._core.errors import DataError
from tissueshap._core.folders import (
    MANIFEST,
    Owner,
    Workspace,
    _lock,
    resumable_folder,
    whole_folder,
)

#: A run that keeps ``a`` and then does what the test says.
_RUN = """
import os, signal, sys
from pathlib import Path
from tissueshap._core.folders import resumable_folder
with resumable_folder(Path(sys.argv[1]), overwrite=True, resume=True, describe=str) as space:
    space.kept.mkdir(exist_ok=True)
    (space.kept / "a").write_text("kept")
    (space.new / "x").write_text("1")
    {stop}
"""
_KILL = "os.kill(os.getpid(), signal.SIGKILL)"


def _python(stop: str, out: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", _RUN.format(stop=stop), str(out)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _words(kept: Path) -> str | None:
    return "2 of 5 steps" if (kept / "a").exists() else None


def _run(out: Path, *, resume: bool = False, overwrite: bool = False) -> Workspace:
    """Return the workspace of a run that is finished at once."""
    with resumable_folder(out, overwrite=overwrite, resume=resume, describe=_words) as space:
        (space.new / "kept").write_text(str((space.kept / "a").exists()))
    return space


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(params=["new", "empty", "results"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a folder that does not exist, is empty, or has earlier results."""
    out = tmp_path / "out"
    if request.param == "empty":
        out.mkdir()
    if request.param == "results":
        with whole_folder(out, overwrite=False) as folder:
            (folder / "x").write_text("earlier")
    return out


def test_a_finished_run_leaves_only_its_results(out: Path) -> None:
    space = _run(out, overwrite=True)
    assert _names(out) == {"kept", MANIFEST}
    assert _names(out.parent) == {"out"}
    assert not space.folder.exists()


@pytest.mark.parametrize("worth", [True, False])
def test_a_run_that_fails_stays_if_it_is_worth_it(out: Path, worth: bool) -> None:
    before = {path: path.read_text() for path in out.rglob("*")}
    with (
        pytest.raises(ValueError, match="stop"),
        resumable_folder(out, overwrite=True, resume=False, describe=_words) as space,
    ):
        space.kept.mkdir()
        (space.kept / "a").write_text("kept")
        space.worth_keeping = worth
        raise ValueError("stop")
    assert space.folder.is_dir() == worth
    for path, text in before.items():
        assert path.read_text() == text
    if worth:
        _run(out, resume=True, overwrite=True)
        assert (out / "kept").read_text() == "True"
    assert _names(out.parent) <= {"out"}


def test_parents_that_were_created_go_with_the_run(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "out"
    with (
        pytest.raises(ValueError, match="stop"),
        resumable_folder(out, overwrite=False, resume=False, describe=_words),
    ):
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_is_offered_and_continued(out: Path) -> None:
    _python(_KILL, out).communicate()
    with pytest.raises(DataError) as caught:
        _run(out)
    for words in ("2 of 5 steps", "--resume", "--overwrite", "process ", "started ", "-c"):
        assert words in str(caught.value)
    assert "None" not in str(caught.value)
    _run(out, resume=True, overwrite=True)
    assert (out / "kept").read_text() == "True"
    assert _names(out.parent) == {"out"}


def test_a_killed_run_is_replaced_on_request(out: Path) -> None:
    _python(_KILL, out).communicate()
    _run(out, overwrite=True)
    assert (out / "kept").read_text() == "False"
    assert _names(out) == {"kept", MANIFEST}


def test_what_is_not_worth_keeping_is_removed_without_a_question(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _python(f"(space.kept / 'a').unlink(); {_KILL}", out).communicate()
    _run(out)
    assert (out / "kept").read_text() == "False"


def test_a_workspace_is_found_after_out_was_created(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _python(_KILL, out).communicate()
    out.mkdir()
    _run(out, resume=True)
    assert (out / "kept").read_text() == "True"
    assert _names(tmp_path) == {"out"}


@pytest.mark.parametrize("resume", [True, False])
def test_two_runs_into_one_folder_are_refused(out: Path, resume: bool) -> None:
    other = _python("print('here', flush=True); sys.stdin.read()", out)
    assert other.stdout is not None
    other.stdout.readline()
    words = rf"another run is writing into .*out \(process {other.pid} on .*, started 20.*-c"
    with pytest.raises(DataError, match=words):
        _run(out, resume=resume, overwrite=True)
    other.communicate()
    assert other.returncode == 0
    assert (out / "x").read_text() == "1"
    assert _names(out.parent) == {"out"}


def test_a_run_on_another_machine_may_be_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    _python(_KILL, out).communicate()
    (work,) = tmp_path.iterdir()
    monkeypatch.setattr(_lock, "machine", lambda: "another")
    _run(out, resume=True)  # this machine after a restart: its name is the same
    _python(_KILL, tmp_path / "out2").communicate()
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    with pytest.raises(DataError, match="on another machine .* delete .*lock and run again with"):
        _run(tmp_path / "out2", resume=True)
    (tmp_path / work.name.replace("out", "out2") / "lock").unlink()
    _run(tmp_path / "out2", resume=True)
    assert (tmp_path / "out2" / "kept").read_text() == "True"


@pytest.mark.parametrize("number", range(1, 5))
def test_a_run_killed_while_results_are_moved(tmp_path: Path, number: int) -> None:
    """Either the earlier results are there or the new ones, and --resume ends with the new."""
    out = tmp_path / "out"
    with whole_folder(out, overwrite=False) as folder:
        (folder / "x").write_text("earlier")
        (folder / "y").write_text("earlier")
    cut = (
        "moves, rename = [], Path.rename; "
        "Path.rename = lambda self, target: "
        f"os.kill(os.getpid(), signal.SIGKILL) if moves.append(1) or len(moves) == {number} "
        "else rename(self, target)"
    )
    _python(cut, out).communicate()
    with resumable_folder(out, overwrite=True, resume=True, describe=_words) as space:
        assert (out / "x").read_text() == "earlier"
        assert (out / "y").read_text() == "earlier"
        assert (space.kept / "a").exists()
    assert _names(tmp_path) == {"out"}


def test_a_run_killed_after_its_results_were_moved_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    cut = (
        "from tissueshap._core.folders import _resumable; "
        f"_resumable._remove_all = lambda *_: {_KILL}"
    )
    _python(cut, out).communicate()
    assert len(_names(tmp_path)) == 2
    with pytest.raises(DataError, match="already holds results"):
        _run(out)
    assert _names(tmp_path) == {"out"}
    assert (out / "x").read_text() == "1"


def test_the_owner_of_a_lock_is_named(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a+b") as lock:
        assert Owner.of(lock) is None
        Owner.current().sign(lock)
        owner = Owner.of(lock)
    assert owner is not None
    assert owner.pid == os.getpid()
    assert not owner.elsewhere
