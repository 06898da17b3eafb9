"""The figure that ``pl.*`` returns."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

from tissueshap.pl._rc import context

#: Dots per inch in a notebook.
_DPI = 110


class NotebookFigure(Figure):
    """A figure that a notebook shows: otherwise it does so only once pyplot is imported."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        with context():
            self.savefig(buffer, format="png", dpi=_DPI)
        return buffer.getvalue()
