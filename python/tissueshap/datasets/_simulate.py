"""``datasets.simulate``: a compendium of tissues with known markers, or real profiles."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_number
from tissueshap.datasets._draw import (
    Samples,
    contaminated,
    draw_around,
    draw_counts,
    draw_samples,
)
from tissueshap.datasets._profiles import Profiles, drawn_profiles
from tissueshap.datasets._programme import programme
from tissueshap.datasets._tissues import class_sizes, cohort
from tissueshap.io import MIN_GENES

if TYPE_CHECKING:
    from anndata import AnnData

#: Share of genes that code for protein, markers among them.
_CODING = 0.9


def simulate(
    n_samples: int = 2000,
    n_genes: int = 5000,
    *,
    tissues: Sequence[str] | Mapping[str, float] | None = None,
    donors: bool = True,
    min_class_size: int = 20,
    n_exclusive: int = 5,
    n_shared: int = 2,
    n_subtle: int = 5,
    ambiguous: float = 0.1,
    profiles: pd.DataFrame | None = None,
    map: Mapping[str, str] | None = None,
    n_per_class: int | Mapping[str, int] = 25,
    depth: float = 30e6,
    contamination: float = 0.02,
    degradation: float = 1.0,
    bcv: float = 0.35,
    seed: int = 42,
) -> AnnData:
    """Simulate a compendium of tissues: with planted markers, or around real profiles.

    Counts are negative binomial. A gene's log2 expression is its abundance, its organ's
    and its tissue's programme, planted markers and the donor's deviation; library sizes
    are log-normal, and a sample's counts share its library, so that strong programmes
    bias totals as they do in real data. The dispersion is ``bcv**2 + 2 / mean`` with a
    log-normal scatter per gene.

    With `profiles`, samples are drawn around the mean expression of real classes instead,
    so that their markers are those that real tissues have. A sample's abundances are its
    class's profile, with a share of another class, its donor's deviation (log2, standard
    deviation 0.25) and what its RNA quality costs each gene; reads fall on genes in
    proportion to them. The dispersion is ``bcv**2 + 2 / level`` at the gene's level in that
    sample, so that genes that are hardly expressed are mostly 0, its first part with a
    log-normal scatter per gene (standard deviation 1): as in GTEx's own samples. A second
    cohort, as from another laboratory, is a second call with that laboratory's profiles
    and, where its classes have other names, `map`.

    Parameters
    ----------
    n_samples, n_genes
        Size.
    tissues
        Names, or sizes by name; GTEx's names bring their published size and their
        relatives (brain, skin, esophagus, colon, artery, heart, adipose). None takes all
        47 of GTEx v8. Sizes are scaled to add up to ``n_samples``.
    donors
        Let donors give several tissues, each once, and give them an effect of their own.
    min_class_size
        Smallest number of samples of a tissue.
    n_exclusive, n_shared, n_subtle
        Markers planted for each tissue: raised in it alone by a log2 fold change of 4.5
        to 7, raised in it and others (its relatives, or one or two at random) by 4.5 to
        6.5, raised in it alone by 1 to 3.5.
    ambiguous
        Share of the samples of related tissues that lie between their tissue and a
        relative, as a dissection at the border does: these cannot all be distinguished.
    profiles
        Mean expression (genes x classes, such as TPM) to draw around. Of the arguments
        above, only ``donors`` can be combined with it; those below, up to ``degradation``,
        need it.
    map
        Name of the class for columns of `profiles`: only these columns are drawn.
    n_per_class
        Samples of each class, one number or by class; classes that are not named give no
        samples, and still contaminate others.
    depth
        Mean library size.
    contamination
        Mean share of another class in a sample (exponential, at most 0.4).
    degradation
        How much RNA quality changes genes: the standard deviation over genes of the log2
        change between samples of quality 1 and 0. Quality follows a beta distribution
        around 0.71.
    bcv
        Biological coefficient of variation of abundant genes.
    seed
        Seed of all random numbers: the same arguments give the same counts.

    Returns
    -------
    AnnData, samples x genes, in random order:
        ``X``, counts, int32; ``obs["tissue"]`` (recorded as the label); ``obs["donor"]``;
        ``var["gene_id"]``, ``var["symbol"]``, ``var["biotype"]``, ``var["length"]``;
        ``uns["truth"]``, a row for each marker and tissue: ``gene``, ``class``, ``kind``
        (exclusive, shared, subtle), ``log2fc`` against the tissues it is not raised in.
        With `profiles`: ``X``, ``obs["tissue"]`` (recorded as the label),
        ``obs["donor"]``, ``obs["rna_quality"]``, ``obs["contamination"]`` (share) and
        ``obs["contaminant"]`` (class); ``var["gene_id"]``, the profiles' index;
        ``uns["tissueshap"]["simulate"]["classes"]``: ``class``, ``profile``, ``n``.

    Raises
    ------
    DataError
        Samples or genes are too few for the tissues and markers, profiles are not
        expression values of different genes, or arguments do not go together.

    Examples
    --------
    >>> import pandas as pd
    >>> import tissueshap as ts
    >>> tpm = pd.DataFrame(
    ...     {"Heart": [900.0, 0.1, 40.0, 55.0], "Liver": [0.2, 2500.0, 38.0, 60.0]},
    ...     index=["MYH6", "ALB", "ACTB", "GAPDH"],
    ... )
    >>> ts.datasets.simulate(profiles=tpm, n_per_class=3).shape
    (6, 4)
    >>> hearts = ts.datasets.simulate(
    ...     profiles=tpm, map={"Heart": "heart", "Liver": "liver"}, n_per_class={"heart": 5}
    ... )
    >>> hearts.obs["tissue"].value_counts().to_dict()
    {'heart': 5}

    References
    ----------
    Dispersion trend: Love et al., Genome Biology 15:550 (2014). Biological coefficient
    of variation: McCarthy et al., Nucleic Acids Research 40:4288 (2012).
    """
    import anndata

    _check_together(locals())
    check_number("bcv", bcv, low=0)
    if profiles is not None:
        return _around(
            drawn_profiles(profiles, map, n_per_class),
            donors=donors,
            seed=seed,
            depth=depth,
            contamination=contamination,
            degradation=degradation,
            bcv=bcv,
        )
    check_number("n_genes", n_genes, low=MIN_GENES, integer=True)
    check_number("ambiguous", ambiguous, low=0, high=1)
    rng = np.random.default_rng(seed)
    table = cohort(tissues)
    relatives = table["relatives"].to_numpy(dtype=str)
    sizes = class_sizes(table["n_total"].to_numpy(dtype=np.float64), n_samples, min_class_size)
    n_markers = {"exclusive": n_exclusive, "shared": n_shared, "subtle": n_subtle}
    drawn = programme(relatives, n_genes, n_markers, rng)
    samples = draw_samples(sizes, relatives, donors=donors, ambiguous=ambiguous, rng=rng)
    counts = draw_counts(drawn.log2, samples, bcv, rng)
    obs = _obs(samples, table.index)
    var = _genes(n_genes, drawn.truth["gene"].to_numpy(), rng)
    adata = anndata.AnnData(counts, obs=obs, var=var)
    truth = drawn.truth.sort_values(["class", "kind", "gene"], ignore_index=True)
    truth["gene"] = var.index.to_numpy()[truth["gene"]]
    truth["class"] = table.index.to_numpy()[truth["class"]]
    adata.uns["truth"] = truth
    slots.label_name(adata, "tissue")
    params = {
        "n_samples": n_samples,
        "n_genes": n_genes,
        "donors": donors,
        "min_class_size": min_class_size,
        **{f"n_{kind}": number for kind, number in n_markers.items()},
        "ambiguous": ambiguous,
        "bcv": bcv,
    }
    slots.write(adata, "simulate", {}, params=params, seed=seed)
    return adata


#: The arguments that only go with profiles, and those that do not.
_WITH_PROFILES = ("map", "n_per_class", "depth", "contamination", "degradation")
_WITHOUT_PROFILES = (
    "n_samples",
    "n_genes",
    "tissues",
    "min_class_size",
    "n_exclusive",
    "n_shared",
    "n_subtle",
    "ambiguous",
)


def _check_together(arguments: Mapping[str, Any]) -> None:
    """Refuse arguments of one kind of compendium that were given for the other."""
    defaults = inspect.signature(simulate).parameters
    around = arguments["profiles"] is not None
    for name in _WITHOUT_PROFILES if around else _WITH_PROFILES:
        if arguments[name] != defaults[name].default:
            raise DataError(
                f"{name}={arguments[name]!r} is for samples "
                + (
                    "with planted markers: leave it out, or leave profiles= out"
                    if around
                    else "drawn around profiles: pass profiles= too, or leave it out"
                )
            )


def _around(
    classes: Profiles,
    *,
    donors: bool,
    seed: int,
    depth: float,
    contamination: float,
    degradation: float,
    bcv: float,
) -> AnnData:
    """Draw samples around profiles."""
    import anndata

    for name, value, most in (
        ("depth", depth, np.inf),
        ("contamination", contamination, 0.4),
        ("degradation", degradation, np.inf),
    ):
        if not 0 <= value < most or (name == "depth" and value == 0):
            raise DataError(f"{name}={value}: give a number from 0 to below {most:g}")
    rng = np.random.default_rng(seed)
    sizes = classes.sizes
    samples = draw_samples(sizes, np.arange(len(sizes)), donors=donors, ambiguous=0.0, rng=rng)
    samples = contaminated(samples, len(sizes), contamination, rng)
    counts, quality = draw_around(
        classes.values, samples, depth=depth, bcv=bcv, degradation=degradation, rng=rng
    )
    obs = _obs(samples, classes.names)
    obs["tissue"] = obs["tissue"].cat.remove_unused_categories()
    obs["rna_quality"] = quality
    obs["contamination"] = samples.share
    obs["contaminant"] = pd.Categorical.from_codes(samples.partner, classes.names)
    var = pd.DataFrame({schema.var.gene_id: classes.genes.to_numpy()}, index=classes.genes)
    adata = anndata.AnnData(counts, obs=obs, var=var)
    slots.label_name(adata, "tissue")
    params = {
        "donors": donors,
        "depth": depth,
        "contamination": contamination,
        "degradation": degradation,
        "bcv": bcv,
    }
    slots.write(adata, "simulate", {"uns": {"classes": classes.table()}}, params=params, seed=seed)
    return adata


def _obs(samples: Samples, tissues: pd.Index) -> pd.DataFrame:
    """Return ``obs``: tissue and donor."""
    tissue = pd.Categorical.from_codes(samples.codes, tissues.rename(None))
    tissue = tissue.reorder_categories(sorted(tissue.categories))
    obs = pd.DataFrame({"tissue": tissue}, index=_numbered("S", len(samples.codes)))
    if samples.donor is not None:
        names = _numbered("D", samples.n_donors)
        donor = pd.Categorical.from_codes(samples.donor, names)
        obs[schema.obs.donor] = donor.remove_unused_categories()
    return obs


def _genes(n_genes: int, markers: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return ``var``: names that no real gene has, biotypes and lengths."""
    biotype = np.where(rng.random(n_genes) < _CODING, "protein_coding", "lncRNA").astype(object)
    biotype[markers] = "protein_coding"
    genes = _numbered("G", n_genes)
    return pd.DataFrame(
        {
            schema.var.gene_id: genes.to_numpy(),
            schema.var.symbol: _numbered("SIM", n_genes).to_numpy(),
            schema.var.biotype: biotype,
            schema.var.length: np.rint(rng.lognormal(np.log(2500), 0.7, n_genes)).clip(200),
        },
        index=genes,
    )


def _numbered(prefix: str, n: int) -> pd.Index:
    """Return names of one width: ``S00001`` to ``S02000``."""
    width = max(5, len(str(n)))
    return pd.Index([f"{prefix}{number:0{width}d}" for number in range(1, n + 1)], dtype=object)
