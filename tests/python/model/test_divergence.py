"""A training that gets worse is noticed and repeated."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.model import load, preset
from tissueshap.model._divergence import SMALLER, diverges
from tissueshap.model._train import train


@pytest.fixture(scope="module")
def wide(data):
    """Few samples and many genes, most of which mark nothing: what diverges on real data."""
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.repeat([0, 1, 2], 30))
    x = rng.normal(0, 1, (codes.size, 3000)).astype(np.float32)
    for code in range(3):
        x[np.ix_(codes == code, np.arange(4) + 4 * code)] += 3
    return type(data)(x, codes)


FAST = replace(preset("small").changed(epochs=6), learning_rate=0.03)


@pytest.mark.parametrize(
    ("losses", "start", "verdict"),
    [
        # The mosaic, AdamW at 1e-3 on standardised genes: above 1.95 for a third of the epochs.
        (np.interp(np.arange(200), [0, 1, 40, 70, 199], [4.0, 8.7, 3.0, 2.0, 0.9]), 1.95, True),
        # The same on standardised samples: the first steps are too large, and it comes back.
        ([7.0, 10.6, 9.5, 4.5, 3.5, 3.1, 2.5, 1.9, *[0.7] * 192], 1.95, False),
        ([2.5, 3.1, 2.5, 1.9, *[0.6] * 96], 1.95, False),  # the default
        ([215, 549, 371, 141, 45, 18, 9, 5, 3, *[1.6] * 191], 1.95, True),  # it learns nothing
        ([40.0, 12.0, 5.0, 1.9], 1.95, True),  # many steps in each epoch
        ([1.96, 2.0, 1.97, 1.96], 1.95, False),  # classes that cannot be learned
        ([0.9, float("nan")], 1.95, True),
        ([float("inf")], 1.95, True),
        ([5.68, 4.93, 5.07, 3.26], 6.0, False),  # starts high, and falls
        ([0.01, 0.05, 0.01], 1.95, False),  # risen, but far better than guessing
        ([], 1.95, False),
    ],
)
def test_what_counts_as_diverging(losses, start, verdict):
    assert diverges(losses, n_classes=7, start=start) is verdict


def test_a_training_is_given_up_once_the_other_epochs_cannot_change_the_verdict():
    losses = [6.0, 4.0, *[3.0] * 4, *[0.5] * 14]
    for n_classes, verdict in ((7, True), (100, False)):
        assert diverges(losses, n_classes) is verdict
        early = [diverges(losses[:n], n_classes, epochs=20) for n in range(len(losses) + 1)]
        assert early == sorted(early)
        assert early[-1] is verdict
    assert not diverges([3.0], 7, epochs=20)


def test_a_training_that_diverges_is_repeated_with_a_smaller_rate(wide, caplog, tmp_path):
    with caplog.at_level(logging.WARNING, logger="tissueshap"):
        trained = wide.train(FAST, n_validation=0)
    training = trained.training
    assert training["retries"] >= 1
    assert training["learning_rate"] == pytest.approx(0.03 * SMALLER ** training["retries"])
    assert not training["diverged"]
    assert not diverges(trained.history["loss"].tolist(), 3)
    assert len(trained.history) == 6
    assert trained.history["learning_rate"].max() < training["learning_rate"]
    said = [item.message for item in caplog.records if "starting again" in item.message]
    assert len(said) == training["retries"]
    assert load(trained.save(tmp_path / "model")).training == training


def test_without_retries_a_diverged_network_says_so(wide, caplog):
    with caplog.at_level(logging.WARNING, logger="tissueshap"):
        trained = wide.train(replace(FAST, retries=0), n_validation=0)
    assert trained.training == {"learning_rate": 0.03, "retries": 0, "diverged": True}
    assert len(trained.history) == 6
    assert "the training diverged" in caplog.text


def test_a_sound_training_is_not_repeated(classifier):
    settings = preset("small")
    assert classifier.training == {
        "learning_rate": settings.learning_rate,
        "retries": 0,
        "diverged": False,
    }


@pytest.mark.parametrize("value", [np.inf, 1e30])
def test_values_that_no_rate_can_learn_are_refused(data, value):
    rows = replace(
        data.rows(), expand=lambda part: np.full((len(part), 20), value, dtype=np.float32)
    )
    settings = replace(preset("small").changed(epochs=2), standardise="none", retries=1)
    genes, classes = [f"G{number}" for number in range(20)], ["a", "b", "c"]
    with pytest.raises(DataError, match="weights are not finite"):
        train(rows, settings, genes=genes, classes=classes)
