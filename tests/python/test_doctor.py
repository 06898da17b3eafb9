"""The doctor: what is needed, what is here, and what mends the rest."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tissueshap import __version__, doctor
from tissueshap._core.errors import MissingPackageError, RError
from tissueshap._install import backend, needs, r_package
from tissueshap._install.needs import Need

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def no_r(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without R."""
    monkeypatch.delenv("R_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def fake_r(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose Rscript answers what ``answer`` in the folder returned holds."""
    script = tmp_path / "Rscript"
    script.write_text('#!/bin/sh\ncat "$(dirname "$0")/answer"\n')
    script.chmod(0o755)
    monkeypatch.setenv("R_HOME", "")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


@pytest.fixture
def no_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras takes seconds to load; these tests are about the rest."""
    monkeypatch.setattr(doctor, "_keras_rows", lambda full: [])


def by_name(rows: list[doctor.Row]) -> dict[str, doctor.Row]:
    return {row.name: row for row in rows}


@pytest.mark.parametrize(
    ("bounds", "version"),
    [
        (">=1.26", "1.26.0"),
        (">=1.26", "1.9"),
        (">=2.1,<3.1", "3.0.5"),
        (">=2.1,<3.1", "3.1"),
        (">=2024.8", "2024.10.0"),
        ("<3.6.6", "3.6.6"),
        (">=6", "6.0"),
        ("", "0.1"),
    ],
)
def test_bounds_are_read_as_pip_reads_them(bounds: str, version: str) -> None:
    assert Need("x", bounds).met_by(version) == SpecifierSet(bounds).contains(version)


@pytest.mark.parametrize(
    ("version", "meets"),
    [
        ("1.41.0.1", True),
        ("1.38", True),
        ("1.28", False),
        ("1.38-2", True),
        ("1.41.0+dfsg-1", True),
    ],
)
def test_versions_of_r_and_debian_are_compared_by_number(version: str, meets: bool) -> None:
    assert Need("reticulate", ">=1.38").met_by(version) is meets


def test_python_needs_are_those_that_the_package_declares() -> None:
    here = {need.name: need for need in needs.python_needs()}
    declared = [Requirement(text) for text in metadata.requires("tissueshap") or []]
    required = {each.name: each for each in declared if "extra" not in str(each.marker)}
    assert {name for name, need in here.items() if need.required} == set(required)
    for name, requirement in required.items():
        assert SpecifierSet(here[name].bounds) == requirement.specifier
    optional = {name for name, need in here.items() if not need.required}
    assert optional == {"dask", "distributed", "huggingface-hub", "jax", "torch", "zarr"}


def test_pyproject_says_the_same_as_the_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_sets() -> set[tuple[str, SpecifierSet, bool]]:
        return {(n.name, SpecifierSet(n.bounds), n.required) for n in needs.python_needs()}

    installed, bounds = as_sets(), needs.python_bounds()

    def not_installed(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", not_installed)
    monkeypatch.setattr(metadata, "metadata", not_installed)
    assert as_sets() == installed
    assert needs.python_bounds() == bounds


def test_r_needs_are_those_of_description() -> None:
    here = {need.name: need for need in needs.r_needs()}
    assert here["R"] == Need("R", ">=4.2.0", required=True)
    assert here["edgeR"].required
    assert not here["clusterProfiler"].required
    assert here["reticulate"] == Need("reticulate", ">=1.38", required=False)
    assert not {"methods", "stats", "utils"} & set(here)


def test_without_r_every_row_is_there_and_says_what_to_do(no_r: None, no_keras: None) -> None:
    rows = doctor.doctor()
    found = by_name(rows)
    assert found["R"].status == "missing"
    assert found["R"].remedy == "install R >=4.2.0 from https://www.r-project.org"
    assert found["edgeR"].status == "missing"
    assert found["edgeR"].remedy == "install R first"
    assert found["tissueshap"].remedy == "tissueshap doctor --install-r"
    assert found["numpy"].status == "ok"


def test_without_r_the_exit_code_is_1(
    no_r: None, no_keras: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.main() == 1
    assert "to mend." in capsys.readouterr().out


def answer(folder: Path, **versions: str) -> None:
    named = {need.name: "99.0" for need in needs.r_needs()}
    named |= {"R": "4.5.1", "tissueshap": __version__, **versions}
    lines = [f"tissueshap>\t{name}\t{version}" for name, version in named.items() if version]
    (folder / "answer").write_text("\n".join(["a greeting of the user's profile", *lines, ""]))


def test_all_there_is_exit_code_0(
    fake_r: Path, no_keras: None, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(fake_r)
    assert doctor.main() == 0
    assert capsys.readouterr().out.startswith("All that is required is here.\n")


def test_a_missing_r_package_is_named_with_its_command(fake_r: Path, no_keras: None) -> None:
    answer(fake_r, edgeR="", clusterProfiler="")
    rows = by_name(doctor.doctor())
    assert rows["edgeR"].status == "missing"
    assert rows["edgeR"].wrong
    assert re.search(r"apt-get install r-bioc-edger|BiocManager::install", rows["edgeR"].remedy)
    assert rows["clusterProfiler"].status == "absent"
    assert not rows["clusterProfiler"].wrong


def test_an_optional_package_that_is_too_old_is_no_failure(fake_r: Path, no_keras: None) -> None:
    answer(fake_r, reticulate="1.28")
    row = by_name(doctor.doctor())["reticulate"]
    assert (row.status, row.wrong) == ("too old", False)
    assert row.remedy


def test_versions_of_the_two_halves_must_agree(fake_r: Path, no_keras: None) -> None:
    answer(fake_r, tissueshap="0.0.1")
    row = by_name(doctor.doctor())["tissueshap"]
    assert (row.wanted, row.found, row.status) == (f"=={__version__}", "0.0.1", "differs")
    assert row.wrong


@pytest.mark.parametrize(("r_version", "status"), [("4.2.2", "too new"), ("4.5.0", "ok")])
def test_rpy2_must_fit_the_r_that_is_there(
    fake_r: Path, no_keras: None, monkeypatch: pytest.MonkeyPatch, r_version: str, status: str
) -> None:
    answer(fake_r, R=r_version)
    real = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "3.6.7" if name == "rpy2-rinterface" else real(name)
    )
    row = by_name(doctor.doctor())["rpy2-rinterface"]
    assert row.status == status
    assert ("'rpy2-rinterface<3.6.6'" in row.remedy) is (status == "too new")


def test_a_missing_rpy2_comes_with_the_half_that_fits_r(
    fake_r: Path, no_keras: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(fake_r, R="4.2.2")
    real = metadata.version

    def without_rpy2(name: str) -> str:
        if name.startswith("rpy2"):
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", without_rpy2)
    row = by_name(doctor.doctor())["rpy2"]
    assert row.status == "missing"
    assert row.remedy.endswith("-m pip install 'rpy2>=3.6.5' 'rpy2-rinterface<3.6.6'")


def test_a_missing_keras_is_a_row_and_no_crash(
    fake_r: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(fake_r)
    monkeypatch.setattr(backend, "_IMPORT", "import no_such_module")
    row = by_name(doctor.doctor(full=True))["backend"]
    assert (row.status, row.wrong) == ("fails", True)


def test_apt_is_named_only_where_its_version_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = """r-cran-reticulate:
  Installed: (none)
  Candidate: 1:1.28+dfsg-1
  Version table:
     1.28+dfsg-1 500
r-bioc-nothing:
  Installed: (none)
  Candidate: (none)
"""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[:2] == ["apt-cache", "policy"]
        return subprocess.CompletedProcess(command, 0, stdout=policy)

    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(subprocess, "run", run)
    assert list(r_package._apt(["reticulate", "nothing"])) == ["r-cran-reticulate"]
    assert r_package.remedy(Need("reticulate", ">=1.28")).endswith(
        "apt-get install r-cran-reticulate"
    )
    assert "BiocManager::install" in r_package.remedy(Need("reticulate", ">=1.38"))


def test_the_table_aligns_its_columns_and_lists_commands() -> None:
    rows = [
        doctor.Row("R", "R", ">=4.2", "4.5.1", "ok"),
        doctor.Row("R", "edgeR", "", "", "missing", "apt-get install r-bioc-edger"),
        doctor.Row("Python", "jax", "", "", "absent", "pip install jax", required=False),
    ]
    lines = doctor.render(rows).splitlines()
    columns = [line.index(cell) for line, cell in zip(lines[-3:-1], ("4.5.1", "-"), strict=True)]
    assert columns[0] == columns[1]
    assert lines.index("  edgeR  apt-get install r-bioc-edger") < lines.index(
        "  jax  pip install jax"
    )
    assert lines[0] == "1 to mend."  # problems come first


def test_it_needs_no_package_but_python_itself() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'python')!r})\n"
        "from tissueshap import doctor\n"
        "doctor._keras_rows = lambda full: []\n"
        "rows = {row.name: row for row in doctor.doctor()}\n"
        "print(rows['numpy'].status, rows['typer'].status)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["missing", "missing"]


def test_install_r_without_r_names_the_command(no_r: None) -> None:
    with pytest.raises(MissingPackageError, match="there is no R: run `install R"):
        doctor.main(install_r=True)


def test_install_r_says_when_r_fails(
    fake_r: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing = fake_r / "R"
    failing.write_text("#!/bin/sh\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("TISSUESHAP_RLIB", str(tmp_path / "library"))
    with pytest.raises(RError, match="could not install tissueshap into"):
        r_package.install()


def test_installed_r_package_has_no_source_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    described = tmp_path / "DESCRIPTION"
    described.write_text("Package: tissueshap\n")
    monkeypatch.setattr(needs, "_DESCRIPTIONS", (described,))
    with pytest.raises(MissingPackageError, match="no R source"):
        r_package._source(tmp_path)


@pytest.mark.r
def test_r_itself_answers() -> None:
    found = r_package.versions(["edgeR", "no.such.package", "stats"])
    assert found is not None
    assert set(found) == {"R", "edgeR", "stats"}
    assert found["stats"] == found["R"]


@pytest.mark.r
@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True])
def test_here_all_that_is_required_is_there(full: bool) -> None:
    rows = doctor.doctor(full=full)
    assert [row for row in rows if row.wrong] == []
    assert re.search(r" on .*CPU:0", by_name(rows)["backend"].found)
