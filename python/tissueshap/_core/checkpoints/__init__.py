"""Finished work on disk, so that a killed process does not have to do it again.

Work that takes long asks here whether its result is on disk already::

    scores = checkpoints.once("tree", {"seed": 1}, lambda: fit(seed=1))

Outside ``with keeping(Store(folder)):`` nothing is kept, and ``fit`` is called each time. In
it, the result is written to the folder (under another name, flushed to the disk, then renamed),
and the next process reads it if it is intact and was made with the same parameters. What else a
result depends on, such as the data, is the folder's: a run has one per step, and empties it when
what the step reads changes.

Values are None, numbers, strings, lists, tuples, dictionaries, arrays, frames and sparse
matrices. They come back with their types, to the last bit. There is no pickle: nothing that is
read is executed.
"""

from tissueshap._core.checkpoints._file import DamagedError, digest, read, replaced, write
from tissueshap._core.checkpoints._store import (
    Latest,
    Place,
    Store,
    continued,
    keeping,
    keeping_at,
    latest,
    once,
    place,
)

__all__ = [
    "DamagedError",
    "Latest",
    "Place",
    "Store",
    "continued",
    "digest",
    "keeping",
    "keeping_at",
    "latest",
    "once",
    "place",
    "read",
    "replaced",
    "write",
]
