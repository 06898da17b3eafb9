"""The classifier at its best: scores of presets, architectures, layouts and balancing.

Three real data sets: the panel (47 tissues, 59 genes), Brawand's ten species (and Blake's
primates, another study), and GTEx on 467 genes (and the Human Protein Atlas, as it comes and
as z-scores). A seed decides the split, the balancing and the training. A line of JSON a cell
is appended to a file; cells that it holds already are not run again::

    TISSUESHAP_DATA=... python tests/benchmarks/bench_classifier.py [--seeds 5] [--out FILE]
    python tests/benchmarks/bench_classifier.py --table [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bench_leakage import panel

from cohorts import HPA_MAP, _counts, read_gtex_hpa
from tissueshap import pp, settings, tl
from tissueshap.model._presets import for_size, preset
from tissueshap.pp._log2 import PUBLISHED


@dataclass(frozen=True)
class Cell:
    """What a network is trained with."""

    preset: str = "default"
    arch: str = "mlp"
    layout: str = "input"
    balance: str = "smote"
    standardise: str = "samples"
    n_models: int = 1


#: A fraction of all combinations: each of the default's settings changed by itself.
CELLS = (
    Cell(),
    Cell(preset="logistic regression", arch="linear", balance="none"),
    Cell(standardise="genes"),
    Cell(arch="linear"),
    *(Cell(balance=name) for name in ("none", "class_weight", "random", "undersample")),
    Cell(standardise="none"),
    Cell(n_models=5),
    Cell(balance="random", n_models=5),
    *(Cell(arch="cnn", layout=name) for name in ("input", "permuted", "clustered", "umap")),
    Cell(preset="paper", arch="cnn", standardise="none"),
)


@dataclass
class Study:
    """A data set, and another cohort where there is one."""

    adata: Any
    n_test: int
    mixed: str
    other: Any = None
    map: dict[str, str] | None = None


def studies(data: Path) -> dict[str, Study]:
    """Return the three data sets, ready to be split."""
    gtex, hpa = read_gtex_hpa(data)
    brawand, blake = (_counts(data / name, data) for name in ("brawand_tetrapod", "blake_primates"))
    shared = brawand.var_names.intersection(blake.var_names)
    brawand, blake = brawand[:, shared].copy(), blake[:, shared].copy()
    for each in (brawand, blake):
        each.obs["tissue"] = each.obs["tissue"].astype(str)
        each.uns["tissueshap"]["label"] = "tissue"
    pp.filter_genes(brawand, subset=True)
    pp.tmm(brawand)
    blake = blake[:, brawand.var_names].copy()
    pp.tmm(blake, reference=brawand)
    return {
        "gtex_hpa": Study(gtex, 4, "log2", hpa, HPA_MAP),
        "panel": Study(panel(data), 50, "tmm"),
        "brawand": Study(brawand, 5, "tmm", blake),
    }


def score(study: Study, cell: Cell, seed: int) -> dict[str, Any]:
    """Return the scores of one training."""
    adata, other = study.adata, study.other
    pp.split(adata, n_test=study.n_test, seed=seed)
    if study.mixed == "tmm":
        logarithm = PUBLISHED if cell.preset == "paper" else {}
        for each in (adata, *([] if other is None else [other])):
            pp.log2(each, **logarithm)
    if cell.preset == "logistic regression":
        return _logistic(study, seed)
    pp.oversample(adata, method=cell.balance, layer=study.mixed, seed=seed)
    n_train = int((adata.obs["split"] == "train").sum())
    chosen = for_size(preset(cell.preset), n_train, adata.n_vars)
    chosen = chosen.changed(arch=cell.arch, layout=cell.layout, standardise=cell.standardise)
    started = time.process_time(), time.perf_counter()
    model = tl.cnn(adata, preset=chosen, n_models=cell.n_models, seed=seed)
    found = {
        "cpu": time.process_time() - started[0],
        "wall": time.perf_counter() - started[1],
        "n_rows": int(adata.uns["tissueshap"]["cnn"]["n_rows"]),
        "val_loss": float(model.history["val_loss"].iloc[-1]),
    }
    tl.predict(adata, model)
    tl.evaluate(adata, baseline=False)
    found["macro_f1"] = float(adata.uns["tissueshap"]["evaluate"]["macro_f1"])
    if other is not None:
        pp.harmonise(other, adata)
        for layer in ("log2", "harmonised"):
            tl.predict(other, model, layer=layer)
            tl.transfer(other, map=study.map)
            record = other.uns["tissueshap"]["transfer"]
            found[layer] = [int(record["n_correct"]), int(record["n_scored"])]
    return found


def _logistic(study: Study, seed: int) -> dict[str, Any]:
    """Score the baseline of ``tl.evaluate``, on the same samples."""
    adata, other = study.adata, study.other
    train = np.flatnonzero(adata.obs["split"] == "train")
    test = np.flatnonzero(adata.obs["split"] == "test")
    names = adata.obs[adata.uns["tissueshap"]["label"]].astype(str).to_numpy()
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    x = np.asarray(adata.layers["log2"])
    started = time.process_time(), time.perf_counter()
    model.fit(x[train], names[train])
    found: dict[str, Any] = {
        "cpu": time.process_time() - started[0],
        "wall": time.perf_counter() - started[1],
        "n_rows": len(train),
        "macro_f1": f1_score(names[test], model.predict(x[test]), average="macro"),
    }
    if other is not None:
        pp.harmonise(other, adata)
        places = other.var_names.get_indexer(adata.var_names)
        true = other.obs["tissue"].astype(str).map(lambda name: (study.map or {}).get(name, name))
        kept = true.isin(set(names)).to_numpy()
        for layer in ("log2", "harmonised"):
            predicted = model.predict(np.asarray(other.layers[layer])[kept][:, places])
            found[layer] = [int((predicted == true[kept]).sum()), int(kept.sum())]
    return found


def table(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the means over the seeds, and the standard deviation of macro F1."""
    rows = []
    keys = list(asdict(Cell()))
    frame = pd.DataFrame(lines)
    for (data, *cell), held in frame.groupby(["data", *keys], sort=False):
        row = {"data": data, **dict(zip(keys, cell, strict=True)), "seeds": len(held)}
        row["macro F1"] = f"{held['macro_f1'].mean():.3f}"
        if len(held) > 1:
            row["macro F1"] += f" ± {held['macro_f1'].std():.3f}"
        for layer in ("log2", "harmonised"):
            pairs = [pair for pair in held[layer] if isinstance(pair, list)]
            right = [pair[0] for pair in pairs]
            row[layer] = (
                f"{np.mean(right):.1f} ({min(right)}-{max(right)}) of {pairs[0][1]}"
                if pairs
                else ""
            )
        row["CPU s"] = f"{held['cpu'].mean():.0f}"
        rows.append(row)
    return pd.DataFrame(rows).sort_values("data", kind="stable")


