"""Keras' backend seen from outside: what is found without an import, and when one is needed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from numpy.random import bit_generator

from tissueshap._install import backend

#: A shared library that loads by itself.
LIBRARY = Path(bit_generator.__file__)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the import decides")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Call to install packages called keras and tensorflow, which cannot be imported."""
    monkeypatch.setattr(backend, "_DRIVERS", ())
    monkeypatch.setattr(backend, "_IMPORT", "raise SystemExit(1)")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.syspath_prepend(tmp_path)

    def install(requires: str = "numpy>=1.26") -> Path:
        internal = tmp_path / "tensorflow" / "python" / "_pywrap_tensorflow_internal.so"
        internal.parent.mkdir(parents=True)
        shutil.copy(LIBRARY, internal)
        module = tmp_path / "tensorflow" / "module.py"
        module.write_text("pass\n")
        for name in ("keras", "tensorflow"):
            info = tmp_path / f"{name}-99.0.dist-info"
            info.mkdir()
            stated = f"Name: {name}\nVersion: 99.0\nRequires-Dist: {requires}\n"
            optional = "Requires-Dist: no-such-package; extra == 'gpu'\n"
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{stated}{optional}")
            rows = [
                f"{path.relative_to(tmp_path)},,{path.stat().st_size}"
                for path in (internal, module)
            ]
            (info / "RECORD").write_text("\n".join(["../bin/changed,,1", *rows]))
        return internal

    return install


def test_a_sound_tensorflow_is_not_imported(installed: Callable[..., Path]) -> None:
    installed()
    assert backend.devices() == ("tensorflow", ["CPU:0"])
    assert backend.devices(full=True) is None  # the import, which fails here


def test_a_library_that_does_not_load_is_found(installed: Callable[..., Path]) -> None:
    library = installed()
    library.write_bytes(b"\0" * library.stat().st_size)
    assert backend._is_whole("tensorflow")
    assert backend.devices() is None


def test_a_file_that_was_cut_or_is_gone_is_found(installed: Callable[..., Path]) -> None:
    module = installed().parents[1] / "module.py"
    module.write_text("")
    assert backend.devices() is None
    module.unlink()
    assert backend.devices() is None


@pytest.mark.parametrize("requires", ["numpy<1.0", "no-such-package"])
def test_a_requirement_that_is_not_met_is_found(
    installed: Callable[..., Path], requires: str
) -> None:
    installed(requires)
    assert backend.devices() is None


def test_with_the_driver_of_a_card_the_import_lists_devices(
    installed: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed()
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(backend, "_DRIVERS", (str(tmp_path / "nvidiactl"),))
    answer = json.dumps(["tensorflow", ["CPU:0", "GPU:0"]])
    monkeypatch.setattr(backend, "_IMPORT", f"print('a greeting'); print({answer!r})")
    assert backend.devices() == ("tensorflow", ["CPU:0", "GPU:0"])


@pytest.mark.parametrize(
    ("variable", "file", "expected"),
    [
        ("", None, "tensorflow"),
        ("", "{}", "tensorflow"),
        ("", "not JSON", "tensorflow"),
        ("", '{"backend": "jax"}', "jax"),
        ("torch", '{"backend": "jax"}', "torch"),
    ],
)
def test_the_backend_is_the_one_that_keras_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, file: str | None, expected: str
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", variable)
    if file is not None:
        (tmp_path / "keras.json").write_text(file)
    assert backend.configured() == expected
