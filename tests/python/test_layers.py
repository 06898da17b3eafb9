"""The packages of tissueshap lie in layers: imports go downward, and through interfaces.

The interface of a package is what its ``__init__`` offers, and its modules without a leading
underscore; ``_core``, ``_bridge`` and ``_install`` are private to tissueshap as a whole.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tissueshap
from tissueshap import tl

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(tissueshap.__file__).parent

#: From the bottom. A package imports those of the layers below its own; ARCHITECTURE.md shows
#: the same layers, and says what is in them.
LAYERS = (
    ("_version",),
    ("_core",),
    ("_bridge",),
    ("_install",),
    ("io", "doctor"),
    ("pp", "datasets", "de", "enrichment", "clustering", "calibration"),
    ("model",),
    ("explain", "evaluation"),
    ("adapters",),
    ("trust",),
    ("ranking",),
    ("tl", "pl", "get"),
    ("report",),
    ("workflow", "download"),
    ("cli",),
    ("__init__",),
)

Imports = dict[str, set[str]]


def modules(source: Path) -> dict[str, Path]:
    """Return the modules of a package by their dotted names, a package by its own."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = (source.name, *path.relative_to(source).with_suffix("").parts)
        if "_rpkg" not in parts:  # a wheel carries the R package there
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(source: Path) -> Imports:
    """Return the modules of a package that each of them imports, wherever it does so."""
    known = modules(source)
    return {name: set(_imported(path, known)) - {name} for name, path in known.items()}


def _imported(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            assert node.level == 0
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


def unit(module: str) -> str:
    """Return the part of the package that a module belongs to."""
    return f"{module}.__init__".split(".")[1]


def upward(found: Imports, layers: tuple[tuple[str, ...], ...]) -> list[str]:
    """Return the imports that lead to another package of the same layer, or to a higher one."""
    height = {name: number for number, layer in enumerate(layers) for name in layer}
    return [
        f"{module} imports {other}"
        for module, others in found.items()
        for other in sorted(others)
        if unit(module) != unit(other) and height[unit(module)] <= height[unit(other)]
    ]


def of_others(found: Imports) -> list[str]:
    """Return the imports of a private module by one that is not in the same package."""
    return [
        f"{module} imports {other}"
        for module, others in found.items()
        for other in sorted(others)
        if other.rpartition(".")[2].startswith("_")
        and not f"{module}.".startswith(f"{other.rpartition('.')[0]}.")
    ]


def circle(found: Imports) -> list[str]:
    """Return modules that import each other in a circle, or nothing."""
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture(scope="module")
def found() -> Imports:
    return imports(SOURCE)


def test_every_package_has_its_layer(found: Imports) -> None:
    assert sorted({unit(name) for name in found}) == sorted(sum(LAYERS, ()))


def test_nothing_is_imported_upward(found: Imports) -> None:
    assert upward(found, LAYERS) == []


def test_no_modules_import_each_other_in_a_circle(found: Imports) -> None:
    assert circle(found) == []


def test_packages_import_each_others_interfaces_alone(found: Imports) -> None:
    assert of_others(found) == []


def test_every_module_of_tl_is_a_verb() -> None:
    names = {path.stem for path in (SOURCE / "tl").glob("*.py")} - {"__init__"}
    assert names == {f"_{name}" for name in tl.__all__}


def test_the_map_shows_the_same_layers() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", text, flags=re.MULTILINE)
    shown = [tuple(re.findall(r"`(\w+)`", names)) for _, names in sorted(rows, key=_number)]
    assert [sorted(layer) for layer in shown] == [sorted(layer) for layer in LAYERS]


def _number(row: tuple[str, str]) -> int:
    return int(row[0])


@pytest.mark.parametrize(
    ("texts", "faults"),
    [
        ({"low/a.py": "from pkg.high import b"}, (1, 0, 0)),
        ({"low/a.py": "def f():\n    from pkg import high"}, (1, 0, 0)),
        ({"low/a.py": "import pkg.beside.c"}, (1, 0, 0)),
        ({"low/a.py": "from pkg import __version__"}, (1, 0, 0)),
        ({"high/b.py": "from pkg.low import a"}, (0, 0, 0)),
        ({"high/b.py": "from pkg.low._p import q"}, (0, 1, 0)),
        ({"high/b.py": "from pkg.low import _p"}, (0, 1, 0)),
        ({"low/a.py": "from pkg.low import _p"}, (0, 0, 0)),
        ({"low/in/d.py": "from pkg.low import _p"}, (0, 0, 0)),
        ({"low/a.py": "from pkg.low._p import q", "low/_p.py": "import pkg.low.a"}, (0, 0, 1)),
    ],
)
def test_a_fault_is_found(
    texts: dict[str, str], faults: tuple[int, int, int], tmp_path: Path
) -> None:
    layers = (("low", "beside"), ("high",), ("__init__",))
    names = ["__init__", "low/__init__", "low/a", "low/_p", "low/in/d", "beside/c", "high/b"]
    for name in [*names, "beside/__init__", "high/__init__"]:
        path = tmp_path / "pkg" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts.get(f"{name}.py", ""), encoding="utf-8")
    made = imports(tmp_path / "pkg")
    counts = (len(upward(made, layers)), len(of_others(made)), int(bool(circle(made))))
    assert counts == faults
