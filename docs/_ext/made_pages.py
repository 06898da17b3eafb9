"""What is made when the documentation is built: pictures, links, and the command line's page."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import example
from sphinx.application import Sphinx
from sphinx.util import logging

import tissueshap as ts
from tissueshap.workflow import PANELS, Config, choices, options, types

_DOCS = Path(__file__).resolve().parents[1]
_GENERATED = _DOCS / "generated"
#: A function as docstrings name it: ``tl.shap``, or with arguments ``tl.shap(target="all")``.
_NAMED = re.compile(r"``(?:ts\.)?([a-z]+\.\w+)(\([^`]*\))?``")
#: The same of the function's own namespace: :func:`mixing`, :class:`Background`.
_ROLE = re.compile(r":\w+:`~?\.?(\w+)`")
#: A class in a signature.
_CLASS = re.compile(r"\b[A-Z]\w+")
_RULE = re.compile(r"\s*=+( +=+)+$")
#: A page of docs/, as docstrings name it.
_PAGE = re.compile(r"(?<![\w/`])docs/([\w/]+)\.md")
#: A warning, which napoleon does not make a link of.
_WARNING = re.compile(r"\*\*(\w+Warning)\*\*")
#: An option of the command line, with its value if this is a choice; or an address.
_CHOICES = "|".join(sorted({choice for kind in types().values() for choice in choices(kind)}))
_OPTION = re.compile(rf"(?<![\w-])(--[a-z][\w-]*(?: (?:{_CHOICES})\b)?|tcp://\w+:\d+)")
#: At most this many functions are listed under "See also".
_MOST_RELATED = 8
#: At least this many, of those that come before and after in docs/api.md if need be.
_LEAST_RELATED = 3

_log = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("config-inited", _prepare)
    app.connect("autodoc-process-docstring", _link)
    app.connect("autodoc-process-docstring", _describe_settings)
    app.connect("autodoc-process-signature", _shorten_settings)
    return {"parallel_read_safe": True}


def _prepare(app: Sphinx, config: Any) -> None:
    """Write what pages include, and tell the templates of functions what there is."""
    _GENERATED.mkdir(exist_ok=True)
    _write_command_line()
    pictures: dict[str, int] = {}
    if example.possible():
        pictures = example.draw(_GENERATED / "pictures", _DOCS / "_build" / "example")
    else:
        config.nb_execution_mode = "off"
        _log.info("tissueshap's R package is not installed: no pictures, tutorials are not run")
    config.autosummary_context = {"pictures": pictures, "related": _related()}


def _write_command_line() -> None:
    """Write the page of all commands, which typer makes from their help."""
    command = [sys.executable, "-m", "typer", "tissueshap.cli", "utils", "docs"]
    made = subprocess.run(
        [*command, "--name", "tissueshap"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    ).stdout
    # The page has a title of its own, so that commands are its sections.
    sections = made.split("\n", 1)[1]
    (_GENERATED / "command_line.md").write_text(_readable(sections), encoding="utf-8")


def _readable(page: str) -> str:
    """Return typer's page with the groups of options, and options and examples as code."""
    # Of the commands, the list has only the first words; their sections follow.
    page = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+\n", "", page)
    page = page.replace(" <list[str]>`", "`")
    page = re.sub(r"^(tissueshap .*)$", r"```sh\n\1\n```", page, flags=re.MULTILINE)
    for option, title in PANELS.items():
        # Some options have a name of their own only in `tissueshap run`, the first command.
        start = f"* `--{option.replace('_', '-')}"
        heading = f"\n**{title}**\n\n{start}"
        page = re.sub(rf"^{re.escape(start)}(?=[ `])", heading, page, count=1, flags=re.MULTILINE)
    return "".join(
        part if part.startswith("`") else _OPTION.sub(r"`\1`", part)
        for part in re.split(r"(```.*?```|`[^`\n]*`)", page, flags=re.DOTALL)
    )


