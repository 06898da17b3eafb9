from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import model, report, tl, workflow
from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap._core.folders import MANIFEST, check_folder
from tissueshap.enrichment._over_representation import COLUMNS
from tissueshap.workflow import Config
from tissueshap.workflow._steps import steps

KEYS = {
    "n_samples",
    "n_classes",
    "n_genes",
    "n_train",
    "n_test",
    "n_train_balanced",
    "macro_f1",
    "baseline_macro_f1",
    "n_shap_genes",
    "n_ranks",
    "unique_fraction",
    "n_de_genes",
    "overlap_fraction",
    "v_measure",
    "timings",
    "peak_rss_mb",
    "versions",
}
pytestmark = pytest.mark.r
Finished = tuple[Path, ad.AnnData]
Options = dict[str, Any]
Chromium = Callable[..., subprocess.CompletedProcess[str]]


def _table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / "tables" / f"{name}.tsv", sep="\t")


def test_writes_everything(finished_run: Finished) -> None:
    out, _ = finished_run
    written = {path.name for path in out.iterdir()} - {MANIFEST}
    assert written == {
        *("adata.h5ad", "model", "report.html", "figures", "tables", "summary.json", "log.txt"),
        *("provenance.json", "ro-crate-metadata.json"),
    }
    check_folder(out, overwrite=True)
    assert not [path for path in out.parent.iterdir() if path.name.startswith(".out")]


def test_summary_agrees_with_the_data(finished_run: Finished) -> None:
    out, adata = finished_run
    found = json.loads((out / "summary.json").read_text())
    assert set(found) >= KEYS
    assert (found["n_samples"], found["n_classes"]) == (90, 3)
    assert (found["n_train"], found["n_test"]) == (66, 24)
    assert found["n_train_balanced"] == len(slots.table(adata, "oversample", "table"))
    assert found["n_genes"] == adata.n_vars
    assert found["n_shap_genes"] == adata.var["shap_selected"].sum()
    assert set(found["v_measure"]) == {"shap", "de", "all", "random"}
    assert found["macro_f1"] > 0.8
    assert found["peak_rss_mb"] > 50
    verdicts = slots.table(adata, "trust", "summary").groupby("check")["verdict"].agg(set)
    made = {check for check, held in verdicts.items() if held != {"not measured"}}
    assert set(found["trust"]) == made >= {"completeness", "use", "specificity"}
    for check, row in found["trust"].items():
        assert row["verdict"] == ("fails" if "fails" in verdicts[check] else "holds"), check
    failed = [check for check, row in found["trust"].items() if row["verdict"] == "fails"]
    assert bool(failed) == any("checks fail" in words for words in found["failures"])
    assert found["training"]["retries"] >= 0
    assert {"python", "tissueshap", "numpy", "keras", "edgeR"} <= set(found["versions"])


def test_provenance(finished_run: Finished) -> None:
    out, adata = finished_run
    found = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    steps_done = [one["step"] for one in found["steps"]]
    assert steps_done == list(slots.table(adata, "workflow", "timings")["step"])[: len(steps_done)]
    assert {"Python", "R", "edgeR", "keras", "tissueshap"} <= set(found["versions"])
    assert found["seed"] == found["settings"]["seed"] == 42
    assert found["machine"]["cores"] >= 1
    assert len(found["processes"]) == 1
    assert found["started"] <= found["ended"]
    markers = out.parent / "markers.tsv"
    (read,) = [one for one in found["inputs"] if one["option"] == "markers"]
    assert read["sha256"] == hashlib.sha256(markers.read_bytes()).hexdigest()
    assert read["bytes"] == markers.stat().st_size
    by_step = {one["step"]: one["settings"] for one in found["steps"]}
    assert by_step["de"]["lfc"] == 4.0
    assert "lfc" not in by_step["cnn"]
    assert set(by_step["read"]) >= {"AnnData", "label", "donor"}


