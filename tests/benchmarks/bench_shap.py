"""Expected gradients of this package against shap.GradientExplainer, side by side.

One network of 47 classes, one background, both sides in one run:

(a) agreement: (ours - shap's) / combined standard error over all samples, which should look
    like a standard normal. shap is asked for one class of each sample, which costs it a
    forty-seventh and gives the same values. Its standard error is measured on other draws of
    the same distribution (our plain ones): a skewed mean and the error of the same draws go
    together, and their quotient would not be centred.
(b) time at equal accuracy, the accuracy that of shap as published (200 draws of each of all
    classes, of which one is kept), measured on a few samples against a reference of 20,000
    draws; and the same against the plain batched estimator. shap as published is timed on
    one or two samples (its time is proportional to their number). All sides take turns, so
    that what else a machine does falls on all of them, and their seconds are also given as
    seconds of the cores.
(c) peak memory of a process that explains 50 samples and of one that explains 500.

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
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from tissueshap import settings
from tissueshap.explain import Explainer, expected_gradients
from tissueshap.model import PRESETS
from tissueshap.model._rows import TrainingRows, plain_table
from tissueshap.model._train import train

N_CLASSES, SHAP_DRAWS = 47, 200


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    n_genes: int
    per_class: int
    n_samples: int  #: of the agreement
    z_draws: int  #: of both sides there
    n_reference: int  #: samples with a reference
    reference_draws: int
    n_shap: int  #: samples that shap explains as published
    n_timed: int  #: samples that the other sides explain against the clock
    seeds: int  #: runs whose squared errors are averaged
    memory: tuple[int, int]  #: samples of the two processes


FULL = Sizes(2025, 20, 50, 400, 3, 20_000, 2, 10, 5, (50, 500))
QUICK = Sizes(144, 8, 8, 200, 4, 4000, 1, 4, 4, (10, 60))
TINY = Sizes(64, 3, 4, 60, 2, 400, 1, 2, 2, (4, 12))


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
    """shap.GradientExplainer on the same network and background, its settings the default."""

    def __init__(self, network, background):
        import shap

        self._explainer = shap.GradientExplainer(network, background)

    def _values(self, x, **options):
        with warnings.catch_warnings():  # shap hands its input to Keras in a list
            warnings.simplefilter("ignore", UserWarning)
            return self._explainer.shap_values(x, **options)

    def published(self, x, targets, seed):
        """Explain all classes and keep one, as published."""
        found = self._values(x, nsamples=SHAP_DRAWS, rseed=seed)
        return found[np.arange(len(x)), :, targets]

    def one_class(self, x, draws, seed):
        """Explain the highest class only."""
        found, _ = self._values(x, nsamples=draws, ranked_outputs=1, rseed=seed)
        return np.asarray(found).reshape(x.shape)


def agreement(network, shap, x, background, targets, *, draws):
    """Return how the z-scores of ours against shap's are distributed."""
    theirs = shap.one_class(x, draws, seed=7)
    ours, plain, again = (
        expected_gradients(network, x, background, targets, method=method, n_draws=draws, seed=seed)
        for method, seed in (("stratified", 11), ("monte_carlo", 12), ("monte_carlo", 13))
    )
    figures = {"n_samples": len(x), "draws": draws}
    for name, found in (("stratified", ours), ("monte_carlo", plain)):
        z = (found.values - theirs) / np.hypot(found.standard_error, again.standard_error)
        figures[name] = {
            "mean": float(z.mean()),
            "sd": float(z.std()),
            "beyond_1.96": float((np.abs(z) > 1.96).mean()),
            "beyond_3": float((np.abs(z) > 3).mean()),
            "sd_of_sample_means": float(z.mean(axis=1).std()),
        }
    return figures


def squared_error(values, reference):
    """Return the mean squared error of values."""
    return float(np.square(values - reference).mean())


def seconds(function):
    """Return a function's result, and the seconds on the wall and of the cores it took."""
    began = time.perf_counter(), time.process_time()
    found = function()
    return found, np.array([time.perf_counter() - began[0], time.process_time() - began[1]])


class Ours:
    """This package's estimators, compiled and ready."""

    def __init__(self, network, background, x, targets):
        self._network, self._background = network, background
        self.x, self.targets = x, targets

    def ready(self, method, draws, seed):
        """Return a function that explains the samples."""
        explainer = Explainer(
            self._network, self._background, method=method, n_draws=draws, seed=seed
        )

        def values():
            found = np.empty(self.x.shape)
            for one in explainer.stream(self.x, self.targets):
                found[one.number] = one.values
            return found

        return values, explainer

    def error(self, method, draws, reference, seeds):
        """Return the squared error, averaged over runs."""
        runs = [self.ready(method, draws, seed)[0]() for seed in range(1, seeds + 1)]
        return float(np.mean([squared_error(run, reference) for run in runs]))

    def timed(self, method, draws):
        """Return the seconds a sample, compiled before."""
        values, explainer = self.ready(method, draws, 1)
        list(explainer.stream(self.x, self.targets))
        return seconds(values)[1] / len(self.x)


