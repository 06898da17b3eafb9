"""How far predictions can be relied on: calibration, coverage, unknown classes, another cohort.

The default network on the studies of ``biology/studies.py``, at the seeds of confirmation::

    TISSUESHAP_DATA=... python tests/benchmarks/bench_prediction.py reliability
        [--study panel ...] [--seed 42 1 7] [--out prediction.jsonl]
    TISSUESHAP_DATA=... python tests/benchmarks/bench_prediction.py left_out
        [--study gtex_hpa ...] [--half confirmation]
    python tests/benchmarks/bench_prediction.py --docs [--out prediction.jsonl]

``reliability`` trains and calibrates once per study and seed. ``left_out`` trains without one
class after the other, and asks how well scores separate its samples from the held-out ones of
the classes that the network knows. A line of JSON per study, seed and class is appended to a
file; what it holds already is not run again. ``--docs`` keeps a copy in bench_prediction.json
and renews the tables of docs/prediction.md.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
from anndata import AnnData
from biology.studies import STUDIES, Study, in_selection
from scipy.special import logsumexp, softmax
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tissueshap import pp, settings, tl
from tissueshap._core import schema
from tissueshap.calibration import (
    LEVELS,
    Novelty,
    expected_calibration_error,
    nonconformity,
    prediction_sets,
)
from tissueshap.model import Classifier, activations

HERE = Path(__file__).resolve().parent
SUMMARY, PAGE = HERE / "bench_prediction.json", HERE.parents[1] / "docs" / "prediction.md"
SEEDS = {"selection": (101,), "confirmation": (42, 1, 7)}
RELIABLE = ("panel", "profiles 20", "exchanged 20", "primates", "gtex_hpa", "compendium")


def reliability(study: Study, seed: int) -> dict[str, Any]:
    """Return calibration, coverage and verdicts of one study."""
    adata = study.adata
    model = fitted(adata, study, seed)
    calibrated = tl.calibrate(adata, model, seed=seed)
    x, y = held_out(adata, study)
    codes = pd.Index(model.classes).get_indexer(y)
    logits, features = activations(model.network, x)
    calibration = calibrated.calibration
    assert calibration is not None
    judged = calibration.judge(logits, features)
    before, after = softmax(logits.astype(float), axis=1), judged.probabilities
    plain = logistic(adata, study).predict_proba(x)
    found = {
        "n_test": len(y),
        "method": calibration.scaling.method,
        "source": calibration.source,
        "ece_before": expected_calibration_error(before, codes),
        "ece_after": expected_calibration_error(after, codes),
        "ece_logistic": expected_calibration_error(plain, codes),
        "macro_f1_before": macro_f1(codes, before),
        "macro_f1_after": macro_f1(codes, after),
        "verdicts": shares(judged.verdicts),
        "coverage": list(coverage(calibrated, after, codes)),
        "mixtures": mixtures(calibrated, x, codes, study, seed),
        "mixtures_3_to_1": mixtures(calibrated, x, codes, study, seed, share=0.75),
    }
    if study.other is not None:
        found["other"] = verdicts(study, calibrated)
    return found


def coverage(model: Classifier, probabilities: np.ndarray, codes: np.ndarray) -> Iterator[Any]:
    """Yield coverage and size of the prediction sets, of all samples and by class."""
    calibration = model.calibration
    assert calibration is not None
    scores, rows = nonconformity(probabilities), np.arange(codes.size)
    for level in LEVELS:
        for by_class in (False, True):
            sets = prediction_sets(scores, calibration.thresholds, level, by_class=by_class)
            covered = sets[rows, codes]
            each = pd.Series(covered).groupby(codes).agg(["sum", "size"])
            inside = binom.cdf(each["sum"], each["size"], level) > 0.025
            yield {
                "level": level,
                "by_class": by_class,
                "covered": float(covered.mean()),
                # Whether so few could be covered by chance, if the level held.
                "enough": bool(binom.cdf(covered.sum(), covered.size, level) > 0.025),
                "classes_enough": float(inside.mean()),
                "size": float(sets.sum(axis=1).mean()),
                "empty": float((sets.sum(axis=1) == 0).mean()),
            }


def shares(verdicts: np.ndarray) -> dict[str, float]:
    """Return the share of each verdict."""
    return pd.Series(verdicts).value_counts(normalize=True).to_dict()


def mixtures(
    model: Classifier,
    x: np.ndarray,
    codes: np.ndarray,
    study: Study,
    seed: int,
    *,
    share: float = 0.5,
) -> dict[str, float]:
    """Return the verdicts on mixtures of two held-out samples of different classes."""
    assert model.calibration is not None
    offset = (
        0.0 if study.logged else float(study.adata.uns["tissueshap"]["log2"]["params"]["offset"])
    )
    rng = np.random.default_rng(seed)
    pairs = rng.integers(len(x), size=(1000, 2))
    pairs = pairs[codes[pairs[:, 0]] != codes[pairs[:, 1]]][:400]
    first, second = (np.exp2(x[pairs[:, side]]) - offset for side in (0, 1))
    mixed = np.log2(share * first + (1 - share) * second + offset).astype(np.float32)
    return shares(model.calibration.judge(*activations(model.network, mixed)).verdicts)


def verdicts(study: Study, model: Classifier) -> dict[str, Any]:
    """Return what the model says of another laboratory's samples."""
    other = study.other
    assert other is not None
    if study.newcomers is not None:
        other = ad.concat([other, study.newcomers], merge="same")
    if not study.logged:
        pp.log2(other)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tl.predict(other, model, check_scale=False)
    found = answers(other, study.label, model)
    pp.harmonise(other, study.adata)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tl.predict(other, model, layer=schema.layers.harmonised, check_scale=False)
    return {**found, "harmonised": answers(other, study.label, model)}


