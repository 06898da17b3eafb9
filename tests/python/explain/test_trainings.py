"""One training after another on the same data."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tissueshap.explain import _trainings, trainings


def chosen(work: Any, row: int, column: int, *, times: int) -> float:
    return times * float(work.layers["log2"][row, column])


def test_results_are_in_the_order_of_the_items() -> None:
    work: Any = SimpleNamespace(layers={"log2": np.arange(12.0).reshape(3, 4)})
    train = partial(chosen, times=10)
    found = trainings(work, train, [(2, 3), (0, 0), (1, 2)], desc="networks", unit="network")
    assert list(found) == [110.0, 0.0, 60.0]


@pytest.mark.parametrize(
    ("accelerator", "values", "apart"),
    [(None, np.ones((2, 2)), True), (None, "in a file", False), (10**9, np.ones((2, 2)), False)],
)
def test_other_processes_need_values_in_memory_and_no_accelerator(
    accelerator: int | None, values: Any, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {}
    monkeypatch.setattr("tissueshap.explain._network.device_bytes", lambda: accelerator)
    monkeypatch.setattr(_trainings, "in_order", lambda *_, **how: options.update(how))
    work: Any = SimpleNamespace(layers={"log2": values, "tmm": np.ones((2, 2))})
    trainings(work, chosen, [(0, 0)], desc="networks", unit="network")
    assert options["apart"] is apart
