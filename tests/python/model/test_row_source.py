"""Rows in shuffled blocks of a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tissueshap._core import lazy
from tissueshap.model._row_source import _BLOCK, InMemory, OnDisk, _by_block
from tissueshap.model._rows import plain_table


class Counted(lazy.Lazy):
    """A matrix that counts the rows that are read."""

    def __init__(self, values: np.ndarray) -> None:
        self._values, self.shape, self.dtype = values, values.shape, values.dtype
        self.reads: list[int] = []

    def read(self, rows: np.ndarray) -> np.ndarray:
        self.reads.append(rows.size)
        return self._values[rows]

    values = read


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1000, 4)).astype(np.float32)


@pytest.fixture
def repeated() -> pd.DataFrame:
    """The first 20 samples, of a small class, 25 times."""
    samples = np.concatenate([np.arange(1000), np.repeat(np.arange(20), 24)])
    return plain_table(samples)


def test_an_epoch_has_each_row_once(values, repeated, monkeypatch):
    monkeypatch.setattr(lazy, "BUFFER", 300 * values.shape[1])
    source = OnDisk(Counted(values))
    groups = source.deal(repeated, 23, np.random.default_rng(1))
    batches = [batch for group in groups for batch in group]
    assert len(batches) == 23
    assert {len(batch) for batch in batches} == {64, 65}
    assert np.array_equal(np.sort(np.concatenate(batches)), np.arange(len(repeated)))
    assert all(sum(map(len, group)) <= 150 for group in groups)
    again = source.deal(repeated, 23, np.random.default_rng(2))
    assert not np.array_equal(again[0][0], batches[0])


def test_a_small_class_is_in_every_group(values, repeated, monkeypatch):
    monkeypatch.setattr(lazy, "BUFFER", 300 * values.shape[1])
    groups = OnDisk(Counted(values)).deal(repeated, 23, np.random.default_rng(1))
    small = [np.mean(repeated["sample"].to_numpy()[np.concatenate(group)] < 20) for group in groups]
    assert len(groups) > 4
    assert min(small) > 0.2  # 500 of 1,480 rows are a share of 0.34
    assert max(small) < 0.5


def test_neighbours_stay_together():
    order = _by_block(np.arange(6400), np.random.default_rng(0))
    block = order.reshape(-1, _BLOCK) // _BLOCK
    assert (block == block[:, :1]).all()
    assert not np.array_equal(block[:, 0], np.sort(block[:, 0]))


def test_values_are_those_in_memory(values, repeated, monkeypatch):
    monkeypatch.setattr(lazy, "BUFFER", 300 * values.shape[1])
    source = OnDisk(Counted(values))
    for group in source.deal(repeated, 23, np.random.default_rng(1)):
        expand = source.load(repeated, np.concatenate(group))
        samples = repeated["sample"].iloc[group[-1]]
        np.testing.assert_array_equal(expand(group[-1]), values[samples])


def test_mixtures_read_both_samples(values):
    table = plain_table(np.array([5, 900, 17]))
    table["neighbour"], table["mix"] = [700, 900, 3], [0.25, 0.0, 0.5]
    matrix = Counted(values)
    expand = OnDisk(matrix, finish=lambda row: np.add(row, 1, out=row)).load(table, np.arange(3))
    expected = 1 + 0.5 * values[[17]] + 0.5 * values[[3]]
    np.testing.assert_allclose(expand(np.array([2])), expected, rtol=1e-6)
    assert matrix.reads == [5]


def test_what_fits_the_buffer_is_dealt_as_in_memory_and_read_once(values, repeated):
    matrix = Counted(values)
    source = OnDisk(matrix)
    for epoch in range(3):
        dealt, expected = (
            each.deal(repeated, 23, np.random.default_rng(epoch))
            for each in (source, InMemory(lambda _: values))
        )
        assert len(dealt) == len(expected) == 1
        for own, other in zip(dealt[0], expected[0], strict=True):
            assert np.array_equal(own, other)
        source.load(repeated, np.concatenate(dealt[0]))
    assert matrix.reads == [1000]


def test_rows_in_memory_are_expanded_once_if_they_fit(values, repeated, monkeypatch):
    calls = []

    def expand(part):
        calls.append(len(part))
        return values[part["sample"]]

    chosen = np.array([1400, 3])
    for buffer, expected in ((2**26, [1, 1480, 1]), (1000, [1, 2, 1, 2])):
        monkeypatch.setattr(lazy, "BUFFER", buffer)
        source = InMemory(expand)
        for _ in range(2):
            own = source.load(repeated, np.arange(1480))(chosen)
            np.testing.assert_array_equal(own, values[repeated["sample"].iloc[chosen]])
        assert calls == expected
        calls.clear()
