"""Trust, measured: the table of ``tl.trust`` on simulated and on real data.

Studies are a data set with a classifier: the compendium (47 tissues, 5,000 genes, 2,000
samples, the default preset and selection), GTEx's panel of 59 genes, GTEx with the Human
Protein Atlas as the other cohort; each also as an average of five networks or as an image; and
91 samples of GTEx on the whole genome, for what a quick table costs alone.
The simulated one is held to what is planted, and the paper's own rule, and others, are
scored beside the default one. Prints what was asked and what was found, and writes both to
JSON after each check: started again, it goes on where it was. It also measures how much longer
than explaining a quick table takes, one after the other. With ``--docs`` the table of
docs/trust.md is renewed from the file::

    TISSUESHAP_DATA=... python tests/benchmarks/bench_trust.py [STUDY ...] [--check NAME ...]
        [--samples 2000] [--genes 5000] [--folder .] [--out trust.json]
    python tests/benchmarks/bench_trust.py --docs
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd

import tissueshap as ts
from cohorts import HPA_MAP, read_gtex_hpa, read_panel
from tissueshap.trust import CHECKS, FAILS, NOT_MEASURED

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "trust.md"
START, END = "<!-- measured: generated -->\n", "\n<!-- measured: end -->"
#: Made together: what the first makes, networks or scores of the genes, the others ask for.
TOGETHER = (("seeds", "order"), ("methods", "use", "truth"))
#: Figures that the explanation of the compendium must reach, and whether high ones are good.
ASKED = {
    "share of the selected genes that are planted markers": (0.8, True),
    "recall of the exclusive markers": (0.9, True),
    "median relative error of a sample's sum of values": (0.05, False),
}


@dataclass(frozen=True)
class Study:
    """A data set, a classifier, and what is asked of them.

    Attributes
    ----------
    read
        Returns the AnnData up to ``pp.oversample``.
    other
        Compares with another cohort, in place: adata, model.
    checks
        Those that are made.
    training
        Settings of ``tl.cnn``.
    """

    read: Callable[[], Any]
    other: Callable[[Any, Any], None] | None = None
    checks: tuple[str, ...] = tuple(CHECKS)
    training: dict[str, Any] = field(default_factory=dict)


def studies(n_samples: int, n_genes: int, seed: int, data: Path) -> dict[str, Study]:
    """Return the studies by name."""

    def simulated(size: int = n_samples, genes: int = n_genes) -> Any:
        return _from_counts(ts.datasets.simulate(size, genes, seed=seed), 10, seed)

    def panel() -> Any:
        adata = read_panel(data)
        ts.pp.tmm(adata)
        return _split(adata, 50, seed)

    def gtex() -> Any:
        adata, _ = read_gtex_hpa(data)
        ts.pp.split(adata, n_test=4, seed=seed)
        ts.pp.oversample(adata, layer="log2", seed=seed)
        return adata

    def mosaic() -> Any:
        folder = data / "gtex_mosaic"
        tables = folder / "counts.tsv.gz", folder / "samples.tsv.gz"
        return _from_counts(ts.io.read_counts(*tables, label="label", min_class_size=5), 3, seed)

    def hpa(adata: Any, model: Any) -> None:
        _, other = read_gtex_hpa(data)
        ts.pp.harmonise(other, adata)
        train = (adata.obs["split"] == "train").to_numpy()
        background = np.asarray(adata.layers["log2"][train])
        how: dict[str, Any] = {"samples": "all", "layer": "harmonised"}
        ts.tl.shap(other, model, background=background, seed=seed, **how)
        ts.tl.rank_genes(other, by="label")
        ts.tl.stability(adata, other, map=HPA_MAP)

    def again(adata: Any, model: Any) -> None:
        del model
        # The seed makes the genes' programme; other numbers of samples, other donors.
        other = ts.datasets.simulate(6 * n_samples // 5, n_genes, seed=seed)
        if not other.uns["truth"].equals(adata.uns["truth"]):
            raise ValueError("the other cohort has other planted markers")
        _explain(_from_counts(other, 10, seed + 1), {}, seed + 1, adata)

    seeds, both = ("seeds",), ("seeds", "order")
    five, image = {"n_models": 5}, {"arch": "cnn"}
    return {
        "compendium": Study(simulated, again),
        "compendium, 5 networks": Study(simulated, checks=seeds, training=five),
        "gtex_hpa": Study(gtex, hpa),
        "gtex_hpa, 5 networks": Study(gtex, checks=seeds, training=five),
        "gtex_hpa, image": Study(gtex, checks=both, training=image),
        "panel": Study(panel),
        "mosaic": Study(mosaic, checks=()),
        "compendium of 1,000 genes, image": Study(
            lambda: simulated(genes=1000), checks=both, training=image
        ),
    }


def _from_counts(adata: Any, n_test: int, seed: int) -> Any:
    ts.pp.filter_genes(adata, subset=True)
    ts.pp.tmm(adata)
    return _split(adata, n_test, seed)


def _split(adata: Any, n_test: int, seed: int) -> Any:
    ts.pp.split(adata, n_test=n_test, seed=seed)
    ts.pp.log2(adata)
    ts.pp.oversample(adata, seed=seed)
    return adata


def _explain(adata: Any, training: dict[str, Any], seed: int, first: Any = None) -> Any:
    """Train, explain and select; of a second cohort, compare the genes with the first's."""
    model = ts.tl.cnn(adata, seed=seed, **training)
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata, baseline=False)
    ts.tl.shap(adata, model, seed=seed)
    ts.tl.rank_genes(adata)
    if first is not None:
        ts.tl.stability(first, adata)
        return model
    ts.tl.select_genes(adata)
    if "tmm" in adata.layers:
        ts.tl.de(adata, lfc=4.0 if "truth" in adata.uns else 1.0)
    else:
        ts.tl.de(adata, method="limma", lfc=2.0)
    return model


