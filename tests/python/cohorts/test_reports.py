"""Every analysis of the paper is in the reports of the first two cohorts."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from tissueshap import workflow
from tissueshap._core.errors import DataWarning

pytestmark = [pytest.mark.slow, pytest.mark.r]

#: The settings of the pages, with less of what takes long.
QUICK = {
    "n_starts": 5,
    "n_random": 2,
    "n_null": 2,
    "null_starts": 3,
    "n_draws": 10,
    "balancing_epochs": 2,
}
TABLES = (
    *("classes", "compare_balancing_per_class", "evaluate_confusion", "evaluate_per_class"),
    *("select_genes_curve", "select_genes_by_share", "genes", "enrich_table"),
    *("enrich_exclusive_table", "ppi_table", "de_by_class", "de_genes", "compare_by_rank"),
    *("compare_per_class", "compare_genes", "missed", "cluster_v_measure", "null_test_v_measure"),
)
OF_ANOTHER = ("cohort_transfer_confusion", "cohort_project_reference", "stability_per_class")


class _Figures(HTMLParser):
    """The figures of a page, by name, that have an image."""

    def __init__(self, text):
        super().__init__()
        self.names, self.current = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        if tag == "figure":
            self.current = held["id"].removeprefix("figure-")
        elif tag == "img" and self.current and held["src"].startswith("data:image/"):
            self.names.append(self.current)


@pytest.fixture(scope="module", params=["panel", "primates"])
def run(request, reports, data_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param) / "out"
    config = workflow.Config(**{**reports.settings(request.param, data_dir), **QUICK, "out": out})
    if request.param == "panel":
        adata = workflow.run(config)
    else:
        with pytest.warns(DataWarning, match="zero in every gene"):
            adata = workflow.run(config)
    return request.param, out, adata


def test_every_figure(run, reports):
    name, out, _ = run
    wanted = set(reports.FIGURES_OF_BOTH)
    if name == "primates":
        wanted |= set(reports.FIGURES_OF_ANOTHER)
    found = _Figures((out / "report.html").read_text(encoding="utf-8")).names
    assert wanted <= set(found)
    assert set(reports.SHOWN[name]) <= set(found)
    assert len(found) == len(set(found))


def test_every_table(run):
    name, out, _ = run
    for table in TABLES + (OF_ANOTHER if name == "primates" else ()):
        held = pd.read_csv(out / "tables" / f"{table}.tsv", sep="\t")
        # 59 genes have few processes, and two epochs find few genes.
        assert len(held) > 0 or table.startswith("enrich"), table
    text = (out / "report.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="(tables/[^"]+)"', text))
    assert [link for link in links if not (out / link).is_file()] == []


def test_every_class_is_there(run):
    name, out, adata = run
    n_classes = {"panel": 47, "primates": 6}[name]
    for table, by in (("de_by_class", None), ("compare_per_class", None), ("ppi_table", "class")):
        held = pd.read_csv(out / "tables" / f"{table}.tsv", sep="\t")
        rows = held if by is None else held[held["by"] == by]
        assert rows["class"].nunique() == n_classes, table


def test_it_renders_and_prints(run, chromium, tmp_path):
    _, out, _ = run
    page = (out / "report.html").as_uri()
    done = chromium("--dump-dom", page)
    assert "CONSOLE" not in done.stderr
    assert re.search(r"([\d,]+) of \1 rows", done.stdout)
    pdf = tmp_path / "report.pdf"
    chromium(f"--print-to-pdf={pdf}", page)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf.read_bytes())) > 10
