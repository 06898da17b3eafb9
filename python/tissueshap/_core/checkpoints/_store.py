"""A folder of results, and the one that is in use."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from tissueshap._core.checkpoints._file import (
    DamagedError,
    digest,
    dump,
    load,
    on_disk,
    read,
    replaced,
    write,
)
from tissueshap._core.folders import named_if_full
from tissueshap._core.logging import HINT, logger

Result = TypeVar("Result")

#: Seconds between two times that a journal is flushed to the disk. A killed process loses
#: nothing that was written before; only a machine that loses its power does.
_FLUSHED = 10.0
#: File by which a worker recognises the folder.
_TOKEN = "token"
#: Share of the time that writing the state of running work may take.
_SHARE = 0.05


class Store:
    """A folder in which results are kept.

    Parameters
    ----------
    folder
        Created when the first result is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, name: str, params: Mapping[str, Any]) -> Path:
        """Return the file of a result that has a name and was made with these parameters."""
        return self.folder / f"{name}-{digest(dict(params))[:24]}"

    def get(self, name: str, params: Mapping[str, Any]) -> Any:
        """Return a kept value; None if there is none, or if it is damaged."""
        path = self.place(name, params)
        if not path.exists():
            return None
        try:
            return read(path)
        except DamagedError as error:
            logger.warning("%s is damaged (%s) and is made again", path, error)
            return None

    def put(self, name: str, params: Mapping[str, Any], value: Any) -> None:
        """Keep a value, which must not be None."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write(self.place(name, params), value)


_used: ContextVar[Store | None] = ContextVar("store", default=None)


@contextmanager
def keeping(store: Store) -> Iterator[Store]:
    """Keep, in a ``with`` block, the results of :func:`once`, :func:`continued`, :func:`latest`."""
    before = _used.set(store)
    try:
        yield store
    finally:
        _used.reset(before)


class Place(NamedTuple):
    """The folder of a :class:`Store`, for a worker.

    Attributes
    ----------
    folder
        The folder.
    token
        Content of a file in it: a worker on a machine where the folder is another one, or does
        not exist, keeps nothing. None for a worker on this machine.
    """

    folder: Path
    token: str | None


def place(*, elsewhere: bool = False) -> Place | None:
    """Return where finished work is kept, for a worker; None if it is not.

    Parameters
    ----------
    elsewhere
        Whether the worker may be on another machine.
    """
    store = _used.get()
    if store is None:
        return None
    folder = store.folder.absolute()
    if not elsewhere:
        return Place(folder, None)
    path = folder / _TOKEN
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with replaced(path) as file:
            file.write(uuid.uuid4().hex.encode())
    return Place(folder, path.read_text())


@contextmanager
def keeping_at(place: Place | None) -> Iterator[None]:
    """Keep results at a place, in a ``with`` block, if it can be seen from this machine."""
    if place is None or not _seen(place):
        yield
        return
    with keeping(Store(place.folder)):
        yield


def _seen(place: Place) -> bool:
    if place.token is None:
        return True
    try:
        return (place.folder / _TOKEN).read_text() == place.token
    except OSError:
        return False


def once(
    name: str,
    params: Mapping[str, Any],
    make: Callable[[], Result],
    *,
    pack: Callable[[Result], Any] | None = None,
    unpack: Callable[[Any], Result] | None = None,
) -> Result:
    """Return a result that was kept, or make it and keep it.

    Parameters
    ----------
    name
        What it is, a name that a file can have.
    params
        Everything that it depends on, except what the folder stands for.
    make
        Makes it.
    pack, unpack
        Turn the result into what can be kept, and back, if it cannot be kept itself.
    """
    store = _used.get()
    if store is None:
        return make()
    kept = store.get(name, params)
    if kept is not None:
        logger.log(HINT, "%s: kept from before", name)
        result: Result = kept if unpack is None else unpack(kept)
        return result
    result = make()
    store.put(name, params, result if pack is None else pack(result))
    return result


def continued(
    name: str,
    params: Mapping[str, Any],
    make: Callable[[int], Iterator[Result]],
    *,
    pack: Callable[[Result], Any] | None = None,
    unpack: Callable[[Any], Result] | None = None,
) -> Iterator[Result]:
    """Yield the results that were kept, then those that are made from there on, and keep these.

    Parameters
    ----------
    name, params
        As for :func:`once`.
    make
        Yields the results from a number on, the first being 0; always in the same order.
    pack, unpack
        As for :func:`once`.
    """
    store = _used.get()
    if store is None:
        yield from make(0)
        return
    place = store.place(name, params)
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a+b") as file:
        ends = _ends(file, place)
        n_kept = len(ends) - 1
        file.seek(0)
        for _ in range(n_kept):
            kept, _sum = load(file)
            yield kept if unpack is None else unpack(kept)
        file.truncate(ends[n_kept])
        if n_kept:
            logger.log(HINT, "%s: %d kept from before", name, n_kept)
        flushed = time.monotonic()
        for result in make(n_kept):
            with named_if_full(place):
                dump(result if pack is None else pack(result), file)
                file.flush()
                if time.monotonic() - flushed > _FLUSHED:
                    on_disk(file)
                    flushed = time.monotonic()
            yield result


def _ends(file: IO[bytes], place: Path) -> list[int]:
    """Return where the values of a journal end, up to the first that is damaged; 0 first."""
    size, ends = file.seek(0, os.SEEK_END), [0]
    file.seek(0)
    while ends[-1] < size:
        try:
            load(file)
        except DamagedError as error:
            logger.log(HINT, "the end of %s is missing or damaged (%s)", place, error)
            break
        ends.append(file.tell())
    return ends


class Latest:
    """The state of running work: each one that is kept replaces the one before.

    Parameters
    ----------
    store
        Where it is kept.
    name, params
        As for :func:`once`.
    """

    def __init__(self, store: Store, name: str, params: Mapping[str, Any]) -> None:
        self._store, self._name, self._params = store, name, params
        self._took, self._last = 0.0, -float("inf")

    def get(self) -> Any:
        """Return the state; None if there is none, or if it is damaged."""
        return self._store.get(self._name, self._params)

    def put(self, make: Callable[[], Any]) -> None:
        """Keep the state that ``make`` returns, unless the last time was too short ago.

        Writing takes at most a twentieth of the time.
        """
        began = time.monotonic()
        if (began - self._last) * _SHARE < self._took:
            return
        self._store.put(self._name, self._params, make())
        self._last = time.monotonic()
        self._took = self._last - began

    def remove(self) -> None:
        """Remove it, because the work is done and its result is kept."""
        self._store.place(self._name, self._params).unlink(missing_ok=True)


def latest(name: str, params: Mapping[str, Any]) -> Latest | None:
    """Return the place of the state of running work; None if nothing is kept."""
    store = _used.get()
    return None if store is None else Latest(store, name, params)
