"""The data sets: a cohort that is split, another one, and what is known of their genes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from biology.markers import MARKERS
from cohorts import HPA_MAP, _counts, read_gtex_hpa, read_panel
from tissueshap import datasets, io, pp

#: Samples of each class that are held out of drawn cohorts, and drawn of the other one.
N_TEST, N_OTHER = 5, 10
#: Sizes of drawn cohorts: training samples of each class.
SIZES = (5, 10, 20, 50, 200)
#: About half of GTEx's tissues, on which settings may be chosen (and have been: every second
#: by name, of all of them or of those that HPA has too): a class belongs to it whose name
#: holds one of these. The others are for confirmation.
SELECTION = (
    "adipose adrenal bladder breast colon fallopian kidney lung nerve ovary pancrea prostate skin "
    "spleen testis uterus endometrium fibroblast"
).split()
#: The mosaic's own names; its seven samples of skin, exposed and not, are one class.
_MOSAIC = {
    "ACC": "cortex, cingulate",
    "FC": "cortex, frontal",
    "Bladder": "bladder",
    "Cells - Transformed fibroblasts": "fibroblasts",
    "heart": "heart",
    "muscle": "muscle",
    "Skin - Not Sun Exposed (Suprapubic)": "skin",
    "Skin - Sun Exposed (Lower leg)": "skin",
}
#: HPA's tissues of the compared species' organs.
_PRIMATES = {
    "Brain": "Cerebral.Cortex",
    "Heart": "Heart.Muscle",
    "Kidney": "Kidney",
    "Liver": "Liver",
    "Testis": "Testis",
}
_SPECIFIC = ("Tissue-Enriched", "Group-Enriched", "Tissue-Enhanced")


@dataclass
class Study:
    """A cohort with ``layers["tmm"]`` (or logarithms) and a split, and what is known.

    Attributes
    ----------
    adata, other
        The cohort, and an independent one with some of its classes.
    specific, markers
        Genes (of ``var_names``) by class: tissue-specific ones, textbook markers.
    symbols
        Symbol of each gene.
    misplaced
        Genes whose profiles contradict each other outright: see :func:`contradicted`.
    profile
        Genes x classes, the mean TPM that the training cohort was drawn around.
    logged
        Whether the values came as logarithms.
    newcomers
        Samples of the other cohort whose class this one lacks.
    """

    adata: AnnData
    other: AnnData | None = None
    specific: Mapping[str, set[str]] = field(default_factory=dict)
    markers: Mapping[str, set[str]] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    misplaced: set[str] = field(default_factory=set)
    profile: pd.DataFrame | None = None
    logged: bool = False
    newcomers: AnnData | None = None

    @property
    def label(self) -> str:
        """The column of the classes."""
        return str(self.adata.uns["tissueshap"]["label"])

    @property
    def classes(self) -> list[str]:
        """The classes, by name."""
        return sorted(self.adata.obs[self.label].astype(str).unique())


def in_selection(name: str) -> bool:
    """Return whether settings may be chosen on a class."""
    return any(word in name.lower() for word in SELECTION)


def mosaic(data: Path, seed: int) -> Study:
    """Return GTEx's mosaic, a quarter of the smallest class held out of each."""
    folder = data / "gtex_mosaic"
    adata = io.read_counts(
        folder / "counts.tsv.gz",
        folder / "samples.tsv.gz",
        label="label",
        annotation=data / "annotation" / "genes_ensembl76.tsv.gz",
    )
    adata.obs["label"] = adata.obs["label"].astype(str).map(_MOSAIC).astype("category")
    _prepare(adata, None, 2, seed)
    symbols = _symbols(adata, data)
    named = {symbol: gene for gene, symbol in symbols.items()}
    markers = {
        name: {named[symbol] for symbol in genes if symbol in named}
        for name, genes in MARKERS.items()
    }
    return Study(adata, symbols=symbols, markers=markers)


def profiles(data: Path, seed: int, *, n_train: int, exchanged: bool = False) -> Study:
    """Return samples drawn around GTEx's profiles and HPA's, or the other way round.

    The tissue-specific genes are those that HPA's rules find in the profiles of the other
    laboratory: those of its own would be called by the values that the samples were drawn
    around.
    """
    folder = data / "tissue_profiles"
    gtex, hpa = (
        pd.read_csv(folder / f"{name}_mean_tpm.tsv.gz", sep="\t", index_col=0)
        for name in ("gtex", "hpa")
    )
    names = pd.read_csv(folder / "tissue_map.tsv", sep="\t").set_index("hpa")["gtex"].to_dict()
    draw = partial(datasets.simulate, n_per_class=n_train + N_TEST, seed=seed)
    other = partial(datasets.simulate, n_per_class=N_OTHER, seed=seed + 1000)
    own = {name: name for name in names.values()}
    if exchanged:
        adata, second = draw(profiles=hpa, map=names), other(profiles=gtex, map=own)
    else:
        adata, second = draw(profiles=gtex), other(profiles=hpa, map=names)
    second = _prepare(adata, second, N_TEST, seed)
    specific = (
        _specific(data, adata, "gtex", own) if exchanged else _specific(data, adata, "hpa", names)
    )
    return Study(
        adata,
        second,
        specific,
        symbols=_symbols(adata, data),
        misplaced=contradicted(gtex, hpa, names),
        profile=(hpa.rename(columns=names) if exchanged else gtex).loc[adata.var_names],
    )


