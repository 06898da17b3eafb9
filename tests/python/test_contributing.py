"""What contributors, CI and the sites of the documentation use exists, and is complete."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
#: A rule may have several.
TARGETS = set(" ".join(re.findall(r"^([a-z][\w -]*):", MAKEFILE, flags=re.MULTILINE)).split())
YAML = [
    *sorted(ROOT.glob(".github/**/*.yml")),
    *(ROOT / name for name in (".pre-commit-config.yaml", ".readthedocs.yaml", "_pkgdown.yml")),
]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
#: Made by the set-up, which CI has not always run where only Python is tested.
MADE = (".venv", ".venv-newest", ".venv-oldest", ".Rlib", ".setup")


def _yaml(path: Path) -> Any:
    # The key `on` of a workflow is a truth value in YAML 1.1.
    return yaml.safe_load(re.sub(r"^on:", '"on":', path.read_text("utf-8"), flags=re.MULTILINE))


def _paths(text: str) -> set[str]:
    """Return the paths in the checkout that a text names, whether they exist or not."""
    top = {path.name for path in ROOT.iterdir()}.difference(MADE)
    tokens = set(re.findall(r"[\w./$-]*\w/?", text))
    files = re.compile(r"\.?[\w-]+\.(md|yml|yaml|toml|lock|cff)")
    return {name for name in tokens if name.partition("/")[0] in top or files.fullmatch(name)}


def _missing(names: set[str]) -> set[str]:
    return {name for name in names if "NAME" not in name and not (ROOT / name).exists()}


def _code(text: str) -> list[str]:
    """Return what a text has as code, in blocks and in lines."""
    block = re.compile(r"^```\w+\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
    return [*block.findall(text), *re.findall(r"`([^`\n]+)`", block.sub("", text))]


def _rows() -> list[list[str]]:
    """Return the cells of the tables of places."""
    rows = [line.strip("| ").split(" | ") for line in GUIDE.splitlines() if line.startswith("| `")]
    assert len(rows) > 15
    return rows


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_yaml_is_valid(path: Path) -> None:
    assert isinstance(_yaml(path), dict)


# The guide ------------------------------------------------------------------------------


def test_every_path_of_the_guide_exists() -> None:
    paths = set().union(*map(_paths, _code(GUIDE)))
    assert len(paths) > 30
    assert _missing(paths) == set()


def test_every_name_in_a_row_occurs_in_its_file() -> None:
    for place, what, *_ in _rows():
        files = [ROOT / code for code in _code(place) if (ROOT / code).is_file()]
        names = [code for code in _code(what) if re.fullmatch(r"\w+", code)]
        text = "".join(file.read_text(encoding="utf-8") for file in files)
        if files:
            assert [name for name in names if name not in text] == [], place


def test_commands_of_the_guide_exist() -> None:
    made = {name for code in _code(GUIDE) for name in re.findall(r"\bmake ([a-z][\w-]*)", code)}
    assert {"test", "test-all", "lint"} <= made <= TARGETS
    script = (ROOT / "inst/scripts/setup.sh").read_text(encoding="utf-8")
    cases = re.findall(r"^(--[a-z |-]+)\)", script, flags=re.MULTILINE)
    options = {option for case in cases for option in case.split(" | ")}
    assert options == {
        o for code in _code(GUIDE) for o in re.findall(r"--(?:new|old)est[\w-]*", code)
    }


def test_the_guide_names_every_marker_of_pytest() -> None:
    markers = re.findall(r'^    "(\w+): ', (ROOT / "pyproject.toml").read_text(), flags=re.M)
    assert markers
    assert set(markers) <= set(_code(GUIDE))


# Hooks and templates --------------------------------------------------------------------


def _hooks() -> dict[str, dict[str, Any]]:
    (repository,) = _yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    return {hook["id"]: hook for hook in repository["hooks"]}


def test_hooks_run_programs_that_the_set_up_installs() -> None:
    for hook in _hooks().values():
        assert hook["language"] == "system"
        words = [word for word in hook["entry"].split() if word != "env" and "=" not in word]
        program, *arguments = words
        if program.startswith(".venv/"):
            distributed = (ROOT / "requirements.lock").read_text(encoding="utf-8")
            name = program.removeprefix(".venv/bin/")
            assert name == "python" or re.search(rf"^{name}==", distributed, flags=re.MULTILINE)
            assert not (ROOT / ".venv/bin").exists() or (ROOT / program).exists()
        else:
            assert program == "Rscript"
        assert all((ROOT / word).is_file() for word in arguments if word.startswith("inst/"))


@pytest.mark.r
def test_rscript_of_the_hooks_is_there() -> None:
    assert shutil.which("Rscript")


def test_hooks_are_the_commands_of_make_lint() -> None:
    recipe = re.search(r"^lint: setup\n((?:\t.+\n)+)", MAKEFILE, flags=re.MULTILINE)
    assert recipe is not None

    def plain(command: str) -> str:
        command = command.strip().replace("$(BIN)", ".venv/bin")
        return re.sub(r"^env R_LIBS=\S+ | --(check|force-exclude)\b| \.$", "", command).strip()

    linted = {plain(plain(line)) for line in recipe[1].splitlines()}
    assert linted == {plain(hook["entry"]) for hook in _hooks().values()}


def test_a_bug_report_asks_for_the_doctor() -> None:
    form = _yaml(ROOT / ".github/ISSUE_TEMPLATE/bug.yml")
    fields = {field["id"]: field for field in form["body"]}
    assert "tissueshap doctor" in fields["doctor"]["attributes"]["label"]
    assert fields["doctor"]["validations"]["required"] is True


# Documentation sites --------------------------------------------------------------------


def _contents(section: str) -> list[str]:
    groups = _yaml(ROOT / "_pkgdown.yml")[section]
    return [name for group in groups for name in group["contents"]]


def test_pkgdown_lists_every_exported_function() -> None:
    namespace = (ROOT / "NAMESPACE").read_text(encoding="utf-8")
    exported = re.findall(r"^export\((\w+)\)$", namespace, flags=re.MULTILINE)
    assert sorted(_contents("reference")) == sorted([*exported, "tissueshap-package"])


def test_pkgdown_lists_every_vignette() -> None:
    assert sorted(_contents("articles")) == sorted(p.stem for p in ROOT.glob("vignettes/*.Rmd"))


@pytest.mark.parametrize("builds", ["", "True"])
def test_only_read_the_docs_needs_the_network(monkeypatch: pytest.MonkeyPatch, builds: str) -> None:
    monkeypatch.setenv("READTHEDOCS", builds)
    settings = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    assert ("sphinx.ext.intersphinx" in settings["extensions"]) is bool(builds)
    assert all(url.startswith("https://") for url, _ in settings["intersphinx_mapping"].values())


def test_read_the_docs_builds_these_pages() -> None:
    settings = _yaml(ROOT / ".readthedocs.yaml")
    assert settings["sphinx"] == {"configuration": "docs/conf.py", "fail_on_warning": True}
    assert "--fail-on-warning" in MAKEFILE
    assert "pip install --requirement requirements.lock" in settings["build"]["jobs"]["install"]


def test_r_cmd_build_leaves_out_what_only_contributors_need() -> None:
    ignored = [re.compile(line) for line in (ROOT / ".Rbuildignore").read_text().split()]
    names = ("CITATION.cff", "CONTRIBUTING.md", "_pkgdown.yml", ".github", ".readthedocs.yaml")
    for name in (*names, ".pre-commit-config.yaml"):
        assert (ROOT / name).exists()
        assert any(pattern.search(name) for pattern in ignored), name


# Workflows ------------------------------------------------------------------------------


def _steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in _yaml(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_what_exists(path: Path) -> None:
    workflow = _yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())
    commands = "\n".join(step.get("run", "") for step in _steps(path))
    for line in re.findall(r"^make (.+)$", commands, flags=re.MULTILINE):
        assert set(line.split()) <= TARGETS
    assert _missing(_paths(commands) - {"build/benchmarks/"}) == set()


def test_workflows_cover_the_platforms() -> None:
    jobs = _yaml(ROOT / ".github/workflows/test.yml")["jobs"]
    assert jobs["ubuntu"]["steps"][-1]["run"] == "make lint test"
    systems = jobs["python"]["strategy"]["matrix"]["os"]
    assert {name.partition("-")[0] for name in systems} == {"macos", "windows"}
    assert '-m "not slow and not r"' in jobs["python"]["steps"][-1]["run"]


def test_bioconductor_is_tested_with_the_real_packages() -> None:
    path = ROOT / ".github/workflows/bioconductor.yml"
    (job,) = _yaml(path)["jobs"].values()
    assert job["container"] == "bioconductor/bioconductor_docker:devel"
    commands = "\n".join(step.get("run", "") for step in _steps(path))
    for name in ("anndataR", "clusterProfiler", "ReactomePA", "zellkonverter"):
        assert f'"{name}"' in commands