def markdown(frame: pd.DataFrame) -> str:
    """Return a table as Markdown."""
    rows = [frame.columns, ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", nargs="+", default=["gtex_hpa", "panel", "brawand"])
    parser.add_argument("--cells", type=int, default=len(CELLS), help="the first so many cells")
    parser.add_argument("--table", action="store_true", help="print what the file holds")
    parser.add_argument("--out", type=Path, default=Path("bench_classifier.jsonl"))
    options = parser.parse_args()
    lines = []
    if options.out.exists():
        lines = [json.loads(line) for line in options.out.read_text("utf-8").splitlines()]
    if options.table:
        print(markdown(table(lines)))
        return
    settings.progress = False
    keys = list(asdict(Cell()))
    done = {
        (line["data"], line["seed"], Cell(**{key: line[key] for key in keys})) for line in lines
    }
    held = studies(Path(os.environ["TISSUESHAP_DATA"]))
    for seed in range(1, options.seeds + 1):
        for name in options.data:
            for cell in CELLS[: options.cells]:
                # GTEx has 20 samples of each tissue here: there is nothing to balance.
                alike = name == "gtex_hpa" and cell.balance not in ("smote", "none")
                if alike or (name, seed, cell) in done:
                    continue
                found = score(held[name], cell, seed)
                found = {"data": name, "seed": seed, **asdict(cell), **found}
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
