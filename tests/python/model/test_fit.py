"""The batches of a training: their order, and the threads that expand them."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from tissueshap._core.settings import settings
from tissueshap.model import preset


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
    return [thread for thread in threading.enumerate() if thread.name.startswith("rows")]


def test_an_epoch_has_each_row_once_in_an_order_of_its_own(data, batches):
    rows, dealt = data.rows(), batches()
    orders = []
    for epoch in range(2):
        order = np.random.default_rng([3, epoch]).permutation(len(rows))
        x, y, weight = (np.concatenate(parts) for parts in zip(*dealt, strict=True))
        np.testing.assert_array_equal(x, data.x[order])
        np.testing.assert_array_equal(y.argmax(axis=1), data.codes[order])
        np.testing.assert_array_equal(weight, 1)
        orders.append(order)
        dealt.on_epoch_end()
    assert not np.array_equal(*orders)


def test_batches_can_be_read_twice_and_in_any_order(batches):
    # Keras reads the first ones to learn their shapes.
    dealt = batches()
    first, last = dealt[0][0], dealt[len(dealt) - 1][0]
    np.testing.assert_array_equal(dealt[0][0], first)
    np.testing.assert_array_equal(dealt[len(dealt) - 1][0], last)


def test_batches_are_expanded_ahead_in_other_threads(data, batches):
    asked = threading.Event()
    names = []

    def expand(part):
        names.append(threading.current_thread().name)
        if len(names) > 1:
            asked.set()
        return data.x[part["sample"]]

    dealt = batches(replace(data.rows(), expand=expand))
    assert len(dealt) > 2
    _ = dealt[0]
    assert asked.wait(timeout=10), "only the batch that was asked for is expanded"
    assert all(name.startswith("rows") for name in names)


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
