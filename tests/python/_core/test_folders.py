from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tissueshap._core.errors import DataError
from tissueshap._core.folders import (
    MANIFEST,
    _whole,
    check_folder,
    named_if_full,
    need_space,
    whole_folder,
)


def _earlier(out: Path) -> Path:
    """Return a folder with the results of an earlier run."""
    with whole_folder(out, overwrite=False) as folder:
        (folder / "old.txt").write_text("old")
        (folder / "tables").mkdir()
        (folder / "tables" / "a.tsv").write_text("a")
    return out


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def other_file_system(tmp_path: Path):
    """Mount a file system of 4 MB; skipped where this user may not."""
    place = tmp_path / "mounted"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_the_folder_appears_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    with whole_folder(out, overwrite=False) as folder:
        (folder / "x").write_text("1")
        assert not out.exists()
    assert (out / "x").read_text() == "1"
    assert _names(out) == {"x", MANIFEST}
    assert _names(out.parent) == {"out"}


@pytest.mark.parametrize("place", ["here", "link", "dot"])
def test_an_empty_folder_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o750)
    before = out.stat().st_ino
    (tmp_path / "link").symlink_to(out)
    monkeypatch.chdir(out)
    given = {"here": out, "link": tmp_path / "link", "dot": Path()}[place]
    with whole_folder(given, overwrite=False) as folder:
        (folder / "x").write_text("1")
    assert _names(out) == {"x", MANIFEST}
    assert (out.stat().st_ino, out.stat().st_mode & 0o777) == (before, 0o750)
    assert (tmp_path / "link").is_symlink()
    assert _names(tmp_path) == {"out", "link"}


def test_a_folder_that_appears_empty_is_taken(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "out", overwrite=False) as folder:
        (tmp_path / "out").mkdir()
        (folder / "x").write_text("1")
    assert (tmp_path / "out" / "x").is_file()
    assert _names(tmp_path) == {"out"}


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, SystemExit])
def test_an_interrupted_run_leaves_nothing(
    tmp_path: Path, stop: type[BaseException], exists: bool
) -> None:
    out = tmp_path / "new" / "out"
    if exists:
        out.mkdir(parents=True)
    with pytest.raises(stop), whole_folder(out, overwrite=False) as folder:
        (folder / "x").write_text("1")
        raise stop
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == (
        ["new", "new/out"] if exists else []
    )


def test_an_interrupted_run_keeps_the_earlier_one(tmp_path: Path) -> None:
    out = _earlier(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt), whole_folder(out, overwrite=True):
        raise KeyboardInterrupt
    assert (out / "old.txt").read_text() == "old"
    assert _names(out) == {"old.txt", "tables", MANIFEST}
    assert _names(tmp_path) == {"out"}


def test_an_earlier_run_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = _earlier(tmp_path / "out")
    with pytest.raises(DataError, match="--overwrite"):
        check_folder(out, overwrite=False)
    with whole_folder(out, overwrite=True) as folder:
        (folder / "new.txt").write_text("new")
    assert _names(out) == {"new.txt", MANIFEST}
    assert _names(tmp_path) == {"out"}


@pytest.mark.parametrize("name", ["thesis.docx", "summary.json", "zarr.json"])
def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(DataError, match=f"did not write.*{name}"):
        check_folder(tmp_path, overwrite=True)
    (tmp_path / MANIFEST).write_text('{"files": {}}')
    with pytest.raises(DataError, match=f"did not write.*{name}"):
        check_folder(tmp_path, overwrite=True)


@pytest.mark.parametrize("place", ["mine.txt", "tables/mine.txt", "old.txt", "tables/a.tsv"])
def test_a_file_added_or_changed_since_is_not_deleted(tmp_path: Path, place: str) -> None:
    out = _earlier(tmp_path / "out")
    (out / place).write_text("own")
    with (
        pytest.raises(DataError, match=f"changed since .*{place}"),
        whole_folder(out, overwrite=True),
    ):
        raise AssertionError("work must not start")
    assert (out / place).read_text() == "own"


def test_a_link_in_place_of_a_file_is_not_ours(tmp_path: Path) -> None:
    out = _earlier(tmp_path / "out")
    (out / "old.txt").rename(tmp_path / "moved")
    (out / "old.txt").symlink_to(tmp_path / "moved")
    with pytest.raises(DataError, match=r"old\.txt"):
        check_folder(out, overwrite=True)


def test_a_manifest_reaches_no_file_elsewhere(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("old")
    out = _earlier(tmp_path / "out")
    text = (out / MANIFEST).read_text()
    (out / MANIFEST).write_text(text.replace('"old.txt"', '"../precious"'))
    (out / "old.txt").unlink()
    with whole_folder(out, overwrite=True) as folder:
        (folder / "x").write_text("1")
    assert precious.read_text() == "old"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(DataError, match="is a file"):
        check_folder(tmp_path / "out", overwrite=True)
    with (
        pytest.raises(DataError, match="cannot write results to"),
        whole_folder(tmp_path / "out" / "below", overwrite=True),
    ):
        pass


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "unplugged" / "disk")
    with pytest.raises(DataError, match="is a link to .*disk, which does not exist"):
        check_folder(tmp_path / "out", overwrite=False)


