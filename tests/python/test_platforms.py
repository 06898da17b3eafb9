"""The Python package where POSIX is missing: what Windows lacks, as far as it can be tried here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tissueshap._core.folders import MANIFEST, Owner, whole_folder

#: Imports every module where modules, signals and functions of POSIX are missing.
_IMPORTS = """
import importlib, os, pkgutil, signal, sys
import anndata, h5py, joblib, matplotlib.figure, pandas, scipy.sparse, typer.testing
for name in ("fcntl", "grp", "msvcrt", "pwd", "resource", "rpy2", "termios"):
    sys.modules[name] = None
for name in ("SIGHUP", "SIGKILL", "SIGALRM"):
    delattr(signal, name)
for name in ("fork", "geteuid", "getuid", "uname"):
    delattr(os, name)
import tissueshap, tissueshap.cli
for module in pkgutil.walk_packages(tissueshap.__path__, "tissueshap."):
    importlib.import_module(module.name)
print(typer.testing.CliRunner().invoke(tissueshap.cli.app, ["--help"]).exit_code)
"""


def test_every_module_can_be_imported_where_posix_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("0", 0), done.stderr[-2000:]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks as on Windows, where an open file cannot be deleted."""
    fcntl = pytest.importorskip("fcntl", reason="stands in for Windows elsewhere")
    held: dict[int, Path] = {}

    def locking(number: int, _mode: int, size: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert size > 0
        held[number] = Path(f"/proc/self/fd/{number}").readlink()

    def unlink(path: Path, missing_ok: bool = False) -> None:
        for number, file in held.items():
            link = Path(f"/proc/self/fd/{number}")
            if file == path and link.is_symlink() and link.readlink() == file:
                raise PermissionError(13, "in use", str(path))
        remove(path, missing_ok=missing_ok)

    remove = Path.unlink
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(Path, "unlink", unlink)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at /proc")
@pytest.mark.usefixtures("windows")
def test_folders_are_written_with_the_locks_of_windows(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for text in ("first", "second"):
        with whole_folder(out, overwrite=True) as folder:
            (folder / "x").write_text(text)
    assert {path.name for path in out.iterdir()} == {"x", MANIFEST}
    assert (out / "x").read_text() == "second"
    # What a killed process left is removed by the next one.
    left = out / ".tissueshap-partial-1"
    left.mkdir()
    with (left / "lock").open("wb") as lock:
        Owner.current().sign(lock)
    with pytest.raises(ValueError, match="stop"), whole_folder(out, overwrite=True):
        raise ValueError("stop")
    assert {path.name for path in out.iterdir()} == {"x", MANIFEST}
    assert (out / "x").read_text() == "second"
