"""R reads and writes .h5ad files without Python, and Python finds in them what it expects."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import tissueshap as ts
from tissueshap._bridge import host
from tissueshap._core import slots
from tissueshap.ranking import scanpy_record

pytestmark = pytest.mark.r

HERE = Path(__file__).parent
UNTESTED = "a class that is not there"

has_hdf5r = pytest.mark.skipif(
    subprocess.run(
        ["Rscript", "-e", "stopifnot(requireNamespace('hdf5r'))"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="R's package hdf5r is not installed",
)


def run_r(script: Path, *arguments: object, **environment: str) -> None:
    """Run an R script with the packages that Python uses."""
    library = [str(host.library() or ""), os.environ.get("R_LIBS", "")]
    done = subprocess.run(
        ["Rscript", str(script), *map(str, arguments)],
        env={**os.environ, "R_LIBS": os.pathsep.join(filter(None, library)), **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr


_STRINGS = ("strings", "", "")


def encodings(path: Path) -> dict[str, tuple[str, str, str]]:
    """Return of each node its encoding, and the kind of its values.

    Strings count as strings, in the old encoding or in that of pandas 3 with its mask.
    """
    found = {}

    def look(name: str, node: Any) -> None:
        kind = node.dtype.kind if isinstance(node, h5py.Dataset) else ""
        attributes = (str(node.attrs.get(f"encoding-{key}", "")) for key in ("type", "version"))
        found[name] = (*attributes, kind)
        if found.get(name.rpartition("/")[0]) == _STRINGS:  # its values and mask
            del found[name]
        elif found[name][0].endswith("string-array"):
            found[name] = _STRINGS

    with h5py.File(path) as file:
        file.visititems(look)
    return found


def assert_same_tables(one: pd.DataFrame, two: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        one[list(two)], two, check_dtype=False, rtol=1e-6, check_categorical=False
    )


def rank(adata: ad.AnnData, label: str) -> None:
    """Record an order of the genes of each class, and of one that no sample has."""
    classes = [*adata.obs[label].cat.categories, UNTESTED]
    values = np.random.default_rng(1).normal(size=(adata.n_vars, len(classes)))
    summary = pd.DataFrame(values, columns=classes)
    slots.write(
        adata,
        "rank_genes",
        {"scanpy": {"shap_genes": scanpy_record(adata, summary, label)}},
        params={"label": label},
    )


def assert_same_genes(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Compare records of ranked genes, in which the tests of one class are missing."""
    assert set(ours) == set(theirs)
    for key in theirs.keys() - {"params"}:
        assert ours[key].dtype == theirs[key].dtype
        for name in theirs[key].dtype.names:
            if theirs[key][name].dtype.kind == "f":
                np.testing.assert_allclose(ours[key][name], theirs[key][name], rtol=1e-8)
            else:
                assert ours[key][name].tolist() == theirs[key][name].tolist()
    tested, untested = (
        ours["logfoldchanges"][name] for name in (ours["names"].dtype.names[0], UNTESTED)
    )
    assert np.isfinite(tested).any()
    assert np.isnan(untested).all()


