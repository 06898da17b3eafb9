"""AnnData of the community: where its counts are, and what it calls its genes."""

from __future__ import annotations

import logging

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tissueshap import io
from tissueshap._core.counts import check_counts, counts_of, where_counts
from tissueshap._core.errors import DataError

IDS = [f"ENSG{number:011d}" for number in range(1, 9)]
SYMBOLS = [f"SYM{number}" for number in range(8)]
SAMPLES = [f"cell{number}" for number in range(6)]
COUNTS = np.random.default_rng(1).poisson(20, (6, 8)).astype(np.float32)
LOGGED = np.log1p(COUNTS / COUNTS.sum(axis=1, keepdims=True) * 1e4)
OBS = pd.DataFrame({"tissue": list("aabbab")}, index=SAMPLES)


def cellxgene() -> ad.AnnData:
    """As the CELLxGENE schema has it: X normalised, counts in raw.X, names in feature_*."""
    var = pd.DataFrame(
        {
            "feature_is_filtered": False,
            "feature_name": pd.Categorical(SYMBOLS),
            "feature_reference": "NCBITaxon:9606",
            "feature_biotype": "gene",
            "feature_length": [str(100 * n) for n in range(1, 9)],
            "feature_type": "protein_coding",
        },
        index=IDS,
    )
    adata = ad.AnnData(sparse.csr_matrix(COUNTS), obs=OBS, var=var)
    adata.raw = adata.copy()
    del adata.raw.var["feature_length"]
    adata.X = sparse.csr_matrix(LOGGED)
    return adata


def scanpy_layers() -> ad.AnnData:
    """As scanpy's tutorial has it: log1p in X, counts in a layer."""
    var = pd.DataFrame({"gene_ids": IDS, "feature_types": "Gene Expression"}, index=SYMBOLS)
    adata = ad.AnnData(sparse.csr_matrix(LOGGED), obs=OBS, var=var)
    adata.layers["counts"] = sparse.csr_matrix(COUNTS)
    return adata


def scanpy_raw() -> ad.AnnData:
    """Highly variable genes in X, scaled; all genes in raw."""
    whole = ad.AnnData(COUNTS, obs=OBS, var=pd.DataFrame({"gene_ids": IDS}, index=SYMBOLS))
    adata = whole[:, :5].copy()
    adata.X = (adata.X - adata.X.mean(axis=0)) / adata.X.std(axis=0)
    adata.raw = whole
    return adata


def other_layer() -> ad.AnnData:
    adata = ad.AnnData(LOGGED, obs=OBS, var=pd.DataFrame({"symbol": SYMBOLS}, index=IDS))
    adata.layers["spliced_mask"] = (COUNTS > 20).astype(np.float32)
    adata.layers["raw_counts"] = sparse.csc_matrix(COUNTS.astype(np.int64))
    return adata


def without_x() -> ad.AnnData:
    adata = ad.AnnData(obs=OBS, var=pd.DataFrame({"symbol": SYMBOLS}, index=IDS))
    adata.layers["counts"] = COUNTS
    return adata


FILES = {
    "raw": cellxgene,
    "layers/counts": scanpy_layers,
    "raw ": scanpy_raw,
    "layers/raw_counts": other_layer,
    "layers/counts ": without_x,
}


@pytest.mark.parametrize("store", ["h5ad", "zarr"])
@pytest.mark.parametrize("place", FILES)
def test_counts_are_found_where_they_are(place, store, tmp_path, caplog):
    adata = FILES[place]()
    path = tmp_path / f"a.{store}"
    (io.write_zarr if store == "zarr" else io.write_h5ad)(adata, path)
    with caplog.at_level(logging.INFO, logger="tissueshap"):
        found = io.read_counts(path, label="tissue")
    np.testing.assert_array_equal(found.X, COUNTS)
    assert found.X.dtype == np.int32
    assert found.X.flags.c_contiguous
    assert f"they are read from {place.strip()}" in caplog.text
    assert list(found.var["gene_id"]) == IDS
    assert list(found.var["symbol"]) == SYMBOLS
    if place == "raw":
        assert list(found.var["biotype"]) == ["protein_coding"] * 8
        assert list(found.var["length"]) == [100.0 * n for n in range(1, 9)]


@pytest.mark.parametrize("place", ["raw", "layers/counts"])
def test_a_verb_names_the_place_that_a_file_is_read_from(place):
    adata = FILES[place]()
    assert where_counts(adata) == place
    name = place.removeprefix("layers/")
    with pytest.raises(DataError, match=f"holds counts: pass layer='{name}'"):
        check_counts(counts_of(adata))
    assert check_counts(counts_of(adata, name)) == COUNTS.max()


