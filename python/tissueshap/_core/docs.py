"""Parameters that many public functions share, described once.

A docstring has the line ``%(copy)s`` where :func:`fill_in`, which the ``__init__`` of ``pp``,
``tl`` and ``pl`` calls, puts the description.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

_PARAMETERS = {
    "label": """
        label
            Column of ``obs`` with the classes; by default the one recorded before.
        """,
    "counts_layer": """
        layer
            Layer with the raw counts, ``"raw"`` for ``adata.raw``, or ``"X"``; by default the one
            that an earlier verb was given, otherwise ``X``.
        """,
    "classes": """
        exclude
            Classes whose samples are dropped: names or patterns such as ``["Unknown", "Cells*"]``.
        min_class_size
            Samples of classes with fewer samples are dropped, too.
        """,
    "key_added": """
        key_added
            Name of the record instead of ``"{name}"``, and prefix of the slots, if there are any.
        """,
    "copy": """
        copy
            Return a new AnnData and leave this one unchanged.
        """,
    "groups": """
        groups
            Classes to draw; all by default.
        """,
    "figure": """
        ax
            Axes to draw into, instead of a new figure. A figure of several panels takes their
            place.
        figsize
            Width and height in inches.
        width
            Only the width: ``"column"`` or ``"page"`` of a journal (89 and 183 mm), or
            millimetres; by default that of ``ts.settings.figwidth``.
        save
            Path to save to, below ``ts.settings.figdir`` if it is relative, without suffix for
            both PNG and SVG; True for the name of the function.
        show
            True shows the figure with pyplot and returns None; False returns its axes (a list
            if there are several), as scanpy does.
        return_fig
            Return the figure even then.
        """,
}


def fill_in(functions: Iterable[Any]) -> None:
    """Replace the lines ``%(name)s`` in docstrings by the description of these parameters."""
    for function in functions:
        if function.__doc__ is not None:  # python -OO removes docstrings
            function.__doc__ = filled(function.__doc__, function.__name__)


def filled(text: str, name: str) -> str:
    """Return the docstring of a function called ``name`` with the descriptions in it."""

    def described(line: re.Match[str]) -> str:
        text = textwrap.dedent(_PARAMETERS[line[2]]).strip().format(name=name)
        return textwrap.indent(text, line[1])

    return re.sub(r"^( *)%\((\w+)\)s$", described, text, flags=re.MULTILINE)
