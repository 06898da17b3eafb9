"""What an image of a page shows, which GitHub has as its alternative text, is its caption here."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class Captions(SphinxTransform):
    """Make a figure of each image that is a paragraph of its own."""

    default_priority = 210

    def apply(self, **_: Any) -> None:
        """Replace the paragraphs."""
        for paragraph in list(self.document.findall(nodes.paragraph)):
            if len(paragraph) != 1 or not isinstance(paragraph[0], nodes.image):
                continue
            image = paragraph[0]
            caption = nodes.caption("", image.get("alt", ""))
            figure = nodes.figure("", image, caption)
            self.document.note_implicit_target(figure)
            paragraph.replace_self(figure)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_transform(Captions)
    return {"parallel_read_safe": True}
