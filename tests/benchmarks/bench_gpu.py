"""The paper's training and explanation at full size, on whatever Keras runs on.

Trains the paper's preset (138 x 138 genes, 47 classes, 35,362 simulated samples) for two
epochs, the first of which compiles and is not counted, and explains 2,350 samples with 200
draws each. Reports the time of an epoch and of an explained sample, what the paper's 11 epochs and
the whole explanation take by that, the arithmetic done as a fraction of the device's peak,
and what limits each: the device, or the host that makes the batches. Needs no data and no
network, and of the backends only the one that is set::

    KERAS_BACKEND=jax python tests/benchmarks/bench_gpu.py [--small] [--mixed] [--out FILE]

`--small` is for a CPU: a 12 x 12 image, 600 rows, 20 samples. `--peak` gives the device's
peak in TFLOP/s where this script does not know it.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tissueshap import settings
from tissueshap.explain import Explainer
from tissueshap.model import PRESETS
from tissueshap.model._architectures import build
from tissueshap.model._backend import backend, keras
from tissueshap.model._fit import fit
from tissueshap.model._rows import TrainingRows
from tissueshap.pp._mixture import mixtures

#: Peak of dense arithmetic, TFLOP/s: TF32 for float32 networks, and bfloat16.
PEAKS = {"H100": (494.7, 989.4), "H200": (494.7, 989.4), "A100": (156.0, 312.0)}

PAPER_EPOCHS = 11


@dataclass(frozen=True)
class Sizes:
    """How much is trained and explained."""

    n_genes: int
    n_classes: int
    n_real: int  #: real samples, that the training rows mix
    n_rows: int
    n_explained: int
    n_draws: int


FULL = Sizes(138 * 138, 47, 7500, 35_362, 2350, 200)
SMALL = Sizes(12 * 12, 47, 200, 600, 20, 20)


def simulated(sizes, seed=0):
    """Return log2 expression of real samples and their classes."""
    rng = np.random.default_rng(seed)
    codes = np.resize(np.arange(sizes.n_classes), sizes.n_real)
    x = rng.normal(0, 1, (sizes.n_real, sizes.n_genes)).astype(np.float32)
    centres = rng.normal(8, 2, sizes.n_genes).astype(np.float32)
    x += centres + rng.normal(0, 1, (sizes.n_classes, sizes.n_genes)).astype(np.float32)[codes]
    return x, codes


def training_rows(x, codes, n_rows, seed=0):
    """Return rows that each mix two samples of a class, as SMOTE does, made on the fly."""
    rng = np.random.default_rng(seed)
    sample = rng.integers(0, len(x), n_rows)
    n_classes = codes.max() + 1
    # Sample i is of class i modulo the number of classes, and so is its neighbour.
    neighbour = (sample + n_classes) % (len(x) // n_classes * n_classes)
    neighbour = np.where(codes[neighbour] == codes[sample], neighbour, sample)
    table = pd.DataFrame(
        {"sample": sample, "neighbour": neighbour, "mix": rng.random(n_rows), "weight": 1.0}
    )

    def expand(part):
        return mixtures(x, *(part[name].to_numpy() for name in ("sample", "neighbour", "mix")))

    return TrainingRows(
        table=table,
        codes=codes[sample],
        expand=expand,
        x_validation=x[:0],
        codes_validation=codes[:0],
    )


def forward_flop(network):
    """Return the multiplications and additions of a forward pass of one row."""
    total = 0
    for layer in network.layers:
        kind, out = type(layer).__name__, layer.output.shape[1:]
        if kind == "Conv2D":
            height, width, channels = layer.kernel.shape[:3]
            total += 2 * math.prod(out) * height * width * channels
        elif kind == "Dense":
            total += 2 * math.prod(layer.kernel.shape)
    return total


def device():
    """Return the device's name, as its backend calls it."""
    name = backend()
    if name == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    if name == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(found[0]) if found else {}
    return str(details.get("device_name", "cpu"))


def peak_of(name, *, mixed, given):
    """Return the device's peak, FLOP/s, None where it is not known."""
    if given is not None:
        return given * 1e12
    return next((pair[mixed] * 1e12 for key, pair in PEAKS.items() if key in name), None)


def seconds(function):
    """Return a function's result and how long it took."""
    began = time.perf_counter()
    found = function()
    return found, time.perf_counter() - began


