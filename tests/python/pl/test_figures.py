"""What every figure must do, whatever it shows."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from tissueshap import errors, pl, settings

#: Every figure; `made_up` in conftest.py has the records of all.
NAMES = sorted(pl.__all__)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", NAMES)
def test_no_text_covers_another_or_is_cut_off(drawn_from, overlapping, name):
    figure = getattr(pl, name)(drawn_from)
    assert isinstance(figure, Figure)
    assert overlapping(figure) == []


def test_the_check_sees_what_overlaps(overlapping):
    figure = Figure()
    figure.text(0.5, 0.5, "one")
    figure.text(0.5, 0.5, "two")
    figure.text(0.99, 0.2, "beyond the edge")
    assert overlapping(figure) == [("one", "two"), "beyond the edge"]


@pytest.mark.parametrize("name", NAMES)
def test_leaves_the_settings_of_matplotlib_alone(few, name):
    before = dict(mpl.rcParams)
    getattr(pl, name)(few)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", NAMES)
def test_takes_a_size(few, name):
    figure = getattr(pl, name)(few, figsize=(9, 7))
    assert tuple(figure.get_size_inches()) == (9, 7)


@pytest.mark.parametrize("name", ["class_balance", "confusion", "umap", "shap", "enrichment"])
def test_names_are_no_formulas_and_no_markup(few, name, drawn_texts, tmp_path):
    figure = getattr(pl, name)(few, save=tmp_path / "figure.svg")
    figure.draw_without_rendering()
    # matplotlib puts what it draws into a comment of the SVG, character by character.
    shown = [text for text in drawn_texts(figure) if "x^2" in text.get_text()]
    assert shown
    for text in shown:
        drawn, is_formula = text._preprocess_math(text.get_text())
        assert not is_formula
        assert "<b>$x^2$ & $</b>" in drawn
    assert ET.parse(tmp_path / "figure.svg").getroot().tag == f"{SVG}svg"


def test_saves_both_forms_the_same_every_time(few, tmp_path):
    pl.uniqueness(few, save=tmp_path / "deep" / "run.1")
    first = {path.name: path.read_bytes() for path in (tmp_path / "deep").iterdir()}
    assert set(first) == {"run.1.png", "run.1.svg"}
    assert first["run.1.png"].startswith(b"\x89PNG")
    pl.uniqueness(few, save=tmp_path / "deep" / "run.1")
    assert {path.name: path.read_bytes() for path in (tmp_path / "deep").iterdir()} == first


def test_a_relative_name_goes_to_the_folder_of_figures(few, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "figdir", tmp_path)
    pl.null(few, save="null.pdf")
    assert (tmp_path / "null.pdf").read_bytes().startswith(b"%PDF")


def test_no_figure_needs_a_window():
    code = (
        "import sys, tissueshap.pl;"
        "assert 'matplotlib' not in sys.modules, 'imported too early';"
        "from tissueshap.pl import _style;"
        "_style.finish(_style.new(2, 2), None);"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[3] / "python"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(root)})


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("history", "cnn"),
        ("confusion", "evaluate"),
        ("uniqueness", "select_genes"),
        ("exclusive", "select_genes"),
        ("overlap", "compare"),
        ("per_class", "compare"),
        ("logfc", "compare"),
        ("umap", "cluster"),
        ("vmeasure", "cluster"),
        ("modules", "modules"),
        ("null", "null_test"),
        ("enrichment", "enrich"),
        ("balancing", "compare_balancing"),
        ("transfer", "transfer"),
        ("projection", "project"),
        ("reliability", "calibrate"),
        ("stability", "stability"),
        ("trust", "trust"),
        ("trust_classes", "trust"),
        ("curves", "trust"),
        ("randomisation", "trust"),
    ],
)
def test_says_which_verb_to_run(few, name, verb):
    del few.uns["tissueshap"][verb]
    with pytest.raises(errors.MissingSlotError, match=verb):
        getattr(pl, name)(few)


def test_draws_what_was_read_back_from_a_file(few, tmp_path):
    from anndata import read_h5ad

    few.write_h5ad(tmp_path / "few.h5ad")
    back = read_h5ad(tmp_path / "few.h5ad")
    for name in NAMES:
        getattr(pl, name)(back).draw_without_rendering()
