"""scanpy's options, which every figure has."""

import inspect
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tissueshap import errors, pl, settings
from tissueshap._core import slots
from tissueshap.pl import _style

mpl.use("agg")
DRAWN = sorted(pl.__all__)
#: Inches of a journal's page.
HIGHEST = 247 / 25.4
#: Figures with one panel for the data of the fixture `few`.
ONE = ["class_balance", "de_counts", "exclusive", "null", "per_class", "shap", "shap_bar", "trust"]


@pytest.fixture(autouse=True)
def _no_figures_left():
    from matplotlib import pyplot

    yield
    pyplot.close("all")


@pytest.mark.parametrize("name", pl.__all__)
def test_every_figure_has_the_options(name):
    parameters = inspect.signature(getattr(pl, name)).parameters
    assert list(parameters)[0] == "adata"
    options = ["ax", "figsize", "width", "save", "show", "return_fig"]
    assert list(parameters)[-6:] == options
    # Python 3.13 removes the indentation that all lines share.
    described = inspect.getdoc(getattr(pl, name))
    assert all(f"\n{option}\n" in described for option in options)
    assert "%(" not in described


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_draws_into_axes(few, name):
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(14, 6))
    drawn = getattr(pl, name)(few, ax=left)
    panels = drawn if isinstance(drawn, list) else [drawn]
    assert all(isinstance(axes, Axes) for axes in panels)
    assert all(axes.get_figure(root=True) is figure for axes in panels)
    if name in ONE:
        assert drawn is left
    assert not right.has_data()
    figure.draw_without_rendering()
    assert getattr(pl, name)(few, ax=right, return_fig=True) is figure


def test_axes_without_a_place_in_a_grid(few):
    axes = Figure().add_axes((0, 0, 1, 1))
    assert pl.null(few, ax=axes) is axes
    with pytest.raises(errors.DataError, match="several panels"):
        pl.history(few, ax=axes)


def test_show_is_as_in_scanpy(few, monkeypatch):
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.get_fignums()))
    assert isinstance(pl.null(few), Figure)
    assert isinstance(pl.null(few, show=False), Axes)
    assert [type(axes).__name__ for axes in pl.history(few, show=False)] == ["Axes", "Axes"]
    assert isinstance(pl.null(few, show=False, return_fig=True), Figure)
    assert shown == pyplot.get_fignums() == []
    assert pl.null(few, show=True) is None
    assert shown == [[1]]


def test_a_notebook_shows_a_figure_without_pyplot(few):
    assert pl.null(few)._repr_png_().startswith(b"\x89PNG")


def test_widths_are_those_of_journals(few, monkeypatch):
    for width, inches in (("column", 89 / 25.4), ("page", 183 / 25.4), (120, 120 / 25.4)):
        assert pl.null(few, width=width).get_size_inches()[0] == pytest.approx(inches)
    monkeypatch.setattr(settings, "_figwidth", "column")
    assert pl.null(few).get_size_inches()[0] == pytest.approx(89 / 25.4)
    assert pl.null(few, width="page").get_size_inches()[0] == pytest.approx(183 / 25.4)
    assert pl.null(few, figsize=(4, 3)).get_size_inches().tolist() == [4, 3]
    with pytest.raises(errors.DataError, match="width must be"):
        pl.null(few, width="wide")


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_covers_another_on_a_page(drawn_from, overlapping, name):
    figure = getattr(pl, name)(drawn_from, width="page")
    assert figure.get_size_inches()[0] == pytest.approx(183 / 25.4)
    assert figure.get_size_inches()[1] <= HIGHEST
    assert overlapping(figure) == []


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_covers_another_in_a_column(few, overlapping, name):
    assert overlapping(getattr(pl, name)(few, width="column")) == []


@pytest.mark.parametrize("name", DRAWN)
def test_53_classes_fit_in_a_column(many, overlapping, name):
    assert len(slots.class_names(many)) == 53
    figure = getattr(pl, name)(many, width="column")
    assert figure.get_size_inches()[1] <= HIGHEST
    assert overlapping(figure) == []


