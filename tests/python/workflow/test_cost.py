"""The estimate of a run's time: what it grows with, and runs that were measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tissueshap import cli
from tissueshap.model import for_size, preset
from tissueshap.workflow._config import Config
from tissueshap.workflow._cost import Sizes, seconds
from tissueshap.workflow._steps import steps

GTEX = Sizes(16_651, 17_023, np.array([752, *[297] * 46]), n_test=2235)
MOSAIC = Sizes(89, 20_533, np.array([15, 15, 9, 8, 7, 7, 3]), n_test=25)
PANEL = Sizes(17_382, 59, np.array([653, *[298] * 48]), n_test=2413)


def estimated(sizes: Sizes, cores: int = 2, **options: Any) -> dict[str, float]:
    config = Config(counts="counts.tsv", label="tissue", out="run", **options)
    settings = for_size(preset(config.preset), sizes.n_train, sizes.n_genes)
    settings = settings.changed(epochs=config.epochs, n_models=config.n_models)
    names = [*steps(config), "figures", "report", "save"]
    return seconds(config, settings, sizes, names, cores=cores)


def total(sizes: Sizes, cores: int = 2, **options: Any) -> float:
    return sum(estimated(sizes, cores, **options).values())


@pytest.mark.parametrize(
    ("sizes", "options", "measured"),
    [
        # Seconds on two idle cores.
        (GTEX, {"n_null": 20, "null_starts": 20}, 775),
        # Seconds while tests ran on one of the two.
        (MOSAIC, {"min_class_size": 4}, 102),
        # CPU seconds of busy ones: what is serial takes as long, the rest half as long.
        (PANEL, {"lfc": 1.0}, 165),
    ],
)
def test_it_is_within_a_factor_of_two_of_what_was_measured(
    sizes: Sizes, options: dict[str, Any], measured: float
) -> None:
    assert measured / 2 < total(sizes, **options) < measured * 2


def test_few_samples_spend_their_time_on_calibration() -> None:
    steps_of_mosaic = estimated(MOSAIC, min_class_size=4)
    assert steps_of_mosaic["calibrate"] > 0.4 * sum(steps_of_mosaic.values())
    # Of many samples some are held out to monitor the training, and calibrate it.
    steps_of_gtex = estimated(GTEX)
    assert steps_of_gtex["calibrate"] < steps_of_gtex["cnn"] / 3
    assert "calibrate" not in estimated(MOSAIC, calibrate=False)


@pytest.mark.parametrize(
    ("step", "fewer", "more", "factor"),
    [
        ("cnn", {"epochs": 2000}, {"epochs": 20_000}, 10),
        ("cnn", {"n_models": 10}, {"n_models": 50}, 5),
        ("calibrate", {"n_models": 3}, {"n_models": 6}, 2),
        ("shap", {"n_draws": 10_000}, {"n_draws": 100_000}, 10),
        ("cluster", {"n_starts": 10_000}, {"n_starts": 100_000}, 10),
        ("null_test", {"n_null": 10}, {"n_null": 100}, 10),
        ("folds", {"folds": 3, "epochs": 2000}, {"folds": 6, "epochs": 2000}, 2),
    ],
)
def test_a_step_grows_with_its_options(
    step: str, fewer: dict[str, Any], more: dict[str, Any], factor: float
) -> None:
    few, many = (estimated(MOSAIC, min_class_size=4, **options)[step] for options in (fewer, more))
    assert many / few == pytest.approx(factor, rel=0.25)


def test_the_full_table_of_trust_trains_again() -> None:
    quick, full = (estimated(MOSAIC, min_class_size=4, trust=level) for level in ("quick", "full"))
    assert full["trust"] - quick["trust"] > 4 * (quick["cnn"] - 10)
    assert "trust" not in estimated(MOSAIC, min_class_size=4, trust="none")


def test_balancing_is_five_trainings_of_other_lengths() -> None:
    found = estimated(GTEX, compare_balancing=True)
    assert 2 * found["cnn"] < found["balancing"] < 5 * found["cnn"]


def test_convolutions_take_hours_without_a_gpu() -> None:
    assert estimated(GTEX, preset="paper")["cnn"] > 3600


def test_more_cores_take_less_and_more_samples_longer() -> None:
    assert total(GTEX, cores=16) < total(GTEX) < 8 * total(GTEX, cores=16)
    twice = replace(GTEX, n_samples=33_302, train=2 * GTEX.train, n_test=4470)
    assert 1.5 * total(GTEX) < total(twice) < 3 * total(GTEX)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.4, "< 1 s"), (40.2, "40 s"), (99, "99 s"), (101, "2 min"), (7200, "2.0 h")],
)
def test_times_are_said_in_words(seconds: float, expected: str) -> None:
    assert cli._span(seconds) == expected
