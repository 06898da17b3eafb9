"""The set-up: its decisions with stand-ins for apt and R, its lists, what the builds carry."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tissueshap import doctor
from tissueshap._install import needs
from tissueshap._install.needs import Need

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "inst" / "scripts" / "setup"
SHELL = [ROOT / "inst/scripts/setup.sh", *sorted(SETUP.glob("*.sh")), ROOT / ".ci" / "run"]

#: Packages that no release of Debian or Ubuntu has: reported, not installed.
NOT_IN_DEBIAN = {"clusterProfiler", "ReactomePA"}


def bash(
    code: str, *, parts: str = "", where: Path = ROOT, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run bash code with parts of the set-up sourced, `path` first on PATH."""
    sources = "".join(f". '{SETUP}/{part}.sh'\n" for part in ["common", *parts.split()])
    before = "" if path is None else f"PATH='{path}':$PATH\n"
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{sources}{before}{code}"],
        cwd=where,
        capture_output=True,
        text=True,
        check=False,
    )


def stand_in(folder: Path, name: str, code: str) -> None:
    script = folder / name
    script.write_text(f'#!/bin/bash\necho "{name} $*" >> {folder}/calls\n{code}\n')
    script.chmod(0o755)


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A folder with a Debian's commands: pandoc is installed, apt has what is named r-*."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "calls").touch()
    stand_in(commands, "dpkg-query", "echo 'ii pandoc'; exit 1")
    stand_in(commands, "apt-get", "")
    stand_in(
        commands,
        "apt-cache",
        'for name in "${@:2}"; do echo "$name:"; case $name in '
        'r-*) echo "  Candidate: 1.0";; *) echo "  Candidate: (none)";; esac; done',
    )
    stand_in(commands, "id", "echo 0")
    (tmp_path / ".setup").mkdir()
    return tmp_path


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_scripts_are_valid_bash(script: Path) -> None:
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_makefile_targets_set_up_first() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test", "test-all", "lint", "docs", "build", "lock"):
        assert re.search(rf"^{target}: setup$", text, re.M), target


def test_apt_list_covers_every_r_package_of_description() -> None:
    listed = set(re.sub("#.*", "", (SETUP / "debian.txt").read_text()).split())
    for need in needs.r_needs():
        if need.name not in {"R", *NOT_IN_DEBIAN}:
            names = {f"r-{origin}-{need.name.lower()}" for origin in ("bioc", "cran")}
            assert names & listed, f"{need.name} is not in {SETUP / 'debian.txt'}"


def test_lock_meets_pyproject_and_names_no_place() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked: dict[str, list[str]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[a-z0-9-]+==[\w.+]+( ; .+)?", line), line
            pinned = Requirement(line)
            locked.setdefault(pinned.name, []).append(str(pinned.specifier)[2:])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        wanted = Requirement(text)
        name = wanted.name.lower().replace("_", "-")
        if name != "rpy2":
            assert all(wanted.specifier.contains(version) for version in locked[name]), name
    assert not [name for name in locked if name.startswith("rpy2")]


@pytest.mark.parametrize(
    ("version", "bound", "answer"),
    [("4.2.2", "4.2", 0), ("4.10.0", "4.5", 0), ("4.4.3", "4.5", 1), ("3.6.3", "4.2", 1)],
)
def test_versions_are_compared_by_number(version: str, bound: str, answer: int) -> None:
    assert bash(f"at_least {version} {bound}").returncode == answer


@pytest.mark.parametrize("r_version", ["4.2.2", "4.4.3", "4.5.0", "4.6.1"])
def test_rpy2_is_pinned_as_the_doctor_demands(r_version: str) -> None:
    pins = bash(f"rpy2_pins {r_version}", parts="python").stdout.split()
    versions = dict(pin.split("==") for pin in pins)
    assert set(versions) == {"rpy2", "rpy2-rinterface", "rpy2-robjects"}
    need: Need = doctor._rinterface(r_version)
    assert need.met_by(versions["rpy2-rinterface"])
    assert bool(need.bounds) is (r_version < "4.5")


def test_a_failed_step_shows_its_log_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / ".setup").mkdir()
    done = bash("attempt pip 'mend the network' sh -c 'echo no route; exit 7'", where=tmp_path)
    assert done.returncode == 1
    assert "no route" in done.stderr
    assert "FAILED: sh -c" in done.stderr
    assert "what to do: mend the network (whole log: .setup/pip.log)" in done.stderr