def contradicted(gtex: pd.DataFrame, hpa: pd.DataFrame, names: Mapping[str, str]) -> set[str]:
    """Return genes that one tissue alone has in both laboratories, and not the same one.

    Insulin is in GTEx's cervix there, and not in its pancreas: the copy of the profiles has
    such values in wrong columns. A method that finds them reads its cohort well, and is
    called wrong.

    Parameters
    ----------
    gtex, hpa
        Genes x tissues.
    names
        GTEx's name of HPA's tissues that both have.
    """
    genes = gtex.index.intersection(hpa.index)
    both = (
        gtex.loc[genes, list(names.values())],
        hpa.loc[genes, list(names)].rename(columns=names),
    )
    alone = pd.Series(True, genes)
    for table in both:
        ordered = np.sort(table.to_numpy(), axis=1)
        alone &= (ordered[:, -1] > 20) & (ordered[:, -1] > 10 * ordered[:, -2])
    return set(genes[alone & (both[0].idxmax(axis=1) != both[1].idxmax(axis=1))])


def primates(data: Path, seed: int) -> Study:
    """Return Brawand's ten species, and Blake's three primates."""
    adata, other = (_counts(data / name, data) for name in ("brawand_tetrapod", "blake_primates"))
    for each in (adata, other):
        each.obs["tissue"] = each.obs["tissue"].astype(str)
    is_known = other.obs["tissue"].isin(set(adata.obs["tissue"])).to_numpy()
    other = _prepare(adata, other, 5, seed)
    names = {hpa: name for name, hpa in _PRIMATES.items()}
    return Study(
        adata,
        other[is_known].copy(),
        _specific(data, adata, "hpa", names),
        symbols=_symbols(adata, data),
        newcomers=other[~is_known].copy(),
    )


def gtex_hpa(data: Path, seed: int) -> Study:
    """Return GTEx's logarithms of 467 genes, and HPA's as they come."""
    adata, other = read_gtex_hpa(data)
    other.obs["tissue"] = other.obs["tissue"].astype(str).replace(HPA_MAP)
    other = other[other.obs["tissue"].isin(set(adata.obs["tissue"].astype(str)))].copy()
    pp.split(adata, n_test=4, seed=seed)
    genes = pd.read_csv(data / "annotation" / "genes_ensembl76.tsv.gz", sep="\t", dtype=str)
    genes = genes.dropna(subset="entrez_id").drop_duplicates("entrez_id").set_index("entrez_id")
    ensembl = genes["ensembl_gene_id"].reindex(adata.var_names)
    known = _by_tissue(data, "gtex")
    specific = {
        name: set(adata.var_names[ensembl.isin(known.get(name.replace(" ", "."), set()))])
        for name in adata.obs["tissue"].astype(str).unique()
    }
    symbols = genes["gene_name"].reindex(adata.var_names).dropna().to_dict()
    specific = {name: found for name, found in specific.items() if found}
    return Study(adata, other, specific, symbols=symbols, logged=True)


def panel(data: Path, seed: int) -> Study:
    """Return GTEx's 47 tissues on 59 genes."""
    adata = read_panel(data)
    pp.tmm(adata)
    pp.split(adata, n_test=50, seed=seed)
    return Study(adata, symbols=adata.var["symbol"].to_dict())


def compendium(_: Path, seed: int) -> Study:
    """Return the simulated compendium, whose markers are planted."""
    adata = datasets.simulate(seed=seed)
    truth = adata.uns["truth"]
    _prepare(adata, None, 5, seed)
    planted = truth[truth["gene"].isin(adata.var_names)].groupby("class")["gene"].agg(set)
    return Study(adata, specific=planted.to_dict(), symbols=adata.var["symbol"].to_dict())


def _prepare(adata: AnnData, other: AnnData | None, n_test: int, seed: int) -> Any:
    """Filter, normalise and split a cohort in place, and return the other one to match."""
    if other is not None:
        adata._inplace_subset_var(adata.var_names.isin(other.var_names))
    pp.filter_genes(adata, subset=True)
    pp.tmm(adata)
    pp.split(adata, n_test=n_test, seed=seed)
    if other is not None:
        other = other[:, adata.var_names].copy()
        pp.tmm(other, reference=adata)
    return other


def _symbols(adata: AnnData, data: Path) -> dict[str, str]:
    genes = pd.read_csv(data / "annotation" / "genes_ensembl76.tsv.gz", sep="\t", dtype=str)
    names = genes.set_index("ensembl_gene_id")["gene_name"]
    return {gene: names[gene] for gene in adata.var_names.intersection(names.index)}


def _by_tissue(data: Path, source: str) -> dict[str, set[str]]:
    """Return the genes that HPA's rules call specific, by tissue."""
    path = data / "tissue_profiles" / f"{source}_tissue_specific_genes.tsv.gz"
    table = pd.read_csv(path, sep="\t")
    table = table[table["Group"].isin(_SPECIFIC)]
    found: dict[str, set[str]] = table.groupby("Tissue")["Gene"].agg(set).to_dict()
    return found


def _specific(
    data: Path, adata: AnnData, source: str, names: Mapping[str, str]
) -> dict[str, set[str]]:
    """Return a source's specific genes among a cohort's, by the cohort's names of tissues."""
    genes = set(adata.var_names)
    known = _by_tissue(data, source)
    return {own: known.get(name, set()) & genes for name, own in names.items()}


STUDIES: dict[str, Callable[[Path, int], Study]] = {
    "mosaic": mosaic,
    **{f"profiles {n}": partial(profiles, n_train=n) for n in SIZES},
    **{f"exchanged {n}": partial(profiles, n_train=n, exchanged=True) for n in SIZES},
    "gtex_hpa": gtex_hpa,
    "primates": primates,
    "panel": panel,
    "compendium": compendium,
}
