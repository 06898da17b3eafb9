"""Shared parameters are described once, and readers see the descriptions."""

import inspect
import re
from pathlib import Path

import pytest

import tissueshap
from tissueshap import pl, pp, tl
from tissueshap._core.docs import fill_in, filled

PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (pp, tl, pl)
    for name in module.__all__
}
SOURCE = Path(tissueshap.__file__).parent


def test_pieces_take_the_place_of_their_lines():
    text = "Do it.\n\n    adata\n        Samples.\n    %(key_added)s\n    %(copy)s\n\n    %(of) it."
    assert filled(text, "run") == (
        "Do it.\n\n    adata\n        Samples.\n    key_added\n"
        '        Name of the record instead of ``"run"``, and prefix of the slots, if there are '
        "any.\n    copy\n        Return a new AnnData and leave this one unchanged.\n\n"
        "    %(of) it."
    )


def test_an_unknown_piece_is_an_error():
    with pytest.raises(KeyError, match="cpoy"):
        filled("    %(cpoy)s\n", "run")


def test_without_docstrings():
    def bare() -> None: ...

    fill_in([bare])
    assert bare.__doc__ is None


@pytest.mark.parametrize("name", PUBLIC)
def test_every_parameter_is_described(name):
    text = inspect.getdoc(PUBLIC[name]) or ""
    assert "%(" not in text
    described = re.findall(r"^(\w[\w, ]*)$", text, flags=re.MULTILINE)
    listed = {one for line in described for one in line.split(", ")}
    assert set(inspect.signature(PUBLIC[name]).parameters) <= listed


@pytest.mark.parametrize("text", ["Width and height in inches.\n", "without suffix for both PNG"])
def test_no_figure_describes_them_again(text):
    private = {"_euler.py", "_style.py", "_swarm.py"}  # not public
    pages = [path for path in SOURCE.glob("pl/*.py") if path.name not in private]
    assert [path.name for path in pages if text in path.read_text(encoding="utf-8")] == []
