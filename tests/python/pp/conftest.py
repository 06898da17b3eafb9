"""Fixtures of the preprocessing tests: normalised data, made without R."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap._core import slots


def add_cpm(adata: ad.AnnData) -> ad.AnnData:
    """Put plain counts per million where TMM would put its own."""
    totals = adata.X.sum(axis=1, keepdims=True)
    adata.layers["tmm"] = (adata.X / np.maximum(totals, 1) * 1e6).astype(np.float32)
    return adata


@pytest.fixture
def cpm(toy: ad.AnnData) -> ad.AnnData:
    """The toy with a linear layer "tmm", and a third of each class held out."""
    held = toy.obs.groupby("tissue", observed=True).cumcount() % 3 == 0
    toy.obs["split"] = pd.Categorical(np.where(held, "test", "train"))
    return add_cpm(toy)


@pytest.fixture(scope="session")
def _cohort(data_dir: Path) -> ad.AnnData:
    folder = data_dir / "gtex_v8_panel"
    samples = pd.read_csv(folder / "samples.tsv.gz", sep="\t", index_col="sample_id")
    samples = samples.rename(columns={"tissue_type_detailed": "tissue"})[["donor", "tissue"]]
    samples = samples[~samples["tissue"].str.startswith("Cells")]
    samples = samples[samples.groupby("tissue")["tissue"].transform("size") >= 25]
    reads = pd.read_csv(folder / "gene_reads.gct.gz", sep="\t", skiprows=2, index_col="Name")
    counts = np.ascontiguousarray(reads[samples.index].to_numpy(dtype=np.int32).T)
    adata = ad.AnnData(counts, obs=samples.astype("category"), var=pd.DataFrame(index=reads.index))
    slots.label_name(adata, "tissue")
    return add_cpm(adata)


@pytest.fixture
def cohort(_cohort: ad.AnnData) -> ad.AnnData:
    """The paper's cohort on the panel: 16,651 GTEx samples of 47 tissues x 59 genes."""
    return _cohort.copy()
