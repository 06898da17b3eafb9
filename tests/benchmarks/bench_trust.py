"""Trust, measured on the simulated compendium: are the explanations right?

47 tissues, 5,000 genes, 2,000 samples, the default preset and the default selection; the
other rules, the paper's own among them, are scored beside it. Prints what was asked and what
was found, and writes both to JSON::

    python tests/benchmarks/bench_trust.py [--samples 2000] [--genes 5000] [--out trust.json]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import tissueshap as ts

CHECKS = ("completeness", "use", "randomisation", "bootstrap", "methods", "truth")


def compendium(n_samples: int, n_genes: int, seed: int) -> tuple[Any, Any]:
    """Return the compendium after every verb up to DE, and the classifier."""
    adata = ts.datasets.simulate(n_samples, n_genes, seed=seed)
    ts.pp.filter_genes(adata)
    ts.pp.tmm(adata)
    ts.pp.split(adata, n_test=10, seed=seed)
    ts.pp.log2(adata)
    ts.pp.oversample(adata, seed=seed)
    model = ts.tl.cnn(adata, seed=seed)
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata, baseline=False)
    ts.tl.shap(adata, model, seed=seed)
    ts.tl.rank_genes(adata)
    ts.tl.de(adata)
    return adata, model


def measure(adata: Any, model: Any, seed: int) -> dict[str, Any]:
    """Return the figures that were asked, and those that say why."""
    found: dict[str, Any] = {"rules": {}}
    planted = set(adata.uns["truth"]["gene"])
    for method in ("unique_fraction", "permutation_fdr", "elbow", "peak"):
        ts.tl.select_genes(adata, method=method)
        record = adata.uns["tissueshap"]["select_genes"]
        genes = adata.var_names[adata.var["shap_selected"]]
        found["rules"][method] = {
            "n_ranks": int(record["n_ranks"]),
            "n_genes": len(genes),
            "planted": float(np.mean([gene in planted for gene in genes])),
        }
    ts.tl.trust(adata, model, checks=CHECKS, n_samples=2, seed=seed)
    record = adata.uns["tissueshap"]["trust"]
    table = record["summary"].set_index("measure")["value"]
    truth = record["truth"].set_index(["kind", "method"])
    subtle = truth.loc["subtle", ["recall", "average_precision"]]
    found["asked"] = {
        "planted_share": [
            0.8,
            float(table["share of the selected genes that are planted markers"]),
        ],
        "exclusive_recall": [0.9, float(table["recall of the exclusive markers"])],
        "completeness": [
            0.02,
            float(table["median relative error of a sample's sum of values"]),
        ],
        "randomised_correlation": [
            0.1,
            float(table["rank correlation with the values of a network of random weights"]),
        ],
    }
    found["subtle"] = subtle.to_dict("index")
    found["best_at_subtle_genes"] = str(subtle["average_precision"].idxmax())
    found["macro_f1"] = float(adata.uns["tissueshap"]["evaluate"]["macro_f1"])
    found["summary"] = record["summary"].drop(columns="question").to_dict("records")
    found["truth"] = record["truth"].to_dict("records")
    found["methods"] = record["methods"].to_dict("records")
    found["gains"] = record["gains"].to_dict("records")
    return found


def show(found: dict[str, Any]) -> None:
    """Print the figures."""
    for name, (asked, value) in found["asked"].items():
        good = value >= asked if name in ("planted_share", "exclusive_recall") else value <= asked
        print(f"{name:24s} {value:7.4f}   asked {asked:<5}  {'met' if good else 'FELL SHORT'}")
    for rule, held in found["rules"].items():
        print(
            f"select_genes({rule!r}): {held['n_ranks']} ranks, {held['n_genes']} genes, "
            f"{held['planted']:.0%} planted"
        )
    for method, held in found["subtle"].items():
        print(
            f"subtle genes, {method:20s} recall {held['recall']:.3f}, average precision "
            f"{held['average_precision']:.3f}"
        )
    print(f"best at subtle genes: {found['best_at_subtle_genes']}")
    with pd.option_context("display.width", 160, "display.max_columns", 12):
        columns = ["check", "measure", "value", "chance", "threshold", "verdict"]
        print(pd.DataFrame(found["summary"])[columns].to_string(index=False))


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--genes", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, default=Path("bench_trust.json"))
    options = parser.parse_args()
    started = time.perf_counter()
    adata, model = compendium(options.samples, options.genes, options.seed)
    found = measure(adata, model, options.seed)
    found["seconds"] = time.perf_counter() - started
    show(found)
    options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
