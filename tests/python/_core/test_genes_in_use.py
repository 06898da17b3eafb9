"""Genes that are marked, not dropped: later functions give what they give without the others."""

from __future__ import annotations

from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import tissueshap as ts
from tissueshap._core import provenance

pytestmark = pytest.mark.r

THRESHOLDS: dict[str, Any] = {"min_reads": 400, "min_tpm": 0}


@pytest.fixture(scope="module")
def cohort() -> ad.AnnData:
    adata = ts.datasets.simulate(120, 80, tissues=["Heart", "Liver", "Lung"], seed=5)
    adata.uns["tissueshap"] = {"label": "tissue"}
    return adata


def analysed(adata: ad.AnnData, model: Any = None) -> tuple[ad.AnnData, Any]:
    """Run the method; results of two trainings differ in the last digit, so pass the model."""
    ts.pp.tmm(adata)
    ts.pp.split(adata, n_test=8)
    ts.pp.log2(adata)
    ts.pp.oversample(adata)
    trained = ts.tl.cnn(adata, arch="mlp", epochs=15, seed=1)
    model = model or trained
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata)
    ts.tl.shap(adata, model, samples="test", target="all", n_draws=10)
    ts.tl.rank_genes(adata)
    ts.tl.select_genes(adata, method="top_n", n_top=5)
    ts.tl.de(adata, lfc=1)
    ts.tl.compare(adata)
    ts.tl.cluster(adata)
    return adata, trained


@pytest.fixture(scope="module")
def both(cohort: ad.AnnData) -> tuple[ad.AnnData, ad.AnnData, Any]:
    """The cohort analysed with the genes dropped, and with the genes marked; the latter's model."""
    dropped, marked = cohort.copy(), cohort.copy()
    ts.pp.filter_genes(dropped, subset=True, **THRESHOLDS)
    ts.pp.filter_genes(marked, subset=False, **THRESHOLDS)
    assert 20 < dropped.n_vars < 70
    assert marked.n_vars == 80
    _, model = analysed(dropped)
    return dropped, *analysed(marked, model)


def test_every_slot_is_that_of_the_genes_alone(both: tuple[ad.AnnData, ad.AnnData, Any]) -> None:
    dropped, marked, model = both
    assert list(model.genes) == list(dropped.var_names)
    seen = marked[:, marked.var["filter_pass"]].copy()
    for group in ("obs", "var"):
        theirs = getattr(dropped, group)
        assert set(getattr(seen, group)) == set(theirs)
        pd.testing.assert_frame_equal(getattr(seen, group)[theirs.columns], theirs)
    for group in ("layers", "obsm", "varm"):
        ours, theirs = getattr(seen, group), getattr(dropped, group)
        assert set(ours) == set(theirs)
        for key in theirs:
            np.testing.assert_array_equal(np.asarray(ours[key]), np.asarray(theirs[key]), key)
    records = marked.uns["tissueshap"]
    for name, entry in dropped.uns["tissueshap"].items():
        for key in () if isinstance(entry, str) or name == "filter_genes" else entry:
            if isinstance(entry[key], pd.DataFrame) and name != "cnn":
                pd.testing.assert_frame_equal(records[name][key], entry[key])
    assert marked.uns["shap_genes"]["names"].tolist() == dropped.uns["shap_genes"]["names"].tolist()


def test_scanpys_record_has_the_tests_that_came_later(
    both: tuple[ad.AnnData, ad.AnnData, Any],
) -> None:
    for adata in both[:2]:
        record = adata.uns["shap_genes"]
        for column, key in (("logfoldchanges", "de_logfc"), ("pvals_adj", "de_fdr")):
            for name in record["names"].dtype.names:
                expected = adata.varm[key].loc[list(record["names"][name]), name]
                np.testing.assert_array_equal(record[column][name], expected)
                assert np.isfinite(record[column][name]).all()


def test_results_of_other_genes_are_missing(both: tuple[ad.AnnData, ad.AnnData, Any]) -> None:
    marked = both[1]
    others = ~marked.var["filter_pass"].to_numpy()
    assert np.isnan(marked.layers["shap"][:, others]).all()
    assert marked.varm["de_fdr"][others].isna().all(axis=None)
    assert not marked.var["de_significant"][others].any()
    assert np.isfinite(marked.layers["log2"]).all()


def test_tables_and_figures_show_the_same(both: tuple[ad.AnnData, ad.AnnData, Any]) -> None:
    dropped, marked, _ = both
    pd.testing.assert_frame_equal(ts.get.genes(marked), ts.get.genes(dropped))
    for draw in (ts.pl.shap, ts.pl.logfc, ts.pl.exclusive, ts.pl.umap, ts.pl.de_counts):
        sizes = [
            [len(axes.collections) for axes in draw(adata).axes] for adata in (dropped, marked)
        ]
        assert sizes[0] == sizes[1]


