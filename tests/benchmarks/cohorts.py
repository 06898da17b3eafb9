"""The numbers and figures of docs/cohorts, from the real cohorts.

    TISSUESHAP_DATA=... python tests/benchmarks/cohorts.py [panel|primates|gtex_hpa ...]

prints each cohort's numbers as JSON and writes its figures to docs/cohorts/figures. The
tests of tests/python/cohorts run the same functions and hold the numbers to bounds.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap import io, pl, pp, settings, tl
from tissueshap.model._presets import Standardise

HERE = Path(__file__).resolve().parent
FIGURES = HERE.parents[1] / "docs" / "cohorts" / "figures"

#: HPA's tissues that GTEx has, with GTEx's name for them.
HPA_MAP = dict(
    pd.read_csv(HERE.parents[1] / "docs" / "cohorts" / "hpa_to_gtex.tsv", sep="\t").to_numpy()
)
#: Trained again with each, to see how far a number hangs on chance.
SEEDS = (42, 1, 2)


def read_gtex_hpa(data: Path) -> tuple[AnnData, AnnData]:
    """Return GTEx and the Human Protein Atlas, logarithms of 467 genes."""
    folder = data / "gtex_hpa_entrez"
    gtex, hpa = (
        io.read_counts(
            folder / f"{name}_log_expression.tsv.gz",
            folder / f"{name}_samples.tsv.gz",
            label="tissue",
            values="log",
        )
        for name in ("gtex", "hpa")
    )
    return gtex, hpa


def read_panel(data: Path) -> AnnData:
    """Return GTEx's 47 tissues, counts of 59 genes."""
    folder = data / "gtex_v8_panel"
    return io.read_counts(
        folder / "gene_reads.gct.gz",
        folder / "samples.tsv.gz",
        label="tissue_type_detailed",
        donor="donor",
        exclude=("Cells*",),
        min_class_size=25,
    )


def primates(data: Path, **figures: Any) -> dict[str, Any]:
    """Train on Brawand's ten species and predict Blake's three primates."""
    adata = _counts(data / "brawand_tetrapod", data)
    other = _counts(data / "blake_primates", data)
    shared = adata.var_names.intersection(other.var_names)
    adata, other = adata[:, shared].copy(), other[:, shared].copy()
    other.obs["tissue"] = other.obs["tissue"].astype(str)
    for each in (adata, other):
        each.uns["tissueshap"]["label"] = "tissue"
    pp.filter_genes(adata, subset=True)
    pp.tmm(adata)
    pp.split(adata, n_test=5)
    pp.log2(adata)
    pp.oversample(adata)
    model = tl.cnn(adata)
    tl.predict(adata, model)
    tl.evaluate(adata)
    _explain(adata, model)

    full = other.copy()
    pp.tmm(full)
    tl.de(full)
    other = other[:, adata.var_names].copy()
    pp.tmm(other, reference=adata)
    pp.log2(other)
    pp.harmonise(other, adata)
    found = {
        "n_genes_shared": len(shared),
        "n_genes": adata.n_vars,
        "held_out": _held_out(adata),
        "by_seed": [_transferred(adata, other, seed) for seed in SEEDS],
        "logistic_regression": _logistic(adata, other, {}, layer="log2"),
    }
    tl.predict(other, model)
    tl.transfer(other)
    found["transfer"] = _scored(other)
    explained = other[other.obs["tissue"] != "Lung"].copy()
    _explain_other(explained, adata, model)
    tl.stability(adata, explained)
    found["stability"] = _stability(adata)
    tl.stability(adata, explained, n_top=100)
    found["stability_top_100"] = _stability(adata)
    tl.de(adata)
    tl.compare(adata)
    tl.cluster(adata, n_starts=20, n_random=3, samples="all")
    found["overlap_with_de"] = float(adata.uns["tissueshap"]["compare"]["overlap_fraction"])
    found["de_in_both"] = _de_in_both(adata, full)
    found["heart_overlap_with_de"] = (
        adata.uns["tissueshap"]["compare"]["per_class"].set_index("class").loc["Heart"].to_dict()
    )
    sets = data / "annotation" / "reactome_symbols.gmt.gz"
    found["heart"] = {
        "de": _heart(adata, sets, "de"),
        "de_blake": _heart(full, sets, "de"),
        "shap": _heart(adata, sets, "shap"),
    }
    tl.project(other, adata)
    _draw(figures, "primates_stability", pl.stability, adata)
    _draw(figures, "primates_projection", pl.projection, other, gene_sets=["shap", "random"])
    for n_top in (50, 100, 200, 400):
        tl.select_genes(adata, method="top_n", n_top=n_top)
        found["heart"][f"shap, top {n_top}"] = _heart(adata, sets, "shap")
    found["heart"] |= {
        f"shap, seed {seed}": _heart_of_seed(adata, sets, seed) for seed in SEEDS if seed != 42
    }
    return found