def test_the_layer_of_a_file_can_be_named(tmp_path):
    adata = scanpy_layers()
    adata.layers["spliced"] = sparse.csr_matrix(COUNTS + 1)
    adata.write_h5ad(tmp_path / "a.h5ad")
    found = io.read_counts(tmp_path / "a.h5ad", label="tissue", layer="spliced")
    np.testing.assert_array_equal(found.X, COUNTS + 1)
    with pytest.raises(DataError, match="no layer 'none' .* 'spliced'.*pass layer="):
        io.read_counts(tmp_path / "a.h5ad", label="tissue", layer="none")
    pd.DataFrame(COUNTS.T, IDS, SAMPLES).to_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"layer='raw' is for \.h5ad and \.zarr"):
        io.read_counts(tmp_path / "a.csv", layer="raw")


def test_counts_in_x_go_first(tmp_path, caplog):
    adata = ad.AnnData(COUNTS, obs=OBS)
    adata.layers["counts"] = COUNTS + 1
    io.write_h5ad(adata, tmp_path / "a.h5ad")
    with caplog.at_level(logging.INFO, logger="tissueshap"):
        np.testing.assert_array_equal(io.read_counts(tmp_path / "a.h5ad").X, COUNTS)
    assert "they are read from" not in caplog.text


def test_estimated_counts_are_those_of_the_layer(tmp_path):
    adata = ad.AnnData(LOGGED, obs=OBS)
    adata.layers["counts"] = COUNTS + 0.25
    io.write_h5ad(adata, tmp_path / "a.h5ad")
    found = io.read_counts(tmp_path / "a.h5ad", values="estimated")
    np.testing.assert_array_equal(found.X, COUNTS)


def test_log_values_are_those_of_x(tmp_path):
    io.write_h5ad(scanpy_layers(), tmp_path / "a.h5ad")
    found = io.read_counts(tmp_path / "a.h5ad", values="log")
    np.testing.assert_array_equal(found.X, LOGGED)


def test_no_counts_anywhere(tmp_path):
    io.write_h5ad(ad.AnnData(LOGGED, obs=OBS), tmp_path / "a.h5ad")
    with pytest.raises(DataError, match=r"X: gene '0' in sample 'cell0' is .*, not an integer"):
        io.read_counts(tmp_path / "a.h5ad")
    io.write_h5ad(ad.AnnData(obs=OBS, var=pd.DataFrame(index=IDS)), tmp_path / "b.h5ad")
    with pytest.raises(DataError, match="has no X"):
        io.read_counts(tmp_path / "b.h5ad")


def test_values_that_are_no_numbers(tmp_path):
    adata = ad.AnnData(COUNTS, obs=OBS)
    io.write_h5ad(adata, tmp_path / "a.h5ad")
    import h5py

    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        attributes = dict(file["X"].attrs)
        del file["X"]
        file["X"] = np.full((6, 8), b"12")
        file["X"].attrs.update(attributes)
    with pytest.raises(DataError, match=r"a\.h5ad"):
        io.read_counts(tmp_path / "a.h5ad")


def test_ensembl_ids_beside_symbols_stay(tmp_path):
    var = pd.DataFrame({"gene_id": [f"{one}.4" for one in IDS]}, index=SYMBOLS)
    io.write_h5ad(ad.AnnData(COUNTS, obs=OBS, var=var), tmp_path / "a.h5ad")
    found = io.read_counts(tmp_path / "a.h5ad")
    assert list(found.var["gene_id"]) == IDS
    assert list(found.var["symbol"]) == list(found.var_names) == SYMBOLS
    table = pd.DataFrame({"ensembl_gene_id": IDS, "biotype": "protein_coding"})
    for adata in (found, ad.AnnData(COUNTS, var=var)):
        io.annotate_genes(adata, table)
        assert set(adata.var["biotype"]) == {"protein_coding"}


@pytest.mark.parametrize("store", ["h5ad", "zarr"])
def test_the_truth_of_simulated_data_is_kept(store, tmp_path):
    from tissueshap import datasets

    adata = datasets.simulate(60, 80, tissues=["Heart", "Liver", "Lung"], seed=2)
    path = tmp_path / f"simulated.{store}"
    (io.write_zarr if store == "zarr" else io.write_h5ad)(adata, path)
    found = io.read_counts(path, label="tissue")
    pd.testing.assert_frame_equal(
        found.uns["truth"].astype(str), adata.uns["truth"].astype(str), check_categorical=False
    )
    # Something else of that name is not taken along.
    adata.uns["truth"] = {"is": "beauty"}
    io.write_h5ad(adata, tmp_path / "other.h5ad")
    assert "truth" not in io.read_counts(tmp_path / "other.h5ad").uns
