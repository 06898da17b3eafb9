from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tissueshap.model import preset

_AGAIN = """
import importlib.util
import sys
import numpy as np

spec = importlib.util.spec_from_file_location("again", sys.argv[1])
module = sys.modules["again"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
data = module.make_data()
np.save(sys.argv[2], data.train().predict_proba(data.x))
"""


@pytest.mark.parametrize("arch", ["cnn", "mlp", "linear"])
def test_each_architecture_learns(data, arch):
    settings = preset("small").changed(arch=arch, epochs=25)
    settings = replace(settings, learning_rate=0.01, filters=(8, 8, 8, 8))
    trained = data.train(settings)
    predicted = trained.predict_proba(data.x[-30:]).argmax(axis=1)
    assert (predicted == data.codes[-30:]).mean() > 0.9
    assert trained.history["loss"].iloc[-1] < 0.7 * trained.history["loss"].iloc[0]


def test_the_history_has_a_row_an_epoch(classifier):
    history = classifier.history
    assert history["epoch"].tolist() == list(range(1, 9))
    assert history.columns.tolist() == [
        *("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
    ]
    assert history.notna().all(axis=None)
    assert (np.diff(history["learning_rate"]) < 0).all()


def test_the_validation_loss_is_that_of_the_held_out_samples(data):
    settings = replace(preset("small").changed(epochs=2), label_smoothing=0.0)
    trained = data.train(settings)
    chance = trained.predict_proba(data.x[-30:])[np.arange(30), data.codes[-30:]]
    np.testing.assert_allclose(trained.history["val_loss"].iloc[-1], -np.log(chance).mean(), 1e-4)


def test_without_validation_samples_the_history_says_so(data):
    history = data.train(preset("small").changed(epochs=1), n_validation=0).history
    assert history[["val_loss", "val_accuracy"]].isna().all(axis=None)


def test_early_stopping_goes_back_to_the_best_weights(data):
    settings = replace(
        preset("small").changed(epochs=60, standardise="genes"),
        learning_rate=0.05,
        patience=3,
        label_smoothing=0.0,
    )
    trained = data.train(settings)
    assert len(trained.history) < 60
    chance = trained.predict_proba(data.x[-30:])[np.arange(30), data.codes[-30:]]
    np.testing.assert_allclose(trained.history["val_loss"].min(), -np.log(chance).mean(), 0.02)


def test_the_paper_schedule_decays_by_a_hundredth_a_step(data):
    trained = data.train(preset("paper").changed(epochs=2))
    steps = round(270 / 128)
    rate = [1e-4 / (1 + 0.01 * steps * epoch) for epoch in (1, 2)]
    np.testing.assert_allclose(trained.history["learning_rate"], rate, rtol=1e-5)


def test_little_data_is_passed_more_often(data):
    settings = replace(preset("small"), epochs=2, min_steps=40, batch_size=27)
    assert len(data.train(settings).history) == 4


def test_training_leaves_global_chance_alone_and_prints_nothing(data, capfd):
    np.random.seed(5)
    random.seed(5)
    before = (np.random.get_state()[1].copy(), random.getstate())
    data.train(preset("small").changed(epochs=1))
    assert np.array_equal(before[0], np.random.get_state()[1])
    assert before[1] == random.getstate()
    assert capfd.readouterr().out == ""


def test_the_seed_decides(data, classifier):
    expected = classifier.predict_proba(data.x)
    np.random.seed(1)
    np.testing.assert_allclose(data.train().predict_proba(data.x), expected, atol=1e-5)
    other = data.train(seed=1).predict_proba(data.x)
    assert np.abs(other - expected).max() > 1e-3


@pytest.mark.slow
def test_a_second_process_makes_the_same_network(data, classifier, tmp_path):
    source = Path(__file__).resolve().parents[3] / "python"
    here = Path(__file__).with_name("conftest.py")
    subprocess.run(
        [sys.executable, "-c", _AGAIN, here, tmp_path / "again.npy"],
        check=True,
        env={**os.environ, "PYTHONPATH": str(source)},
        timeout=300,
    )
    again = np.load(tmp_path / "again.npy")
    np.testing.assert_allclose(again, classifier.predict_proba(data.x), atol=1e-5)
