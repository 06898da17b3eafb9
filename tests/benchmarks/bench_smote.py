"""SMOTE on the fly, beside smote-variants: the same rows, peak memory and CPU time.

Both sides balance the panel's training samples (47 tissues, 59 genes): the library returns
them as a matrix, this package keeps (sample, neighbour, mix) and makes the rows a batch at a
time, as ``pp.expand`` does in a training, here once over all rows. Each side runs in a
process of its own, so that peak memory is its own; each gene is there several times, since 59
genes are too few for memory to show. Prints and writes JSON::

    python tests/benchmarks/bench_smote.py DATA [--times 20] [--out smote.json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench_leakage import panel

import tissueshap as ts
from tissueshap.pp._oversample import _float64
from tissueshap.pp._smote import by_numpy, smote

#: Rows of a training step of the default preset.
BATCH = 256


def training(folder: Path, times: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the training samples, CPM with each gene so many times, and their classes."""
    adata = panel(folder)
    ts.pp.split(adata, n_test=50)
    train = np.flatnonzero(adata.obs["split"] == "train")
    codes = adata.obs[adata.uns["tissueshap"]["label"]].cat.codes.to_numpy()[train]
    values = np.asarray(adata.layers["tmm"], dtype=np.float32)[train]
    # A little apart, so that no column is another's copy.
    rng = np.random.default_rng(0)
    return np.tile(values, times) * rng.uniform(0.9, 1.1, (1, values.shape[1] * times)).astype(
        np.float32
    ), codes.astype(np.int64)


def library(x: np.ndarray, codes: np.ndarray) -> dict[str, Any]:
    """Balance with smote-variants, all rows at once."""
    import logging

    from smote_variants import MulticlassOversampling

    logging.getLogger("smote_variants").setLevel(logging.WARNING)
    sampler = MulticlassOversampling(
        oversampler="SMOTE", oversampler_params={"random_state": 42, "n_neighbors": 5}
    )
    rows, labels = sampler.sample(x, codes)
    return {
        "n_rows": len(rows),
        "sum": float(rows.sum(dtype=np.float64)),
        "counts": _counts(labels),
    }


def ours(x: np.ndarray, codes: np.ndarray) -> dict[str, Any]:
    """Balance by triplets, and make every row once, a batch at a time."""
    mixes = smote(
        lambda members: _float64(x, members),
        codes,
        k_neighbors=5,
        engine=by_numpy,
        seed=42,
    )
    total, n_new = x.sum(dtype=np.float64), len(mixes.sample)
    for start in range(0, n_new, BATCH):
        part = slice(start, start + BATCH)
        share = mixes.mix[part, None].astype(np.float32)
        made = (1 - share) * x[mixes.sample[part]] + share * x[mixes.neighbour[part]]
        total += made.sum(dtype=np.float64)
    counts = _counts(np.concatenate([codes, codes[mixes.sample]]))
    return {"n_rows": len(x) + n_new, "sum": float(total), "counts": counts}


def _counts(codes: np.ndarray) -> list[int]:
    return [int(number) for number in np.bincount(np.asarray(codes, dtype=np.int64))]


def _resident() -> int:
    """Return the memory of this process in bytes (Linux)."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def measured(work: Callable[..., dict[str, Any]], folder: Path, times: int) -> dict[str, Any]:
    """Run one side; return what it found, its CPU time and its peak memory over the data."""
    x, codes = training(folder, times)
    work(x[:400], codes[:400] % 2)  # imports and thread pools are not what is measured
    peak, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.002):
            peak[0] = max(peak[0], _resident())

    before = _resident()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started = time.process_time(), time.perf_counter()
    found = work(x, codes)
    found["cpu"] = time.process_time() - started[0]
    found["wall"] = time.perf_counter() - started[1]
    stop.set()
    watcher.join()
    found["extra_bytes"] = max(0, peak[0] - before)
    found["training_bytes"] = x.nbytes
    return found


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds gtex_v8_panel/")
    parser.add_argument("--times", type=int, default=20, help="how often each gene is there")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("bench_smote.json"))
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    found: dict[str, list[dict[str, Any]]] = {"library": [], "ours": []}
    for _ in range(options.rounds):
        for name, work in (("library", library), ("ours", ours)):
            with context.Pool(1) as pool:
                found[name].append(pool.apply(measured, (work, options.data, options.times)))
    first, second = found["library"][0], found["ours"][0]
    summary: dict[str, Any] = {
        "n_rows": [first["n_rows"], second["n_rows"]],
        "same_counts": first["counts"] == second["counts"],
        "sums_differ_by": abs(first["sum"] / second["sum"] - 1),
        "training_mib": first["training_bytes"] / 2**20,
    }
    for name, rounds in found.items():
        summary[name] = {
            "cpu": min(one["cpu"] for one in rounds),
            "wall": min(one["wall"] for one in rounds),
            "memory": 1 + max(one["extra_bytes"] / one["training_bytes"] for one in rounds),
        }
    print(json.dumps(summary, indent=1))
    options.out.write_text(json.dumps({"summary": summary, "rounds": found}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
