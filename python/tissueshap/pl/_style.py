"""The style of all figures, which leaves the user's rcParams unchanged."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap._core.labels import GENE_SETS, symbols
from tissueshap._core.options import check_choice
from tissueshap._core.settings import WIDTHS, settings
from tissueshap.pl._rc import context

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

#: Inches per class, along the axis that lists the classes: of some classes, and of many.
ROW = 0.17
_NARROW_ROW = 0.13
#: Larger numbers of classes than this have narrow rows.
_SOME = 30
LONGEST = 48
#: Width of a journal's page in inches.
PAGE = WIDTHS["page"] / 25.4
#: Height in inches of a figure that fills a journal's page.
PAGE_HEIGHT = 9.5
#: More dots than this are saved as pixels within a vector file, which they would make slow.
MOST_VECTORS = 4000
_DPI = 300


def new(width: float, height: float) -> Figure:
    """Return an empty figure (size in inches) with automatic layout and without a window."""
    from tissueshap.pl._figure import NotebookFigure

    return NotebookFigure(figsize=(width, height), layout="constrained")


def finish(figure: Figure, save: str | Path | None) -> Figure:
    """Save a figure on request and return it.

    Parameters
    ----------
    figure
        The figure.
    save
        Path with the suffix of a format, or without one for both PNG and SVG; relative
        paths are below ``ts.settings.figdir``.
    """
    if save is None:
        return figure
    path = Path(save)
    path = path if path.is_absolute() else settings.figdir / path
    path.parent.mkdir(parents=True, exist_ok=True)
    known = path.suffix.lower().removeprefix(".") in figure.canvas.get_supported_filetypes()
    # A dot may be part of the name: "run.1" has no suffix of a format.
    targets = [path] if known else [path.with_name(path.name + end) for end in (".png", ".svg")]
    with context():
        for target in targets:
            # No date in the file, so that the same figure gives the same bytes.
            undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
            figure.savefig(target, dpi=_DPI, metadata=undated.get(target.suffix.lower()))
    return figure


def text(name: object, longest: int = LONGEST) -> str:
    r"""Return a name for drawing: in one line, and with ``$`` as a plain character."""
    plain = " ".join(str(name).split())
    if len(plain) > longest:
        plain = plain[: longest - 1].rstrip() + "…"
    return plain.replace("$", r"\$")


def texts(names: Iterable[object], longest: int = LONGEST) -> list[str]:
    """Return several names for drawing."""
    return [text(name, longest) for name in names]


def chosen(names: Sequence[str], groups: str | Sequence[str] | None) -> list[str]:
    """Return the classes to draw, in their order.

    Parameters
    ----------
    names
        All classes.
    groups
        Those that are to be drawn, or None for all.
    """
    if groups is None:
        return list(names)
    wanted = [groups] if isinstance(groups, str) else list(map(str, groups))
    for name in wanted:
        check_choice("groups", name, names)
    if not wanted:
        raise DataError("groups must name at least one class")
    return [name for name in names if name in wanted]


def of_chosen(table: pd.DataFrame, groups: str | Sequence[str] | None) -> pd.DataFrame:
    """Return the rows of the classes to draw, of a table with a row for each class."""
    return table[table["class"].isin(chosen(list(table["class"].astype(str)), groups))]


def similar(rows: np.ndarray) -> np.ndarray:
    """Return an order in which similar rows are neighbours.

    Parameters
    ----------
    rows
        Square: how alike classes are, such as shares of samples that are confused; need not
        be symmetric.
    """
    from scipy.cluster.hierarchy import leaves_list
    from scipy.spatial.distance import squareform

    return np.asarray(leaves_list(tree(squareform(_distance(rows), checks=False))))


def tree(distances: np.ndarray) -> np.ndarray:
    """Return the average-linkage tree of classes from their condensed distances."""
    from scipy.cluster.hierarchy import linkage

    found: np.ndarray = linkage(distances, "average", optimal_ordering=True)
    return found


def _distance(alike: np.ndarray) -> np.ndarray:
    both = np.nan_to_num(alike + alike.T)
    np.fill_diagonal(both, both.max(initial=0.0))
    distance: np.ndarray = both.max(initial=0.0) - both
    return distance


def cell_text(width: float | None, n: int) -> float:
    """Return the size in points of the numbers in a matrix.

    Parameters
    ----------
    width
        Of the figure in inches, or None where a cell is as wide as it should be.
    n
        Number of columns.
    """
    if width is None:
        return 5.5
    return float(np.clip(0.6 * 72 * (width - 2.2) / n / 1.3, 4.0, 5.5))


def rasterised(n: int) -> bool:
    """Return whether this number of dots is saved as pixels."""
    return n > MOST_VECTORS


def label_length(labels: Sequence[str]) -> float:
    """Return the approximate length in inches of the longest tick label."""
    return 0.06 * max(map(len, labels), default=0)


def rows_height(n: int, *, margin: float = 1.1, least: float = 2.2) -> float:
    """Return the height in inches of an axis that lists ``n`` classes."""
    return max(least, margin + (ROW if n <= _SOME else _NARROW_ROW) * n)


def root(axes: Axes) -> Figure:
    """Return the whole figure that axes are in."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def wrap_labels(panels: Sequence[Axes]) -> None:
    """Break titles and names of axes into lines where they do not fit.

    Those of a panel with none next to it may be as long as the figure has space for, those of
    others as long as their panel.

    Parameters
    ----------
    panels
        Axes whose layout is known.
    """
    for axes in panels:
        frame, whole = axes.get_window_extent(), root(axes).bbox
        across = frame.width, frame.width
        if not any(_beside(frame, each.get_window_extent()) for each in panels if each != axes):
            middle = (frame.x0 + frame.x1) / 2
            across = 2 * min(middle, whole.x1 - middle), whole.x1 - frame.x0
        _wrap(axes.xaxis.label, across[0])
        _wrap(axes.title, across[0])
        _wrap(axes._left_title, across[1])  # type: ignore[attr-defined]
        _wrap(axes.yaxis.label, frame.height)


