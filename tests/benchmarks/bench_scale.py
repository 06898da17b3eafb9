"""How time and memory of each step grow with samples, genes and classes.

Doubles each of them three times while the others stay, on simulated counts. Each size runs in a
process of its own, which reports for each step the CPU seconds (of all threads and of R), the
seconds, and the peak of the resident memory above what was resident before the step. The growth
exponent is the slope of log2 of CPU seconds or memory over the doublings: 1 is linear, 2
quadratic. Steps that take less than a tenth of a second grow by their fixed costs alone::

    python tests/benchmarks/bench_scale.py [--small] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

AXES = ("samples", "genes", "classes")
FULL = {"samples": 200, "genes": 800, "classes": 4}
SMALL = {"samples": 60, "genes": 60, "classes": 3}
N_DOUBLINGS = 3


def sizes(base, n_doublings):
    """Return the sizes of each axis, the base first."""
    return {
        axis: [{**base, axis: base[axis] * 2**times} for times in range(n_doublings + 1)]
        for axis in AXES
    }


def simulated(n_samples, n_genes, n_classes, seed=0):
    """Return an AnnData of negative binomial counts of classes of equal size."""
    import anndata as ad
    import pandas as pd

    rng = np.random.default_rng(seed)
    codes = np.resize(np.arange(n_classes), n_samples)
    rate = np.exp(rng.normal(4, 1.8, n_genes) + rng.normal(0, 0.6, (n_classes, n_genes)))
    depth = rng.lognormal(0, 0.3, (n_samples, 1))
    counts = rng.poisson(rng.gamma(2.0, 0.5, (n_samples, n_genes)) * rate[codes] * depth)
    obs = pd.DataFrame(
        {"tissue": pd.Categorical([f"class{code:03d}" for code in codes])},
        index=[f"sample{number}" for number in range(n_samples)],
    )
    names = pd.DataFrame(index=[f"gene{number}" for number in range(n_genes)])
    return ad.AnnData(counts.astype(np.int32), obs=obs, var=names)


def resident(field):
    """Return a size of this process in MiB: ``VmRSS`` or ``VmHWM``, its peak."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def measured(step):
    """Run a step and return its figures."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak
    before, cpu, wall = resident("VmRSS"), time.process_time(), time.perf_counter()
    step()
    return {
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "peak_mib": max(0.0, resident("VmHWM") - before),
    }


def write_gct(adata, path):
    """Write counts as GCT, which a step reads."""
    with path.open("w", encoding="utf-8") as out:
        out.write(f"#1.2\n{adata.n_vars}\t{adata.n_obs}\n")
        out.write("\t".join(["Name", "Description", *adata.obs_names]) + "\n")
        for gene, values in zip(adata.var_names, adata.X.T.tolist(), strict=True):
            out.write("\t".join([gene, "na", *map(str, values)]) + "\n")


def run_size(size):
    """Return the figures of each step at one size."""
    import tissueshap as ts

    ts.settings.progress = False
    ts.settings.n_jobs = 1

    def steps(adata, folder):
        write_gct(adata, folder / "counts.gct")
        classes = adata.obs.rename_axis("sample").reset_index()
        return {
            "reading GCT": lambda: ts.io.read_counts(
                folder / "counts.gct", classes, label="tissue", min_reads=6
            ),
            "filter": lambda: ts.pp.filter_genes(adata, "tissue"),
            "TMM": lambda: ts.pp.tmm(adata),
            "log2, split, oversample": lambda: (
                ts.pp.log2(adata),
                ts.pp.split(adata, "tissue"),
                ts.pp.oversample(adata, "tissue"),
            ),
            "training, 4 epochs": lambda: models.append(
                ts.tl.cnn(adata, "tissue", preset="small", epochs=4, n_models=1)
            ),
            "predict, evaluate": lambda: (
                ts.tl.predict(adata, models[0]),
                ts.tl.evaluate(adata, "tissue"),
            ),
            "SHAP": lambda: ts.tl.shap(adata, models[0], "tissue"),
            "rank, select": lambda: (
                ts.tl.rank_genes(adata, "tissue"),
                ts.tl.select_genes(adata, method="top_n", n_top=5),
            ),
            "DE": lambda: ts.tl.de(adata, "tissue", lfc=1),
            "clusters, 20 starts": lambda: ts.tl.cluster(
                adata, "tissue", n_starts=20, n_random=2, samples="all"
            ),
            "null test, 4 sets": lambda: ts.tl.null_test(
                adata, "tissue", n_sets=4, n_starts=20, samples="all"
            ),
            "trust, quick": lambda: ts.tl.trust(adata, models[0], "tissue", checks="quick"),
        }

    # What is loaded and compiled once is not counted.
    models = []
    with tempfile.TemporaryDirectory() as folder:
        for step in steps(simulated(80, 60, 3), Path(folder)).values():
            step()
        models.clear()
        adata = simulated(size["samples"], size["genes"], size["classes"])
        return {name: measured(step) for name, step in steps(adata, Path(folder)).items()}


def exponent(values):
    """Return the slope of log2 of values over doublings."""
    doublings = np.arange(len(values))
    return float(np.polyfit(doublings, np.log2(np.maximum(values, 1e-9)), 1)[0])


def summary(results):
    """Return, for each axis and step, the figures along the axis and the exponents."""
    found = {}
    for axis, along in results.items():
        found[axis] = {}
        for step in along[0]["steps"]:
            parts = [one["steps"][step] for one in along]
            found[axis][step] = {
                name: [part[name] for part in parts] for name in ("cpu_s", "wall_s", "peak_mib")
            }
            for name in ("cpu_s", "peak_mib"):
                found[axis][step][f"{name}_exponent"] = exponent(found[axis][step][name])
    return found


def table(axis, values, rows):
    """Return the lines of an axis's table, in Markdown."""
    yield f"| step | CPU seconds at {', '.join(f'{n:,}' for n in values)} {axis} | exponent | MiB |"
    yield "|---|---|---|---|"
    for step, row in rows.items():
        cpu = ", ".join(f"{seconds:.2g}" for seconds in row["cpu_s"])
        memory = ", ".join(f"{size:.0f}" for size in row["peak_mib"])
        yield f"| {step} | {cpu} | {row['cpu_s_exponent']:.2f} | {memory} |"


def run(base, out):
    """Measure all sizes, print the tables and write the figures."""
    results, known = {}, {}
    for axis, along in sizes(base, N_DOUBLINGS).items():
        results[axis] = []
        for size in along:
            key = json.dumps(size)
            if key not in known:
                child = subprocess.run(
                    [sys.executable, __file__, "--one", key],
                    stdout=subprocess.PIPE,
                    check=True,
                    env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                )
                known[key] = json.loads(child.stdout.splitlines()[-1])
            results[axis].append({"size": size, "steps": known[key]})
    found = {"base": base, "axes": summary(results)}
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for axis, rows in found["axes"].items():
        values = [one["size"][axis] for one in results[axis]]
        print("\n".join(table(axis, values, rows)), end="\n\n")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="sizes for a test of this script")
    parser.add_argument("--out", type=Path, default=Path("bench_scale.json"))
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_size(options.one)))
    else:
        run(SMALL if options.small else FULL, options.out)


if __name__ == "__main__":
    main()
