"""The list of phrases to avoid: where a phrase is found, and where it is not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "inst" / "scripts" / "prose.py"

PYTHON = '''"""A network is drawn anew."""

anew = 1  # drawn anew


def anew_or_not() -> str:
    """Return it.

    The value is used in place
    of another.
    """
    return f"in place of {1}, " "told them apart"
'''
R = """#' Drawn anew, in place
#' of another.
anew <- function(x) {
    stop("it is", " told apart", 'anew', r"(\\anew)") # anew
    `anew` <- anew
}
"""
CPP = """/* drawn
 * anew */
int anew = 'a'; // anew
const char* text = "in place of";
"""
SHELL = """# drawn anew
if anew; then say "in place of"; else anew; fi # anew
"""
MARKDOWN = """A dot is a
> value in place
> of another.

In place

of nothing.
"""


@pytest.fixture(scope="module")
def prose() -> ModuleType:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("prose", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["prose"] = module
    spec.loader.exec_module(module)
    return module


def found(prose: ModuleType, name: str, source: str) -> list[tuple[int, str]]:
    text = prose.prose_of(name, source)
    assert len(text) == len(source)
    return [(line, words) for line, words, _ in prose.hits(text, prose.read_rules())]


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        (
            "a.py",
            PYTHON,
            [
                (1, "anew"),
                (3, "anew"),
                (9, "in place of"),
                (12, "in place of"),
                (12, "told them apart"),
            ],
        ),
        (
            "a.R",
            R,
            [
                (1, "anew"),
                (1, "in place of"),
                (4, "anew"),
                (4, "anew"),
                (4, "anew"),
                (4, "told apart"),
            ],
        ),
        ("a.cpp", CPP, [(2, "anew"), (3, "anew"), (4, "in place of")]),
        ("a.sh", SHELL, [(1, "anew"), (2, "anew"), (2, "in place of")]),
        ("a.md", MARKDOWN, [(2, "in place of")]),
    ],
)
def test_phrases_are_found_in_prose_only(
    prose: ModuleType, name: str, source: str, expected: list[tuple[int, str]]
) -> None:
    assert found(prose, name, source) == expected


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("This is no AnnData.", "There is no AnnData."),
        ("A file that was no path.", "It is no longer than that."),
        ("That hangs on the seed.", "That depends on the seed."),
        ("one row a gene", "one row per gene"),
        ("several samples a donor", "give a donor to each sample"),
        ("4 bytes a value", "in half a minute"),
        ("whole numbers", "integers"),
        ("columns of texts", "texture"),
        ("tested unasked", "tested by default"),
        ("the mean where there is one", "where there is a mean"),
        ("a bundle that is to travel", "a bundle for other cohorts"),
        ("the rooms and floors", "the modules and layers"),
        ("a normalized value", "a SummarizedExperiment, normalised"),
    ],
)
def test_the_list(prose: ModuleType, bad: str, good: str) -> None:
    assert found(prose, "a.md", bad)
    assert not found(prose, "a.md", good)


def test_a_list_that_cannot_be_read_names_its_line(prose: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "prose.txt"
    for line, reason in (("anew", "a tab"), ("(\tagain", "not a regular expression")):
        path.write_text(f"# phrases\n{line}\n", encoding="utf-8")
        with pytest.raises(SystemExit, match=rf"prose\.txt:2: .*{reason}"):
            prose.read_rules(path)


def test_main_prints_file_and_line(
    prose: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.md"
    path.write_text("# Title\n\nDrawn anew.\n", encoding="utf-8")
    assert prose.main([str(path)]) == 1
    assert capsys.readouterr().out == f"{path}:3: 'anew': write again\n"
    path.write_text("# Title\n\nDrawn again.\n", encoding="utf-8")
    assert prose.main([str(path)]) == 0
    assert capsys.readouterr().out == ""


def test_the_files_of_the_project_are_checked(
    prose: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SCRIPT.parents[2])
    files = set(prose.written_here())
    assert {"README.md", "NEWS.md", "DESCRIPTION", "Makefile", "docs/explanation.md"} <= files
    assert {"vignettes/paper.Rmd", "inst/scripts/hpa_counts.py", "inst/scripts/prose.py"} <= files
    assert "inst/scripts/prose.txt" not in files
