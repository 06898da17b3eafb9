"""Training and explanation from a file against the same in memory: peak memory, times, scores.

Simulates sparse counts of cells, one class after the other in the file, which is the hardest
order for a loader that reads neighbours together. Each mode (counts in memory, and left in the
file) runs the whole chain in a process of its own, on the same file, with the same seeds::

    python tests/benchmarks/bench_backed.py [--cells N] [--genes N] [--small] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MODES = ("in memory", "on disk")
FULL = {"n_cells": 100_000, "n_genes": 2_000, "n_classes": 12}
SMALL = {"n_cells": 1_200, "n_genes": 60, "n_classes": 3}
#: Genes of each class with a higher rate, and by how much.
N_MARKERS, FOLD = 10, 6.0
EPOCHS = 3


def simulated(n_cells, n_genes, n_classes, seed=0):
    """Return an AnnData of sparse counts, sorted by class, with markers of each class.

    The last class has three times as many cells as the first.
    """
    import anndata as ad
    import pandas as pd
    from scipy import sparse

    rng = np.random.default_rng(seed)
    share = np.linspace(1, 3, n_classes)
    codes = np.repeat(np.arange(n_classes), np.round(n_cells * share / share.sum()).astype(int))
    codes = np.sort(np.resize(codes, n_cells))
    rate = np.tile(rng.lognormal(-2.0, 1.2, n_genes), (n_classes, 1))
    markers = rng.permutation(n_genes)[: n_classes * N_MARKERS].reshape(n_classes, -1)
    for code, own in enumerate(markers):
        rate[code, own] = FOLD * np.maximum(rate[code, own], 0.1)
    parts = []
    for rows in np.array_split(np.arange(n_cells), -(-n_cells // 5000)):
        depth = rng.lognormal(0, 0.3, (rows.size, 1))
        noise = rng.gamma(2.0, 0.5, (rows.size, n_genes))
        counts = rng.poisson(noise * rate[codes[rows]] * depth)
        counts[:, 0] = 1  # no cell without counts
        parts.append(sparse.csr_matrix(counts, dtype="f4"))
    names = [f"gene{number}" for number in range(n_genes)]
    truth = {f"class{code}": [names[gene] for gene in own] for code, own in enumerate(markers)}
    obs = pd.DataFrame(
        {"cell_type": pd.Categorical([f"class{code}" for code in codes])},
        index=[f"cell{number}" for number in range(n_cells)],
    )
    x = sparse.vstack(parts, "csr")
    return ad.AnnData(x, obs=obs, var=pd.DataFrame(index=names)), truth


def resident():
    """Return the peak of this process's memory so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(mode, path, truth):
    """Run the chain on a file and return its measures."""
    import tissueshap as ts
    from tissueshap.model import keras

    keras()
    start, steps = resident(), {}
    adata = ts.io.read_h5ad(path, backed=mode == "on disk")

    def step(name, work):
        began, cpu = time.perf_counter(), time.process_time()
        result = work()
        steps[name] = {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "peak_mib": resident() - start,
        }
        return result

    step("tmm", lambda: ts.pp.tmm(adata))
    step("log2", lambda: ts.pp.log2(adata))
    ts.pp.split(adata, "cell_type", n_test=50)
    step("oversample", lambda: ts.pp.oversample(adata, method="random"))
    model = step("cnn", lambda: ts.tl.cnn(adata, epochs=EPOCHS, n_models=1))
    step("predict", lambda: ts.tl.predict(adata, model))
    ts.tl.evaluate(adata, baseline=False)
    step("shap", lambda: ts.tl.shap(adata, model, n_draws=100))
    step("rank_genes", lambda: ts.tl.rank_genes(adata))
    ranks = adata.varm["shap_rank"]
    top = [
        len(set(ranks[name].nsmallest(N_MARKERS).index) & set(own)) for name, own in truth.items()
    ]
    return {
        "steps": steps,
        "seconds_per_epoch": float(np.median(model.history["seconds"])),
        "macro_f1": float(adata.uns["tissueshap"]["evaluate"]["macro_f1"]),
        "markers": sum(top) / (N_MARKERS * len(truth)),
        "peak_mib": resident() - start,
    }


def table(results):
    """Return the measures as a table in Markdown."""
    memory, disk = (results[mode] for mode in MODES)
    rows = [
        ("peak memory above the start, MiB", "peak_mib", "{:,.0f}"),
        ("seconds per epoch", "seconds_per_epoch", "{:.1f}"),
        ("macro F1", "macro_f1", "{:.3f}"),
        ("planted markers among as many first genes", "markers", "{:.2f}"),
    ]
    lines = [
        f"| {name} | {form.format(memory[key])} | {form.format(disk[key])} |"
        for name, key, form in rows
    ]
    for name in memory["steps"]:
        cells = [f"{part['steps'][name]['seconds']:.1f} s" for part in (memory, disk)]
        lines.append(f"| `{name}` | {cells[0]} | {cells[1]} |")
    return "\n".join(["| | in memory | on disk |", "|---|---|---|", *lines])


def measured(size):
    """Return the measures of both modes on one simulated file."""
    with tempfile.TemporaryDirectory() as folder:
        path, results = Path(folder) / "atlas.h5ad", {}
        adata, truth = simulated(**size)
        adata.write_h5ad(path)
        del adata
        for mode in MODES:
            task = json.dumps({"mode": mode, "path": str(path), "truth": truth})
            done = subprocess.run(
                [sys.executable, __file__, "--task", task],
                stdout=subprocess.PIPE,
                check=True,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            )
            results[mode] = json.loads(done.stdout.splitlines()[-1])
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int)
    parser.add_argument("--genes", type=int)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        print(json.dumps(run(**json.loads(args.task))))
        return
    size = dict(SMALL if args.small else FULL)
    size |= {
        key: value for key, value in (("n_cells", args.cells), ("n_genes", args.genes)) if value
    }
    results = measured(size)
    if args.out:
        args.out.write_text(json.dumps({"size": size, **results}, indent=1) + "\n")
    print(f"{size['n_cells']:,} cells x {size['n_genes']:,} genes x {size['n_classes']} classes\n")
    print(table(results))


if __name__ == "__main__":
    main()
