"""Expected gradients of this package against shap.GradientExplainer, side by side.

One model of 47 classes, one background, both sides in one run:

(a) agreement: (ours - shap's) / combined standard error over 50 samples, which should
    look like a standard normal;
(b) wall time at equal accuracy, the accuracy that of shap as published (200 draws of each
    of all classes, of which one is kept), measured against a 20,000-draw reference; and
    the same against the plain batched estimator;
(c) peak memory for 50 and for 500 samples.

Prints the figures and writes them as JSON.

    python tests/benchmarks/bench_shap.py [--quick] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from tissueshap import settings
from tissueshap.explain import Explainer, expected_gradients
from tissueshap.model import PRESETS
from tissueshap.model._rows import TrainingRows, plain_table
from tissueshap.model._train import train

N_CLASSES, SHAP_DRAWS = 47, 200


def simulated(n_genes, per_class, seed=0):
    """Return log2 expression and classes: a programme a class, a third of it a relative's."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(8, 2, n_genes) + np.zeros((N_CLASSES, 1))
    for code in range(N_CLASSES):
        marked = rng.choice(n_genes, n_genes // 12, replace=False)
        centres[code, marked] += rng.normal(2, 1, marked.size)
        relative = (code + 1) % N_CLASSES
        centres[relative, marked[::3]] += 1.5
    codes = np.repeat(np.arange(N_CLASSES), per_class)
    x = centres[codes] + rng.normal(0, 1, (codes.size, n_genes))
    order = rng.permutation(codes.size)
    return x[order].astype(np.float32), codes[order]


def trained(x, codes, epochs):
    """Return the paper's network, trained on standardised inputs for a few epochs."""
    from dataclasses import replace

    preset = replace(
        PRESETS["paper"],
        standardise="genes",
        optimizer="adamw",
        learning_rate=1e-3,
        batch_norm=0.9,
        batch_size=32,
        epochs=epochs,
    )
    rows = TrainingRows(
        table=plain_table(np.arange(len(x))),
        codes=codes,
        expand=lambda part: x[part["sample"]],
        x_validation=x[:0],
        codes_validation=codes[:0],
    )
    names = [f"G{gene}" for gene in range(x.shape[1])]
    classes = [f"C{code}" for code in range(N_CLASSES)]
    return train(
        rows, preset, genes=names, classes=classes, mean=x.mean(axis=0), variance=x.var(axis=0)
    )


class Shap:
    """shap.GradientExplainer on the same network and background."""

    def __init__(self, network, background):
        import shap

        self._explainer = shap.GradientExplainer(network, background, batch_size=50)

    def published(self, x, targets, seed):
        """Explain all classes and keep one, as published."""
        with warnings.catch_warnings():  # shap hands its input to Keras in a list
            warnings.simplefilter("ignore", UserWarning)
            found = self._explainer.shap_values(x, nsamples=SHAP_DRAWS, rseed=seed)
        return found[np.arange(len(x)), :, targets]

    def one_class(self, x, draws, seed):
        """Explain the highest class only, which costs shap a forty-seventh."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found, _ = self._explainer.shap_values(x, nsamples=draws, ranked_outputs=1, rseed=seed)
        return np.asarray(found).reshape(x.shape)


def agreement(network, shap, x, background, targets, *, n_runs):
    """Return how the z-scores of ours against shap's are distributed."""
    runs = np.stack([shap.one_class(x, SHAP_DRAWS, seed) for seed in range(n_runs)])
    theirs, their_error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(n_runs)
    figures = {"n_samples": len(x), "shap_draws": n_runs * SHAP_DRAWS}
    for method in ("stratified", "monte_carlo"):
        ours = expected_gradients(
            network, x, background, targets, method=method, n_draws=n_runs * SHAP_DRAWS
        )
        z = (ours.values - theirs) / np.hypot(ours.standard_error, their_error)
        # What a normal would give with an error of so few runs: Student's t in part.
        figures[method] = {
            "mean": float(z.mean()),
            "sd": float(z.std()),
            "beyond_1.96": float((np.abs(z) > 1.96).mean()),
            "sd_of_sample_means": float(z.mean(axis=1).std()),
        }
    return figures


def squared_error(values, reference):
    """Return the mean squared error of values."""
    return float(np.square(values - reference).mean())


def seconds(function):
    """Return a function's result, and the seconds on the wall and of the cores it took.

    The second figure is the one to go by on a machine that does other work meanwhile.
    """
    began = time.perf_counter(), time.process_time()
    found = function()
    return found, np.array([time.perf_counter() - began[0], time.process_time() - began[1]])


def speed(network, shap, x, background, targets, *, reference_draws, n_shap):
    """Return wall times for the accuracy of shap as published."""

    def ours(method, draws, seed=1, samples=x, classes=targets):
        explainer = Explainer(network, background, method=method, n_draws=draws, seed=seed)
        list(explainer.stream(samples[:1], classes[:1]))  # compiles
        return seconds(
            lambda: np.stack([value for _, value, _ in explainer.stream(samples, classes)])
        )

    reference, _ = ours("stratified", reference_draws, seed=99)
    few = x[:n_shap]
    shap.published(x[:1], targets[:1], seed=0)  # compiles all classes
    theirs, their_time = seconds(lambda: shap.published(few, targets[:n_shap], seed=5))
    plain, plain_time = ours("monte_carlo", SHAP_DRAWS)
    wanted = squared_error(plain, reference)
    curve = []
    for draws in (24, 32, 50, 72, 98, 128, 162, 200):
        found, took = ours("stratified", draws)
        curve.append((squared_error(found, reference), took, draws))
        if curve[-1][0] <= wanted:
            break
    error, our_time, draws = curve[-1]
    per = {
        "shap": their_time / n_shap,
        "plain": plain_time / len(x),
        "ours": our_time / len(x),
    }
    return {
        "wall_seconds_a_sample": {side: float(took[0]) for side, took in per.items()},
        "core_seconds_a_sample": {side: float(took[1]) for side, took in per.items()},
        "squared_error": {
            "shap": squared_error(theirs, reference[:n_shap]),
            "plain_same_samples": squared_error(plain[:n_shap], reference[:n_shap]),
            "plain": wanted,
            "ours": error,
        },
        "draws": {"shap": SHAP_DRAWS, "plain": SHAP_DRAWS, "ours": draws},
        "times_faster_than_shap": dict(
            zip(("wall", "core"), (per["shap"] / per["ours"]).tolist(), strict=True)
        ),
        "times_faster_than_plain": dict(
            zip(("wall", "core"), (per["plain"] / per["ours"]).tolist(), strict=True)
        ),
    }


def peak_of(n_samples, network_path, n_genes):
    """Return the peak resident memory, MiB, of a process that explains so many samples."""
    command = [sys.executable, __file__, "--peak", str(n_samples), str(network_path), str(n_genes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.strip().splitlines()[-1])


def explain_and_print_peak(n_samples, network_path, n_genes):
    """Explain samples one after the other, as tl.shap does, and print the peak."""
    from tissueshap.model._backend import keras

    network = keras().saving.load_model(network_path)
    x, codes = simulated(n_genes, 20)
    explainer = Explainer(network, x, n_draws=50)
    total = 0.0
    for _, value, _ in explainer.stream(x[:n_samples], codes[:n_samples]):
        total += float(value.sum())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run(*, quick, out):
    """Measure, print and write."""
    settings.progress = False
    n_genes, per_class = (144, 12) if quick else (2025, 20)
    x, codes = simulated(n_genes, per_class)
    model = trained(x, codes, epochs=10)
    shap = Shap(model.network, x)
    n_samples = 8 if quick else 50
    samples = x[:n_samples]
    proba = model.predict_proba(samples)
    targets = proba.argmax(axis=1)
    reference_draws = 2000 if quick else 20_000
    figures = {
        "quick": quick,
        "n_genes": n_genes,
        "n_classes": N_CLASSES,
        "n_background": len(x),
        "accuracy": float((targets == codes[:n_samples]).mean()),
        "median_confidence": float(np.median(proba.max(axis=1))),
        "agreement": agreement(model.network, shap, samples, x, targets, n_runs=8 if quick else 20),
        "speed": speed(
            model.network,
            shap,
            samples[: n_samples if quick else 16],
            x,
            targets[: n_samples if quick else 16],
            reference_draws=reference_draws,
            n_shap=1 if quick else 2,
        ),
    }
    path = out.with_suffix(".keras")
    model.network.save(path)
    peaks = {str(n): peak_of(n, path, n_genes) for n in ((10, 100) if quick else (50, 500))}
    path.unlink()
    figures["peak_rss_mib"] = peaks
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name in ("stratified", "monte_carlo"):
        z = figures["agreement"][name]
        print(
            f"(a) z-scores, {name}: mean {z['mean']:.3f}, sd {z['sd']:.3f}, "
            f"{z['beyond_1.96']:.1%} beyond 1.96 (5.0% of a normal)"
        )
    for side, asked in (("shap", 100), ("plain", 2)):
        faster = figures["speed"][f"times_faster_than_{side}"]
        print(
            f"(b) at equal accuracy {faster['wall']:.1f} times faster than {side} on the wall, "
            f"{faster['core']:.1f} times in core seconds (asked: {asked})"
        )
    print("(c) peak memory " + ", ".join(f"{n} samples: {m:.0f} MiB" for n, m in peaks.items()))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, a minute")
    parser.add_argument("--out", type=Path, default=Path("bench_shap.json"))
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        explain_and_print_peak(int(given.peak[0]), given.peak[1], int(given.peak[2]))
    else:
        run(quick=given.quick, out=given.out)


if __name__ == "__main__":
    main()