def prepared(study: Study, folder: Path, seed: int) -> tuple[Any, Any]:
    """Return the explained AnnData and its classifier, kept in a folder from the first time."""
    if not (folder / "model").exists():
        adata = study.read()
        model = _explain(adata, study.training, seed)
        folder.mkdir(parents=True, exist_ok=True)
        adata.write_h5ad(folder / "adata.h5ad")
        model.save(folder / "model")
    return ad.read_h5ad(folder / "adata.h5ad"), ts.model.load(folder / "model")


def measure(study: Study, held: tuple[Any, Any], checks: tuple[str, ...], seed: int) -> Any:
    """Return the rows and tables of some checks, and the seconds that they took."""
    adata, model = held
    started = time.perf_counter(), time.process_time()
    if "cohort" in checks and study.other is not None:
        study.other(adata, model)
    ts.tl.trust(adata, model, checks=checks, seed=seed)
    record = adata.uns["tissueshap"]["trust"]
    summary = record["summary"]
    found: dict[str, Any] = {
        "wall": time.perf_counter() - started[0],
        "cpu": time.process_time() - started[1],
        "summary": summary[summary["check"].isin(checks)].to_dict("records"),
    }
    for name in ("truth", "methods", "gains", "stability"):
        if name in record:
            found[name] = record[name].to_dict("records")
    return found


def cost(held: tuple[Any, Any], seed: int) -> dict[str, float]:
    """Return the seconds of explaining the held-out samples, and of a quick table of it."""
    adata, model = held[0].copy(), held[1]
    steps = {
        "explaining": lambda: ts.tl.shap(adata, model, seed=seed),
        "quick": lambda: (
            ts.tl.rank_genes(adata),
            ts.tl.select_genes(adata),
            ts.tl.trust(adata, model, seed=seed),
        ),
    }
    found = {}
    for name, step in steps.items():
        started = time.perf_counter(), time.process_time()
        step()
        found[name] = time.perf_counter() - started[0]
        found[f"{name}, CPU"] = time.process_time() - started[1]
    return found


def described(adata: Any) -> dict[str, Any]:
    """Return the size, the score, and what each rule of selection takes."""
    record = adata.uns["tissueshap"]
    found: dict[str, Any] = {
        "n_samples": adata.n_obs,
        "n_genes": adata.n_vars,
        "n_ranks": int(record["select_genes"]["n_ranks"]),
        "macro_f1": float(record["evaluate"]["macro_f1"]),
    }
    if "truth" in adata.uns:
        planted = set(adata.uns["truth"]["gene"])
        found["rules"] = {}
        for method in ("unique_fraction", "permutation_fdr", "elbow", "peak"):
            chosen = ts.tl.select_genes(adata, method=method, copy=True)
            genes = chosen.var_names[chosen.var["shap_selected"]]
            found["rules"][method] = {
                "n_ranks": int(chosen.uns["tissueshap"]["select_genes"]["n_ranks"]),
                "n_genes": len(genes),
                "planted": float(np.mean([gene in planted for gene in genes])),
            }
    return found


def grouped(checks: list[str]) -> list[tuple[str, ...]]:
    """Return the checks as they are made, those together that share their work."""
    found = {check: (check,) for check in checks}
    for group in TOGETHER:
        shared = tuple(check for check in group if check in checks)
        found |= dict.fromkeys(shared, shared)
    return list(dict.fromkeys(found.values()))


