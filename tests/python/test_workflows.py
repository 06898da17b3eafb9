"""The files for workflow managers, containers and conda."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tissueshap import __version__, datasets
from tissueshap.workflow import options

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "inst" / "workflows"
MODULE = FOLDER / "nextflow" / "modules" / "local" / "tissueshap" / "run"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: What a finished run has.
WRITTEN = {
    *("report.html", "adata.h5ad", "model", "tables", "figures", "summary.json", "log.txt"),
    *("provenance.json", "ro-crate-metadata.json"),
}


def _flags(text: str) -> set[str]:
    return set(re.findall(r"(?<=[\s\"'])--([a-z][a-z-]+)", text))


@pytest.mark.parametrize(
    "path", [MODULE / "main.nf", FOLDER / "snakemake" / "tissueshap.smk"], ids=lambda p: p.name
)
def test_options_are_those_of_the_command(path: Path) -> None:
    known = {name.replace("_", "-") for name in options()}
    flags = _flags(path.read_text(encoding="utf-8"))
    assert flags >= {"resume", "out", "n-jobs"}
    assert flags <= known


def test_the_module_names_its_files() -> None:
    script = (MODULE / "main.nf").read_text(encoding="utf-8")
    described = yaml.safe_load((MODULE / "meta.yml").read_text(encoding="utf-8"))
    emitted = dict(re.findall(r"path[( ]\"([^\"]+)\"\)?\s*, emit: (\w+)", script))
    assert set(emitted.values()) == set(described["output"])
    names = {path.removeprefix("${prefix}/").split("/")[0] for path in emitted}
    assert names - {"versions.yml"} == WRITTEN
    stub = script.partition("stub:")[2]
    assert all(f"${{prefix}}/{name}" in stub for name in WRITTEN)


def test_versions_are_the_current_one() -> None:
    found = [
        version
        for path in FOLDER.rglob("*")
        if path.is_file()
        for version in re.findall(
            r"(?:tissueshap[:=] *|^  version: \")(\d+\.\d+\.\d+)",
            path.read_text(encoding="utf-8"),
            flags=re.MULTILINE,
        )
    ]
    assert len(found) >= 5
    assert set(found) == {__version__}


def test_the_recipe_has_every_dependency() -> None:
    recipe: dict[str, Any] = yaml.safe_load((FOLDER / "conda" / "recipe.yaml").read_text("utf-8"))
    conda = {"matplotlib": "matplotlib-base"}
    wanted = set()
    for words in PROJECT["dependencies"]:
        name, bounds = re.match(r"([\w-]+)([^;]*)", words).groups()  # type: ignore[union-attr]
        wanted.add(f"{conda.get(name, name)} {bounds.strip()}")
    by_pip = {"smote-variants >=1.0.1"}
    assert wanted - set(recipe["requirements"]["run"]) == by_pip
    assert '"smote-variants>=1.0.1"' in "".join(recipe["build"]["script"])
    imports = (ROOT / "DESCRIPTION").read_text(encoding="utf-8").partition("Imports:")[2]
    names = re.findall(r"\w+", imports.partition("LinkingTo")[0])
    base = {"grDevices", "methods", "stats", "tools", "utils"}
    packages = {re.sub(r"^(r|bioconductor)-", "", one) for one in recipe["requirements"]["run"]}
    assert {name.lower() for name in names if name not in base} <= packages


def test_the_image_copies_what_is_built() -> None:
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    imports = (ROOT / "DESCRIPTION").read_text(encoding="utf-8").partition("Imports:")[2]
    for name in ("BiocParallel", "edgeR", "jsonlite", "limma", "Rcpp", "withr"):
        assert f'"{name}"' in text
        assert name in imports
    assert "dist/tissueshap-*.whl tissueshap_*.tar.gz" in text


@pytest.fixture
def snakemake() -> str:
    """Return Snakemake's program; the test is skipped without it."""
    program = os.environ.get("TISSUESHAP_SNAKEMAKE") or shutil.which("snakemake")
    if program is None:
        pytest.skip("Snakemake is not on PATH, nor in TISSUESHAP_SNAKEMAKE")
    return program


@pytest.mark.slow
@pytest.mark.r
def test_snakemake_runs_the_rule(snakemake: str, tmp_path: Path) -> None:
    sizes = {"Liver": 30, "Lung": 35, "Skin": 25}
    adata = datasets.simulate(90, 120, tissues=sizes, n_exclusive=4, n_shared=1, n_subtle=4)
    adata.to_df().T.astype(int).to_csv(tmp_path / "counts.tsv", sep="\t", index_label="gene")
    adata.obs[["tissue"]].to_csv(tmp_path / "samples.tsv", sep="\t", index_label="sample")
    for name in ("Snakefile", "tissueshap.smk"):
        shutil.copy(FOLDER / "snakemake" / name, tmp_path)
    entry: dict[str, Any] = {"counts": "counts.tsv", "samples": "samples.tsv", "label": "tissue"}
    entry |= {"epochs": 2, "n_models": 1, "n_draws": 20, "n_starts": 2, "trust": "none"}
    entry |= {"min_class_size": 10, "test_per_class": 8, "exclude": ["No such*"]}

    def run(title: str) -> str:
        text = yaml.safe_dump({"tissueshap": {"results": {**entry, "title": title}}})
        (tmp_path / "tissueshap.yml").write_text(text)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            [snakemake, "--cores", "1"],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert "training preset" in run("First <one>")
    assert {path.name for path in (tmp_path / "results").iterdir()} >= WRITTEN
    said = run("Second 'one'")
    assert "training preset" not in said
    assert "steps are kept from before" in said
    assert "Second" in (tmp_path / "results" / "report.html").read_text(encoding="utf-8")
    found = json.loads((tmp_path / "results" / "provenance.json").read_text())
    assert [one["option"] for one in found["inputs"]] == ["counts", "samples"]