def gtex_hpa(data: Path, **figures: Any) -> dict[str, Any]:
    """Train on GTEx's logarithms and predict the Human Protein Atlas."""
    adata, other = read_gtex_hpa(data)
    pp.split(adata, n_test=4)
    pp.oversample(adata, layer="log2")
    pp.harmonise(other, adata)
    model = tl.cnn(adata)
    tl.predict(adata, model)
    tl.evaluate(adata)
    _explain(adata, model)
    found: dict[str, Any] = {
        "held_out": _held_out(adata),
        "by_seed": [
            _transferred(adata, other, seed, standardise=standardise, map=HPA_MAP)
            for standardise in ("samples", "none", "genes")
            for seed in SEEDS
        ],
        "logistic_regression": {
            f"{layer}, standardised {scaled}": _logistic(
                adata, other, HPA_MAP, layer=layer, scaled=scaled
            )
            for layer in ("log2", "harmonised")
            for scaled in (True, False)
        },
    }
    tl.de(adata, method="limma", lfc=2.0)
    tl.compare(adata)
    found["overlap_with_de"] = float(adata.uns["tissueshap"]["compare"]["overlap_fraction"])
    tl.cluster(adata, gene_sets=("shap", "all", "random"), n_starts=20, n_random=3)
    for layer in ("log2", "harmonised"):
        tl.predict(other, model, layer=layer)
        tl.transfer(other, map=HPA_MAP)
        _explain_other(other, adata, model, layer=layer)
        tl.stability(adata, other, map=HPA_MAP)
        found[layer] = {
            "transfer": _scored(other),
            "stability": _stability(adata),
            "adipose": _taken_for(other, "adipose tissue"),
        }
        if layer == "log2":
            _draw(figures, "gtex_hpa_transfer_raw", pl.transfer, other)
    tl.project(other, adata, layer="harmonised")
    _draw(figures, "gtex_hpa_transfer", pl.transfer, other)
    _draw(figures, "gtex_hpa_stability", pl.stability, adata)
    return found


def panel(data: Path, *, preset: str = "default", **figures: Any) -> dict[str, Any]:
    """Do all that 59 genes allow, on 47 tissues."""
    adata = read_panel(data)
    pp.tmm(adata)
    pp.split(adata, n_test=50)
    pp.log2(adata)
    pp.oversample(adata)
    model = tl.cnn(adata, preset=preset)
    tl.predict(adata, model)
    tl.evaluate(adata)
    tl.shap(adata, model, n_draws=50)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="unique_fraction")
    tl.de(adata, lfc=1.0)
    tl.compare(adata)
    tl.cluster(adata, n_starts=5, n_random=3)
    tl.compare_balancing(adata, preset=preset, epochs=8)
    record = adata.uns["tissueshap"]
    _draw(figures, "panel_balancing", pl.balancing, adata)
    _draw(figures, "panel_confusion", pl.confusion, adata)
    return {
        "n_samples": adata.n_obs,
        "n_train_balanced": len(record["oversample"]["table"]),
        "held_out": _held_out(adata),
        "balancing": record["compare_balancing"]["summary"].to_dict("records"),
        "n_ranks": int(record["select_genes"]["n_ranks"]),
        "n_shap": int(record["select_genes"]["n_genes"]),
        "n_de": int(record["compare"]["n_de"]),
        "v_measure": record["cluster"]["summary"].set_index("gene_set")["v_measure"].to_dict(),
    }


def _counts(folder: Path, data: Path) -> AnnData:
    return io.read_counts(
        folder / "counts.tsv.gz",
        folder / "samples.tsv.gz",
        label="tissue",
        annotation=data / "annotation" / "genes_ensembl76.tsv.gz",
    )


def _explain(adata: AnnData, model: Any) -> None:
    tl.shap(adata, model, n_draws=100)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="unique_fraction")


def _explain_other(other: AnnData, adata: AnnData, model: Any, *, layer: str = "log2") -> None:
    """Explain what each sample is predicted as; rank the genes of its own class."""
    train = (adata.obs["split"] == "train").to_numpy()
    background = np.asarray(adata.layers["log2"][train])
    tl.shap(other, model, samples="all", background=background, n_draws=100, layer=layer)
    tl.rank_genes(other, by="label")


def _held_out(adata: AnnData) -> dict[str, float]:
    record = adata.uns["tissueshap"]["evaluate"]
    return {name: float(record[name]) for name in ("macro_f1", "baseline_macro_f1", "accuracy")}


