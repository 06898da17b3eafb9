"""matplotlib's settings for the figures, which leave the user's own unchanged."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from tissueshap.pl import _palette

_RC: dict[str, Any] = {
    # What journals ask for; DejaVu Sans comes with matplotlib and has the characters that
    # the others lack.
    "font.family": ["sans-serif", "DejaVu Sans"],
    "font.sans-serif": ["Arial", "Helvetica", "Liberation Sans", "Nimbus Sans", "DejaVu Sans"],
    # Text that can be selected and edited, instead of outlines.
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
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
