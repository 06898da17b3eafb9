"""What is measured of a fitted method, class by class."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from biology.methods import Fitted
from biology.studies import Study, in_selection
from tissueshap.enrichment._gene_sets import GeneSets
from tissueshap.enrichment._over_representation import over_representation

#: Genes of a class that are looked up in gene sets.
N_ENRICHED = 50


def measured(study: Study, fitted: Fitted, sets: GeneSets) -> list[dict[str, Any]]:
    """Return one row per class: its genes, their biology, and how its samples are predicted.

    A class without an explanation (none of its held-out samples is predicted correctly) has
    no genes, and a share of 0.
    """
    known = set(study.symbols.values()) & sets.universe
    return [
        {
            "class": name,
            "half": "selection" if in_selection(name) else "confirmation",
            **_genes(study, fitted.scores[name], name, sets, known),
            **_scored("", study.adata[study.adata.obs["split"] == "test"], fitted.predicted, name),
            **_scored("other_", study.other, fitted.other, name),
        }
        for name in study.classes
    ]


def _genes(
    study: Study, scores: pd.Series, name: str, sets: GeneSets, known: set[str]
) -> dict[str, Any]:
    """Return a class's first genes, and what is known of them."""
    order = np.argsort(-scores.to_numpy(dtype=np.float64), kind="stable")
    genes = scores.index[order]
    first = genes if scores.notna().any() else genes[:0]
    row: dict[str, Any] = {"top": [study.symbols.get(gene, gene) for gene in first[:20]]}
    if name in study.specific:
        own = study.specific[name]
        row |= {f"top_{n}": sum(gene in own for gene in first[:n]) / n for n in (10, 20)}
        row["chance"] = len(own) / len(genes)
        if study.misplaced:
            row["misplaced"] = sum(gene in study.misplaced for gene in first[:20]) / 20
    if name in study.markers:
        own = study.markers[name]
        ranks = 1 + np.flatnonzero(genes.isin(own)) if len(first) else [len(genes)]
        row["marker_rank"] = float(np.median(ranks))
        row["markers_in_12"] = sum(gene in own for gene in first[:12])
    if len(known) > N_ENRICHED:
        listed = [study.symbols.get(gene, gene) for gene in first[:N_ENRICHED]]
        row |= _terms(listed, sets, known)
    return row


def _terms(genes: Collection[str], sets: GeneSets, known: set[str]) -> dict[str, Any]:
    """Return how many gene sets a list is enriched in, and the first."""
    table = over_representation(list(genes), sets, known, min_size=10, max_size=500)
    significant = table[table["p.adjust"] < 0.05]
    return {
        "n_terms": len(significant),
        "term": significant["ID"].iloc[0] if len(significant) else "",
    }


def _scored(prefix: str, adata: Any, predicted: np.ndarray | None, name: str) -> dict[str, Any]:
    """Return a class's samples, those of them predicted as it, and those of others."""
    if adata is None or predicted is None:
        return {}
    true = adata.obs[adata.uns["tissueshap"]["label"]].astype(str).to_numpy()
    return {
        f"{prefix}n": int((true == name).sum()),
        f"{prefix}correct": int(((true == name) & (predicted == name)).sum()),
        f"{prefix}wrong": int(((true != name) & (predicted == name)).sum()),
    }
