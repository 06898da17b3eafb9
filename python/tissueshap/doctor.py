"""The packages that tissueshap needs, which are installed, and commands for the others.

``tissueshap doctor`` prints them; so does ``python -m tissueshap.doctor``, which works
without any of these packages.
"""

from __future__ import annotations

import platform
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata

from tissueshap._install import backend, needs, r_package
from tissueshap._install.needs import Need
from tissueshap._version import __version__

_OK, _ABSENT = "ok", "absent"

#: rpy2-rinterface from this version on needs R from this version on, which pip does not know.
_RINTERFACE = ("3.6.6", "4.5")


@dataclass(frozen=True)
class Row:
    """A line of the doctor's table.

    Attributes
    ----------
    part
        ``"R"``, ``"Python"`` or ``"Keras"``.
    name
        The package or program.
    wanted
        Supported versions, or empty.
    found
        The installed version, or empty.
    status
        ``"ok"``, or the problem: ``"missing"`` (``"absent"`` if optional), ``"too old"``,
        ``"too new"``, ``"differs"``, ``"fails"``.
    remedy
        The command that fixes it, or empty.
    required
        Whether it is required.
    """

    part: str
    name: str
    wanted: str
    found: str
    status: str
    remedy: str = ""
    required: bool = True

    @property
    def wrong(self) -> bool:
        """Whether something required is missing."""
        return self.required and self.status != _OK


def doctor(*, full: bool = False) -> list[Row]:
    """Check R, Python, their packages, and the devices that Keras can use.

    Parameters
    ----------
    full
        Import Keras' backend even if nothing suggests a problem or an accelerator.

    Returns
    -------
        One row for each.
    """
    of_r = needs.r_needs()
    with ThreadPoolExecutor(1) as beside:  # each starts another process
        keras = beside.submit(_keras_rows, full)
        in_r = r_package.versions([*(need.name for need in of_r), "tissueshap"])
        python = _python_rows((in_r or {}).get("R"))
        return [*_r_rows(of_r, in_r), *python, *keras.result()]


def render(rows: list[Row]) -> str:
    """Return the verdict, the commands that fix problems, and the rows as a table."""
    cells = [("", "what", "wanted", "found", "")]
    cells += [(row.part, row.name, row.wanted, row.found or "-", row.status) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    wrong = [row for row in rows if row.wrong]
    optional = [row for row in rows if row.status != _OK and not row.required]
    verdict = f"{len(wrong)} to mend." if wrong else "All that is required is here."
    problems = [
        *_commands("Missing, and the commands that install it:", wrong),
        *_commands("Optional, not there:", optional),
    ]
    return "\n".join([verdict, *problems, "", *lines])


def main(install_r: bool = False, full: bool = False) -> int:
    """Print the table.

    Parameters
    ----------
    install_r
        Install the R package first.
    full
        As for :func:`doctor`.

    Returns
    -------
        0 if everything required is installed, otherwise 1.
    """
    if install_r:
        library = r_package.install()
        sys.stdout.write(f"\nThe R package tissueshap is installed in {library}\n\n")
    rows = doctor(full=full)
    sys.stdout.write(render(rows) + "\n")
    return int(any(row.wrong for row in rows))


def _commands(title: str, rows: list[Row]) -> list[str]:
    if not rows:
        return []
    width = max(len(row.name) for row in rows)
    return ["", title, *(f"  {row.name.ljust(width)}  {row.remedy}" for row in rows)]


def _r_rows(of_r: list[Need], found: dict[str, str] | None) -> list[Row]:
    found = found or {}
    statuses = {need.name: _status(need, found.get(need.name)) for need in of_r}
    missing = [need for need in of_r if statuses[need.name] != _OK]
    remedies = r_package.remedies(missing)
    if not found:
        later = [need.name for need in missing if need.required and need.name != "R"]
        remedies |= dict.fromkeys(later, "install R first")
    rows = []
    for need in of_r:
        version, status = found.get(need.name, ""), statuses[need.name]
        remedy = remedies.get(need.name, "")
        rows.append(Row("R", need.name, need.bounds, version, status, remedy, need.required))
    ours = found.get("tissueshap", "")
    status = _OK if ours == __version__ else "differs" if ours else "missing"
    remedy = "" if status == _OK else "tissueshap doctor --install-r"
    return [*rows, Row("R", "tissueshap", f"=={__version__}", ours, status, remedy)]


def _python_rows(r_version: str | None) -> list[Row]:
    itself = Need("Python", needs.python_bounds())
    python = platform.python_version()
    remedy = "" if itself.met_by(python) else f"install Python {itself.bounds}"
    rows = [Row("Python", "Python", itself.bounds, python, _status(itself, python), remedy)]
    rinterface = _rinterface(r_version)
    for need in needs.python_needs():
        if need.name == "rpy2":
            rows += [_python_row(need, rinterface), _python_row(rinterface)]
        else:
            rows.append(_python_row(need))
    return rows


def _python_row(need: Need, *alongside: Need) -> Row:
    version = _version(need.name)
    status = _status(need, version)
    remedy = (
        "" if status == _OK else _pip(*(each.name + each.bounds for each in (need, *alongside)))
    )
    return Row("Python", need.name, need.bounds, version or "", status, remedy, need.required)


def _rinterface(r_version: str | None) -> Need:
    """Return rpy2's interface to R, whose newest versions need a newer R than many have."""
    first, r_bound = _RINTERFACE
    old_r = r_version is not None and not Need("R", f">={r_bound}").met_by(r_version)
    return Need("rpy2-rinterface", f"<{first}" if old_r else "")


def _keras_rows(full: bool) -> list[Row]:
    """Return a row for the backend and one for a GPU."""
    if _version("keras") is None:
        return []
    found = backend.devices(full=full)
    if found is None:
        remedy = f"{shlex.quote(sys.executable)} -c 'import keras' shows why"
        return [Row("Keras", "backend", "", "", "fails", remedy)]
    name, devices = found
    gpus = [device for device in devices if not device.startswith("CPU")]
    rows = [Row("Keras", "backend", "", f"{name} on {', '.join(devices)}", _OK)]
    if gpus:
        return [*rows, Row("Keras", "GPU", "", ", ".join(gpus), _OK)]
    remedy = _pip("tensorflow[and-cuda]") + " (NVIDIA, Linux)"
    return [*rows, Row("Keras", "GPU", "", "", _ABSENT, remedy, required=False)]


def _status(need: Need, version: str | None) -> str:
    if version is None:
        return "missing" if need.required else _ABSENT
    if need.met_by(version):
        return _OK
    floor = ",".join(part for part in need.bounds.split(",") if part.startswith(">="))
    return "too new" if Need(need.name, floor).met_by(version) else "too old"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _pip(*requirements: str) -> str:
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


if __name__ == "__main__":
    sys.exit(main())
