"""Both packages, and how they are cited, have one version."""

from __future__ import annotations

import re
import tomllib
from email.parser import Parser
from pathlib import Path

import tissueshap
from tissueshap._version import __version__

ROOT = Path(__file__).resolve().parents[2]


def stated(root: Path) -> dict[str, str]:
    """Return the version in each file that states one, by the file's name."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {
        "pyproject.toml": str(project["version"]),
        "DESCRIPTION": Parser().parsestr((root / "DESCRIPTION").read_text("utf-8"))["Version"],
    }
    citation = root / "CITATION.cff"
    if citation.is_file():
        line = re.search(r"^version: *(\S+)", citation.read_text(encoding="utf-8"), re.MULTILINE)
        found["CITATION.cff"] = line[1].strip("\"'") if line else "missing"
    return found


def test_every_file_states_the_version_of_the_package() -> None:
    versions = stated(ROOT)
    assert versions == dict.fromkeys(versions, __version__)
    assert tissueshap.__version__ == __version__


def test_a_file_with_another_version_is_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.0.0"\n', encoding="utf-8")
    (tmp_path / "DESCRIPTION").write_text("Package: a\nVersion: 1.0.1\n", encoding="utf-8")
    (tmp_path / "CITATION.cff").write_text('title: a\nversion: "1.1.0"\n', encoding="utf-8")
    assert stated(tmp_path) == {
        "pyproject.toml": "1.0.0",
        "DESCRIPTION": "1.0.1",
        "CITATION.cff": "1.1.0",
    }