def answers(adata: AnnData, label: str, model: Classifier) -> dict[str, Any]:
    """Return how many of another laboratory's samples are answered, and how many wrongly."""
    y = adata.obs[label].astype(str).to_numpy()
    verdict = adata.obs[schema.obs.verdict].astype(str).to_numpy()
    right = adata.obs[schema.obs.predicted].astype(str).to_numpy() == y
    known = np.isin(y, model.classes)
    answered = verdict == "known"
    return {
        "n_known": int(known.sum()),
        "n_unknown": int((~known).sum()),
        "correct": int(right[known].sum()),
        "answered": int(answered[known].sum()),
        "wrong_answers": int((answered & ~right).sum()),
        "unknown_answered": int(answered[~known].sum()),
        "verdicts": pd.crosstab(known, verdict).to_dict(),
    }


def left_out(study: Study, name: str, seed: int) -> dict[str, Any]:
    """Return how well scores separate a class that the network does not know."""
    whole = study.adata
    is_new = (whole.obs[study.label].astype(str) == name).to_numpy()
    adata = whole[~is_new].copy()
    adata.obs[study.label] = adata.obs[study.label].astype(str).astype("category")
    model = fitted(adata, study, seed)
    train = values(adata, np.flatnonzero(adata.obs["split"] == "train"), study)
    codes = pd.Index(model.classes).get_indexer(
        adata.obs[study.label].astype(str)[adata.obs["split"] == "train"]
    )
    seen = activations(model.network, train)[1]
    novelty, neighbours = Novelty.of(seen, codes), Neighbours(seen)
    simple = logistic(adata, study)
    sides = [held_out(adata, study)[0], values(whole, np.flatnonzero(is_new), study)]
    scores: dict[str, list[np.ndarray]] = {}
    for x in sides:
        logits, features = activations(model.network, x)
        for key, score in {
            "distance to the nearest class": novelty.distances(features)[0],
            "distance to the nearest sample": neighbours.distances(features),
            "energy": -logsumexp(logits.astype(float), axis=1),
            "maximum softmax": 1 - softmax(logits.astype(float), axis=1).max(axis=1),
            "disagreement": disagreement(model, x),
            "logistic regression": 1 - simple.predict_proba(x).max(axis=1),
        }.items():
            scores.setdefault(key, []).append(score)
    truth = np.repeat([0, 1], [len(side) for side in sides])
    areas = {key: float(roc_auc_score(truth, np.concatenate(both))) for key, both in scores.items()}
    return {"n_new": int(is_new.sum()), "auroc": areas}


