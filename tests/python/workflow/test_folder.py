from __future__ import annotations

from pathlib import Path

import pytest

from tissueshap._errors import DataError
from tissueshap.workflow._folder import SUMMARY, check_out, whole_folder


def _earlier_run(out: Path) -> Path:
    out.mkdir()
    (out / SUMMARY).write_text("{}")
    (out / "old.txt").write_text("old")
    return out


def test_the_folder_appears_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    with whole_folder(out, overwrite=False) as folder:
        (folder / "x").write_text("1")
        assert not out.exists()
    assert (out / "x").read_text() == "1"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "out", overwrite=False) as folder:
        (tmp_path / "out").mkdir()
        (folder / "x").write_text("1")
    assert (tmp_path / "out" / "x").is_file()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, SystemExit])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, stop: type[BaseException]) -> None:
    out = tmp_path / "out"
    with pytest.raises(stop), whole_folder(out, overwrite=False) as folder:
        (folder / "x").write_text("1")
        raise stop
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_keeps_the_earlier_one(tmp_path: Path) -> None:
    out = _earlier_run(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt), whole_folder(out, overwrite=True):
        raise KeyboardInterrupt
    assert (out / "old.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_earlier_run_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = _earlier_run(tmp_path / "out")
    with pytest.raises(DataError, match="--overwrite"):
        check_out(out, overwrite=False)
    with whole_folder(out, overwrite=True) as folder:
        (folder / SUMMARY).write_text("{}")
    assert [path.name for path in out.iterdir()] == [SUMMARY]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(DataError, match="not the results of a run"):
        check_out(tmp_path, overwrite=True)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(DataError, match="is a file"):
        check_out(tmp_path / "out", overwrite=True)


def test_a_folder_filled_meanwhile_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        pytest.raises(DataError, match=r"are in .*out-\d+$"),
        whole_folder(out, overwrite=False) as folder,
    ):
        (folder / "ours").write_text("")
        out.mkdir()
        (out / "theirs").write_text("")
    assert [path.name for path in out.iterdir()] == ["theirs"]
    assert [path.name for path in tmp_path.glob("out-*/*")] == ["ours"]
    assert len(list(tmp_path.iterdir())) == 2
