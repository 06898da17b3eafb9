"""The cohorts of the trial, small enough for a network each in seconds, split and logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
_THIRD = (
    "Adipose - Subcutaneous", "Artery - Tibial", "Brain - Hypothalamus", "Breast - Mammary Tissue",
    "Colon - Sigmoid", "Esophagus - Muscularis", "Kidney - Cortex", "Minor Salivary Gland",
    "Small Intestine - Terminal Ileum", "Brain - Spinal cord (cervical c-1)",
    "Brain - Cerebellar Hemisphere", "Artery - Coronary",
)  # fmt: skip
#: Types of blood cells of which none is a part of another.
_CELLS = (
    "CD14+ Monocyte", "CD19+ B", "CD56+ NK", "Dendritic", "CD8+ Cytotoxic T",
)  # fmt: skip
#: Samples of HPA that a tissue must have, and of the compendia.
_LEAST, _SAMPLES = 8, 480
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
        ``"set"`` (thresholds may be chosen on it), ``"report"``, or ``"last"``: to confirm what
        the others gave. Nothing is changed after these were run.
    read
        Returns the AnnData with ``layers["log2"]`` and a split, from the folder of real data.
    data_level
        Whether wrong data are made of it, in addition to wrong explanations.
    explanation_level
        Whether wrong explanations are made of it.
    again
        Returns other samples of the same classes.
    """

    half: str
    read: Callable[[Path], AnnData]
    explanation_level: bool = True
    data_level: bool = False
    again: Callable[[], AnnData] | None = None


def simulated(tissues: tuple[str, ...], seed: int, n_samples: int = _SAMPLES) -> AnnData:
    """Return a compendium of some tissues, with a batch that is independent of them."""
    adata = datasets.simulate(n_samples, 1500, tissues=list(tissues), seed=seed)
    adata.obs["run"] = np.random.default_rng(seed).choice(["a", "b", "c"], adata.n_obs)
    return _prepared(adata, n_test=8, seed=seed)


def compendium(half: str, tissues: tuple[str, ...], seed: int, **levels: bool) -> Cohort:
    """Return a simulated cohort, and other samples of the same programme of genes."""
    return Cohort(
        half,
        lambda _: simulated(tissues, seed),
        again=lambda: simulated(tissues, seed, 6 * _SAMPLES // 5),
        **levels,
    )


def profiles(data: Path, name: str = "gtex", first: int = 0) -> AnnData:
    """Return samples drawn around the profiles of 12 tissues."""
    path = data / "tissue_profiles" / f"{name}_mean_tpm.tsv.gz"
    table = pd.read_csv(path, sep="\t", index_col=0).iloc[first::_EVERY, first::2].iloc[:, :12]
    adata = datasets.simulate(profiles=table, n_per_class=25, seed=5 + first)
    return _prepared(adata, n_test=6, seed=5 + first)


def gtex(data: Path) -> AnnData:
    """Return GTEx's 26 tissues, logarithms of 467 genes."""
    adata, _ = read_gtex_hpa(data)
    pp.split(adata, n_test=5, seed=1)
    return adata


def few_genes(data: Path) -> AnnData:
    """Return GTEx's 26 tissues on 60 of the 467 genes, drawn at random."""
    adata = gtex(data)
    chosen = np.random.default_rng(3).permutation(adata.n_vars)[:60]
    return adata[:, np.sort(chosen)].copy()


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
    adata = _kept(adata, adata.obs_names.isin(rows.index))
    return _prepared(adata, n_test=10, seed=1)


def other_panel(data: Path) -> AnnData:
    """Return a tissue of each organ that :func:`panel` has not, on 59 genes."""
    adata = read_panel(data)
    label = str(adata.uns["tissueshap"]["label"])
    tissue = adata.obs[label].astype(str)
    organ = tissue.str.split(" - ").str[0]
    other = ~organ.isin({name.split(" - ")[0] for name in (*_FIRST, *_SECOND)})
    chosen = tissue[other].groupby(organ[other]).min()
    rows = tissue[tissue.isin(chosen)]
    rows = rows.groupby(rows).sample(_PANEL, random_state=1)
    adata = _kept(adata, adata.obs_names.isin(rows.index))
    return _prepared(adata, n_test=10, seed=1)


def hpa(data: Path) -> AnnData:
    """Return the Human Protein Atlas' tissues of eight samples or more, on 467 genes."""
    _, adata = read_gtex_hpa(data)
    sizes = adata.obs["tissue"].value_counts()
    adata = _kept(adata, adata.obs["tissue"].isin(sizes.index[sizes >= _LEAST]))
    pp.split(adata, n_test=4, seed=1)
    return adata


def blake(data: Path) -> AnnData:
    """Return Blake's four tissues of three primates."""
    adata = _counts(data / "blake_primates", data)[:, ::_EVERY].copy()
    adata.obs["tissue"] = adata.obs["tissue"].astype(str).astype("category")
    return _prepared(adata, n_test=4, seed=1)


def cells(_: Path) -> AnnData:
    """Return blood cells of five types."""
    adata = datasets.pbmc68k()
    label = str(adata.uns["tissueshap"]["label"])
    adata = _kept(adata, adata.obs[label].isin(_CELLS))
    return _prepared(adata, n_test=10, seed=1)


def mosaic(data: Path) -> AnnData:
    """Return 91 samples of GTEx of seven tissues, whole genome."""
    folder = data / "gtex_mosaic"
    adata = io.read_counts(
        folder / "counts.tsv.gz", folder / "samples.tsv.gz", label="label", min_class_size=5
    )
    return _prepared(adata, n_test=3, seed=42)


def _kept(adata: AnnData, rows: Any) -> AnnData:
    """Return some samples, and the classes that they have."""
    label = str(adata.uns["tissueshap"]["label"])
    adata = adata[np.asarray(rows)].copy()
    classes = adata.obs[label].astype(str)
    adata.obs[label] = classes.astype("category")
    return adata


def _prepared(adata: AnnData, *, n_test: int, seed: int) -> AnnData:
    pp.filter_genes(adata, subset=True)
    pp.tmm(adata)
    pp.split(adata, n_test=n_test, seed=seed)
    pp.log2(adata)
    return adata


COHORTS = {
    "compendium, first tissues": compendium("set", _FIRST, 1, data_level=True),
    "gtex, 26 tissues": Cohort("set", gtex),
    "mosaic": Cohort("set", mosaic, explanation_level=False),
    "gtex, 60 genes": Cohort("set", few_genes),
    "compendium, other tissues": compendium(
        "report", _SECOND, 7, explanation_level=False, data_level=True
    ),
    "profiles": Cohort("report", profiles),
    "primates": Cohort("report", primates, data_level=True),
    "panel, 12 tissues": Cohort("report", panel, explanation_level=False),
    "compendium, more tissues": compendium("report", _THIRD, 13, explanation_level=False),
    "profiles, other tissues": Cohort(
        "report", lambda data: profiles(data, first=1), explanation_level=False
    ),
    "panel, other organs": Cohort("report", other_panel, explanation_level=False),
    "primates of blake": Cohort("report", blake, explanation_level=False),
    "profiles of hpa": Cohort("last", lambda data: profiles(data, "hpa", first=2), data_level=True),
    "hpa": Cohort("last", hpa, data_level=True),
    "blood cells": Cohort("last", cells, data_level=True),
}