def test_a_folder_filled_meanwhile_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        pytest.raises(DataError, match=r"are in .*out-\w+$"),
        whole_folder(out, overwrite=False) as folder,
    ):
        (folder / "ours").write_text("")
        out.mkdir()
        (out / "theirs").write_text("")
    assert _names(out) == {"theirs"}
    assert [path.name for path in tmp_path.glob("out-*/ours")] == ["ours"]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("number", range(1, 5))
def test_an_exchange_that_is_cut_short_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    out = _earlier(tmp_path / "out")
    moves = []
    rename = Path.rename

    def cut(self: Path, target: Path) -> Path:
        moves.append(target)
        if len(moves) == number:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cut)
    with pytest.raises(KeyboardInterrupt), whole_folder(out, overwrite=True) as folder:
        (folder / "old.txt").write_text("new")
        (folder / "added.txt").write_text("new")
    assert _names(out) == {"old.txt", "tables", MANIFEST}
    assert (out / "old.txt").read_text() == "old"
    assert (out / "tables" / "a.tsv").read_text() == "a"
    check_folder(out, overwrite=True)


_KILLED = """
import os, signal, sys
from pathlib import Path
from tissueshap._core.folders import whole_folder
with whole_folder(Path(sys.argv[1]), overwrite=True) as folder:
    (folder / "x").write_text("1" * 1000)
    {stop}
"""


def _python(code: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


@pytest.mark.parametrize("exists", [False, True])
def test_what_a_killed_process_left_is_removed(tmp_path: Path, exists: bool) -> None:
    out = tmp_path / "out"
    if exists:
        _earlier(out)
    killed = _python(_KILLED.format(stop="os.kill(os.getpid(), signal.SIGKILL)"), str(out))
    killed.communicate()
    left = out if exists else tmp_path
    assert any("partial" in name for name in _names(left))
    with whole_folder(out, overwrite=True) as folder:
        (folder / "y").write_text("")
    assert _names(out) == {"y", MANIFEST}
    assert _names(tmp_path) == {"out"}


@pytest.mark.parametrize("number", range(1, 4))
def test_an_exchange_of_a_killed_process_is_undone(tmp_path: Path, number: int) -> None:
    out = _earlier(tmp_path / "out")
    cut = f"""
        moves, rename = [], Path.rename
        def cut(self, target):
            moves.append(target)
            if len(moves) == {number}:
                os.kill(os.getpid(), signal.SIGKILL)
            return rename(self, target)
        Path.rename = cut"""
    stop = "\n".join(line[4:] for line in cut.splitlines()).lstrip()
    _python(_KILLED.format(stop=stop), str(out)).communicate()
    with pytest.raises(ValueError, match="stop"), whole_folder(out, overwrite=True):
        raise ValueError("stop")
    assert _names(out) == {"old.txt", "tables", MANIFEST}
    assert (out / "old.txt").read_text() == "old"


def test_two_processes_at_once_do_not_meet(tmp_path: Path) -> None:
    out = tmp_path / "out"
    stop = "print(folder, flush=True); sys.stdin.read()"
    other = _python(_KILLED.format(stop=stop), str(out))
    assert other.stdout is not None
    their = Path(other.stdout.readline().decode().strip())
    with whole_folder(out, overwrite=True) as folder:
        (folder / "y").write_text("")
        assert (their / "x").is_file()  # it lives
        assert folder != their
    other.communicate()
    assert other.returncode == 0
    assert _names(out) == {"x", MANIFEST}  # it may replace ours, and came last
    assert _names(tmp_path) == {"out"}


def test_work_on_another_machine_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    stop = "os.kill(os.getpid(), signal.SIGKILL)"
    _python(_KILLED.format(stop=stop), str(out)).communicate()
    monkeypatch.setattr(_whole, "machine", lambda: "another")
    with whole_folder(out, overwrite=True) as folder:
        (folder / "y").write_text("")
    assert len(_names(tmp_path)) == 2
    assert "another machine" in caplog.text


def test_a_mount_point_takes_results(other_file_system: Path) -> None:
    _earlier(other_file_system)
    with whole_folder(other_file_system, overwrite=True) as folder:
        (folder / "new.txt").write_text("new")
    assert _names(other_file_system) == {"new.txt", MANIFEST}
    assert os.path.ismount(other_file_system)


def test_a_full_disk_is_named(other_file_system: Path) -> None:
    out = other_file_system / "out"
    with (
        pytest.raises(DataError, match="the disk is full: .*out could not be written"),
        whole_folder(out, overwrite=False) as folder,
    ):
        (folder / "big").write_bytes(b"1" * 5_000_000)
    assert _names(other_file_system) == set()
    with pytest.raises(DataError, match=r"need about 5 MB, but 4 MB are free"):
        need_space(other_file_system, 5_000_000)


def test_a_read_only_disk_is_refused(other_file_system: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(other_file_system)], check=True)
    for out in (other_file_system, other_file_system / "out"):
        with (
            pytest.raises(DataError, match=r"cannot write results to .*[Rr]ead-only"),
            whole_folder(out, overwrite=False),
        ):
            raise AssertionError("work must not start")


def test_an_error_that_is_none_of_the_disk_stays(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="else"), named_if_full(tmp_path):
        raise RuntimeError("something else")
    with pytest.raises(DataError, match="is full"), named_if_full(tmp_path):
        raise RuntimeError(f"HDF5: write failed, '{os.strerror(errno.ENOSPC)}'")
