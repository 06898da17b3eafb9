import numpy as np
import pytest

from tissueshap.pl._euler import circles, shared_area


@pytest.mark.parametrize(
    ("first", "second", "both"), [(100, 100, 50), (2423, 13000, 2389), (10, 1000, 1), (7, 7, 6)]
)
def test_areas_are_the_numbers(first, second, both):
    a, b, distance = circles(first, second, both)
    assert np.pi * a**2 == pytest.approx(first)
    assert np.pi * b**2 == pytest.approx(second)
    assert shared_area(a, b, distance) == pytest.approx(both, rel=1e-9)


def test_shared_area_by_counting_points():
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 400_000))
    inside = (x**2 + y**2 < 2**2) & ((x - 1.5) ** 2 + y**2 < 1)
    assert shared_area(2, 1, 1.5) == pytest.approx(36 * inside.mean(), rel=0.02)


def test_sets_apart_touch_and_a_part_lies_inside():
    a, b, distance = circles(50, 30, 0)
    assert distance == pytest.approx(a + b)
    a, b, distance = circles(50, 30, 30)
    assert distance == pytest.approx(a - b)
    assert shared_area(a, b, distance) == pytest.approx(30)


def test_an_empty_set_has_no_circle():
    a, b, _ = circles(0, 30, 0)
    assert a == 0
    assert b > 0
