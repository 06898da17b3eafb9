"""The batches of a training: their order, and the threads that expand them."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from tissueshap._core import lazy
from tissueshap._core.settings import settings
from tissueshap.model import preset
from tissueshap.model._row_source import InMemory


@pytest.fixture
def batches(data):
    from tissueshap.model._fit import _Batches

    made = []

    def make(rows=None, seed=3):
        made.append(_Batches(rows or data.rows(), 3, batch_size=40, seed=seed))
        return made[-1]

    yield make
    for one in made:
        one.close()


def _threads():
    names = ("rows", "reader")
    return [thread for thread in threading.enumerate() if thread.name.startswith(names)]


def test_an_epoch_has_each_row_once_in_an_order_of_its_own(data, batches):
    rows, dealt = data.rows(), batches()
    orders = []
    for epoch in range(2):
        order = np.random.default_rng([3, epoch]).permutation(len(rows))
        x, y, weight = map(np.concatenate, zip(*dealt.epoch(epoch), strict=True))
        np.testing.assert_array_equal(x, data.x[order])
        np.testing.assert_array_equal(y.argmax(axis=1), data.codes[order])
        np.testing.assert_array_equal(weight, 1)
        orders.append(order)
    assert not np.array_equal(*orders)


def test_batches_are_expanded_ahead_in_other_threads(data, batches, monkeypatch):
    monkeypatch.setattr(lazy, "BUFFER", 1)  # not once for all epochs
    asked = threading.Event()
    names = []

    def expand(part):
        if len(part) > 1:
            names.append(threading.current_thread().name)
        if len(names) > 1:
            asked.set()
        return data.x[part["sample"]]

    dealt = batches(replace(data.rows(), expand=expand))
    assert len(dealt) > 2
    epoch = dealt.epoch(1)
    next(epoch)
    assert asked.wait(timeout=10), "only the batch that was asked for is expanded"
    assert all(name.startswith("rows") for name in names)


def test_the_next_group_is_read_while_the_network_is_trained_on_one(data, batches):
    class Groups(InMemory):
        def deal(self, table, n_batches, rng):
            whole = super().deal(table, n_batches, rng)[0]
            return [[batch] for batch in whole]

        def load(self, table, rows):
            read.append(threading.current_thread().name)
            return lambda chosen: data.x[table["sample"].iloc[chosen]]

    read = []
    dealt = batches(replace(data.rows(), expand=Groups(lambda part: data.x[part["sample"]])))
    order = np.random.default_rng([3, 1]).permutation(len(data.rows()))
    x = np.concatenate([x for x, _, _ in dealt.epoch(1)])
    np.testing.assert_array_equal(x, data.x[order])
    assert len(read) == len(dealt)
    assert all(name.startswith("reader") for name in read)


def test_the_history_has_the_means_of_the_epoch(data):
    """With a learning rate of 0 they are the network's loss and accuracy on all rows."""
    still = replace(preset("small"), learning_rate=0.0, dropout=0.0, epochs=2, min_steps=0)
    classifier = data.train(still)
    proba = classifier.predict_proba(data.rows().x_validation)
    accuracy = np.mean(proba.argmax(axis=1) == data.rows().codes_validation)
    assert classifier.history["val_accuracy"].tolist() == pytest.approx([accuracy] * 2)
    rows = data.rows()
    own = classifier.predict_proba(data.x[: len(rows)]).argmax(axis=1) == rows.codes
    assert classifier.history["accuracy"].iloc[-1] == pytest.approx(own.mean())
    expected = classifier.history["loss"].iloc[0]
    assert classifier.history["loss"].iloc[1] == pytest.approx(expected, rel=1e-5)


def test_the_number_of_threads_does_not_change_the_network(data):
    weights = []
    for n_jobs in (1, 3):
        with settings.override(n_jobs=n_jobs):
            weights.append(data.train(preset("small").changed(epochs=2)).network.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_goes_wrong_in_a_thread_ends_the_training_and_the_threads(data):
    from tissueshap.model._architectures import build
    from tissueshap.model._fit import fit

    def expand(part):
        raise OSError("the disk is gone")

    rows, small = data.rows(), replace(preset("small"), standardise="none")
    network = build(small, n_genes=data.x.shape[1], n_classes=3)
    with pytest.raises(Exception, match="the disk is gone"):
        fit(network, small, replace(rows, expand=expand), seed=0)
    assert not _threads()


def test_no_thread_outlives_a_training(data):
    data.train(preset("small").changed(epochs=1))
    assert not _threads()
