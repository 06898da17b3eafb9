"""Real data on which a network predicts well and explains with noise: trust must say so."""

from __future__ import annotations

import pytest

from tissueshap import io, pp, tl
from tissueshap._core import slots
from tissueshap.model import Preset

#: The default of few samples when the noise was found; it is kept here as it was.
NOISE = Preset(
    name="as it was",
    arch="mlp",
    standardise="genes",
    widths=(128,),
    batch_norm=None,
    gene_start=0.01,
    dropout=0.3,
    optimizer="adamw",
    learning_rate=1e-3,
    weight_decay=1e-4,
    label_smoothing=0.1,
    batch_size=64,
    epochs=20,
    min_steps=400,
    min_validation=100,
    retries=0,
)


@pytest.fixture(scope="module")
def mosaic(data_dir):
    """68 training samples of seven tissues x 15,000 genes, log2(CPM + 0.001) + 10."""
    folder = data_dir / "gtex_mosaic"
    adata = io.read_counts(
        folder / "counts.tsv.gz", folder / "samples.tsv.gz", label="label", min_class_size=5
    )
    pp.filter_genes(adata, subset=True)
    pp.tmm(adata)
    pp.split(adata, n_test=3)
    pp.log2(adata, offset=0.001, shift=10.0)
    pp.oversample(adata)
    return adata


def trusted(adata, **how):
    """Return the verdicts of the checks that catch noise, by check."""
    adata = adata.copy()
    model = tl.cnn(adata, preset=NOISE, **how)
    tl.shap(adata, model)
    tl.rank_genes(adata)
    tl.select_genes(adata)
    tl.trust(adata, model, checks=["specificity", "seeds"], n_seeds=1)
    table = slots.table(adata, "trust", "summary")
    table = table[table["verdict"] != "not measured"]
    return model, table.groupby("check")["verdict"].agg(set).to_dict()


@pytest.mark.slow
def test_a_network_of_noise_fails(mosaic):
    model, verdicts = trusted(mosaic)
    assert model.training["diverged"]
    assert verdicts["specificity"] == {"fails"}
    assert "fails" in verdicts["seeds"]


@pytest.mark.slow
def test_a_network_that_finds_the_markers_holds(mosaic):
    model, verdicts = trusted(mosaic, standardise="samples")
    assert not model.training["diverged"]
    assert verdicts == {"specificity": {"holds"}, "seeds": {"holds"}}