def _beside(frame: Bbox, other: Bbox) -> bool:
    return bool(other.y0 < frame.y1 and frame.y0 < other.y1)


def _wrap(label: Text, room: float) -> None:
    plain, box = label.get_text(), label.get_window_extent()
    length = box.height if label.get_rotation() % 180 else box.width
    if plain and length > room:
        n_characters = max(12, int(max(map(len, plain.split("\n"))) * room / length))
        lines = [textwrap.fill(line, n_characters) for line in plain.split("\n")]
        label.set_text("\n".join(lines))


def class_rows(axes: Axes, names: Iterable[object], longest: int = LONGEST) -> None:
    """List classes down the y axis, the first on top."""
    shown = texts(names, longest)
    axes.set_yticks(range(len(shown)), shown)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0, labelsize=7 if len(shown) <= _SOME else 6)
    axes.grid(axis="x")


def gene_rows(axes: Axes, adata: AnnData, genes: Sequence[str]) -> None:
    """List genes down the y axis by symbol, the first on top."""
    class_rows(axes, genes)
    axes.set_yticks(range(len(genes)), gene_names(adata, genes), style="italic")


def percent(axes: Axes, axis: str) -> None:
    """Write an axis of shares as percentages."""
    from matplotlib.ticker import FuncFormatter

    target = axes.xaxis if axis == "x" else axes.yaxis
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))


def whole_numbers(axes: Axes, axis: str) -> None:
    """Write an axis of counts with ticks only at integers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    target = axes.xaxis if axis == "x" else axes.yaxis
    target.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def set_name(name: str) -> str:
    """Return a gene set's name for drawing."""
    return GENE_SETS[name].removesuffix(" genes") if name in GENE_SETS else text(name)


def gene_names(adata: AnnData, genes: Sequence[str]) -> list[str]:
    """Return gene symbols for drawing, or the identifier if there is no symbol."""
    known = symbols(adata)
    return texts([known.get(gene, gene) for gene in genes], 20)