def test_the_crate_names_every_file(finished_run: Finished) -> None:
    out, _ = finished_run
    crate = json.loads((out / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    by_id = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(by_id) == len(crate["@graph"])
    root = by_id["./"]
    assert {"name", "description", "datePublished", "license"} <= set(root)
    parts = {part["@id"] for part in root["hasPart"]}
    assert {"report.html", "adata.h5ad", "model/model.keras", "tables/classes.tsv"} <= parts
    inside = {name for name in parts if not name.startswith("ni:")}
    assert all((out / name).is_file() for name in inside)
    action = by_id["#run"]
    assert {one["@id"] for one in action["result"]} == inside
    assert {by_id[one["@id"]]["name"] for one in action["object"]} == {
        *("edges.tsv", "markers.tsv", "sets.gmt")
    }

    def named(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(named, value)) if value else set()
        return {value["@id"]} if isinstance(value, dict) else set()

    used = set().union(*(named(value) for one in crate["@graph"] for value in one.values()))
    outside = {"https://w3id.org/ro/crate/1.1", "http://schema.org/CompletedActionStatus"}
    assert used - set(by_id) == outside
    assert str(out) not in json.dumps(crate["@graph"][1:3])


def test_every_step_is_timed_and_says_something(finished_run: Finished) -> None:
    _, adata = finished_run
    timings = slots.table(adata, "workflow", "timings")
    wanted = list(steps(Config(n_null=1, gene_sets=["x"], trust="quick", interactions="x")))
    assert {"null_test", "trust", "enrich", "exclusive", "ppi"} <= set(wanted)
    assert list(timings["step"])[: len(wanted)] == wanted
    assert (timings["seconds"] >= 0).all()
    assert (timings["found"].str.len() > 3).all()


def test_the_log_has_every_step(finished_run: Finished) -> None:
    out, adata = finished_run
    lines = (out / "log.txt").read_text(encoding="utf-8").splitlines()
    assert "tissueshap" in lines[1]
    assert "test_per_class=8" in lines[1]
    steps_done = slots.table(adata, "workflow", "timings")["step"]
    for name in [*steps_done, "save", "summary"]:
        begins, ends = [
            [at for at, line in enumerate(lines) if re.search(rf"\] {name} +{word}", line)]
            for word in ("begins", r"\d")
        ]
        assert len(begins) == len(ends) == 1
        assert begins < ends
    assert re.search(r"done in \d+ min \d+ s: .*report.html$", lines[-1])


def test_the_adata_can_be_read_again(finished_run: Finished) -> None:
    out, adata = finished_run
    again = ad.read_h5ad(out / "adata.h5ad")
    assert set(again.layers) == set(adata.layers)
    assert set(again.varm) == set(adata.varm)
    before = report.summarise(adata)
    after = report.summarise(again)
    for name in KEYS - {"timings", "peak_rss_mb"}:
        assert after[name] == before[name], name


def test_the_model_predicts_the_same(finished_run: Finished) -> None:
    out, adata = finished_run
    loaded = model.load(out / "model")
    held = np.asarray(adata.obsm["proba"], dtype=np.float32)
    np.testing.assert_allclose(loaded.judge(adata.layers["log2"]).probabilities, held, atol=1e-5)


def test_tables(finished_run: Finished) -> None:
    out, adata = finished_run
    assert _table(out, "classes")["n"].sum() == 90
    genes = _table(out, "genes")
    assert set(genes["gene"]) == set(adata.var_names[adata.var["shap_selected"]])
    de = _table(out, "de_genes")
    assert set(de["gene"]) == set(adata.var_names[adata.var["de_significant"]])
    assert (de["logfc"].abs() > 4).all()
    assert (de["fdr"] < 0.01).all()
    assert set(_table(out, "truth")["method"]) == {"SHAP", "DE"}
    assert list(_table(out, "markers")["measured"])[1:] == [False]
    assert {"evaluate_per_class", "cluster_summary", "enrich_table", "trust_summary"} <= {
        path.stem for path in (out / "tables").iterdir()
    }


def test_tables_of_the_paper(finished_run: Finished) -> None:
    out, adata = finished_run[0], finished_run[1].copy()
    by_share = _table(out, "select_genes_by_share")
    assert list(by_share["share"]) == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert by_share["n_ranks"].is_monotonic_increasing
    # The last is the published rule's, whatever rule chose this run's genes.
    tl.select_genes(adata, method="unique_fraction", key_added="published")
    assert by_share["n_ranks"].iloc[-1] == adata.uns["tissueshap"]["published"]["n_ranks"]
    counted = _table(out, "de_by_class").set_index("class")
    de = _table(out, "de_genes")
    for name, row in counted.iterrows():
        own = de[de["class"] == name]
        assert (row["up"], row["down"]) == ((own["logfc"] > 0).sum(), (own["logfc"] < 0).sum())
    assert counted.to_numpy().sum() > 0
    missed, genes = _table(out, "missed"), _table(out, "compare_genes")
    assert missed["n"].sum() == (genes["in_shap"] & ~genes["in_de"]).sum() > 0
    assert (missed[["fdr", "logfc", "both"]].sum(axis=1) == missed["n"]).all()


def test_interactions_are_those_of_the_score(finished_run: Finished) -> None:
    out, adata = finished_run
    assert slots.table(adata, "ppi", "n_network_edges") <= 2 * 120 / 3
    table = _table(out, "ppi_table")
    assert list(table["by"].unique()) == ["all", "class", "exclusive"]
    assert (out / "figures" / "ppi.png").is_file()
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Do their proteins interact?" in page
    assert "score at least\n0.6" in page


def test_terms_have_their_enrichment_ratio(finished_run: Finished) -> None:
    out, adata = finished_run
    names = list(_table(out, "enrich_table").columns)
    assert names[2:] == [*COLUMNS, "FoldEnrichment"]
    assert set(slots.table(adata, "enrich", "lists")["source"]) == {"shap", "de"}
    lists = slots.table(adata, "enrich_exclusive", "lists")
    own = slots.table(adata, "select_genes", "genes").query("exclusive")
    expected = own["class"].astype(str).value_counts()
    assert lists.set_index("class")["n_genes"].to_dict() == expected.to_dict()


def test_figures_come_as_png_and_svg(finished_run: Finished) -> None:
    out, _ = finished_run
    names = {path.name for path in (out / "figures").iterdir()}
    stems = {Path(name).stem for name in names}
    assert {"confusion", "umap", "overlap", "class_balance", "null"} <= stems
    assert names == {f"{stem}.{form}" for stem in stems for form in ("png", "svg")}


def test_the_report_escapes_and_links_to_tables_that_exist(finished_run: Finished) -> None:
    out, _ = finished_run
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Lung <script>" not in page
    assert "Lung &lt;script&gt;" in page
    links = set(re.findall(r'href="(tables/[^"]+)"', page))
    assert len(links) > 8
    assert [link for link in links if not (out / link).is_file()] == []


def test_the_report_in_a_browser(
    finished_run: Finished, chromium: Chromium, tmp_path: Path
) -> None:
    out, adata = finished_run
    done = chromium("--dump-dom", (out / "report.html").as_uri())
    assert "CONSOLE" not in done.stderr
    n_rows = len(slots.table(adata, "select_genes", "genes"))
    assert f"{n_rows:,} of {n_rows:,} rows" in done.stdout
    pdf = tmp_path / "report.pdf"
    chromium(f"--print-to-pdf={pdf}", (out / "report.html").as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf.read_bytes())) > 5


def test_the_input_is_not_changed(cohort: ad.AnnData, quick: Options, tmp_path: Path) -> None:
    cohort.obs["who"] = cohort.obs.pop("donor")
    before = cohort.copy()
    with pytest.raises(DataError, match="too small for test_per_class 10000"):
        options = {**quick, "test_per_class": 10_000}
        workflow.run(cohort, out=tmp_path / "out", donor="who", **options)
    assert cohort.shape == before.shape
    pd.testing.assert_frame_equal(cohort.obs, before.obs)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"out": None}, "--out"),
        ({"test_per_clas": 5}, "nearest known one is 'test_per_class'"),
        ({"label": None}, "--label"),
        ({"label": "organ"}, "no column 'organ'"),
        ({"donor": "person"}, "'person'"),
        ({"split_by_donor": True}, "--donor"),
        ({"counts": "a.tsv"}, "given twice"),
        ({"markers": "no.tsv"}, "no.tsv does not exist"),
        ({"interactions": "no.tsv"}, "--interactions: no.tsv does not exist"),
        ({"select": "top_n"}, "belong together"),
        ({"test_per_class": 60}, "min_class_size 10 .* needs 62 samples"),
        ({"enrich_engine": "reactomepa", "gene_sets": ["a.gmt"]}, "brings its own"),
    ],
)
def test_what_is_wrong_is_said_before_work_starts(
    cohort: ad.AnnData, quick: Options, tmp_path: Path, options: Options, words: str
) -> None:
    given = {"out": tmp_path / "out", **quick, **options}
    with pytest.raises(DataError, match=words):
        workflow.run(cohort, **given)
    assert list(tmp_path.iterdir()) == []


def test_markers_need_their_columns(cohort: ad.AnnData, quick: Options, tmp_path: Path) -> None:
    path = tmp_path / "markers.csv"
    path.write_text("cell,gene\nLiver,ALB\n")
    with pytest.raises(DataError, match="no column 'class'.*cell"):
        workflow.run(cohort, out=tmp_path / "out", markers=path, **quick)
    assert not (tmp_path / "out").exists()


def test_wrong_input_leaves_nothing(
    cohort: ad.AnnData, quick: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tissueshap.workflow import _steps

    def stop(job: object) -> str:
        raise DataError("wrong")

    monkeypatch.setattr(_steps, "split", stop)
    with pytest.raises(DataError, match="wrong"):
        workflow.run(cohort, out=tmp_path / "out", **quick)
    assert list(tmp_path.iterdir()) == []