def figure(took, flop, peak, host):
    """Return what is reported of a part: its rate, share of the peak, and what limits it.

    Parameters
    ----------
    took, host
        Seconds, and those that the host alone takes to make the same inputs.
    flop, peak
        Arithmetic done, and the device's in a second.
    """
    share = None if peak is None else flop / took / peak
    if host > 0.5 * took:
        limit = "the host, which makes the batches"
    elif share is None or share > 0.4:
        limit = "the device's arithmetic"
    else:
        limit = "the device's memory and the many small kernels, or transfers to it"
    return {
        "seconds": took,
        "host_seconds": host,
        "petaflop": flop / 1e15,
        "tflop_a_second": flop / took / 1e12,
        "fraction_of_peak": share,
        "limited_by": limit,
    }


def measure_training(rows, sizes, peak):
    """Train and return the network and the figures of an epoch."""
    # The first epoch also pays for what is compiled.
    preset = PRESETS["paper"].changed(epochs=2)
    network = build(preset, n_genes=sizes.n_genes, n_classes=sizes.n_classes)
    network, history, _ = fit(network, preset, rows, seed=0)
    epoch = float(history["seconds"].iloc[-1])
    step = preset.batch_size
    parts = [rows.table.iloc[at : at + step] for at in range(0, len(rows), step)]
    _, host = seconds(lambda: [rows.expand(part) for part in parts[:50]])
    # Forward, and backward to the inputs and to the weights.
    flop = 3 * forward_flop(network) * len(rows)
    found = figure(epoch, flop, peak, host * len(parts) / min(50, len(parts)))
    found["loss"] = float(history["loss"].iloc[-1])
    found["minutes_of_11_epochs"] = PAPER_EPOCHS * epoch / 60
    return network, found


def measure_explaining(network, x, codes, sizes, peak, *, mixed):
    """Explain the samples and return the figures."""
    explainer = Explainer(network, x, n_draws=sizes.n_draws, mixed_precision=mixed)
    samples, targets = x[: sizes.n_explained], codes[: sizes.n_explained]
    next(iter(explainer.stream(samples, targets)))  # compiles, for the same shape of a pass
    total, took = seconds(
        lambda: sum(float(one.values.sum()) for one in explainer.stream(samples, targets))
    )
    if not np.isfinite(total):
        raise ValueError("the values are not finite")
    n_gradients = sizes.n_explained * explainer.n_draws
    drawn = np.random.default_rng(0).integers(0, len(x), explainer.n_draws)
    _, host = seconds(lambda: [np.ascontiguousarray(x[drawn]) for _ in range(10)])
    # Forward, and backward to the inputs alone.
    found = figure(
        took, 2 * forward_flop(network) * n_gradients, peak, host / 10 * sizes.n_explained
    )
    found["seconds_a_sample"] = took / sizes.n_explained
    found["gradients_a_second"] = n_gradients / took
    return found


def keep(figures, part, found, out):
    """Print a part's figures, and write what has been measured so far."""
    figures[part] = found
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    share = found["fraction_of_peak"]
    print(
        f"{part}: {found['seconds']:.1f} s, {found['petaflop']:.3g} PFLOP, "
        f"{'unknown' if share is None else f'{share:.1%}'} of the peak; "
        f"limited by {found['limited_by']}",
        flush=True,
    )


def run(sizes, *, out, mixed=False, peak=None):
    """Measure, print and write."""
    settings.progress = False
    if mixed:
        keras().mixed_precision.set_global_policy("mixed_bfloat16")
    name = device()
    limit = peak_of(name, mixed=mixed, given=peak)
    figures = {
        "backend": backend(),
        "device": name,
        "precision": "mixed_bfloat16" if mixed else "float32",
        "peak_tflop_a_second": None if limit is None else limit / 1e12,
        "sizes": asdict(sizes),
    }
    x, codes = simulated(sizes)
    network, found = measure_training(training_rows(x, codes, sizes.n_rows), sizes, limit)
    keep(figures, "epoch", found, out)
    print(f"{PAPER_EPOCHS} epochs: {found['minutes_of_11_epochs']:.2f} minutes", flush=True)
    found = measure_explaining(network, x, codes, sizes, limit, mixed=mixed)
    keep(figures, "explaining", found, out)
    print(f"{found['seconds_a_sample']:.4f} s an explained sample")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="sizes for a CPU")
    parser.add_argument("--mixed", action="store_true", help="train and explain in bfloat16")
    parser.add_argument("--peak", type=float, help="the device's peak, TFLOP/s")
    parser.add_argument("--out", type=Path, default=Path("bench_gpu.json"))
    given = parser.parse_args()
    run(SMALL if given.small else FULL, out=given.out, mixed=given.mixed, peak=given.peak)


if __name__ == "__main__":
    main()