@has_hdf5r
def test_primates_without_python(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "blake_primates"
    counts = pd.read_csv(folder / "counts.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "samples.tsv.gz", sep="\t", index_col=0).loc[counts.columns]
    given = ad.AnnData(counts.to_numpy(np.int64).T, obs=samples.astype("category"), var=counts[[]])
    given.obs["flag"] = pd.array([True, None] * 23 + [False], dtype="boolean")
    given.uns["mine"] = {"table": pd.DataFrame({"é|ü": ["a", "b"]}), "n": 3}
    given.layers["sparse"] = scipy.sparse.csr_matrix(given.X)
    rank(given, "tissue")
    given.write_h5ad(tmp_path / "r.h5ad")
    sets = tmp_path / "sets.gmt"
    lines = [f"S{i}\t\t" + "\t".join(counts.index[i * 40 : i * 40 + 200]) for i in range(40)]
    sets.write_text("\n".join(lines))

    run_r(
        HERE / "files.R",
        tmp_path / "r.h5ad",
        "tissue",
        sets,
        tmp_path / "again.h5ad",
        RETICULATE_PYTHON="/nonexistent/python",
    )

    by_python = ad.read_h5ad(given.write_h5ad(tmp_path / "python.h5ad") or tmp_path / "python.h5ad")
    ts.pp.filter_genes(by_python, "tissue", min_reads=200)
    ts.pp.tmm(by_python)
    ts.tl.de(by_python, lfc=2)
    by_r = ad.read_h5ad(tmp_path / "r.h5ad")
    assert by_r.shape == by_python.shape
    assert 0 < by_r.var["filter_pass"].sum() < given.n_vars
    assert by_r.X.dtype == np.int64
    np.testing.assert_array_equal(by_r.X, by_python.X)
    assert (by_r.layers["sparse"] != by_python.layers["sparse"]).nnz == 0
    assert by_r.obs.dtypes.astype(str).to_dict() == by_python.obs.dtypes.astype(str).to_dict()
    assert by_r.var.dtypes.astype(str).to_dict() == by_python.var.dtypes.astype(str).to_dict()
    assert_same_tables(by_r.obs, by_python.obs)
    assert_same_tables(by_r.var, by_python.var)
    assert by_r.layers["tmm"].dtype == np.float32
    np.testing.assert_allclose(by_r.layers["tmm"], by_python.layers["tmm"], rtol=1e-6)
    for key, frame in by_python.varm.items():
        pd.testing.assert_frame_equal(by_r.varm[key], frame, rtol=1e-8)
    assert by_r.uns["mine"]["n"] == 3
    assert_same_tables(by_r.uns["mine"]["table"], given.uns["mine"]["table"])
    record, expected = by_r.uns["tissueshap"], by_python.uns["tissueshap"]
    assert set(record) == {*expected, "enrich"}
    for verb in ("filter_genes", "tmm", "de"):
        # Python also notes which versions of its own it used
        assert set(record[verb]) == set(expected[verb])
        assert set(record[verb]["params"]) == set(expected[verb]["params"])
        for key, value in expected[verb].items():
            if isinstance(value, pd.DataFrame):
                assert_same_tables(record[verb][key], value)
    assert len(record["enrich"]["table"]) > 0
    assert_same_genes(by_r.uns["shap_genes"], by_python.uns["shap_genes"])

    # the encodings are anndata's own: its writer makes the same of what it read
    ts.io.write_h5ad(by_r, tmp_path / "rewritten.h5ad")
    assert encodings(tmp_path / "r.h5ad") == encodings(tmp_path / "rewritten.h5ad")

    again = ad.read_h5ad(tmp_path / "again.h5ad")
    np.testing.assert_array_equal(again.X, by_r.X)
    assert_same_tables(again.obs, by_r.obs)
    assert again.obs.dtypes.astype(str).to_dict() == by_r.obs.dtypes.astype(str).to_dict()
    for key, frame in by_r.varm.items():
        pd.testing.assert_frame_equal(again.varm[key], frame, check_names=False)
    assert again.uns["tissueshap"]["de"]["params"] == record["de"]["params"]


def difficult() -> ad.AnnData:
    """Return an AnnData with every type of the contract, and what is missing in each."""
    n, m = 6, 4
    rng = np.random.default_rng(1)
    adata = ad.AnnData(rng.poisson(5, (n, m)).astype(np.int32))
    adata.obs_names = pd.Index([f"s/{i} é" for i in range(n)], dtype="string[pyarrow]")
    adata.var_names = [f"g{i}" for i in range(m)]
    obs: dict[str, Any] = {
        "int32": np.arange(n, dtype=np.int32),
        "int64": np.arange(n),
        "large": np.arange(n) + 2**40,
        "float32": np.arange(n, dtype=np.float32) / 3,
        "float64": np.r_[np.nan, np.arange(1, n) / 3],
        "bool": np.arange(n) % 2 == 0,
        "text": [f"α{i}/<b>" for i in range(n)],
        "category": pd.Categorical(["CD8+/CD45RA+ Naïve", "b"] * 3),
        "ordered": pd.Categorical(["low", "high", None] * 2, ["low", "high"], ordered=True),
        "nullable_bool": pd.array([True, None, False] * 2, dtype="boolean"),
        "nullable_int": pd.array([1, None, -3] * 2, dtype="Int32"),
        "string": pd.array([f"t{i}" for i in range(n)], dtype="string[python]"),
        "string_missing": pd.array(["a", None, "b"] * 2, dtype="string[python]"),
        "arrow": pd.array([f"t{i}" for i in range(n)], dtype="string[pyarrow]"),
        "arrow_missing": pd.array(["a", None, "b"] * 2, dtype="string[pyarrow]"),
        "arrow_int": pd.array([1, None, -3] * 2, dtype="int32[pyarrow]"),
        "arrow_float": pd.array([0.5, None, -3] * 2, dtype="double[pyarrow]"),
        "arrow_bool": pd.array([True, None, False] * 2, dtype="bool[pyarrow]"),
    }
    for key, values in obs.items():
        adata.obs[key] = values
    adata.var["de_significant"] = [True, False, True, True]
    adata.layers["tmm"] = rng.random((n, m), np.float32)
    adata.layers["sparse"] = scipy.sparse.csr_matrix(adata.X.astype(np.float64))
    adata.layers["by_gene"] = scipy.sparse.csc_matrix(adata.X.astype(np.float64))
    adata.obsm["X_umap_shap"] = np.where(np.arange(n) == 2, np.nan, rng.random((2, n))).T.astype(
        np.float32
    )
    adata.obsm["proba"] = pd.DataFrame(
        rng.random((n, 2)), columns=["CD8+|CD45RA+ Naïve", "b"], index=adata.obs_names
    )
    adata.varm["de_fdr"] = pd.DataFrame({"a|b": rng.random(m)}, index=adata.var_names)
    adata.uns["tissueshap"] = {
        "label": "category",
        "de": {
            "counts": pd.DataFrame(
                {
                    "class": ["CD8+/CD45RA+ Naïve", "b"],
                    "up": [1, 2],
                    "share": [0.5, np.nan],
                    "seen": [True, False],
                }
            ),
            "params": {"lfc": 1.5, "n": 3, "yes": True, "name": "é", "many": np.array(["a", "b"])},
        },
    }
    return adata


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which types.R wrote what it made of a file."""
    folder = tmp_path_factory.mktemp("types")
    given = difficult()
    ts.io.write_h5ad(given, folder / "given.h5ad")
    # What pandas 3 makes of texts, as anndata 0.13 writes them.
    with ad.settings.override(allow_write_nullable_strings=True):
        nullable = ad.AnnData(given.X, obs=given.obs[[]], var=given.var[[]])
        nullable.obs_names = nullable.obs_names.astype("string")
        nullable.obs["string"] = pd.array([f"t{i}" for i in range(6)], dtype="string")
        nullable.write_h5ad(folder / "nullable.h5ad")
    with h5py.File(folder / "nullable.h5ad") as file:
        assert file["obs/string"].attrs["encoding-type"] == "nullable-string-array"
        assert file["obs/_index"].attrs["encoding-type"] == "nullable-string-array"
    run_r(
        HERE / "types.R",
        folder,
        RETICULATE_PYTHON=sys.executable,
        PYTHONPATH=str(Path(ts.__file__).parents[1]),
    )
    return folder


@has_hdf5r
@pytest.mark.parametrize("way", ["nullable_in_memory", "nullable_from_file"])
def test_nullable_strings_of_a_file_come_back(types: Path, way: str) -> None:
    found = ad.read_h5ad(types / f"{way}.h5ad")
    assert found.obs_names.tolist() == difficult().obs_names.tolist()
    assert found.obs["string"].tolist() == [f"t{i}" for i in range(6)]


@has_hdf5r
@pytest.mark.parametrize("way", ["in_memory", "from_file", "single"])
def test_every_type_comes_back(types: Path, way: str) -> None:
    given, found = ad.read_h5ad(types / "given.h5ad"), ad.read_h5ad(types / f"{way}.h5ad")
    # R has one type of whole numbers, and one of others
    changed = {"int64": "int32", "large": "float64", "float32": "float64", "arrow_int": "Int32"}
    expected = given.obs.astype(changed)
    pd.testing.assert_frame_equal(found.obs, expected)
    pd.testing.assert_frame_equal(found.var, given.var)
    assert found.X.dtype == np.int32
    np.testing.assert_array_equal(found.X, given.X)
    assert found.layers["tmm"].dtype == np.float32
    np.testing.assert_array_equal(found.layers["tmm"], given.layers["tmm"])
    for key in ("sparse", "by_gene"):
        assert scipy.sparse.issparse(found.layers[key])
        np.testing.assert_array_equal(found.layers[key].toarray(), given.X)
    assert found.obsm["X_umap_shap"].dtype == np.float32
    np.testing.assert_array_equal(found.obsm["X_umap_shap"], given.obsm["X_umap_shap"])
    pd.testing.assert_frame_equal(found.obsm["proba"], given.obsm["proba"])
    pd.testing.assert_frame_equal(found.varm["de_fdr"], given.varm["de_fdr"])
    held, record = found.uns["tissueshap"], given.uns["tissueshap"]
    assert held["label"] == record["label"]
    pd.testing.assert_frame_equal(
        held["de"]["counts"], record["de"]["counts"].astype({"up": "int32"})
    )
    many, params = held["de"]["params"].pop("many"), dict(record["de"]["params"])
    assert many.tolist() == params.pop("many").tolist()
    assert held["de"]["params"] == params
    assert {k: type(v) for k, v in held["de"]["params"].items()} == {
        k: type(v) for k, v in params.items()
    }


_READ = """
path <- commandArgs(TRUE)
file <- hdf5r::H5File$new(path, "r")
found <- lapply(c("X", "layers/log2"), function(name) file[[name]][, ])
if (requireNamespace("rhdf5", quietly = TRUE)) {
    stopifnot(identical(found, lapply(c("X", "layers/log2"), function(name) {
        unname(rhdf5::h5read(path, name))
    })))
}
stopifnot(dim(found[[1]]) == c(700, 500))
writeLines(format(c(vapply(found, sum, 0), found[[1]][700, 500]), digits = 15))
"""


@has_hdf5r
def test_r_reads_what_threads_have_compressed(tmp_path: Path) -> None:
    X = np.random.default_rng(1).poisson(30, (500, 700)).astype(np.int32)
    adata = ad.AnnData(X, layers={"log2": np.log2(X + 1)})
    path = ts.io.write_h5ad(adata, tmp_path / "a.h5ad")
    with h5py.File(path) as file:
        assert {file["X"].chunks, file["layers/log2"].chunks} == {(187, 700)}
        assert file["X"].shuffle
    done = subprocess.run(
        ["Rscript", "-e", _READ, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    expected = [X.sum(), adata.layers["log2"].sum(), X[-1, -1]]
    np.testing.assert_allclose(list(map(float, done.stdout.split())), expected, rtol=1e-13)