@pytest.mark.parametrize("name", ["umap", "projection"])
def test_panels_that_do_not_fit_are_counted(many, words, name):
    shown = words(getattr(pl, name)(many, width="column"))
    assert "2 of 4 panels do not fit: gene_sets= chooses" in shown
    two = words(getattr(pl, name)(many, gene_sets=["all", "de"], width="column"))
    assert not any("do not fit" in each for each in two)
    # On a page there is space for all, with short names.
    page = words(getattr(pl, name)(many, width="page"))
    assert not any("do not fit" in each for each in page)
    assert "Brain - Nucleus acc…" in page
    assert "Brain - Nucleus accumbens (basal ganglia)" in words(
        getattr(pl, name)(many, gene_sets=["de"], width="page")
    )


def test_saved_files_are_fit_for_print(few, tmp_path, caplog):
    from PIL import Image

    pl.null(few, width="column", save=tmp_path / "null")
    with Image.open(tmp_path / "null.png") as image:
        assert image.size[0] == int(300 * 89 / 25.4)
        assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)
    texts = [
        each.text for each in ET.parse(tmp_path / "null.svg").iter() if each.tag.endswith("text")
    ]
    assert "random gene sets" in texts
    pl.null(few, save=tmp_path / "null.pdf")
    content = (tmp_path / "null.pdf").read_bytes()
    assert b"/Type0" in content or b"/TrueType" in content
    assert b"/Type3" not in content
    # No font is missed.
    assert not [record for record in caplog.records if "font" in record.getMessage()]


def test_save_true_takes_the_name_of_the_function(few, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "figdir", tmp_path)
    pl.null(few, save=True)
    assert {path.name for path in tmp_path.iterdir()} == {"null.png", "null.svg"}


def test_only_thousands_of_dots_are_pixels(few, many, monkeypatch):
    dots = pl.umap(few, gene_sets=["shap"]).axes[0].collections[0]
    assert not dots.get_rasterized()
    monkeypatch.setattr(_style, "MOST_VECTORS", 10)
    assert pl.umap(few, gene_sets=["shap"]).axes[0].collections[0].get_rasterized()


@pytest.mark.parametrize(
    "name",
    [
        "class_balance",
        "confusion",
        "de_counts",
        "exclusive",
        "per_class",
        "ppi",
        "shap",
        "trust_classes",
    ],
)
def test_groups_are_the_rows(few, name):
    names = slots.class_names(few)
    wanted = names[1:]
    drawn = getattr(pl, name)(few, groups=wanted, show=False)
    axes = drawn[0] if isinstance(drawn, list) else drawn
    shown = {label.get_text() for label in axes.get_yticklabels()}
    assert shown <= {_style.text(each) for each in wanted}
    with pytest.raises(errors.DataError, match="groups must be one of"):
        getattr(pl, name)(few, groups=["elsewhere"])
    with pytest.raises(errors.DataError, match="at least one class"):
        getattr(pl, name)(few, groups=[])


def test_groups_of_lists_and_sums(few):
    names = slots.class_names(few)
    lists = pl.enrichment(few, groups=names[0], show=False)
    assert [label.get_text() for label in lists.get_xticklabels()] == [_style.text(names[0])]
    bars = pl.shap_bar(few, groups=names[:1], n_top=3, show=False)
    values = slots.class_frame(few, "varm", "shap_mean_abs", names)[names[0]]
    np.testing.assert_allclose(
        [bar.get_width() for bar in bars.patches], values.nlargest(3), rtol=1e-6
    )
    matrix = pl.transfer(few, groups=names[:2], show=False)
    assert len(matrix.get_yticks()) == 2
    pairs = pl.stability(few, groups=names[:1], show=False)
    assert len(pairs[0].get_yticks()) == 1
