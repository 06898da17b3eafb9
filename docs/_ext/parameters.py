"""Parameters: types next to their descriptions, and one description for those that share it."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
import sys
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

#: What stands between a parameter and its description.
_DASH = " -- "
#: Types of attributes, as napoleon writes them.
_ATTRIBUTE = re.compile(r"(?<=\* \*\*)(\w+\*\* \(\*)(.*?)(?=\*\))")
_MODULES = re.compile(r"\b(?:[a-z_]\w*\.)+(?=\w)")
#: autodoc adds the types first.
_LATER = 900


class Joined(SphinxTransform):
    """List neighbouring parameters together that have the same description."""

    default_priority = 210

    def apply(self, **_: Any) -> None:
        """Join the items."""
        for body in self.document.findall(nodes.field_body):
            if len(body) == 1 and isinstance(body[0], nodes.bullet_list):
                _join(body[0])


def _join(items: nodes.bullet_list) -> None:
    first = None
    for item in list(items):
        if first is not None and _described(item) == _described(first):
            before = first[0].index(_dash(first))
            first[0][before:before] = [nodes.Text(", "), *item[0][: item[0].index(_dash(item))]]
            items.remove(item)
        else:
            first = item if _dash(item) is not None else None


def _dash(item: nodes.Element) -> nodes.Text | None:
    parts = item[0].children if len(item) else []
    return next((part for part in parts if isinstance(part, nodes.Text) and part == _DASH), None)


def _described(item: nodes.Element) -> str | None:
    dash = _dash(item)
    return None if dash is None else item.astext().split(_DASH, 1)[1]


def _shorten(app: Sphinx, domain: str, kind: str, content: addnodes.desc_content) -> None:
    """Leave types out of a signature whose parameters are described, with their types."""
    fields = [field[0].astext() for field in content.findall(nodes.field_name)]
    if not any(name == "Attributes" or name.startswith("param ") for name in fields):
        return
    signature = content.parent[0]
    for parameter in signature.findall(addnodes.desc_parameter):
        default = [part for part in parameter if "default_value" in part.get("classes", [])]
        operator = [nodes.Text("=")] if default else []
        star = [part for part in parameter[:1] if isinstance(part, addnodes.desc_sig_operator)]
        parameter[:] = [*star, *parameter[len(star) : len(star) + 1], *operator, *default]


def _without_factories(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, result: str
) -> tuple[str, str] | None:
    """Write defaults that a function makes as ``...``: only then can Sphinx read a signature."""
    return (signature.replace("<factory>", "..."), result) if signature else None


def _leave_out(
    app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object
) -> bool | None:
    """Leave out the fields of named tuples, which are described as attributes."""
    words = inspect.getdoc(obj) or ""
    return True if words.startswith("Alias for field number") else None


def _shorten_types(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Leave modules out of the types of attributes, as autodoc does for parameters."""

    def shortened(match: re.Match[str]) -> str:
        return match[1] + _MODULES.sub("", match[2])

    lines[:] = [_ATTRIBUTE.sub(shortened, line) for line in lines]


def _name_types(app: Sphinx, config: object) -> None:
    """Import what modules import for type checkers only, so that annotations have values."""
    for name, module in list(sys.modules.items()):
        if name.startswith("tissueshap"):
            _import_types(module)


def _import_types(module: ModuleType) -> None:
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                # Packages of an optional feature need not be there.
                with contextlib.suppress(ImportError):
                    exec(ast.unparse(statement), module.__dict__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_transform(Joined)
    # The pages of `made_pages`, which loads every public name, are prepared first.
    app.connect("config-inited", _name_types, priority=_LATER)
    app.connect("autodoc-process-docstring", _shorten_types)
    app.connect("autodoc-skip-member", _leave_out)
    app.connect("autodoc-process-signature", _without_factories)
    app.connect("object-description-transform", _shorten, priority=_LATER)
    return {"parallel_read_safe": True}
