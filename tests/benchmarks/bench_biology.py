"""Explanations held to real biology: the default network beside simple methods.

Studies are GTEx's mosaic with textbook markers, cohorts drawn around the profiles of GTEx
and the Human Protein Atlas (HPA) in sizes of 5 to 200 training samples a class, GTEx and
HPA on 467 genes, Brawand's ten species and Blake's primates, GTEx's panel of 59 genes, and
the simulated compendium. Settings may be chosen on the selection half (half of the tissues,
seeds of their own) and are reported on the confirmation half. A line of JSON a cell is
appended to a file; cells that it holds already are not run again::

    TISSUESHAP_DATA=... python tests/benchmarks/bench_biology.py --half confirmation
        [--study mosaic "profiles 20" ...] [--method default edgeR ...] [--seed 42 ...]
        [--out biology.jsonl]
    python tests/benchmarks/bench_biology.py --table [--out biology.jsonl]
    python tests/benchmarks/bench_biology.py --docs [--out biology.jsonl]

``--table`` prints what the file holds; ``--docs`` keeps a summary of it in
bench_biology.json and renews the tables of docs/biology.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import product
from pathlib import Path
from typing import Any

from biology.measures import measured
from biology.methods import METHODS
from biology.studies import STUDIES, Study
from biology.tables import filled, read, rendered, summarised

from tissueshap import settings
from tissueshap.enrichment._gene_sets import GeneSets, gene_sets

HERE = Path(__file__).resolve().parent
#: What the file held when the page's tables were made, and the page.
SUMMARY, PAGE = HERE / "bench_biology.json", HERE.parents[1] / "docs" / "biology.md"
#: Seeds of cohorts, splits and trainings.
SEEDS = {"selection": (101, 102, 103), "confirmation": (42, 1, 7)}


def cell(study: Study, method: str, seed: int, sets: GeneSets, half: str) -> dict[str, Any] | None:
    """Return what is measured of one method on one study; None where it does not apply.

    On the selection half, only of the classes that settings may be chosen on.
    """
    started = time.process_time()
    fitted = METHODS[method](study, seed)
    if fitted is None:
        return None
    cpu = time.process_time() - started
    rows = measured(study, fitted, sets)
    if half == "selection":
        rows = [row for row in rows if row["half"] == half]
    return {
        "n_samples": study.adata.n_obs,
        "n_genes": study.adata.n_vars,
        "cpu_training": fitted.cpu_training,
        "cpu": cpu,
        "classes": rows,
    }


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=SEEDS, default="selection")
    parser.add_argument("--study", nargs="+", choices=STUDIES, default=list(STUDIES))
    parser.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seed", nargs="+", type=int, help="some of the half's seeds")
    parser.add_argument("--table", action="store_true", help="print what the file holds")
    parser.add_argument("--docs", action="store_true", help="renew the page of docs")
    parser.add_argument("--out", type=Path, default=Path("biology.jsonl"))
    options = parser.parse_args()
    if options.table or options.docs:
        found = summarised(read(options.out))
        parts = rendered(found)
        if options.docs:
            SUMMARY.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            PAGE.write_text(filled(PAGE.read_text("utf-8"), parts), encoding="utf-8")
        else:
            print("\n\n".join(f"{name}\n\n{part}" for name, part in parts.items()))
        return
    seeds = options.seed or SEEDS[options.half]
    if outside := set(seeds) - set(SEEDS[options.half]):
        parser.error(f"seeds {sorted(outside)} are not of the {options.half} half")
    settings.progress = False
    settings.n_jobs = 1  # CPU time of other processes would not count
    data = Path(os.environ["TISSUESHAP_DATA"])
    sets = gene_sets(data / "annotation" / "reactome_symbols.gmt.gz")
    done = {(line["study"], line["method"], line["seed"]) for line in read(options.out)}
    for name, seed in product(options.study, seeds):
        missing = [method for method in options.method if (name, method, seed) not in done]
        study = STUDIES[name](data, seed) if missing else None
        for method in missing:
            figures = cell(study, method, seed, sets, options.half)
            if figures is None:
                continue
            line = {"study": name, "method": method, "seed": seed} | figures
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
