"""What the figures of trust show is what the tables say."""

import numpy as np

from tissueshap import pl
from tissueshap._core import slots


def test_every_question_is_a_row_with_its_figure_and_verdict(few, words):
    table = slots.table(few, "trust", "summary")
    figure = pl.trust(few)
    shown = " ".join(words(figure))
    # Ten rows, and once in the list of what was not measured.
    assert shown.count("Does it?") == 11
    assert shown.count("-0.200 fails") + shown.count("−0.200 fails") == 5
    assert shown.count("0.010 holds") == 5
    assert shown.count("not measured") == 1
    assert len(table) == 15


def test_each_class_has_its_genes_and_its_reading(few):
    table = slots.table(few, "trust", "classes")
    axes = pl.trust_classes(few).axes[0]
    assert [bar.get_width() for bar in axes.patches] == table["n_genes"].tolist()
    points = {box.get_label(): box[0].get_xdata() for box in axes.containers[1:]}
    readable = table["readable"]
    assert list(points["recur in another training"]) == table.loc[readable, "n_again"].tolist()
    assert list(points["recur; not to be read one by one"]) == (
        table.loc[~readable, "n_again"].tolist()
    )
    order = next(line for line in axes.lines if "order" in str(line.get_label()))
    assert list(order.get_xdata()) == table["n_ordered"].tolist()


def test_curves_pass_through_their_values(few):
    table = slots.table(few, "trust", "curves")
    deletion = pl.curves(few).axes[0]
    lines = {line.get_label(): line for line in deletion.lines}
    assert set(lines) == {"SHAP", "DE", "logistic regression", "TreeSHAP", "random"}
    held = table[(table["direction"] == "deletion") & (table["genes"] == "DE")]
    np.testing.assert_array_equal(lines["DE"].get_ydata(), held["probability"])
    assert len({line.get_color() for line in lines.values()}) == 5


def test_randomisation_has_two_boxes_a_layer_at_their_medians(few):
    table = slots.table(few, "trust", "randomisation")
    panels = pl.randomisation(few).axes
    names = ["dense", "dense_1", "logits"]
    shown = {"output": names[::-1], "input": names}
    for axes, (side, layers) in zip(panels, shown.items(), strict=True):
        assert len(axes.patches) == 8
        ticks = [text.get_text() for text in axes.get_xticklabels()]
        assert ticks == ["none", *(f"+ {name}" for name in layers)]
        assert axes.get_xlabel().endswith(f"from the {side}")
        medians = {round(float(y[0]), 6) for line in axes.lines if len(y := line.get_ydata())}
        for _, cascade in table[table["side"].isin(["none", side])].groupby("n_layers"):
            assert round(float(cascade["correlation"].median()), 6) in medians
