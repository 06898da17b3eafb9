"""Trainings that are stopped, and continue to the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tissueshap._core import checkpoints
from tissueshap._core.checkpoints import Store, _store, keeping
from tissueshap.model import preset

_SETTINGS = preset("small").changed(epochs=6)


@pytest.fixture(autouse=True)
def each_epoch(monkeypatch):
    """Keep each epoch, whatever the share of the time that this takes."""
    monkeypatch.setattr(_store, "_SHARE", 1e9)


@pytest.fixture
def stopped_after(monkeypatch):
    """Stop a training after some epochs, as a killed process is."""
    from tissueshap.model import _fit

    on_epoch_end = _fit.Keeper.on_epoch_end

    def stop_after(n_epochs):
        def end(self, epoch, logs=None):
            on_epoch_end(self, epoch, logs)
            if epoch + 1 == n_epochs:
                raise KeyboardInterrupt

        monkeypatch.setattr(_fit.Keeper, "on_epoch_end", end)

    yield stop_after


def _same(one, other):
    for ours, theirs in zip(one.network.variables, other.network.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    columns = [name for name in one.history if name != "seconds"]
    assert one.history[columns].equals(other.history[columns])
    assert one.training == other.training
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize("n_epochs", [1, 4])
@pytest.mark.parametrize("patience", [None, 2])
def test_a_stopped_training_continues_to_the_same_network(
    data, tmp_path: Path, stopped_after, n_epochs, patience
):
    settings = _SETTINGS.changed()
    settings = type(settings)(**{**vars(settings), "patience": patience, "dropout": 0.3})
    whole = data.train(settings)
    stopped_after(n_epochs)
    with keeping(Store(tmp_path)):
        with pytest.raises(KeyboardInterrupt):
            data.train(settings)
        kept = [path.name.partition("-")[0] for path in tmp_path.iterdir()]
        assert kept == ["epoch"]
        stopped_after(0)
        _same(whole, data.train(settings))
        assert [path.name.partition("-")[0] for path in tmp_path.iterdir()] == ["training"]


def test_a_training_that_ends_early_ends_in_the_same_epoch(data, tmp_path: Path, stopped_after):
    """The last epoch is not kept: from there, one more would be trained."""
    hasty = {"patience": 1, "epochs": 60, "learning_rate": 0.05, "retries": 0}
    settings = type(_SETTINGS)(**{**vars(_SETTINGS), **hasty})
    whole = data.train(settings)
    n_epochs = len(whole.history)
    assert n_epochs < 60
    stopped_after(n_epochs)
    with keeping(Store(tmp_path)):
        with pytest.raises(KeyboardInterrupt):
            data.train(settings)
        stopped_after(0)
        _same(whole, data.train(settings))


def test_a_finished_training_is_read_again(data, tmp_path: Path, monkeypatch):
    with keeping(Store(tmp_path)):
        first = data.train(_SETTINGS)
        monkeypatch.setattr("tissueshap.model._fit.fit", lambda *_, **__: pytest.fail("trained"))
        again = data.train(_SETTINGS)
        _same(first, again)
        np.testing.assert_array_equal(again.predict_proba(data.x), first.predict_proba(data.x))
        for other in ({"seed": 1}, {"n_validation": 20}):
            with pytest.raises(pytest.fail.Exception, match="trained"):
                data.train(_SETTINGS, **other)
        with pytest.raises(pytest.fail.Exception, match="trained"):
            data.train(_SETTINGS.changed(epochs=2))


def test_nothing_is_kept_outside_a_run(data, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data.train(_SETTINGS.changed(epochs=1))
    assert list(tmp_path.iterdir()) == []
    assert checkpoints.latest("epoch", {}) is None
