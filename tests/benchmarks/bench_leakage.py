"""What a random split is worth: the same tissues, split at random and by donor.

GTEx donors give several tissues each. Under a random split most donors have samples on
both sides, so that the test asks for tissues of people who are known already. Scores
both splits of ``gtex_v8_panel`` (948 donors, 47 tissues, 59 genes) over some seeds, for the
classifier and for logistic regression, and writes JSON::

    python tests/benchmarks/bench_leakage.py DATA [--seeds 3] [--out leakage.json]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import tissueshap as ts
from cohorts import read_panel


def panel(folder: Path) -> Any:
    """Return the panel's 47 tissues."""
    adata = read_panel(folder)
    ts.pp.tmm(adata)
    return adata


def score(adata: Any, seed: int, groups: str | None) -> dict[str, float]:
    """Return the scores of one split."""
    ts.pp.split(adata, n_test=20, groups=groups, seed=seed)
    ts.pp.log2(adata)
    ts.pp.oversample(adata, seed=seed)
    model = ts.tl.cnn(adata, epochs=8, seed=seed)
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata, seed=seed)
    record = adata.uns["tissueshap"]["evaluate"]
    names = ("macro_f1", "baseline_macro_f1", "n_test", "n_donors", "n_shared_donors")
    return {name: float(record[name]) for name in names}


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds gtex_v8_panel/")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("bench_leakage.json"))
    options = parser.parse_args()
    adata = panel(options.data)
    found: dict[str, Any] = {}
    for name, groups in (("random", None), ("donor", "donor")):
        found[name] = [score(adata, seed, groups) for seed in range(1, options.seeds + 1)]
        for held in found[name]:
            print(name, {key: round(value, 4) for key, value in held.items()}, flush=True)
    for key in ("macro_f1", "baseline_macro_f1"):
        random, donor = ([held[key] for held in found[name]] for name in ("random", "donor"))
        difference = float(np.mean(random) - np.mean(donor))
        error = float(np.sqrt((np.var(random, ddof=1) + np.var(donor, ddof=1)) / options.seeds))
        found[f"{key}_difference"] = {"mean": difference, "standard_error": error}
        print(f"{key}: random - donor = {difference:+.4f} +- {error:.4f}")
    options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