def speed(network, shap, x, background, targets, sizes):
    """Return times for the accuracy of shap as published."""
    few = slice(0, sizes.n_reference)
    side = Ours(network, background, x[few], targets[few])
    reference = side.ready("stratified", sizes.reference_draws, 99)[0]()
    plain = side.error("monte_carlo", SHAP_DRAWS, reference, sizes.seeds)
    for draws in (60, 70, 80, 90, 100, 112, 126, 144, 160, 180, 200):
        ours = side.error("stratified", draws, reference, sizes.seeds)
        if ours <= plain:
            break
    shap.published(x[:1], targets[:1], seed=0)  # compiles all classes
    wider = Ours(network, background, x[: sizes.n_timed], targets[: sizes.n_timed])
    turns = {"shap": [], "plain": [], "ours": []}
    theirs = []
    for turn in range(sizes.n_shap):
        one = slice(turn, turn + 1)
        turns["ours"].append(wider.timed("stratified", draws))
        found, took = seconds(lambda one=one: shap.published(x[one], targets[one], seed=5))
        turns["shap"].append(took)
        theirs.append(squared_error(found, reference[one]))
        turns["plain"].append(wider.timed("monte_carlo", SHAP_DRAWS))
    per = {name: np.mean(took, axis=0) for name, took in turns.items()}
    figures = {
        f"{unit}_seconds_a_sample": {name: float(took[place]) for name, took in per.items()}
        for place, unit in enumerate(("wall", "core"))
    }
    for name in ("shap", "plain"):
        ratio = per[name] / per["ours"]
        figures[f"times_faster_than_{name}"] = {"wall": float(ratio[0]), "core": float(ratio[1])}
    figures["squared_error"] = {
        "shap": float(np.mean(theirs)),
        "plain": plain,
        "ours": ours,
        "reference": squared_error(reference, 0.0),
    }
    figures["draws"] = {
        "shap": SHAP_DRAWS,
        "plain": SHAP_DRAWS,
        "ours": draws,
        "reference": sizes.reference_draws,
    }
    figures["samples"] = {
        "shap": sizes.n_shap,
        "plain": len(wider.x),
        "ours": len(wider.x),
        "reference": len(side.x),
    }
    return figures


def peak_of(n_samples, network_path, sizes):
    """Return the peak resident memory, MiB, of a process that explains so many samples."""
    given = (n_samples, network_path, sizes.n_genes, sizes.per_class)
    command = [sys.executable, __file__, "--peak", *map(str, given)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.strip().splitlines()[-1])


def explain_and_print_peak(n_samples, network_path, n_genes, per_class):
    """Explain samples one after the other, as tl.shap does, and print the peak."""
    from tissueshap.model._backend import keras

    network = keras().saving.load_model(network_path)
    x, codes = simulated(n_genes, per_class)
    explainer = Explainer(network, x, n_draws=24, batch_size=48)
    total = sum(float(one.values.sum()) for one in explainer.stream(x[:n_samples], codes))
    if not np.isfinite(total):
        raise ValueError("the values are not finite")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run(sizes, *, out):
    """Measure, print and write."""
    began = time.perf_counter()
    settings.progress = False
    x, codes = simulated(sizes.n_genes, sizes.per_class)
    model = trained(x, codes, epochs=10)
    shap = Shap(model.network, x)
    samples = x[: sizes.n_samples]
    proba = model.predict_proba(samples)
    targets = proba.argmax(axis=1)
    figures = {
        "sizes": asdict(sizes),
        "n_classes": N_CLASSES,
        "n_background": len(x),
        "accuracy": float((targets == codes[: len(samples)]).mean()),
        "median_confidence": float(np.median(proba.max(axis=1))),
        "agreement": agreement(model.network, shap, samples, x, targets, draws=sizes.z_draws),
        "speed": speed(model.network, shap, samples, x, targets, sizes),
    }
    path = out.with_suffix(".keras")
    model.network.save(path)
    figures["peak_rss_mib"] = {str(n): peak_of(n, path, sizes) for n in sizes.memory}
    path.unlink()
    figures["minutes"] = (time.perf_counter() - began) / 60
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print_figures(figures)
    return figures


def print_figures(figures):
    """Print what was asked for."""
    for name in ("stratified", "monte_carlo"):
        z = figures["agreement"][name]
        print(
            f"(a) z-scores, {name}: mean {z['mean']:.3f}, sd {z['sd']:.3f}, "
            f"{z['beyond_1.96']:.1%} beyond 1.96 (5.0% of a normal)"
        )
    draws, errors = (figures["speed"][key] for key in ("draws", "squared_error"))
    print(
        f"(b) {draws['ours']} draws have a squared error of {errors['ours']:.3g}, "
        f"{draws['plain']} plain ones {errors['plain']:.3g}, shap's {errors['shap']:.3g}"
    )
    for side, asked in (("shap", 100), ("plain", 2)):
        faster = figures["speed"][f"times_faster_than_{side}"]
        print(
            f"(b) at equal accuracy {faster['wall']:.1f} times faster than {side} on the wall, "
            f"{faster['core']:.1f} times in core seconds (asked: {asked})"
        )
    peaks = figures["peak_rss_mib"]
    print("(c) peak memory " + ", ".join(f"{n} samples: {m:.0f} MiB" for n, m in peaks.items()))
    print(f"{figures['minutes']:.1f} minutes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, a minute")
    parser.add_argument("--out", type=Path, default=Path("bench_shap.json"))
    parser.add_argument("--peak", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        n_samples, path, *sizes = given.peak
        explain_and_print_peak(int(n_samples), path, *map(int, sizes))
    else:
        run(QUICK if given.quick else FULL, out=given.out)


if __name__ == "__main__":
    main()