class Neighbours:
    """The training samples in the last hidden layer, each as a direction from their mean."""

    def __init__(self, features: np.ndarray) -> None:
        self._centre = features.mean(axis=0)
        self._search = NearestNeighbors(n_neighbors=1, metric="cosine")
        self._search.fit(features - self._centre)

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Return one minus the cosine of the angle to the nearest."""
        return np.asarray(self._search.kneighbors(features - self._centre)[0][:, 0])


def disagreement(model: Classifier, x: np.ndarray) -> np.ndarray:
    """Return the mean variance of the members' probabilities; 0 for a single network."""
    import keras

    members = [
        layer.output
        for layer in model.network.layers
        if isinstance(layer, keras.layers.Dense) and layer.name.startswith("logits_of_")
    ]
    if not members:
        return np.zeros(len(x))
    each = keras.Model(model.network.input, members)(x, training=False)
    return np.asarray(np.stack([softmax(np.asarray(one), axis=1) for one in each]).var(0).mean(1))


def fitted(adata: AnnData, study: Study, seed: int) -> Classifier:
    """Return the default network, as a user trains it through the verbs."""
    if not study.logged and schema.layers.log2 not in adata.layers:
        pp.log2(adata)
    layer = schema.layers.log2 if study.logged else schema.layers.tmm
    pp.oversample(adata, study.label, layer=layer, seed=seed)
    return tl.cnn(adata, study.label, seed=seed)


def logistic(adata: AnnData, study: Study) -> Any:
    """Return logistic regression on standardised genes, the same input."""
    rows = np.flatnonzero(adata.obs["split"] == "train")
    y = adata.obs[study.label].astype(str).to_numpy()[rows]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    return model.fit(values(adata, rows, study), y)


def held_out(adata: AnnData, study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Return the input and the classes of the held-out samples."""
    rows = np.flatnonzero(adata.obs["split"] == "test")
    return values(adata, rows, study), adata.obs[study.label].astype(str).to_numpy()[rows]


def values(adata: AnnData, rows: np.ndarray, study: Study) -> np.ndarray:
    """Return the network's input of some samples."""
    if not study.logged and schema.layers.log2 not in adata.layers:
        pp.log2(adata)
    return np.asarray(adata.layers[schema.layers.log2][rows], dtype=np.float32)


def macro_f1(codes: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean F1 of the classes."""
    return float(f1_score(codes, probabilities.argmax(axis=1), average="macro", zero_division=0))


def cells(options: argparse.Namespace) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield what is to be run: its name, and a function that runs it."""
    data = Path(os.environ["TISSUESHAP_DATA"])
    for seed in options.seed or SEEDS[options.half]:
        for name in options.study:
            key = {"what": options.what, "study": name, "seed": seed}
            if options.what == "reliability":
                yield key, lambda: reliability(STUDIES[name](data, seed), seed)  # noqa: B023
                continue
            study = STUDIES[name](data, seed)
            for each in study.classes:
                if in_selection(each) == (options.half == "selection"):
                    # A study of its own: what is trained writes to it.
                    yield (
                        {**key, "class": each},
                        lambda: left_out(study, each, seed),  # noqa: B023
                    )


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("reliability", "left_out"))
    parser.add_argument("--half", choices=SEEDS, default="confirmation")
    parser.add_argument("--study", nargs="+", choices=STUDIES, default=list(RELIABLE))
    parser.add_argument("--seed", nargs="+", type=int)
    parser.add_argument("--docs", action="store_true", help="renew the page of docs")
    parser.add_argument("--out", type=Path, default=Path("prediction.jsonl"))
    options = parser.parse_args()
    if options.docs:
        from biology.prediction_tables import renew

        renew(options.out, SUMMARY, PAGE)
        return
    settings.progress, settings.n_jobs = False, 1
    done = set()
    if options.out.is_file():
        lines = options.out.read_text(encoding="utf-8").splitlines()
        done = {json.dumps(json.loads(line)["key"]) for line in lines}
    for key, run in cells(options):
        if json.dumps(key) in done:
            continue
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **run()}) + "\n")
        print(key, flush=True)


if __name__ == "__main__":
    main()
