"""Rows that are not genes are reported and left out, of every kind of file."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest

from tissueshap import io
from tissueshap._core.errors import DataWarning

COUNTERS = (
    *("__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned"),
    *("__alignment_not_unique", "no_feature", "alignment_not_unique", "N_unmapped"),
    *("N_noFeature", "Unassigned_NoFeatures", "*"),
)
SPIKES = ("ERCC-00002", "ERCC_00171", "gSpikein_ERCC-00003", "SIRV101", "phiX174")
#: Genes whose names are like those.
GENES = ("ERCC1", "ERCC6L2", "PHIP", "N4BP1", "AMBIGUOUS1", "SIRT1", "7SK")


def with_rows(files, names):
    for name in names:
        files.genes.append(name)
        files.cells.append(["9999"] * 6)
    return files


def read(files, form):
    if form == "h5ad":
        adata = ad.AnnData(files.matrix.astype(np.int32))
        adata.obs_names, adata.var_names = files.samples, files.genes
        adata.write_h5ad(files.folder / "a.h5ad")
        return io.read_counts(files.folder / "a.h5ad")
    if form == "gct":
        return io.read_counts(files.gct())
    return io.read_counts(files.table(transpose=form == "turned"), files.sheet())


@pytest.mark.parametrize("form", ["table", "turned", "gct", "h5ad"])
def test_counters_and_spike_ins(files, form):
    expected, genes = files.matrix, list(files.genes)
    with_rows(files, [*COUNTERS, *SPIKES])
    with pytest.warns(DataWarning) as caught:
        adata = read(files, form)
    said = [str(one.message) for one in caught]
    assert f"{len(COUNTERS)} rows are counters of the counting program" in said[0]
    assert "'__no_feature', '__ambiguous'" in said[0]
    assert f"{len(SPIKES)} rows are spike-ins and are left out: 'ERCC-00002'" in said[1]
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(adata.X, expected)
    assert adata.X.flags.c_contiguous
    assert list(adata.var_names) == [gene.split(".")[0] for gene in genes]
    assert adata.X.sum() == expected.sum()


def test_genes_of_like_names_stay(files):
    adata = read(with_rows(files, GENES), "table")
    assert set(GENES) <= set(adata.var_names)


@pytest.mark.parametrize(
    ("column", "gene", "other"),
    [
        ("feature_types", "Gene Expression", "Antibody Capture"),
        ("feature_biotype", "gene", "spike-in"),
    ],
)
def test_features_of_other_types(files, column, gene, other):
    adata = ad.AnnData(files.matrix.astype(np.int32))
    adata.obs_names, adata.var_names = files.samples, files.genes
    adata.var[column] = [gene] * 6 + [other] * 2
    adata.layers["tpm"] = files.matrix.astype(np.float32)
    adata.write_h5ad(files.folder / "a.h5ad")
    with pytest.warns(DataWarning, match=f"2 rows are not genes by the column '{column}'"):
        found = io.read_counts(files.folder / "a.h5ad")
    np.testing.assert_array_equal(found.X, files.matrix[:, :6])
    np.testing.assert_array_equal(found.layers["tpm"], files.matrix[:, :6])
    assert list(found.var[column]) == [gene] * 6
