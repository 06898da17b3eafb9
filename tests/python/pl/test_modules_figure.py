"""The figure of modules shows the sums of its table."""

import numpy as np

from tissueshap import pl
from tissueshap._core import slots


def test_dots_are_the_sums_of_the_first_modules(few):
    table = slots.table(few, "modules", "values")
    names = list(dict.fromkeys(table["class"]))
    axes = pl.modules(few, n_top=3, show=False)
    rows = [label.get_text() for label in axes.get_yticklabels()]
    # Two modules of all classes, then one of each.
    assert len(rows) == 2 + len(names)
    dots = axes.collections[0]
    sizes = dots.get_sizes()
    np.testing.assert_allclose(sizes / sizes.max(), table["value"] / table["value"].max())
    np.testing.assert_allclose(dots.get_array(), table["z"])
    axes = pl.modules(few, n_top=1, groups=names[1], show=False)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["G1, G2, G3 + 400"]
    assert len(axes.collections[0].get_offsets()) == 1
