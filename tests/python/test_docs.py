"""The documentation names the functions, commands and pages that exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import tissueshap
from tissueshap import pl, pp, report, tl

ROOT = Path(__file__).resolve().parents[2]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
LISTED = set(re.findall(r"^   (\w+\.\w+)$", API, flags=re.MULTILINE))
FUNCTIONS = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
NAMESPACES = sorted({name.partition(".")[0] for name in LISTED})


def test_every_namespace_has_its_part() -> None:
    others = {"__version__", "errors", "logging", "settings"}
    assert set(NAMESPACES) == set(tissueshap.__all__) - others


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_the_reference_lists_what_is_public(namespace: str) -> None:
    module = importlib.import_module(f"tissueshap.{namespace}")
    listed = {name.partition(".")[2] for name in LISTED if name.startswith(f"{namespace}.")}
    # The presets are described with `preset`.
    assert listed == set(module.__all__) - {"PRESETS"}
    for name in listed:
        assert getattr(module, name).__doc__


def test_every_vignette_is_found_by_r() -> None:
    vignettes = sorted((ROOT / "vignettes").glob("*.Rmd"))
    assert vignettes
    for path in vignettes:
        text = path.read_text(encoding="utf-8")
        title = re.search(r'^title: "(.+)"$', text, flags=re.MULTILINE)
        assert title is not None
        assert f"%\\VignetteIndexEntry{{{title.group(1)}}}" in text
        assert "%\\VignetteEngine{knitr::rmarkdown}" in text
        # A chunk that does not start its line is text, and not run.
        assert text.count("```{") == len(re.findall(r"^```\{", text, flags=re.MULTILINE))


def test_every_python_verb_is_in_the_table() -> None:
    namespaces = {"pp": pp, "tl": tl, "report": report}
    for namespace, name in re.findall(r"`(pp|tl|report)\.(\w+)`", FUNCTIONS):
        assert hasattr(namespaces[namespace], name)
    named = set(re.findall(r"`(?:pp|tl)\.(\w+)`", FUNCTIONS))
    assert {*pp.__all__, *tl.__all__} - {"expand"} <= named
    assert pl.__all__


def test_every_r_verb_is_in_the_table() -> None:
    exported = set(re.findall(r"export\((\w+)\)", (ROOT / "NAMESPACE").read_text()))
    named = set(re.findall(r"`((?:run|read|plot)_\w+)`", FUNCTIONS))
    assert named <= exported
    assert {name for name in exported if name.startswith("run_")} <= named