def test_a_second_call_sees_all_genes(both: tuple[ad.AnnData, ad.AnnData, Any]) -> None:
    marked = both[1].copy()
    loose = {**THRESHOLDS, "min_reads": 6}
    expected = ts.pp.filter_genes(marked[:, :], subset=False, copy=True, **loose).var["filter_pass"]
    before = int(marked.var["filter_pass"].sum())
    ts.pp.filter_genes(marked, subset=False, **loose)
    assert marked.var["filter_pass"].tolist() == expected.tolist()
    assert before < marked.var["filter_pass"].sum()
    # What was made of other genes is out of date.
    with pytest.raises(ts.errors.StaleError, match=r"'tmm'.*earlier run of 'filter_genes'"):
        ts.tl.de(marked)
    ts.pp.tmm(marked)
    ts.pp.log2(marked)
    with pytest.raises(ts.errors.StaleError, match="earlier run of"):
        ts.tl.rank_genes(marked)
    ts.tl.de(marked)
    assert marked.varm["de_fdr"].notna().all(axis=1).tolist() == expected.tolist()


def test_copies_views_and_files(cohort: ad.AnnData, tmp_path: Any) -> None:
    adata = cohort.copy()
    ts.pp.filter_genes(adata, subset=False, **THRESHOLDS)
    ts.pp.tmm(adata)
    made = ts.tl.de(adata, copy=True)
    assert made.n_vars == 80
    assert "de_fdr" not in adata.varm
    view = adata[:60]
    ts.tl.de(view)
    assert not view.is_view
    adata.write_h5ad(tmp_path / "marked.h5ad")
    held = ad.read_h5ad(tmp_path / "marked.h5ad", backed="r")
    back = ad.read_h5ad(tmp_path / "marked.h5ad")
    for each in (held, back):
        ts.tl.de(each)
        # pandas 3 reads names from a file as its own type of strings.
        pd.testing.assert_frame_equal(
            each.varm["de_fdr"],
            made.varm["de_fdr"],
            check_index_type=False,
            check_column_type=False,
        )
    assert held.isbacked
    assert held.shape == (120, 80)
    held.file.close()


def test_marks_under_another_name_change_nothing(cohort: ad.AnnData) -> None:
    adata = cohort.copy()
    ts.pp.filter_genes(adata, subset=False, key_added="mine", **THRESHOLDS)
    assert provenance.genes_in_use(adata) is None


def test_a_model_of_genes_that_are_not_marked_says_so(
    both: tuple[ad.AnnData, ad.AnnData, Any],
) -> None:
    marked = both[1].copy()
    x, tissue = marked.layers["log2"], marked.obs["tissue"].astype(str)
    model = LogisticRegression(max_iter=500).fit(x, tissue)
    of_all = ts.adapters.adapt(model, genes=marked.var_names)
    n_hidden = int((~marked.var["filter_pass"]).sum())
    hint = rf"^{n_hidden} of the model's 80 genes are in adata, but ts.pp.filter_genes has not"
    for run in (ts.tl.trust, ts.tl.shap):
        with pytest.raises(ts.errors.DataError, match=hint):
            run(marked, of_all)
    # Those that are not in the data are missing, as before.
    fewer = marked[:, marked.var["filter_pass"]].copy()
    with pytest.raises(ts.errors.DataError, match=rf"^{n_hidden} .* are missing from adata"):
        ts.tl.shap(fewer, of_all)
    # What the message advises works.
    marked.var.loc[of_all.genes, "filter_pass"] = True
    ts.pp.tmm(marked)
    ts.pp.log2(marked)
    ts.tl.shap(marked, of_all, samples="test", n_draws=10)
    assert np.isfinite(marked.layers["shap"]).all(axis=1).any()


def test_a_model_that_takes_counts_warns_of_genes_that_are_not_marked(
    both: tuple[ad.AnnData, ad.AnnData, Any], caplog: pytest.LogCaptureFixture
) -> None:
    model = both[2]
    other = ts.datasets.simulate(60, 80, tissues=["Heart", "Liver", "Lung"], seed=5)
    ts.pp.filter_genes(other, "tissue", subset=False, min_reads=600, min_tpm=0)
    lost = sorted(set(model.genes) - set(other.var_names[other.var["filter_pass"]]))
    assert lost
    ts.tl.predict(other, model, min_overlap=0.5, check_scale=False)
    assert f"{len(lost)} of the model's genes are in the data, but ts.pp.filter" in caplog.text
    assert other.uns["tissueshap"]["predict"]["n_filled"] == len(lost)