def _listed() -> list[str]:
    text = (_DOCS / "api.md").read_text(encoding="utf-8")
    return re.findall(r"^   ([a-z]+\.\w+)$", text, flags=re.MULTILINE)


def _public(name: str) -> Any:
    part, own = name.split(".")
    return getattr(getattr(ts, part), own)


def _docstring(name: str) -> str:
    return inspect.getdoc(_public(name)) or ""


def _signature(name: str) -> str:
    return str(inspect.signature(_public(name)))


def _named_in(name: str, known: Iterable[str]) -> list[str]:
    """Return the functions and classes that a docstring or a signature names."""
    part = name.partition(".")[0]
    words = _docstring(name)
    found = [match[1] for match in _NAMED.finditer(words)]
    found += [f"{part}.{match[1]}" for match in _ROLE.finditer(words)]
    found += [f"{part}.{match[0]}" for match in _CLASS.finditer(_signature(name))]
    return [each for each in dict.fromkeys(found) if each in known and each != name]


def _nearest(name: str, known: list[str]) -> list[str]:
    """Return the functions of the same namespace, those that are listed closest to it first."""
    at = known.index(name)
    same = [each for each in known if each.partition(".")[0] == name.partition(".")[0]]
    return sorted(
        (each for each in same if each != name), key=lambda one: abs(known.index(one) - at)
    )


def _drawn(name: str, known: Iterable[str]) -> list[str]:
    """Return the figures of a verb's results: those of its own name, as pl.shap and pl.shap_bar."""
    part, own = name.split(".")
    drawn = re.compile(rf"pl\.{own}(_|$)")
    return [each for each in known if part == "tl" and drawn.match(each)]


def _related() -> dict[str, list[str]]:
    """Return for each function its figures, those that its docstring names, those that name it."""
    known = _listed()
    named = {name: _named_in(name, known) for name in known}
    related = {}
    for name in known:
        users = [other for other in known if name in named[other]]
        found = list(dict.fromkeys([*_drawn(name, known), *named[name], *users]))[:_MOST_RELATED]
        lacking = max(0, _LEAST_RELATED - len(found))
        near = [each for each in _nearest(name, known) if each not in found]
        related[f"tissueshap.{name}"] = [*found, *near[:lacking]]
    return related


def _link(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Make a link of each function and page that a docstring names."""
    known = set(_listed())

    def linked(match: re.Match[str]) -> str:
        if match[1] not in known or name.endswith(match[1]):
            return match[0]
        return f":py:obj:`{match[1]}{match[2] or ''} <tissueshap.{match[1]}>`"

    rules = [i for i, line in enumerate(lines) if _RULE.match(line)]
    # A link is longer than the name, and the columns of a table are as wide as its rules say.
    table = range(rules[0], rules[-1]) if rules else range(0)
    for i, line in enumerate(lines):
        if i not in table:
            words = _PAGE.sub(r":doc:`/\1`", _NAMED.sub(linked, line))
            lines[i] = _WARNING.sub(r":py:exc:`.\1`", words)


def _shorten_settings(app: Sphinx, what: str, name: str, obj: object, *_: Any) -> Any:
    """Leave the settings of a run out of the signature: the text has them, with descriptions."""
    return ("(**settings)", None) if obj is Config else None


def _describe_settings(
    app: Sphinx, what: str, name: str, obj: object, settings: object, lines: list[str]
) -> None:
    """Describe the settings of a run, grouped as in ``tissueshap run --help``."""
    if obj is not Config:
        return
    for option, item in options().items():
        if option in PANELS:
            lines += ["", f".. rubric:: {PANELS[option]}", ""]
        words = str(item.metadata["doc"]).replace("*", r"\*").replace("|", r"\|")
        words = _OPTION.sub(r"``\1``", words)
        known = ", ".join(f"``{choice!r}``" for choice in choices(types()[option]))
        lines += [
            f"``{option}`` = ``{item.default!r}``",
            f"    {words}" + (f" One of {known}." if known else ""),
            "",
        ]
