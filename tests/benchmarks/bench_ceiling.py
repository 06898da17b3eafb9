"""How many tissue-specific genes a ranking could find if it knew each tissue's mean exactly.

Genes are ranked by sixty scores of the profiles that cohorts of bench_biology.py are drawn
around, without drawing any sample; the best is chosen with the answer in sight, so it is an
upper bound for rankings by effect size::

    TISSUESHAP_DATA=... python tests/benchmarks/bench_ceiling.py
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from biology.studies import _by_tissue

OFFSETS = (0.1, 1, 2, 5, 10, 20, 50, 100, 200, 500)
N_TOP = 20


def scores(tpm: pd.DataFrame, offset: float) -> dict[str, pd.DataFrame]:
    """Return each gene's score for each tissue, by the name of the score."""
    logs = np.log2(tpm + offset)
    away, spread = logs.sub(logs.mean(axis=1), axis=0), logs.std(axis=1)
    others = tpm.sum(axis=1) / tpm.max(axis=1) - 1
    tau = 1 - others / (tpm.shape[1] - 1)
    return {
        "minus the mean": away,
        "minus the highest other": _minus_other(logs, 1),
        "minus the second highest other": _minus_other(logs, 2),
        "over the spread + 0.3": away.div(spread + 0.3, axis=0),
        "over the spread + 1": away.div(spread + 1, axis=0),
        "times tau": away.mul(tau, axis=0),
    }


def _minus_other(logs: pd.DataFrame, number: int) -> pd.DataFrame:
    ordered = np.sort(logs.to_numpy(), axis=1)
    first, next_one = ordered[:, [-number]], ordered[:, [-number - 1]]
    return logs - np.where(logs.to_numpy() >= first, next_one, first)


def share(score: pd.DataFrame, specific: Mapping[str, set[str]]) -> float:
    """Return the mean share of the first genes of a tissue that are specific to it."""
    found = [
        np.mean([gene in genes for gene in score[name].nlargest(N_TOP).index])
        for name, genes in specific.items()
    ]
    return float(np.mean(found))


def main() -> None:
    """Run it from the command line."""
    data = Path(os.environ["TISSUESHAP_DATA"])
    folder = data / "tissue_profiles"
    tables = {
        name: pd.read_csv(folder / f"{name}_mean_tpm.tsv.gz", sep="\t", index_col=0)
        for name in ("gtex", "hpa")
    }
    genes = tables["gtex"].index.intersection(tables["hpa"].index)
    pairs = pd.read_csv(folder / "tissue_map.tsv", sep="\t")
    for own, judge in (("gtex", "hpa"), ("hpa", "gtex")):
        known = _by_tissue(data, judge)
        specific = {
            name: known[other] for name, other in zip(pairs[own], pairs[judge], strict=True)
        }
        tpm = tables[own].loc[genes]
        found = {
            (name, offset): share(score, specific)
            for offset, (name, score) in (
                (offset, item) for offset in OFFSETS for item in scores(tpm, offset).items()
            )
        }
        best = sorted(found, key=lambda key: -found[key])[:3]
        print(f"profiles of {own}: {len(found)} scores")
        for name, offset in best:
            print(f"  {found[name, offset]:.3f}  log2(TPM + {offset:g}) {name}")


if __name__ == "__main__":
    main()
