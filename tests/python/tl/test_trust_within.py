"""The checks on what a class's genes have to do with other than the class."""

import numpy as np
import pandas as pd
import pytest

from tissueshap import tl
from tissueshap._core import provenance, slots


def _rows(adata, check):
    table = slots.table(adata, "trust", "summary")
    return table[table["check"] == check].reset_index(drop=True)


def _first_gene(adata):
    """Return the column of a gene that the first class lists."""
    name = slots.class_names(adata)[0]
    ranks = slots.class_frame(adata, "varm", "shap_rank", [name])[name]
    return name, int(np.flatnonzero(ranks == 1)[0])


def test_a_column_that_a_gene_gives_away_is_found(explained, model):
    name, gene = _first_gene(explained)
    rng = np.random.default_rng(1)
    explained.obs["centre"] = rng.choice(["a", "b"], explained.n_obs)
    explained.obs["age"] = rng.normal(60, 10, explained.n_obs)
    tl.trust(explained, model, checks=["covariates"], confounders=["centre", "age"])
    first, second = _rows(explained, "covariates").to_dict("records")
    assert (first["verdict"], second["verdict"]) == ("holds", "holds")
    assert first["value"] < 0.3
    # The gene's value decides the level within each class.
    value = explained.layers["log2"][:, gene]
    medians = pd.Series(value).groupby(explained.obs["tissue"].to_numpy()).transform("median")
    above = value > medians.to_numpy()
    explained.obs["sex"] = np.where(above, "f", "m")
    tl.trust(explained, model, checks=["covariates"], confounders=["centre", "sex"])
    table = slots.table(explained, "trust", "covariates")
    row = table[(table["column"] == "sex") & (table["class"] == name)].iloc[0]
    assert row["gain"] > 0.6
    assert row["pvalue"] == pytest.approx(1 / 40)
    assert "sex" in _rows(explained, "covariates")["reason"][0]


def test_values_that_follow_a_column_are_found(explained, model):
    samples = slots.table(explained, "shap", "samples")
    rows = explained.obs_names.get_indexer(samples["sample"])
    explained.obs["batch"] = np.where(np.arange(explained.n_obs) % 2, "x", "y")
    explained.layers["shap"][rows] *= np.where(rows % 2, 3.0, 1.0)[:, None]
    tl.trust(explained, model, checks=["covariates"], confounders=["batch"])
    row = _rows(explained, "covariates").iloc[1]
    assert row["verdict"] == "fails"
    assert row["value"] > 0.5


def test_five_explained_samples_tell_a_column_that_decides_their_values(explained, model):
    table = slots.table(explained, "shap", "samples")
    order = table.groupby("explained", observed=True).cumcount()
    few = table[order < 5].reset_index(drop=True)
    explained.uns["tissueshap"]["shap"]["samples"] = few
    rows = explained.obs_names.get_indexer(few["sample"])
    number = few.groupby("explained", observed=True).cumcount().to_numpy()
    explained.obs["batch"] = np.where(np.arange(explained.n_obs) % 2, "x", "y")
    explained.obs.loc[few["sample"], "batch"] = np.where(number < 2, "x", "y")
    kept = explained.layers["shap"].copy()
    tl.trust(explained, model, checks=["covariates"], confounders=["batch"])
    assert _rows(explained, "covariates").iloc[1]["verdict"] == "holds"
    explained.layers["shap"] = kept
    explained.layers["shap"][rows] *= np.where(number < 2, 3.0, 1.0)[:, None]
    tl.trust(explained, model, checks=["covariates"], confounders=["batch"])
    assert _rows(explained, "covariates").iloc[1]["verdict"] == "fails"


def test_without_columns_nothing_is_predicted(explained, model):
    explained.obs = explained.obs[["tissue", "split"]]
    tl.trust(explained, model, checks=["covariates"])
    (row,) = _rows(explained, "covariates").to_dict("records")
    assert row["verdict"] == "not measured"
    assert "no column of adata.obs" in row["reason"]


def test_families_in_the_lists_are_named(explained, model):
    tl.trust(explained, model, checks=["contamination"])
    (row,) = _rows(explained, "contamination").to_dict("records")
    assert (row["verdict"], row["value"]) == ("holds", 0)
    assert slots.table(explained, "trust", "contamination").empty
    frame = slots.class_frame(explained, "varm", "shap_rank", slots.class_names(explained))
    listed = np.flatnonzero((frame <= 5).any(axis=1))[:6]
    entries = provenance.records(explained)
    slots.record(explained).update({k: provenance.without_origin(e) for k, e in entries.items()})
    symbols = explained.var["symbol"].astype(str).to_numpy().copy()
    symbols[listed] = ["XIST", "HBB", "MT-CO1", "RPL13A", "IGKC", "UTY"]
    explained.var["symbol"] = symbols
    tl.trust(explained, model, checks=["contamination"])
    (row,) = _rows(explained, "contamination").to_dict("records")
    assert row["verdict"] == "fails"
    table = slots.table(explained, "trust", "contamination")
    assert set(table["symbol"]) >= {"XIST", "HBB", "IGKC", "UTY", "RPL13A"}
    assert (table["of"] == "").all()


def test_families_are_recognised_by_symbol_in_lists_from_elsewhere(prepared):
    lists = {name: list(prepared.var_names[:4]) for name in slots.class_names(prepared)}
    tl.trust(prepared, None, attributions=lists, checks=["contamination"])
    before = _rows(prepared, "contamination").iloc[0]["value"]
    prepared.var["symbol"] = prepared.var["symbol"].astype(str)
    prepared.var.loc[prepared.var_names[:4], "symbol"] = ["RPL3", "RPS6", "RPL13A", "RPLP0"]
    tl.trust(prepared, None, attributions=lists, checks=["contamination"])
    row = _rows(prepared, "contamination").iloc[0]
    assert row["value"] > max(before, 0.9)
    assert row["verdict"] == "fails"
