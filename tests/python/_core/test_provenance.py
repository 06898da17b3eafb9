"""Fingerprints of what a record is made from, and their comparison."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from tissueshap._core import provenance, slots
from tissueshap._core.errors import StaleError


@pytest.fixture
def adata() -> ad.AnnData:
    rng = np.random.default_rng(0)
    made = ad.AnnData(
        rng.integers(0, 9, (6, 5)).astype(np.float32),
        obs=pd.DataFrame(
            {"tissue": list("ababab"), "split": ["train", "test"] * 3},
            index=[f"s{n}" for n in range(6)],
        ),
        var=pd.DataFrame(index=[f"g{n}" for n in range(5)]),
    )
    made.layers["log2"] = made.X.copy()
    slots.label_name(made, "tissue")
    return made


def test_order_does_not_matter_where_names_are_compared(adata: ad.AnnData) -> None:
    turned = adata[::-1, ::-1].copy()
    first, second = provenance.Now(adata), provenance.Now(turned)
    for part in ("samples", "genes", "split"):
        assert getattr(first, part) == getattr(second, part)
    for part in ("labels", "train"):
        assert getattr(first, part)("tissue") == getattr(second, part)("tissue")
    assert first.values("log2") == second.values("log2")
    assert first.order != second.order


def test_kind_of_matrix_and_type_do_not_matter(adata: ad.AnnData) -> None:
    then = provenance.Now(adata).values("log2")
    for values in (adata.X.astype(np.float64), scipy.sparse.csr_matrix(adata.X)):
        adata.layers["log2"] = values
        assert provenance.Now(adata).values("log2") == then
    adata.layers["log2"] = adata.X + 1
    assert provenance.Now(adata).values("log2") != then
    assert provenance.Now(adata).values("tmm") is None


def test_every_change_has_its_words(adata: ad.AnnData) -> None:
    slots.write(adata, "oversample", {}, params={"label": "tissue", "layer": "log2"})
    changes = {
        "samples in another order": lambda a: a[::-1].copy(),
        "other genes": lambda a: a[:, :3].copy(),
        r"training samples \(adata.obs\['split'\]\)": lambda a: put(a, "split", ["train"] * 6),
        r"classes \(adata.obs\['tissue'\]\)": lambda a: put(a, "tissue", list("bababa")),
        r"values of adata.layers\['log2'\]": other_layer,
    }
    for words, change in changes.items():
        with pytest.raises(StaleError, match=rf"{words}.*run ts\.pp\.oversample\(adata\) again"):
            provenance.current(change(adata.copy()), "oversample")
    assert set(provenance.current(adata, "oversample", "cnn", None)) == {"oversample"}


def put(adata: ad.AnnData, key: str, values: list[str]) -> ad.AnnData:
    adata.obs[key] = values
    return adata


def other_layer(adata: ad.AnnData) -> ad.AnnData:
    adata.layers["log2"] = adata.layers["log2"] * 2
    return adata


def test_the_first_step_that_is_out_of_date_is_named(adata: ad.AnnData) -> None:
    slots.write(adata, "shap", {}, params={"label": "tissue", "layer": "log2"})
    read = slots.begin(adata, "rank_genes", "shap")
    slots.write(adata, "rank_genes", {}, params={"label": "tissue"}, sources=read)
    read = slots.begin(adata, "select_genes", "rank_genes")
    slots.write(adata, "select_genes", {}, params={}, sources=read)
    again = adata.copy()
    slots.write(again, "shap", {}, params={"label": "tissue", "layer": "log2"})
    assert provenance.current(again, "select_genes")  # the same, run again
    slots.write(again, "shap", {}, params={"label": "tissue", "layer": "log2", "n_draws": 3})
    with pytest.raises(StaleError, match=r"earlier run of 'shap': run ts\.tl\.rank_genes"):
        provenance.current(again, "select_genes")
    adata.obs["split"] = adata.obs["split"].to_numpy()[::-1]
    with pytest.raises(StaleError, match=r"\['shap'\].*another split.*run ts\.tl\.shap"):
        provenance.current(adata, "select_genes")


def test_what_belongs_to_a_sample_survives_fewer_samples(adata: ad.AnnData) -> None:
    slots.write(adata, "shap", {}, params={"label": "tissue", "layer": "log2"})
    slots.write(adata, "de", {}, params={"label": "tissue"})
    part = adata[:4].copy()
    assert set(provenance.current(part, "shap", "de")) == {"shap", "de"}
    with pytest.raises(StaleError, match=r"other samples: run ts\.tl\.de\(adata\) again"):
        provenance.check(part, ["shap", "de"])
    slots.write(part, "rank_genes", {}, params={"label": "tissue"})
    with pytest.raises(StaleError, match=r"samples than 'rank_genes': run ts\.tl\.de"):
        provenance.current(part, "rank_genes", "de")


def test_a_record_that_takes_the_place_of_what_it_read_keeps_its_origin(
    adata: ad.AnnData,
) -> None:
    slots.write(adata, "log2", {}, params={})
    sources = {**slots.current(adata, "log2"), "model": "m"}
    params = {"label": "tissue", "layer": "log2"}
    slots.write(adata, "shap", {}, params=params, sources=sources, key_added="run2")
    read = slots.begin(adata, "rank_genes", "run2", key_added="run2")
    slots.write(adata, "rank_genes", {}, params={"label": "tissue"}, sources=read, key_added="run2")
    origin = adata.uns["tissueshap"]["run2"]["made_from"]
    assert set(origin["records"]) == {"log2"}
    assert origin["model"] == "m"
    adata.obs["split"] = "train"
    with pytest.raises(StaleError, match="another split"):
        provenance.current(adata, "run2")


def test_a_record_of_an_earlier_version_is_taken_as_it_is(adata: ad.AnnData) -> None:
    slots.write(adata, "de", {}, params={"label": "tissue"})
    adata.uns["tissueshap"]["de"] = provenance.without_origin(adata.uns["tissueshap"]["de"])
    assert provenance.current(adata[:3].copy(), "de") == {}


def test_training_samples_that_are_held_out_now_are_named(adata: ad.AnnData) -> None:
    learned = pd.DataFrame({"sample": provenance.name_codes(["s0", "s2", "x"]), "class": "a"})
    provenance.check_trained_on(adata, "tissue", learned)
    provenance.check_trained_on(adata, "tissue", None)
    adata.obs["organ"] = list("aabbab")
    with pytest.raises(StaleError, match=r"obs\['organ'\].* 1 of the 2 samples.*\(s2\)"):
        provenance.check_trained_on(adata, "organ", learned)
    adata.obs["split"] = ["test", "train"] * 3
    with pytest.raises(StaleError, match=r"trained on 2 of the 3 samples.*s0, s2.*ts\.tl\.cnn"):
        provenance.check_trained_on(adata, None, learned)


def test_fingerprints_are_quick_at_full_size() -> None:
    import time

    names = [f"GTEX-{n:06d}-SM" for n in range(17_000)]
    adata = ad.AnnData(
        obs=pd.DataFrame({"tissue": ["a", "b"] * 8_500, "split": "train"}, index=names),
        var=pd.DataFrame(index=[f"ENSG{n:011d}" for n in range(19_000)]),
    )
    start = time.process_time()
    now = provenance.Now(adata)
    assert all((now.samples, now.genes, now.split, now.labels("tissue"), now.train("tissue")))
    provenance.name_codes(names)
    assert time.process_time() - start < 2
