"""R and Python do the same to the same file: every slot of both is compared.

R runs the verbs in a process of its own, on an AnnData that reticulate holds; Python
reaches R's cores by rpy2.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import tissueshap as ts
from tissueshap._bridge import host
from tissueshap._core import slots

pytestmark = pytest.mark.r

HERE = Path(__file__).parent

#: Largest difference, relative and absolute, by the end of a slot's name.
TOLERANCE = {
    "norm_factor": 1e-12,
    "lib_size": 0.0,
    "reference_scale": 1e-12,
    "de_logfc": 1e-8,
    "de_pvalue": 1e-8,
    "de_fdr": 1e-8,
}
#: Everything else: as good as float32.
OTHERWISE = 1e-6


def run_r(script: str, *arguments: object) -> str:
    """Run a script of this folder with the packages that Python uses."""
    library = [str(host.library() or ""), os.environ.get("R_LIBS", "")]
    done = subprocess.run(
        ["Rscript", str(HERE / script), *map(str, arguments)],
        env={
            **os.environ,
            "R_LIBS": os.pathsep.join(filter(None, library)),
            "RETICULATE_PYTHON": sys.executable,
            "PYTHONPATH": str(Path(ts.__file__).parents[1]),
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_python(source: Path, label: str, n_test: int) -> ad.AnnData:
    """Do in Python what verbs.R does in R."""
    adata = ts.io.read_h5ad(source)
    ts.pp.filter_genes(adata, label, min_reads=10)
    ts.pp.tmm(adata)
    ts.pp.split(adata, n_test=n_test)
    ts.pp.log2(adata)
    ts.pp.oversample(adata)
    ts.tl.de(adata, lfc=2)
    ts.tl.de(adata, method="limma_voom", key_added="voom")
    return adata


def both(adata: ad.AnnData, folder: Path, label: str, n_test: int) -> tuple[ad.AnnData, ad.AnnData]:
    """Return what R and what Python made of one AnnData, both read from a file."""
    adata.write_h5ad(folder / "given.h5ad")
    run_r("verbs.R", folder / "given.h5ad", folder / "r.h5ad", label, n_test)
    made = in_python(folder / "given.h5ad", label, n_test)
    ts.io.write_h5ad(made, folder / "python.h5ad")
    return ad.read_h5ad(folder / "r.h5ad"), ad.read_h5ad(folder / "python.h5ad")


def same(first: Any, second: Any, at: str) -> None:
    """Compare two values that were read from files, down to their leaves."""
    if isinstance(first, Mapping):
        assert sorted(first) == sorted(second), at
        for key in first:
            same(first[key], second[key], f"{at}/{key}")
    elif isinstance(first, pd.DataFrame):
        assert list(first.columns) == list(second.columns), at
        assert list(first.index) == list(second.index), at
        for column in first:
            same(first[column], second[column], f"{at}/{column}")
    else:
        one, two = np.asarray(first), np.asarray(second)
        assert one.shape == two.shape, at
        assert (one.dtype.kind in "iuf") == (two.dtype.kind in "iuf"), f"{at}: {one}, {two}"
        if one.dtype.kind in "iuf":
            names = [part.removeprefix("voom_") for part in at.split("/")]
            tolerance = next((TOLERANCE[name] for name in names if name in TOLERANCE), OTHERWISE)
            with np.errstate(invalid="ignore"):  # older numpy warns of two infinite values
                assert np.allclose(one, two, rtol=tolerance, atol=tolerance, equal_nan=True), at
        else:
            assert one.tolist() == two.tolist(), at


def same_slots(by_r: ad.AnnData, by_python: ad.AnnData) -> None:
    assert np.array_equal(by_r.X, by_python.X)
    for group in ("obs", "var", "layers", "obsm", "varm", "uns"):
        one, two = getattr(by_r, group), getattr(by_python, group)
        if isinstance(one, pd.DataFrame):
            assert one.dtypes.astype(str).to_dict() == two.dtypes.astype(str).to_dict()
            same(one, two, group)
        else:
            # anndata 0.13 lists X among the layers, as None.
            same(*({k: v for k, v in each.items() if k is not None} for each in (one, two)), group)


def test_toy_with_difficult_names(toy: ad.AnnData, tmp_path: Path) -> None:
    by_r, by_python = both(toy, tmp_path, "tissue", 8)
    same_slots(by_r, by_python)
    assert {"filter_genes", "tmm", "split", "log2", "oversample", "de", "voom"} < set(
        by_python.uns["tissueshap"]
    )
    assert {"norm_factor", "split"} < set(by_r.obs)
    assert 0 < by_r.var["filter_pass"].sum() < toy.n_vars


def test_primates(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "blake_primates"
    counts = pd.read_csv(folder / "counts.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "samples.tsv.gz", sep="\t", index_col=0).loc[counts.columns]
    matrix = np.ascontiguousarray(counts.to_numpy(np.int32).T)
    adata = ad.AnnData(matrix, obs=samples.astype("category"), var=counts[[]])
    by_r, by_python = both(adata, tmp_path, "tissue", 3)
    same_slots(by_r, by_python)
    assert by_python.var["de_significant"].any()


def test_r_reads_what_python_wrote(toy: ad.AnnData, tmp_path: Path) -> None:
    toy.write_h5ad(tmp_path / "given.h5ad")
    adata = in_python(tmp_path / "given.h5ad", "tissue", 8)
    ts.io.write_h5ad(adata, tmp_path / "python.h5ad")
    adata = ts.io.read_h5ad(tmp_path / "python.h5ad")  # a file keeps its layers sorted
    seen = json.loads(run_r("look.R", tmp_path / "python.h5ad").splitlines()[-1])
    assert seen["dim"] == [adata.n_vars, adata.n_obs]
    assert seen["genes"] == adata.var_names.tolist()
    assert seen["samples"] == adata.obs_names.tolist()
    assert seen["assays"] == ["counts", *slots.items(adata, "layers")]
    assert np.allclose(seen["tmm"], adata.layers["tmm"].sum(axis=1, dtype=np.float64), rtol=1e-12)
    assert seen["columns"] == adata.obs.columns.tolist()
    assert np.allclose(seen["norm_factor"], adata.obs["norm_factor"], rtol=1e-14)
    assert seen["split"] == adata.obs["split"].tolist()
    assert seen["filter_pass"] == adata.var["filter_pass"].tolist()
    logfc = pd.DataFrame(seen["de_logfc"]).replace("NA", np.nan).to_numpy(float)
    assert np.allclose(logfc, adata.varm["de_logfc"], rtol=1e-14, equal_nan=True)
    assert seen["classes"] == adata.varm["de_logfc"].columns.tolist()
    assert sorted(seen["records"]) == sorted(adata.uns["tissueshap"])
    counts = adata.uns["tissueshap"]["de"]["counts"]
    assert [row["class"] for row in seen["counts"]] == counts["class"].tolist()
    assert [row["up"] for row in seen["counts"]] == counts["up"].tolist()
