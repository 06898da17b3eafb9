"""What the templates of both pages share: where they are, and how numbers are written."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def environment() -> Environment:
    """Return the templates' environment, with the forms of numbers."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tissueshap.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=lambda n: _or_dash(n, "{:,.0f}"),
        score=lambda x: _or_dash(x, "{:.3f}"),
        share=lambda x: _or_dash(x, "{:.0%}"),
        percent=lambda x: _or_dash(x, "{:.1%}"),
        signed=lambda x: _or_dash(round(x, 2) + 0.0, "{:+.2f}"),  # no -0.00
        ratio=lambda x: _or_dash(x, "{:.1f}" if x < 100 else "{:,.0f}"),
        small=lambda x: _or_dash(x, "{:.2g}"),
        padded=lambda x: _or_dash(x, "{:#.2g}"),
        pvalue=lambda x: "= " + _or_dash(x, "{:.2g}") if x != 0 else "< 1e-300",
    )
    numbers = itertools.count(1)
    environment.globals["next_figure"] = lambda: next(numbers)
    return environment


def _or_dash(value: float | None, form: str) -> str:
    if value is None or math.isnan(value):
        return "–"
    return form.format(value)
