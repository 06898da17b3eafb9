"""An AnnData as the verbs leave it, made up so that every section can be checked."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap._core import slots
from tissueshap.tl._select_genes import by_share, unique_curve

#: Ranks that count as selected in the made-up result.
N_RANKS = 12


@pytest.fixture
def finished(toy: ad.AnnData) -> ad.AnnData:
    """The toy after a made-up run: ranks follow the planted log2FC, DE calls above 4."""
    rng = np.random.default_rng(3)
    classes = slots.class_names(toy)
    codes = slots.class_codes(toy)
    split = np.where(rng.random(toy.n_obs) < 0.3, "test", "train")
    write = slots.write
    rules = pd.DataFrame(
        {"rule": ["reads"], "applied": [True], "n_pass": [toy.n_vars], "note": ["in > 28 samples"]}
    )
    write(toy, "filter_genes", {"uns": {"rules": rules}}, params={"min_reads": 6})
    write(toy, "split", {"obs": {"split": split}}, params={"n_test": 15}, seed=42)
    sample = np.flatnonzero(split == "train")
    table = pd.DataFrame({"sample": sample, "neighbour": sample, "mix": 0.0, "weight": 1.0})
    write(toy, "oversample", {"uns": {"table": table}}, params={"method": "smote"}, seed=42)
    write(toy, "cnn", {"uns": {"history": _history()}}, params={"preset": "small"}, seed=42)
    write(toy, "evaluate", {"uns": _scores(classes, codes[split == "test"])}, params={})
    explained = np.flatnonzero(split == "test")
    samples = pd.DataFrame(
        {
            "sample": toy.obs_names[explained],
            "explained": np.asarray(classes)[codes[explained]],
            "output": 0.9,
            "base": 0.2,
            "completeness": 0.01,
        }
    )
    write(toy, "shap", {"uns": {"samples": samples}}, params={"n_draws": 200}, seed=42)
    _genes(toy, classes, rng)
    _biology(toy, classes)
    summary = pd.DataFrame(
        {
            "gene_set": ["shap", "de", "all", "random"],
            "n_genes": [40, 30, 200, 40],
            "v_measure": [0.9, 0.8, 0.7, 0.4],
            "homogeneity": [0.9, 0.8, 0.7, 0.4],
            "completeness": [0.9, 0.8, 0.7, 0.4],
            "sd": 0.01,
        }
    )
    write(toy, "cluster", {"uns": {"summary": summary}}, params={"n_starts": 5}, seed=42)
    return toy


def _biology(adata: ad.AnnData, classes: list[str]) -> None:
    """Terms of the SHAP genes alone, processes of one class, interactions of each."""
    columns = "source class ID Description GeneRatio BgRatio pvalue p.adjust qvalue geneID Count"
    term = ("R-HSA-1", "Muscle <i>contraction</i>", "6/30", "10/150", 1e-5, 1e-4, 1e-4, "a/b", 6)
    for key, name, tested in (
        ("enrich", "all", [("shap", "all", 30, 1), ("de", "all", 25, 0)]),
        ("enrich_exclusive", "Liver", [("shap", c, 9, int(c == "Liver")) for c in classes]),
    ):
        lists = pd.DataFrame(tested, columns=["source", "class", "n_genes", "n_terms"])
        uns = {
            "table": pd.DataFrame([("shap", name, *term)], columns=columns.split()),
            "lists": lists.assign(n_mapped=lists["n_genes"] - 1),
            "n_universe": 150,
        }
        params = {"engine": "offline", "gene_sets": "a/b.gmt", "min_size": 10, "max_size": 500}
        slots.write(adata, key, {"uns": uns}, params=params)
    rows = [("shap", "all", "all", 40, 70, 35.0, 2.0, 0.0, 0.0)]
    for by in ("class", "exclusive"):
        rows += [("shap", by, name, 9, 8, 2.5, 3.2, 1e-3, 2e-3) for name in classes]
    names = "source by class n_genes n_edges expected enrichment pvalue p.adjust"
    uns = {
        "table": pd.DataFrame(rows, columns=names.split()),
        "n_network_genes": 150,
        "n_network_edges": 900,
    }
    slots.write(adata, "ppi", {"uns": uns}, params={"score": 0.4})


def _history() -> pd.DataFrame:
    return pd.DataFrame({"epoch": [1, 2], "loss": [1.0, 0.5], "accuracy": [0.6, 0.9]})


def _scores(classes: list[str], codes: np.ndarray) -> dict[str, object]:
    sizes = np.bincount(codes, minlength=len(classes))
    score = np.linspace(0.8, 0.95, len(classes))
    per_class = pd.DataFrame(
        {
            "class": classes,
            "n": sizes,
            "precision": score,
            "recall": score,
            "f1": score,
            "baseline_f1": score - 0.05,
        }
    )
    confusion = pd.DataFrame(
        {
            "true": [*classes, classes[0]],
            "predicted": [*classes, classes[1]],
            "n": [*(sizes - np.eye(len(classes), dtype=int)[0] * 2), 2],
        }
    )
    return {
        "macro_f1": float(score.mean()),
        "baseline_macro_f1": float(score.mean() - 0.05),
        "accuracy": 0.9,
        "per_class": per_class,
        "confusion": confusion,
    }


def _genes(adata: ad.AnnData, classes: list[str], rng: np.random.Generator) -> None:
    logfc = pd.DataFrame(rng.normal(0, 0.3, (adata.n_vars, len(classes))), columns=classes)
    logfc.index = adata.var_names
    for gene, name, change in adata.uns["truth"][["gene", "class", "log2fc"]].to_numpy():
        logfc.loc[gene, name] += change
    fdr = pd.DataFrame(10.0 ** (-3 * logfc.abs()), columns=classes)
    rank = logfc.rank(ascending=False).astype(np.int64)
    chosen = [
        (name, gene, rank.loc[gene, name], logfc.loc[gene, name] / 100)
        for name in classes
        for gene in rank.index[rank[name] <= N_RANKS]
    ]
    genes = pd.DataFrame(chosen, columns=["class", "gene", "rank", "value"])
    genes["exclusive"] = ~genes["gene"].duplicated(keep=False)
    frames = {"shap_median": logfc / 100, "shap_rank": rank}
    slots.write(adata, "rank_genes", {"varm": frames}, params={"statistic": "median"})
    selected = adata.var_names.isin(genes["gene"])
    uns = {
        "by_share": by_share(unique_curve(rank.to_numpy(float))),
        "genes": genes,
        "n_ranks": N_RANKS,
        "n_genes": int(selected.sum()),
        "unique_fraction": 0.7,
    }
    found = {"var": {"shap_selected": selected}, "uns": uns}
    slots.write(adata, "select_genes", found, params={"threshold": 0.5})
    called = ((fdr < 0.01) & (logfc.abs() > 4)).to_numpy()
    counts = pd.DataFrame({"class": classes, "up": called.sum(axis=0), "down": 0})
    found = {
        "varm": {"de_logfc": logfc, "de_fdr": fdr, "de_pvalue": fdr / 2},
        "var": {"de_significant": called.any(axis=1)},
        "uns": {"counts": counts},
    }
    slots.write(adata, "de", found, params={"fdr": 0.01, "lfc": 4.0})
    both = int((selected & called.any(axis=1)).sum())
    per_class = pd.DataFrame(
        {
            "class": classes,
            "n_shap": N_RANKS,
            "n_de": called.sum(axis=0),
            "n_both": 6,
            "n_up": called.sum(axis=0),
            "n_down": 0,
            "fraction": 0.5,
            "expected": 0.4,
            "pvalue": 1e-6,
        }
    )
    uns = {
        "n_shap": int(selected.sum()),
        "n_both": both,
        "overlap_fraction": both / int(selected.sum()),
        "per_class": per_class,
    }
    slots.write(adata, "compare", {"uns": uns}, params={})