def _transferred(
    adata: AnnData, other: AnnData, seed: int, *, standardise: Standardise = "samples", **how: Any
) -> dict[str, Any]:
    """Train with a seed, and score both inputs of the other cohort."""
    model = tl.cnn(adata, standardise=standardise, seed=seed, key_added="again")
    found: dict[str, Any] = {"seed": seed, "standardise": standardise}
    for layer in ("log2", "harmonised"):
        tl.predict(other, model, layer=layer)
        tl.transfer(other, **how)
        found[layer] = _scored(other)["n_correct"]
    del adata.uns["tissueshap"]["again"]
    return found


def _scored(other: AnnData) -> dict[str, Any]:
    record = other.uns["tissueshap"]["transfer"]
    numbers = ("n_correct", "n_scored", "accuracy", "macro_f1")
    return {name: record[name] for name in numbers}


def _taken_for(other: AnnData, name: str) -> dict[str, int]:
    own = (other.obs["tissue"] == name).to_numpy()
    return {str(k): int(n) for k, n in other.obs["predicted"][own].value_counts().items() if n}


def _logistic(
    adata: AnnData, other: AnnData, named: dict[str, str], *, layer: str, scaled: bool = True
) -> dict[str, int]:
    """Score scikit-learn's logistic regression, trained on all samples of the first cohort."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    true = other.obs["tissue"].astype(str).map(lambda name: named.get(name, name))
    kept = true.isin(set(adata.obs["tissue"])).to_numpy()
    places = other.var_names.get_indexer(adata.var_names)
    steps = [StandardScaler()] if scaled else []
    model = make_pipeline(*steps, LogisticRegression(max_iter=5000))
    model.fit(adata.layers["log2"], adata.obs["tissue"].astype(str))
    found = model.predict(other.layers[layer][kept][:, places])
    return {"n_correct": int((found == true[kept]).sum()), "n_scored": int(kept.sum())}


def _stability(adata: AnnData) -> dict[str, Any]:
    record = adata.uns["tissueshap"]["stability"]
    columns = ["class", "n_both", "expected", "pvalue", "rbo", "rbo_expected", "closest"]
    return {
        "n_genes": record["n_genes"],
        "n_top": record["n_top"],
        "per_class": record["per_class"][columns].to_dict("records"),
    }


#: Reactome's words for what a heart does.
HEART_TERMS = ("Muscle contraction", "Respiratory electron transport")


def _heart(adata: AnnData, sets: Path, source: str) -> dict[str, Any]:
    """Return what the heart's genes are enriched in, and where the two terms stand."""
    tl.enrich(adata, sets, source=source, by="class", pvalue_cutoff=1, qvalue_cutoff=1)
    table = adata.uns["tissueshap"]["enrich"]["table"]
    table = table[table["class"].astype(str) == "Heart"].sort_values("pvalue")
    columns = ["Description", "GeneRatio", "BgRatio", "pvalue", "p.adjust"]
    expected = table[table["Description"].isin(HEART_TERMS)]
    return {
        "n_significant": int((table["p.adjust"] < 0.05).sum()),
        "first": table[columns].head(5).to_dict("records"),
        "expected": expected[columns].to_dict("records"),
    }


def _heart_of_seed(adata: AnnData, sets: Path, seed: int) -> dict[str, Any]:
    """Train, explain and select with another seed, in place."""
    _explain(adata, tl.cnn(adata, seed=seed))
    return _heart(adata, sets, "shap")


def _de_in_both(adata: AnnData, other: AnnData) -> list[dict[str, Any]]:
    """Return how many genes each cohort calls up in a class, and how many both do."""
    from scipy.stats import hypergeom

    genes = adata.var_names.intersection(other.var_names)
    rows = []
    for name in ("Heart", "Kidney", "Liver"):
        first, second = (
            (each.varm["de_fdr"].loc[genes, name] < 0.01)
            & (each.varm["de_logfc"].loc[genes, name] > 1)
            for each in (adata, other)
        )
        both, n = int((first & second).sum()), len(genes)
        rows.append(
            {
                "class": name,
                "n_first": int(first.sum()),
                "n_second": int(second.sum()),
                "n_both": both,
                "expected": float(first.sum() * second.sum() / n),
                "pvalue": float(hypergeom.sf(both - 1, n, first.sum(), second.sum())),
            }
        )
    return rows


def _draw(figures: dict[str, Any], name: str, make: Any, adata: AnnData, **how: Any) -> None:
    if figures.get("folder") is not None:
        make(adata, **how).savefig(figures["folder"] / f"{name}.png", dpi=75)


COHORTS = {"primates": primates, "gtex_hpa": gtex_hpa, "panel": panel}


def main() -> None:
    settings.progress = False
    data = Path(os.environ["TISSUESHAP_DATA"])
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or COHORTS:
        found = COHORTS[name](data, folder=FIGURES)
        print(json.dumps({name: found}, indent=1, default=float))


if __name__ == "__main__":
    main()
