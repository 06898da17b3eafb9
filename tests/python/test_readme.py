"""The commands of the README and of docs/run.md are run or checked, word for word."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import anndata as ad
import pytest
import yaml

import tissueshap
from tissueshap.workflow import predict
from tissueshap.workflow._config import Config, options

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = (ROOT / "docs" / "run.md").read_text(encoding="utf-8")

#: Genes that B cells and plasma cells express and few other blood cells do.
B_CELL_GENES = set("CD79A CD79B MS4A1 BLK BANK1 IGJ IGLL5 TNFRSF13B MZB1 FCRLA CD22".split())


def _block(language: str, page: str = README) -> str:
    """Return the first code block in a language."""
    block = re.search(rf"^```{language}\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    assert block is not None
    return block.group(1)


def _environment() -> dict[str, str]:
    library = os.pathsep.join(filter(None, [str(ROOT / ".Rlib"), os.environ.get("R_LIBS", "")]))
    return {
        **os.environ,
        "PYTHONPATH": str(Path(tissueshap.__file__).parents[1]),
        "R_LIBS": library,
        "RETICULATE_PYTHON": sys.executable,
    }


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=_environment()
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.mark.r
def test_the_python_quick_start(tmp_path: Path) -> None:
    code = _block("python")
    assert len(code.splitlines()) == 12
    (tmp_path / "start.py").write_text(code, encoding="utf-8")
    printed = _run([sys.executable, "start.py"], tmp_path)
    b_cells = re.search(r"^CD19\+ B +(.+)$", printed, flags=re.MULTILINE)
    assert b_cells is not None
    assert len(B_CELL_GENES & set(b_cells.group(1).split())) >= 2
    # The last digits, and with them a gene or two, differ from machine to machine.
    shown = _block("text")
    classes = re.compile(r"^(\S.*?)  ", flags=re.MULTILINE)
    assert set(classes.findall(printed)) == set(classes.findall(shown))
    assert len(set(printed.split()) & set(shown.split())) > len(set(shown.split())) / 2


@pytest.mark.r
def test_the_r_quick_start(tmp_path: Path) -> None:
    code = _block("r")
    assert len(code.splitlines()) == 12
    (tmp_path / "start.R").write_text(code, encoding="utf-8")
    _run(["Rscript", "start.R"], tmp_path)
    adata = ad.read_h5ad(tmp_path / "pbmc68k.h5ad")
    assert adata.var["shap_selected"].sum() > 10
    assert adata.varm["shap_rank"].shape == (adata.n_vars, 10)


def test_both_quick_starts_are_the_same_analysis() -> None:
    python = re.findall(r"ts\.(?:pp|tl)\.(\w+)", _block("python"))
    assert python == re.findall(r"run_(\w+)", _block("r"))


def test_the_yaml_is_valid(tmp_path: Path) -> None:
    options_file = _block("yaml", RUN)
    (tmp_path / "run.yml").write_text(options_file, encoding="utf-8")
    config = Config.from_yaml(tmp_path / "run.yml")
    assert config.to_dict()["exclude"] == yaml.safe_load(options_file)["exclude"]


@pytest.mark.parametrize(("page", "n_commands"), [(README, 1), (RUN, 4)])
def test_options_of_the_commands_exist(page: str, n_commands: int) -> None:
    lines = page.replace("\\\n", " ").splitlines()
    commands = [line for line in lines if re.match(r"(\S*/)?tissueshap run ", line)]
    named = {name for line in commands for name in re.findall(r"--([a-z][a-z-]+)", line)}
    assert len(commands) == n_commands
    assert {"counts", "label", "out"} <= named <= {name.replace("_", "-") for name in options()}


@pytest.mark.parametrize("page", [README, RUN])
def test_options_of_predict_exist(page: str) -> None:
    commands = re.findall(r"^tissueshap predict (.+)$", page, flags=re.MULTILINE)
    assert len(commands) == 1
    known = {name.replace("_", "-") for name in inspect.signature(predict).parameters}
    assert set(re.findall(r"--([a-z][a-z-]+)", commands[0])) <= known
    section = page[page.index("## New samples") :]
    section = section[: section.index("\n## ")]
    named = {name.removeprefix("no-") for name in re.findall(r"--([a-z][a-z-]+)", section)}
    assert named <= known


def test_the_readme_names_the_commands_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {"demo", "test"} <= set(re.findall(r"\bmake ([a-z-]+)", README)) <= set(targets)


def test_the_readme_is_short() -> None:
    assert len(README.split()) < 1000


def test_figures_and_pages_exist_and_are_small() -> None:
    local = [path for path in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in path]
    assert any(path.endswith(".png") for path in local)
    for path in local:
        assert (ROOT / path).is_file(), path
        assert (ROOT / path).stat().st_size < 200_000
