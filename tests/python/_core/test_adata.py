"""What every verb asks of the AnnData that it is given."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import tissueshap as ts
from tissueshap._core import slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError


@pytest.fixture
def adata():
    made = AnnData(np.arange(12, dtype=np.int32).reshape(4, 3))
    made.obs["tissue"] = ["a", "b", "a", "b"]
    return made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "cells.h5ad",
            r"adata must be an AnnData, not the path 'cells\.h5ad': .*ts\.io\.read_h5ad",
        ),
        (pd.DataFrame([[1]]), r"an AnnData, not of type DataFrame: .*anndata\.AnnData\(counts\)"),
        (None, "of type NoneType"),
    ],
)
def test_what_is_no_anndata_is_named(given, message):
    with pytest.raises(DataError, match=message):
        ts.pp.log2(given)


RECORDERS = {
    "compare": ts.tl.compare,
    "enrich": lambda adata: ts.tl.enrich(adata, {"set": list(adata.var_names[:20])}),
    "ppi": lambda adata: ts.tl.ppi(adata, _edges(adata)),
    "null_test": lambda adata: ts.tl.null_test(
        adata, gene_set={"mine": list(adata.var_names[:6])}, n_sets=1, n_starts=1, samples="all"
    ),
}


def _edges(adata):
    return pd.DataFrame({"a": adata.var_names[:40], "b": adata.var_names[40:80]})


@pytest.mark.parametrize("verb", RECORDERS)
def test_a_verb_on_a_view_leaves_the_parent_alone(toy, verb):
    """Verbs that write a record alone used to write it into the parent's."""
    toy.layers["log2"] = np.log2(toy.X + 1.0).astype(np.float32)
    genes = pd.DataFrame({"Liver": np.arange(toy.n_vars) % 7.0}, index=toy.var_names)
    every = {name: genes["Liver"] for name in slots.class_names(toy)}
    frame = pd.DataFrame(every)
    slots.write(
        toy, "rank_genes", {"varm": {"shap_rank": frame + 1, "shap_median": -frame}}, params={}
    )
    ts.tl.select_genes(toy, method="top_n", n_top=2)
    limits = {"fdr": 0.01, "lfc": 1.0}
    found = {"de_logfc": frame, "de_fdr": frame / 100, "de_pvalue": frame / 100}
    flags = {"de_significant": frame["Liver"] > 1}
    slots.write(toy, "de", {"varm": found, "var": flags}, params=limits)
    before = set(toy.uns["tissueshap"])
    view = toy[toy.obs_names != toy.obs_names[0]]
    RECORDERS[verb](view)
    assert verb in view.uns["tissueshap"]
    assert set(toy.uns["tissueshap"]) == before


@pytest.mark.parametrize("axis", ["obs_names", "var_names"])
def test_names_that_repeat_are_found_by_the_first_verb(adata, axis):
    names = list(getattr(adata, axis))
    setattr(adata, axis, [names[0], names[0], *names[2:]])
    with pytest.raises(DataError, match=rf"\['0'\]: run adata\.{axis}_make_unique\(\)"):
        ts.pp.split(adata, "tissue", n_test=1)
    getattr(adata, f"{axis}_make_unique")()
    assert target(adata, copy=False) is adata


@pytest.mark.parametrize("group", ["obs", "var"])
def test_columns_of_one_name_are_refused(adata, group):
    frame = getattr(adata, group).assign(tissue="a")
    setattr(adata, group, pd.concat([frame, frame[["tissue"]]], axis=1))
    with pytest.raises(DataError, match=rf"adata\.{group} has the column 'tissue' twice"):
        target(adata, copy=False)
