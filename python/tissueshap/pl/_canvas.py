"""Where a figure is drawn, and what becomes of it: scanpy's options, once for every ``pl.*``."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypedDict

from tissueshap._core.errors import DataError
from tissueshap._core.settings import millimetres, settings
from tissueshap.pl import _style
from tissueshap.pl._rc import context

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

P = ParamSpec("P")
#: Inches that a legend's marker takes in front of its text.
_MARKER = 0.42


class Options(TypedDict, total=False):
    """The options of every figure: :func:`figure` adds them to the function that draws it."""

    ax: Axes | None
    figsize: tuple[float, float] | None
    width: Literal["column", "page"] | float | None
    save: str | Path | bool | None
    show: bool | None
    return_fig: bool


_DEFAULTS: dict[str, Any] = dict.fromkeys(Options.__annotations__)
_DEFAULTS["return_fig"] = False


class Canvas:
    """A figure of its own, or the place of axes that the user has made.

    Parameters
    ----------
    ax
        The user's axes; without them the figure is a new one.
    figsize
        Width and height in inches, instead of those that the figure would choose.
    width
        ``"column"``, ``"page"`` or millimetres: only the width, and the height follows.
    shown
        Whether pyplot is to know the figure, so that it can show it.
    """

    def __init__(
        self,
        ax: Axes | None = None,
        *,
        figsize: tuple[float, float] | None = None,
        width: str | float | None = None,
        shown: bool = False,
    ) -> None:
        self._ax = ax
        self._figsize = figsize
        self._shown = shown
        wide = millimetres(settings.figwidth if width is None else width)
        #: The width in inches, if it is fixed.
        self.width = None if wide is None else wide / 25.4
        if figsize is not None:
            self.width = figsize[0]
        if ax is not None:
            self.width = ax.get_window_extent().width / _style.root(ax).dpi
        self.drawn: Figure | SubFigure | None = None
        self._one: Axes | None = None

    @property
    def longest(self) -> int:
        """Number of characters that there is space for in a name."""
        return _style.LONGEST if self.width is None or self.width > 4.5 else 26

    def figure(self, width: float, height: float) -> Figure | SubFigure:
        """Return a figure for several panels: a new one, or a part of the user's.

        Parameters
        ----------
        width, height
            Its size in inches unless the user has chosen another.
        """
        if self._ax is None:
            size = self._figsize or (self.width or width, height)
            self.drawn = _new(size, shown=self._shown)
            return self.drawn
        place = self._ax.get_subplotspec()
        if place is None:
            raise DataError(
                "ax= must be axes of plt.subplots or add_subplot, because this figure has "
                "several panels"
            )
        self._ax.set_axis_off()
        around = self._ax.get_figure(root=False)
        assert around is not None
        self.drawn = around.add_subfigure(place)
        return self.drawn

    def axes(self, width: float, height: float) -> Axes:
        """Return the axes of a figure of one panel: new ones, or the user's.

        Parameters
        ----------
        width, height
            Size of the figure in inches unless the user has chosen another.
        """
        if self._ax is None:
            self._one = self.figure(width, height).add_subplot()
        else:
            self._one = self._ax
            self.drawn = self._ax.get_figure(root=False)
            self._one.spines[["top", "right"]].set_visible(False)
        return self._one

    def grid(self, width: float, height: float, lines: int, columns: int, n: int) -> list[Axes]:
        """Return ``n`` axes in a grid; one alone is that of :meth:`axes`.

        Parameters
        ----------
        width, height
            Size of the figure in inches unless the user has chosen another.
        lines, columns, n
            Of the grid.
        """
        if n == 1:
            return [self.axes(width, height)]
        every = self.figure(width, height).subplots(lines, columns, squeeze=False).ravel()
        for axes in every[n:]:
            axes.remove()
        return list(every[:n])

    def panels(self) -> list[Axes]:
        """Return the axes of the figure, without those of its colour bars."""
        if self._one is not None:
            return [self._one]
        assert self.drawn is not None
        return [axes for axes in self.drawn.axes if axes.get_label() != "<colorbar>"]

    def lay_out(self) -> None:
        """Decide where everything is, as labels that must not overlap need to know."""
        assert self.drawn is not None
        self.drawn.get_figure(root=True).draw_without_rendering()

    def class_rows(self, axes: Axes, names: Iterable[object]) -> None:
        """List classes down the y axis, the first on top."""
        _style.class_rows(axes, names, self.longest)

    def note(self, axes: Axes, words: str) -> None:
        """Write a note below everything else, in lines that are not longer than the figure."""
        assert self.drawn is not None
        wide = int(15 * (self.width or self.drawn.bbox.width / _style.root(axes).dpi))
        words = "\n".join(textwrap.fill(line, wide) for line in words.split("\n"))
        if self._ax is None or self._one is None:
            self.drawn.supxlabel(words, x=0.01, ha="left", fontsize=7)
        else:
            axes.set_xlabel(f"{axes.get_xlabel()}\n{words}")

    def legend_above(self, axes: Axes, ncols: int = 3) -> None:
        """Put the legend of some axes above them, where it does not cover anything."""
        self.legend(axes, *axes.get_legend_handles_labels(), ncols=ncols)

    def legend(
        self,
        axes: Axes,
        handles: Sequence[Artist],
        labels: Sequence[str],
        *,
        ncols: int = 3,
        title: str | None = None,
    ) -> None:
        """Put a legend above some axes.

        Parameters
        ----------
        axes
            The axes.
        handles, labels
            Its entries.
        ncols
            Largest number of columns; there are fewer where these would be wider than the figure.
        title
            What stands above it.
        """
        assert self.drawn is not None
        root = self.drawn.get_figure(root=True)
        if self.width is not None:
            entry = _MARKER + _style.label_length(labels)
            ncols = max(1, min(ncols, int(self.width / entry)))
        options: dict[str, Any] = {"ncols": ncols, "title": title, "title_fontsize": 7}
        if self.drawn is root and self._ax is None:
            root.legend(handles, labels, loc="outside upper left", **options)
        else:
            axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), **options)


def _new(size: tuple[float, float], *, shown: bool) -> Figure:
    if shown:
        from matplotlib import pyplot

        figure: Figure = pyplot.figure(figsize=size, layout="constrained")
        return figure
    return _style.new(*size)


def figure(draw: Callable[Concatenate[Canvas, P], None]) -> Callable[P, Any]:
    """Make a public function of one that draws on a canvas.

    Parameters
    ----------
    draw
        Takes a canvas first, and ``**options: Unpack[Options]`` last, for type checkers.

    Returns
    -------
    The function without the canvas and with the options. By default it returns the figure;
    with ``show=False``, or into ``ax=``, its axes, as scanpy's do.
    """

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Any:
        own: dict[str, Any] = {name: kwargs.pop(name, _DEFAULTS[name]) for name in _DEFAULTS}
        canvas = Canvas(
            own["ax"], figsize=own["figsize"], width=own["width"], shown=bool(own["show"])
        )
        with context():
            draw(canvas, *args, **kwargs)
            assert canvas.drawn is not None
            if canvas.width is not None:
                canvas.lay_out()
                _style.wrap_labels(canvas.panels())
        save = draw.__name__ if own["save"] is True else own["save"]
        whole = canvas.drawn.get_figure(root=True)
        _style.finish(whole, save or None)
        if own["show"]:
            from matplotlib import pyplot

            pyplot.show()
            return whole if own["return_fig"] else None
        if own["return_fig"] or (own["ax"] is None and own["show"] is None):
            return whole
        panels = canvas.panels()
        return panels[0] if len(panels) == 1 else panels

    _describe(drawn, draw)
    return drawn


def _describe(drawn: Any, draw: Callable[..., Any]) -> None:
    """Give the public function the signature that it has: without canvas, with the options."""
    _, *own = inspect.signature(draw).parameters.values()
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_DEFAULTS[name],
            annotation=getattr(kind, "__forward_arg__", kind),
        )
        for name, kind in Options.__annotations__.items()
    ]
    kept = [each for each in own if each.kind is not inspect.Parameter.VAR_KEYWORD]
    # Sphinx would compare the defaults of the signature with those in the source of `draw`.
    del drawn.__wrapped__
    drawn.__signature__ = inspect.Signature([*kept, *added], return_annotation="Figure")