def test_apt_is_left_alone_when_nothing_is_missing(debian: Path) -> None:
    code = "wanted_debs() { echo pandoc; }; system_step"
    done = bash(code, parts="system", where=debian, path=debian / "bin")
    assert "system packages: all there" in done.stdout
    assert "apt-" not in (debian / "bin" / "calls").read_text()


def test_apt_installs_what_is_missing_and_remembers_what_it_does_not_know(debian: Path) -> None:
    code = "wanted_debs() { echo pandoc r-bioc-edger pandoc-new; }; system_step"
    done = bash(code, parts="system", where=debian, path=debian / "bin")
    assert "this distribution has none called pandoc-new" in done.stdout
    calls = (debian / "bin" / "calls").read_text()
    assert re.search(r"apt-get .*update\n", calls)
    assert re.search(r"apt-get .*install -y --no-install-recommends r-bioc-edger\n", calls)

    (debian / "bin" / "calls").write_text("")
    stand_in(debian / "bin", "dpkg-query", "echo 'ii pandoc'; echo 'ii r-bioc-edger'; exit 1")
    done = bash(code, parts="system", where=debian, path=debian / "bin")
    assert "system packages: all there" in done.stdout
    assert "apt-" not in (debian / "bin" / "calls").read_text()


def test_without_root_and_sudo_it_says_what_an_administrator_can_run(debian: Path) -> None:
    stand_in(debian / "bin", "id", "echo 1000")
    stand_in(debian / "bin", "sudo", "exit 1")
    code = "wanted_debs() { echo r-bioc-edger; }; system_step </dev/null"
    done = bash(code, parts="system", where=debian, path=debian / "bin")
    assert "an administrator can run: apt-get install r-bioc-edger" in done.stdout
    assert "apt-get" not in (debian / "bin" / "calls").read_text()


def test_an_r_that_is_too_old_stops_it(debian: Path) -> None:
    stand_in(debian / "bin", "Rscript", "printf 4.1.3")
    code = "wanted_debs() { echo pandoc; }; system_step"
    done = bash(code, parts="system", where=debian, path=debian / "bin")
    assert done.returncode == 1
    assert "R 4.1.3 is too old" in done.stderr
    assert "install R 4.2 or newer" in done.stderr


def test_a_python_that_was_named_goes_first(tmp_path: Path) -> None:
    code = f"TISSUESHAP_PYTHON='{sys.executable}' find_python"
    assert bash(code, parts="system").stdout.strip() == sys.executable


def test_pythons_that_will_not_do_are_passed_over(tmp_path: Path) -> None:
    stand_in(tmp_path, "python3", "exit 1")
    stand_in(tmp_path, "python3.13", f'exec "{sys.executable}" "$@"')
    assert bash("find_python", parts="system", path=tmp_path).stdout.strip() == sys.executable


