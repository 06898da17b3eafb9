"""Numbers in tables: signs and words between two numbers are not separated from them."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

#: A line may be broken after the slash of several values, not in a deviation or an interval.
_BEFORE = re.compile(r" (?=/ )")
_AROUND = re.compile(r" (±|to) (?=\d)")


class Unbroken(SphinxTransform):
    """Put spaces that are not broken next to the signs between numbers."""

    default_priority = 210

    def apply(self, **_: Any) -> None:
        """Replace the spaces in the cells."""
        for cell in self.document.findall(nodes.entry):
            for text in list(cell.findall(nodes.Text)):
                words = _AROUND.sub("\u00a0\\1\u00a0", _BEFORE.sub("\u00a0", text))
                if words != text and not isinstance(text.parent, nodes.literal):
                    text.parent.replace(text, nodes.Text(words))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_transform(Unbroken)
    return {"parallel_read_safe": True}
