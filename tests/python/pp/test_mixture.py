"""Mixed rows, from every kind of matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tissueshap.pp._mixture import mixtures

SAMPLE, NEIGHBOUR = np.array([2, 0, 2, 5]), np.array([3, 4, 2, 1])
MIX = np.array([0.25, 0.0, 0.9, 0.5])


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).gamma(1.0, 50.0, (6, 30)).astype(np.float32)


def expected(values: np.ndarray) -> np.ndarray:
    share = MIX.astype(np.float32)[:, None]
    return (1 - share) * values[SAMPLE] + share * values[NEIGHBOUR]


def test_rows_are_those_of_the_whole_matrix_bit_by_bit(values):
    found = mixtures(values, SAMPLE, NEIGHBOUR, MIX)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected(values))
    np.testing.assert_array_equal(found[1], values[0])


@pytest.mark.parametrize(
    "kind", [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, np.asfortranarray]
)
def test_the_kind_of_matrix_does_not_matter(values, kind):
    np.testing.assert_array_equal(mixtures(kind(values), SAMPLE, NEIGHBOUR, MIX), expected(values))


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
def test_the_type_of_the_values_does_not_matter(values, dtype):
    typed = values.astype(dtype)
    found = mixtures(typed, SAMPLE, NEIGHBOUR, MIX)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(typed.astype(np.float64)), rtol=1e-6)


def test_each_row_is_finished_and_the_values_are_left_alone(values):
    before = values.copy()

    def doubled(row: np.ndarray) -> None:
        row *= 2

    found = mixtures(values, SAMPLE, NEIGHBOUR, MIX, finish=doubled)
    np.testing.assert_array_equal(found, 2 * expected(values))
    np.testing.assert_array_equal(values, before)


def test_neighbours_that_are_not_mixed_in_are_not_read(values):
    missing = np.where(MIX == 0, 99, NEIGHBOUR)
    np.testing.assert_array_equal(mixtures(values, SAMPLE, missing, MIX), expected(values))


def test_no_rows(values):
    none = np.empty(0, dtype=np.int64)
    assert mixtures(values, none, none, none.astype(float)).shape == (0, 30)
