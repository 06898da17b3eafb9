"""Numbers in tables: a sign is on the line of the number before it, so that columns are narrow."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

#: A line may be broken after the slash of several values, and not at all at a deviation.
_KEPT = {" / ": "\u00a0/ ", " ± ": "\u00a0±\u00a0"}


class Unbroken(SphinxTransform):
    """Put spaces that are not broken next to the signs between numbers."""

    default_priority = 210

    def apply(self, **_: Any) -> None:
        """Replace the spaces in the cells."""
        for cell in self.document.findall(nodes.entry):
            for text in list(cell.findall(nodes.Text)):
                words = str(text)
                for broken, kept in _KEPT.items():
                    words = words.replace(broken, kept)
                if words != text and not isinstance(text.parent, nodes.literal):
                    text.parent.replace(text, nodes.Text(words))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_transform(Unbroken)
    return {"parallel_read_safe": True}