def measured(written: dict[str, Any]) -> str:
    """Return the table of docs/trust.md: a row per row of the table of trust, in Markdown."""
    columns = {name: held for name, held in written.items() if "," not in name}
    lines = [
        "| row | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 1) + "|",
        "| held-out macro F1; ranks selected of each class | "
        + " | ".join(f"{held['macro_f1']:.3f}; {held['n_ranks']}" for held in columns.values())
        + " |",
    ]
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for name, held in columns.items():
        rows = [row for part in held["checks"].values() for row in part["summary"]]
        for row in rows:
            cells.setdefault((row["check"], row["measure"]), {})[name] = cell(row)
    order = list(CHECKS)
    for check, measure in sorted(cells, key=lambda key: order.index(key[0])):
        parts = [cells[check, measure].get(name, "") for name in columns]
        if any(parts):
            lines.append(f"| `{check}`: {measure} | " + " | ".join(parts) + " |")
    ratios = [
        f"{held['cost']['quick'] / held['cost']['explaining']:.1f} "
        f"({held['cost']['quick, CPU'] / held['cost']['explaining, CPU']:.1f})"
        for held in columns.values()
    ]
    said = "a quick table, in units of the time of explaining (of the CPU time)"
    return "\n".join([*lines, f"| {said} | " + " | ".join(ratios) + " |"])


def cell(row: dict[str, Any]) -> str:
    """Return a value with what chance gives in brackets, in bold if the verdict is "fails"."""
    if row["verdict"] == NOT_MEASURED:
        return ""
    value = f"{row['value']:.3f}"
    value = f"**{value}**" if row["verdict"] == FAILS else value
    return f"{value} ({row['chance']:.3f})"


def show(name: str, found: dict[str, Any]) -> None:
    """Print what was found of a study."""
    print(f"\n{name}: macro F1 {found['macro_f1']:.3f}, {found['n_ranks']} ranks")
    for rule, held in found.get("rules", {}).items():
        print(
            f"select_genes({rule!r}): {held['n_ranks']} ranks, {held['n_genes']} genes, "
            f"{held['planted']:.0%} planted"
        )
    parts = found["checks"].values()
    rows = pd.DataFrame([row for part in parts for row in part["summary"]])
    if rows.empty:
        return
    if name == "compendium":
        values = rows.set_index("measure")["value"]
        for measure, (asked, higher) in ASKED.items():
            if measure in values:
                good = values[measure] >= asked if higher else values[measure] <= asked
                said = "met" if good else "FELL SHORT"
                print(f"{measure:70s} {values[measure]:7.4f}   asked {asked:<5} {said}")
    with pd.option_context("display.width", 200, "display.max_columns", 12):
        columns = ["check", "measure", "value", "chance", "threshold", "verdict"]
        print(rows[columns].to_string(index=False))
    for part in parts:
        for table in ("methods", "gains", "truth"):
            if table in part:
                print(pd.DataFrame(part[table]).to_string(index=False))
    print(f"{sum(part['wall'] for part in parts):.0f} s, {sum(p['cpu'] for p in parts):.0f} s CPU")


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="*", default=["compendium"])
    parser.add_argument("--check", nargs="+", choices=CHECKS, default=list(CHECKS))
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--genes", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--folder", type=Path, default=Path("bench_trust"))
    parser.add_argument("--out", type=Path, default=Path("bench_trust.json"))
    parser.add_argument("--docs", action="store_true", help="renew the table of docs/trust.md")
    options = parser.parse_args()
    if options.docs:
        before, _, rest = PAGE.read_text("utf-8").partition(START)
        written = json.loads(options.out.read_text("utf-8"))
        PAGE.write_text(before + START + measured(written) + END + rest.partition(END)[2], "utf-8")
        return
    known = studies(
        options.samples, options.genes, options.seed, Path(os.environ.get("TISSUESHAP_DATA", "."))
    )
    if unknown := set(options.study) - set(known):
        parser.error(f"there are no studies {sorted(unknown)}: choose among {list(known)}")
    written = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
    for name in options.study:
        study = known[name]
        asked = [check for check in study.checks if check in options.check]
        folder = options.folder / name.replace(", ", "_").replace(" ", "_")
        held = prepared(study, folder, options.seed)
        found = written.setdefault(name, {**described(held[0]), "checks": {}})
        if "cost" not in found:
            found["cost"] = cost(held, options.seed)
            options.out.write_text(json.dumps(written, indent=1), encoding="utf-8")
        for group in grouped(asked):
            key = " and ".join(group)
            if key not in found["checks"]:
                found["checks"][key] = measure(study, held, group, options.seed)
                options.out.write_text(json.dumps(written, indent=1), encoding="utf-8")
        show(name, found)


if __name__ == "__main__":
    main()
