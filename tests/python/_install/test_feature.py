"""A package that one feature needs: its absence breaks that feature, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from anndata import AnnData

from tissueshap import datasets, io
from tissueshap._core.errors import MissingPackageError
from tissueshap._install.feature import needed
from tissueshap.enrichment._engines import run
from tissueshap.enrichment._gene_sets import GeneSets
from tissueshap.pp._smote import by_numpy, by_smote_variants, smote
from tissueshap.trust._trees import tree_values

ROWS = np.random.default_rng(0).normal(size=(30, 4))
CODES = np.repeat([0, 1, 1], 10)
SETS = GeneSets({"a": ["1", "2"]}, {"a": "a"})


def oversample(engine):
    return smote(lambda at: ROWS[at], CODES, k_neighbors=3, engine=engine, seed=1)


def enrich(engine):
    return run(engine, ["1"], SETS, {"1", "2", "3"}, min_size=1, max_size=9)[0]


FEATURES = {
    "scanpy": lambda path: datasets.pbmc68k(),
    "smote-variants": lambda path: oversample(by_smote_variants),
    "gseapy": lambda path: enrich("gseapy"),
    "shap": lambda path: tree_values(ROWS, CODES, ROWS, CODES, 2),
    "zarr": lambda path: io.write_zarr(AnnData(ROWS), path),
}
MODULES = {package: package.replace("-", "_") for package in FEATURES}


@pytest.fixture
def version(monkeypatch):
    """Call with a package and the version that it is to say it has; None for absent."""
    real = metadata.version

    def say(package, said):
        def answer(asked):
            if asked != package:
                return real(asked)
            if said is None:
                raise metadata.PackageNotFoundError(asked)
            return said

        monkeypatch.setattr(metadata, "version", answer)

    return say


@pytest.mark.parametrize("package", FEATURES)
def test_an_absent_package_is_named_with_the_command(package, version, tmp_path):
    version(package, None)
    with pytest.raises(MissingPackageError, match=f"{package}, which is not installed: run `pip"):
        FEATURES[package](tmp_path / "a.zarr")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", FEATURES)
def test_a_version_that_is_too_old_is_told(package, version, tmp_path):
    version(package, "0.0.1")
    with pytest.raises(
        MissingPackageError, match=f"needs {package} >=.*0.0.1 is installed.*'{package}>="
    ):
        FEATURES[package](tmp_path / "a.zarr")


@pytest.mark.parametrize("package", FEATURES)
def test_a_package_that_cannot_be_imported_is_told(package, monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.split(".")[0] == MODULES[package]]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, MODULES[package], None)
    with pytest.raises(
        MissingPackageError, match=f"{package}, but the installed version .* cannot be used .Mod"
    ):
        FEATURES[package](tmp_path / "a.zarr")


def test_a_name_that_a_package_has_lost_is_told():
    with pytest.raises(MissingPackageError, match="cannot be used .AttributeError"):
        needed("gseapy", "gseapy.no_such_function", "the test")


def test_the_other_features_need_none_of_them():
    code = f"""
import sys
import numpy as np
for name in {list(MODULES.values())}:
    if name != "zarr":  # which anndata itself imports
        sys.modules[name] = None
import tissueshap as ts
from anndata import AnnData
adata = AnnData(np.random.default_rng(0).poisson(5, (60, 40)).astype(np.int32))
adata.obs["tissue"] = ["a", "b", "c"] * 20
ts.pp.split(adata, "tissue", n_test=5)
adata.layers["tmm"] = np.asarray(adata.X, dtype=np.float32)
ts.pp.log2(adata)
ts.pp.oversample(adata)
for namespace in ("datasets", "explain", "model", "pl", "report", "tl", "trust", "workflow"):
    getattr(ts, namespace)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_each_of_them_works_where_it_is():
    assert len(oversample(by_smote_variants).sample) == len(oversample(by_numpy).sample)
    assert enrich("gseapy")["ID"].tolist() == enrich("offline")["ID"].tolist() == ["a"]
