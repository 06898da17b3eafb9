from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import anndata as ad
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tissueshap import report
from tissueshap._core import slots
from tissueshap._core.errors import DataError, StaleError
from tissueshap.report import _figures

SECTIONS = (
    "headline run cohort classifier genes comparison clusters biology caveats reproduce".split()
)


class _Page(HTMLParser):
    """What a browser would make of the page: its elements, text, ids, addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.append(tag)
        if held.get("id"):
            self.ids.append(str(held["id"]))
        if tag == "a":
            self.links.append(str(held.get("href")))
        else:
            self.addresses += [str(held[k]) for k in ("src", "href", "action") if k in held]


@pytest.fixture
def figures() -> dict[str, Figure]:
    drawn = {}
    for name in ("confusion", "shap"):
        drawn[name] = Figure(figsize=(2, 2))
        drawn[name].subplots().plot([1, 2])
    return drawn


@pytest.fixture
def written(finished: ad.AnnData, figures: dict[str, Figure], tmp_path: Path) -> str:
    path = report.build(finished, tmp_path / "r.html", figures=figures, tables="tables")
    return path.read_text(encoding="utf-8")


def test_has_every_section_once(written: str) -> None:
    page = _Page(written)
    assert all(page.ids.count(name) == 1 for name in SECTIONS)
    assert len(page.ids) == len(set(page.ids))


def test_links_inside_the_page_lead_somewhere(written: str) -> None:
    page = _Page(written)
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside
    assert inside <= set(page.ids)


def test_needs_no_other_file(written: str) -> None:
    page = _Page(written)
    assert page.addresses
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert not {"link", "iframe", "object", "embed", "base"} & set(page.tags)
    outside = [link for link in page.links if not link.startswith(("#", "tables/"))]
    assert outside == []
    assert not re.search(r"@import|url\(|https?://|\bfetch\(|XMLHttp|\bimport\(", written)


def test_all_classes_have_a_figure_where_they_were_explained(
    finished: ad.AnnData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_figures, "_makers", dict)  # figures of records that `finished` lacks
    assert _figures.figures(finished) == {}
    finished.varm["shap_mean_abs"] = finished.varm["shap_median"].abs()
    drawn = _figures.figures(finished)
    page = report.build(finished, tmp_path / "r.html", figures=drawn).read_text(encoding="utf-8")
    section = page[page.index('<section id="genes">') :]
    assert 'id="figure-shap_bar"' in section[: section.index("</section>")]


def test_results_that_are_out_of_date_are_not_reported(
    finished: ad.AnnData, figures: dict[str, Figure], tmp_path: Path
) -> None:
    finished.obs["split"] = finished.obs["split"].to_numpy()[::-1]
    with pytest.raises(StaleError, match=r"run ts\.\w+\.\w+\(adata.*\) again"):
        report.build(finished, tmp_path / "r.html", figures=figures)
    assert not (tmp_path / "r.html").exists()


def test_names_from_the_data_are_escaped(
    finished: ad.AnnData, figures: dict[str, Figure], tmp_path: Path
) -> None:
    nasty = '<script>alert("x")</script>'
    finished.obs["tissue"] = finished.obs["tissue"].cat.rename_categories({"Liver": nasty})
    for entry in slots.record(finished).values():
        for table in entry.values() if isinstance(entry, dict) else ():
            if isinstance(table, pd.DataFrame):
                table.replace("Liver", nasty, inplace=True)
        if isinstance(entry, dict):
            del entry["made_from"]  # as if the class had had this name from the start
    for key, frame in finished.varm.items():
        finished.varm[key] = frame.rename(columns={"Liver": nasty.replace("/", "|")})
    finished.var["symbol"] = ["<img src=x onerror=alert(1)>", *finished.var["symbol"][1:]]
    path = report.build(finished, tmp_path / "r.html", figures=figures, title="</title><script>")
    written = path.read_text(encoding="utf-8")
    page = _Page(written)
    assert page.tags.count("script") == 1
    assert page.tags.count("img") == len(figures)
    assert nasty not in written
    assert "&lt;script&gt;alert(" in written
    assert "<b>é</b>" not in written


@pytest.mark.parametrize("happened", [True, False])
def test_captions_tell_what_the_figures_show(
    finished: ad.AnnData, tmp_path: Path, happened: bool
) -> None:
    """Of samples set aside and classes without a mistake only where there were any."""
    records = slots.record(finished)
    records["cnn"]["history"]["val_loss"] = 0.5 if happened else float("nan")
    scores = records["evaluate"]["per_class"]
    scores[["precision", "recall"]] = 0.9
    if happened:
        scores.loc[0, ["precision", "recall"]] = 1.0
    drawn = {name: Figure(figsize=(1, 1)) for name in ("confusion", "history")}
    text = report.build(finished, tmp_path / "r.html", figures=drawn).read_text(encoding="utf-8")
    assert ("held-out real samples (validation)" in text) is happened
    assert ("without mistakes are listed" in text) is happened


def test_scores_without_a_baseline_are_shown(finished: ad.AnnData, tmp_path: Path) -> None:
    """As ``tl.evaluate(baseline=False)`` leaves them."""
    scores = slots.record(finished)["evaluate"]
    del scores["baseline_macro_f1"]
    scores["per_class"] = scores["per_class"].drop(columns="baseline_f1")
    text = report.build(finished, tmp_path / "r.html", figures={}).read_text(encoding="utf-8")
    assert "0.875" in text
    assert "F1 of logistic regression" not in text
    assert "– for logistic" not in text


def test_shows_the_numbers(written: str) -> None:
    assert "0.875" in written  # macro F1
    assert "0.825" in written  # of the baseline
    assert "44 genes" in written
    assert "127 for training" in written


def test_shows_the_biology(written: str) -> None:
    words = " ".join(re.sub(r"<[^>]+>", " ", written).split())
    assert "Do the gene sets of b.gmt have more SHAP genes" in words
    assert "SHAP: 30 genes, 29 of them in a set, 1 term below 0.05; DE: 25 genes" in words
    assert "Muscle &lt;i&gt;contraction&lt;/i&gt;" in written
    # The term's share of the list, 6/30, over its share of the background, 10/150.
    assert "Liver 9 8 1 Muscle &lt;i&gt;contraction&lt;/i&gt; 3.0 0.0001" in words
    assert "Brain - Cortex 9 8 0 none passes" in words
    assert "All 40 SHAP genes in the network together have 70 interactions, 35.0 expected" in words
    assert "p &lt; 1e-300" in words
    assert words.count("9 8 2.5 3.2 0.002") == 8  # four classes, all genes and exclusive ones


def test_shows_the_ranks_at_each_share(finished: ad.AnnData, written: str) -> None:
    words = " ".join(re.sub(r"<[^>]+>", " ", written).split())
    for row in slots.table(finished, "select_genes", "by_share").itertuples():
        assert f"{row.share:.0%} {row.n_ranks:,} {row.n_genes:,} {row.n_exclusive:,}" in words


def test_every_selected_gene_is_in_the_table(finished: ad.AnnData, written: str) -> None:
    rows = re.findall(r"<tr data-group=", written)
    assert len(rows) == len(report.gene_table(finished)) > 40


def test_a_section_is_there_only_if_its_verb_was_run(
    toy: ad.AnnData, figures: dict[str, Figure], tmp_path: Path
) -> None:
    path = report.build(toy, tmp_path / "r.html", figures={})
    page = _Page(path.read_text(encoding="utf-8"))
    assert {"headline", "cohort", "caveats"} <= set(page.ids)
    assert not {"classifier", "genes", "comparison", "clusters", "biology"} & set(page.ids)


def test_needs_to_know_the_classes(toy: ad.AnnData, tmp_path: Path) -> None:
    del slots.record(toy)["label"]
    with pytest.raises(DataError, match="label="):
        report.build(toy, tmp_path / "r.html", figures={})
    assert not (tmp_path / "r.html").exists()


def test_reads_what_was_written_to_disk(
    finished: ad.AnnData, figures: dict[str, Figure], tmp_path: Path, written: str
) -> None:
    finished.write_h5ad(tmp_path / "a.h5ad")
    again = ad.read_h5ad(tmp_path / "a.h5ad")
    path = report.build(again, tmp_path / "again.html", figures=figures, tables="tables")
    assert path.read_text(encoding="utf-8") == written


def test_the_adata_is_not_changed(
    finished: ad.AnnData, figures: dict[str, Figure], tmp_path: Path
) -> None:
    before = finished.copy()
    report.build(finished, tmp_path / "r.html", figures=figures)
    pd.testing.assert_frame_equal(finished.obs, before.obs)
    pd.testing.assert_frame_equal(finished.var, before.var)
    assert set(slots.record(finished)) == set(slots.record(before))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"method": "edgeR_QL"}, "edgeR compared each class with the average of the others."),
        (
            {"method": "limma_voom", "rest": "weighted"},
            "limma compared each class with the average of the others, weighted by their samples.",
        ),
        (
            {"method": "wilcoxon", "rest": "mean_of_classes"},
            "rank sum test compared each class with all other samples together.",
        ),
    ],
)
def test_says_what_a_class_was_compared_with(
    finished: ad.AnnData, tmp_path: Path, params: dict[str, str], said: str
) -> None:
    finished.uns["tissueshap"]["de"]["params"] |= params
    path = report.build(finished, tmp_path / "r.html", figures={}, tables="tables")
    assert said in path.read_text(encoding="utf-8")


def test_calls_for_labels_without_difference_are_reported(
    finished: ad.AnnData, tmp_path: Path
) -> None:
    rates = pd.DataFrame(
        {
            "method": ["edgeR_QL", "wilcoxon"],
            "n_called": [900, 800],
            "n_false": [41.5, 0.0],
            "most_false": [83, 0],
            "realised_fdr": [0.5, 0.0],
            "n_tests": [20, 20],
        }
    )
    slots.write(
        finished,
        "de_error_rate",
        {"uns": {"rates": rates}},
        params={"fdr": 0.05, "null": "within_class"},
    )
    page = report.build(finished, tmp_path / "r.html", figures={}, tables="tables")
    text = " ".join(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")).split())
    assert "edgeR_QL with halves of each class compared with each other: 41.5" in text
    assert "in 50% of 20 tests, which is the realised false discovery rate: more than" in text
    assert "wilcoxon: 0" in text
    assert text.count("false discovery rate: more than stated") == 1
