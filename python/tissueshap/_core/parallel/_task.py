"""What is done with each item, here or by a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from scipy import sparse

from tissueshap._core import checkpoints
from tissueshap._core.settings import settings

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Task(Generic[Item, Result]):
    """A function, its arguments that all items have in common, and how to get the others."""

    prepare: Callable[[Item], tuple[Any, ...]]
    work: Callable[..., Result]
    shared: tuple[Any, ...]

    def done(self, item: Item) -> Result:
        """Return the result for an item."""
        return self.work(*self.shared, *self.prepare(item))


def can_be_sent(*values: Any) -> bool:
    """Return whether matrices are in memory: one in a file stays with this process."""
    return all(isinstance(one, np.ndarray) or sparse.issparse(one) for one in values)


@contextmanager
def as_worker(place: checkpoints.Place | None) -> Iterator[None]:
    """Work as one of several: no bar, no workers of its own, and the checkpoints of a run.

    Parameters
    ----------
    place
        Where finished work is kept, if it can be seen from here.
    """
    with (
        settings.override(progress=False, n_jobs=1, client=None),
        checkpoints.keeping_at(place),
    ):
        yield