def test_newer_sources_keep_the_mirror_and_its_keys(tmp_path: Path) -> None:
    etc, found = tmp_path / "etc", tmp_path / "found"
    (etc / "apt" / "sources.list.d").mkdir(parents=True)
    found.mkdir()
    (etc / "os-release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    (etc / "apt" / "sources.list.d" / "debian.sources").write_text(
        """Types: deb
# a remark
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/some.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
    )
    (etc / "apt" / "sources.list").write_text(
        """# deb http://commented.example/debian bookworm main
deb [signed-by=/k.gpg arch=amd64] http://second.example/debian bookworm main contrib
deb-src http://second.example/debian bookworm main
deb http://second.example/debian bookworm-updates main
"""
    )
    done = bash(f"newer_sources '{found}' '{etc}'", parts="r-packages")
    assert done.returncode == 0, done.stderr
    assert (found / "debian.sources").read_text().strip() == (
        """Types: deb-src
URIs: http://mirror.example/debian
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/some.gpg"""
    )
    assert (found / "sources.list").read_text() == (
        "deb-src [signed-by=/k.gpg arch=amd64] http://second.example/debian trixie main contrib\n"
    )


def test_the_r_package_takes_the_python_source_along(tmp_path: Path) -> None:
    (tmp_path / "python" / "tissueshap" / "pp" / "__pycache__").mkdir(parents=True)
    (tmp_path / "python" / "tissueshap" / "pp" / "__pycache__" / "a.pyc").touch()
    (tmp_path / "python" / "tissueshap" / "pp" / "_tmm.py").touch()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "inst" / "python" / "stale").mkdir(parents=True)
    (tmp_path / "configure").write_text((ROOT / "configure").read_text())
    subprocess.run(["sh", ROOT / "cleanup"], cwd=tmp_path, check=True)
    carried = sorted(
        str(path.relative_to(tmp_path / "inst" / "python"))
        for path in (tmp_path / "inst" / "python").rglob("*")
        if path.is_file() or path.name == "stale"
    )
    assert carried == ["pyproject.toml", "tissueshap/pp/_tmm.py"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = ["build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_the_r_package(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    carried = {name.removeprefix("tissueshap/_rpkg/") for name in names if "/_rpkg/" in name}
    assert {
        "DESCRIPTION",
        "NAMESPACE",
        "configure",
        "inst/schema.json",
        "pyproject.toml",
    } <= carried
    for folder, suffix in (("R", "R"), ("src", "cpp"), ("man", "Rd")):
        here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob(f"*.{suffix}")}
        assert here
        assert here <= carried
    # The tests of the package; those of a workflow's module belong to the module.
    built = r"\.(o|so|pyc)$|inst/python/|^(tissueshap/_rpkg/)?tests/"
    assert not [name for name in names if re.search(built, name)]


def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True)
    code = (
        "import time; start = time.process_time()\n"
        "import tissueshap as ts; seconds = time.process_time() - start\n"
        "from tissueshap._core import schema; print(schema.layers.tmm, ts.settings.n_jobs, seconds)"
    )
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    slot, n_jobs, seconds = done.stdout.split()
    assert (slot, n_jobs) == ("tmm", "-1")
    assert float(seconds) < 1
    assert "tissueshap/py.typed" in zipfile.ZipFile(wheel).namelist()


@pytest.mark.r
@pytest.mark.slow
def test_the_wheel_installs_its_r_package(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    library = tmp_path / "library"
    code = (
        f"import os, sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        f"os.environ['TISSUESHAP_RLIB'] = {str(library)!r}\n"
        "from tissueshap._install import r_package\n"
        "print(r_package.__file__, r_package.install(), r_package.versions(['tissueshap']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site") in done.stdout
    assert (library / "tissueshap" / "schema.json").is_file()
    assert (library / "tissueshap" / "python" / "tissueshap" / "__init__.py").is_file()


@pytest.mark.r
@pytest.mark.slow
def test_a_second_set_up_is_quick_and_does_nothing() -> None:
    def busy() -> float:  # processor time: what else the machine does must not count
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    subprocess.run(["inst/scripts/setup.sh"], cwd=ROOT, check=True, capture_output=True)
    before = busy()
    done = subprocess.run(
        ["inst/scripts/setup.sh"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert busy() - before < 5
    assert not re.search("installing|making|refreshing|building", done.stdout)
