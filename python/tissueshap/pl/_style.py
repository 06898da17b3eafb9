"""The style of all figures, which leaves the user's rcParams unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap._core.labels import GENE_SETS, symbols
from tissueshap._core.settings import settings
from tissueshap.pl import _palette

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches per class, along the axis that lists the classes.
ROW = 0.17
_DPI = 200
_LONGEST = 48

_RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": _palette.INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#EBEBEB",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "text.color": _palette.INK,
    "svg.hashsalt": "tissueshap",
}


def context() -> AbstractContextManager[None]:
    """Return the context in which a figure is drawn and saved."""
    from matplotlib import rc_context

    # matplotlib's stubs list every key as a type of its own.
    manager: AbstractContextManager[None] = rc_context(_RC)  # type: ignore[arg-type]
    return manager


def new(width: float, height: float, figsize: tuple[float, float] | None = None) -> Figure:
    """Return an empty figure (size in inches) with automatic layout and without a window."""
    from matplotlib.figure import Figure

    return Figure(figsize=figsize or (width, height), layout="constrained")


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
    known = path.suffix.lower() in {".png", ".svg", ".pdf"}
    # A dot may be part of the name: "run.1" has no suffix of a format.
    targets = [path] if known else [path.with_name(path.name + end) for end in (".png", ".svg")]
    with context():
        for target in targets:
            # No date in the file, so that the same figure gives the same bytes.
            undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
            figure.savefig(target, dpi=_DPI, metadata=undated.get(target.suffix.lower()))
    return figure


def text(name: object, longest: int = _LONGEST) -> str:
    r"""Return a name for drawing: in one line, and with ``$`` as a plain character."""
    plain = " ".join(str(name).split())
    if len(plain) > longest:
        plain = plain[: longest - 1].rstrip() + "…"
    return plain.replace("$", r"\$")


def texts(names: Iterable[object], longest: int = _LONGEST) -> list[str]:
    """Return several names for drawing."""
    return [text(name, longest) for name in names]


def label_length(labels: Sequence[str]) -> float:
    """Return the approximate length in inches of the longest tick label."""
    return 0.06 * max(map(len, labels), default=0)


def rows_height(n: int, *, margin: float = 1.1, least: float = 2.2) -> float:
    """Return the height in inches of an axis that lists ``n`` classes."""
    return max(least, margin + ROW * n)


def class_rows(axes: Axes, names: Iterable[object]) -> None:
    """List classes down the y axis, the first on top."""
    shown = texts(names)
    axes.set_yticks(range(len(shown)), shown)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def gene_rows(axes: Axes, adata: AnnData, genes: Sequence[str]) -> None:
    """List genes down the y axis by symbol, the first on top."""
    class_rows(axes, genes)
    axes.set_yticks(range(len(genes)), gene_names(adata, genes), style="italic")


def legend_above(figure: Figure, axes: Axes, ncols: int = 3) -> None:
    """Put the legend above the axes, where it does not cover anything."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=ncols)


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
