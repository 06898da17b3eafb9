"""The cohorts of the trial, small enough for a network each in seconds, split and logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

from cohorts import _counts, read_gtex_hpa, read_panel
from tissueshap import datasets, io, pp

#: Classes of the simulated cohorts of either half: no tissue is in both.
_FIRST = (
    "Liver", "Lung", "Spleen", "Testis", "Pancreas", "Stomach", "Heart - Left Ventricle",
    "Brain - Cortex", "Nerve - Tibial", "Ovary", "Skin - Not Sun Exposed (Suprapubic)",
    "Artery - Aorta",
)  # fmt: skip
_SECOND = (
    "Thyroid", "Pituitary", "Prostate", "Vagina", "Uterus", "Adrenal Gland",
    "Heart - Atrial Appendage", "Brain - Cerebellum", "Muscle - Skeletal", "Whole Blood",
    "Colon - Transverse", "Esophagus - Mucosa",
)  # fmt: skip
#: Every so many genes of the whole genome.
_EVERY = 4
#: Samples of each class of the panel.
_PANEL = 60


@dataclass(frozen=True)
class Cohort:
    """A cohort of the trial.

    Attributes
    ----------
    half
        ``"set"`` (thresholds may be chosen on it) or ``"report"``.
    read
        Returns the AnnData with ``layers["log2"]`` and a split, from the folder of real data.
    data_level
        Whether wrong data are made of it, in addition to wrong explanations.
    explanation_level
        Whether wrong explanations are made of it.
    """

    half: str
    read: Callable[[Path], AnnData]
    explanation_level: bool = True
    data_level: bool = False


def simulated(tissues: tuple[str, ...], seed: int) -> AnnData:
    """Return a compendium of some tissues, with a batch that is independent of them."""
    adata = datasets.simulate(480, 1500, tissues=list(tissues), seed=seed)
    adata.obs["run"] = np.random.default_rng(seed).choice(["a", "b", "c"], adata.n_obs)
    return _prepared(adata, n_test=8, seed=seed)


def profiles(data: Path) -> AnnData:
    """Return samples drawn around GTEx's profiles of 12 tissues."""
    path = data / "tissue_profiles" / "gtex_mean_tpm.tsv.gz"
    table = pd.read_csv(path, sep="\t", index_col=0).iloc[::_EVERY, ::2].iloc[:, :12]
    adata = datasets.simulate(profiles=table, n_per_class=25, seed=5)
    return _prepared(adata, n_test=6, seed=5)


def gtex(data: Path) -> AnnData:
    """Return GTEx's 26 tissues, logarithms of 467 genes."""
    adata, _ = read_gtex_hpa(data)
    pp.split(adata, n_test=5, seed=1)
    return adata


def primates(data: Path) -> AnnData:
    """Return Brawand's six tissues of ten species."""
    adata = _counts(data / "brawand_tetrapod", data)
    adata.obs["tissue"] = adata.obs["tissue"].astype(str).astype("category")
    return _prepared(adata, n_test=5, seed=1)


def panel(data: Path) -> AnnData:
    """Return 12 tissues of GTEx on 59 genes."""
    adata = read_panel(data)
    label = str(adata.uns["tissueshap"]["label"])
    tissue = adata.obs[label].astype(str)
    rows = tissue[tissue.isin((*_FIRST[:7], *_SECOND[:2], *_SECOND[8:11]))]
    rows = rows.groupby(rows).sample(_PANEL, random_state=1)
    adata = adata[adata.obs_names.isin(rows.index)].copy()
    adata.obs[label] = adata.obs[label].cat.remove_unused_categories()
    return _prepared(adata, n_test=10, seed=1)


def mosaic(data: Path) -> AnnData:
    """Return 91 samples of GTEx of seven tissues, whole genome."""
    folder = data / "gtex_mosaic"
    adata = io.read_counts(
        folder / "counts.tsv.gz", folder / "samples.tsv.gz", label="label", min_class_size=5
    )
    return _prepared(adata, n_test=3, seed=42)


def _prepared(adata: AnnData, *, n_test: int, seed: int) -> AnnData:
    pp.filter_genes(adata, subset=True)
    pp.tmm(adata)
    pp.split(adata, n_test=n_test, seed=seed)
    pp.log2(adata)
    return adata


COHORTS = {
    "compendium, first tissues": Cohort("set", lambda _: simulated(_FIRST, 1), data_level=True),
    "gtex, 26 tissues": Cohort("set", gtex),
    "mosaic": Cohort("set", mosaic, explanation_level=False),
    "compendium, other tissues": Cohort(
        "report", lambda _: simulated(_SECOND, 7), explanation_level=False, data_level=True
    ),
    "profiles": Cohort("report", profiles),
    "primates": Cohort("report", primates, data_level=True),
    "panel, 12 tissues": Cohort("report", panel, explanation_level=False),
}
