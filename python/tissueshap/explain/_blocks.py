"""Samples explained in blocks, here or by the workers of a cluster, with the same results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tissueshap._core import checkpoints
from tissueshap._core.parallel import in_order
from tissueshap.explain._engine import Explained, Explainer
from tissueshap.explain._explaining import Explaining
from tissueshap.explain._explanation import Explanation, relative_error
from tissueshap.explain._samples import Rows

#: Samples of a block at least, if one class of each is explained, and if all are. The sums that
#: a block of the latter has are as large as the values of one sample.
_LEAST, _LEAST_OF_ALL = 8, 16
#: Passes of a block at least, if its last ones may not be full.
_PASSES = 4


class Block(NamedTuple):
    """Some samples that have been explained, each for one class or for all.

    Attributes
    ----------
    sample, code
        Number of the sample, and of the class, of each pair, in the order of the work.
    n_draws, total, relative_error
        Of each pair: number of gradients, sum of the values, and their error.
    rows
        Numbers of the samples whose own class has been explained.
    values
        Their values of that class, samples x genes float32.
    sums
        Of each class, the sums of absolute values, classes x genes; None if one class of each
        sample is explained.
    of_pairs
        Values of each pair, pairs x genes float32; None if they are not wanted.
    """

    sample: np.ndarray
    code: np.ndarray
    n_draws: np.ndarray
    total: np.ndarray
    relative_error: np.ndarray
    rows: np.ndarray
    values: np.ndarray
    sums: np.ndarray | None
    of_pairs: np.ndarray | None


class Interrupted(KeyboardInterrupt):
    """The work was interrupted within a block.

    Parameters
    ----------
    block
        Its finished samples.
    """

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.block = block


def blocks(
    explainer: Explaining,
    x: Rows,
    targets: np.ndarray,
    *,
    every_class: bool = False,
    of_pairs: bool = False,
) -> Iterator[Block]:
    """Explain samples; those of a network are kept if checkpoints are.

    Parameters
    ----------
    explainer
        The model and its background.
    x, targets
        The samples, and the number of the class that is explained for each.
    every_class
        Explain each class of each sample.
    of_pairs
        Also return the values of each class.
    """
    n_classes = explainer.base.size if every_class else 1
    parts, prepare = _parts(explainer, x, targets, n_classes)
    shared = (explainer, targets.size * n_classes, every_class, of_pairs)

    def made(first: int) -> Iterator[Block]:
        return in_order(prepare, explained, parts[first:], shared=shared, **_how(explainer))

    if not isinstance(explainer, Explainer):
        return made(0)
    params = {
        "rows": x.rows,
        "codes": targets,
        "n_draws": explainer.n_draws,
        "seed": explainer.seed,
        "base": explainer.base,
        "size": parts.step,
        "every_class": every_class,
        "of_pairs": of_pairs,
    }
    return checkpoints.continued(
        "samples", params, made, pack=tuple, unpack=lambda kept: Block(*kept)
    )


def _size(explainer: Explaining, n_samples: int, n_classes: int) -> int:
    """Return the number of samples in a block.

    Its gradient passes are those that all samples would have together, apart from the last one
    where it has to be filled.
    """
    least = _LEAST if n_classes == 1 else _LEAST_OF_ALL
    if not isinstance(explainer, Explainer):
        return least
    together = explainer.group(n_samples * n_classes)
    exact = n_classes == 1 and explainer.tolerance is None
    pairs = max(least * n_classes, together * (1 if exact else _PASSES))
    return -(-(-(-pairs // together) * together) // n_classes)


def explained(
    explainer: Explaining,
    n_pairs: int,
    every_class: bool,
    of_pairs: bool,
    x: np.ndarray,
    targets: np.ndarray,
    numbers: np.ndarray,
) -> Block:
    """Explain a block of samples.

    Parameters
    ----------
    explainer
        The model and its background.
    n_pairs
        Pairs of sample and class in all blocks.
    every_class, of_pairs
        As for :func:`blocks`.
    x, targets, numbers
        The samples, the class of each, and their numbers.

    Raises
    ------
    Interrupted
        By Ctrl-C.
    """
    rows, codes = np.arange(numbers.size), targets
    if every_class:
        codes = np.tile(np.arange(explainer.base.size), numbers.size)
        rows = np.repeat(rows, explainer.base.size)
    pairs = Rows(x, np.arange(x.shape[1]), rows)
    block = _Growing(targets, explainer.base.size if every_class else 0, of_pairs)
    try:
        for one in _stream(explainer, pairs, codes, numbers[rows], n_pairs):
            block.add(int(rows[one.number]), int(codes[one.number]), one)
    except KeyboardInterrupt as error:
        raise Interrupted(block.finished(numbers, x.shape[1])) from error
    return block.finished(numbers, x.shape[1])


def explanation(explainer: Explaining, x: np.ndarray, targets: np.ndarray) -> Explanation:
    """Explain samples, each for its own class.

    Parameters
    ----------
    explainer
        The model and its background.
    x
        Samples, n x genes.
    targets
        The class that is explained for each sample, as a number, (n,).
    """
    values = np.empty(x.shape, dtype=np.float32)
    errors = np.empty(x.shape, dtype=np.float32)
    n_taken = np.zeros(len(x), dtype=np.int64)
    parts, prepare = _parts(explainer, x, targets, 1)
    found = in_order(
        prepare, samples_explained, parts, shared=(explainer, len(x)), **_how(explainer)
    )
    for part in found:
        for one in part:
            values[one.number], errors[one.number] = one.values, one.error
            n_taken[one.number] = one.n_draws
    fx = explainer.outputs(x) if len(x) else np.empty((0, explainer.base.size))
    return Explanation(
        values=values,
        standard_error=errors,
        targets=targets,
        output=fx[np.arange(len(x)), targets],
        base=explainer.base[targets],
        n_draws=n_taken,
    )


def samples_explained(
    explainer: Explaining, n_samples: int, x: np.ndarray, targets: np.ndarray, numbers: np.ndarray
) -> list[Explained]:
    """Explain a block of samples, each for its own class.

    Parameters
    ----------
    explainer
        The model and its background.
    n_samples
        Samples in all blocks.
    x, targets, numbers
        The samples, the class of each, and their numbers.
    """
    stream = _stream(explainer, x, targets, numbers, n_samples)
    return [one._replace(number=int(numbers[one.number])) for one in stream]


def _parts(
    explainer: Explaining, x: Any, targets: np.ndarray, n_classes: int
) -> tuple[range, Callable[[int], tuple[Any, ...]]]:
    """Return the first sample of each block, and a function that returns the block's arguments."""
    size = _size(explainer, targets.size, n_classes)

    def prepare(start: int) -> tuple[Any, ...]:
        numbers = np.arange(start, min(start + size, targets.size))
        return np.asarray(x[numbers], dtype=np.float32), targets[numbers], numbers

    return range(0, targets.size, size), prepare


def _how(explainer: Explaining) -> dict[str, Any]:
    """Return how blocks are explained: a gradient pass uses all cores of a machine."""
    can_be_sent = isinstance(explainer, Explainer) and explainer.can_be_sent
    return {"apart": can_be_sent, "threaded": True, "desc": "explaining", "unit": "block"}


def _stream(
    explainer: Explaining, x: Any, codes: np.ndarray, numbers: np.ndarray, n_pairs: int
) -> Iterator[Explained]:
    """Explain a block: how many samples share a pass depends on all blocks."""
    if isinstance(explainer, Explainer):
        return explainer.stream(x, codes, numbers, of=n_pairs)
    return explainer.stream(x, codes, numbers)


class _Growing:
    """A block to which pairs are added."""

    def __init__(self, targets: np.ndarray, n_classes: int, of_pairs: bool) -> None:
        self._targets, self._n_classes = targets, n_classes
        self._pairs: list[tuple[int, int, int, float, float]] = []
        self._own: dict[int, np.ndarray] = {}
        self._sums: np.ndarray | None = None
        self._values: list[np.ndarray] | None = [] if of_pairs else None

    def add(self, row: int, code: int, one: Any) -> None:
        """Add the values of a sample for a class."""
        error = relative_error(one.values[None], one.error[None])[0]
        # Of one row of a matrix, as for all samples at once.
        total = one.values.sum(keepdims=True)[0]
        self._pairs.append((row, code, one.n_draws, float(total), float(error)))
        values = one.values.astype(np.float32)
        if code == self._targets[row]:
            self._own[row] = values
        if self._n_classes:
            if self._sums is None:
                self._sums = np.zeros((self._n_classes, one.values.size))
            self._sums[code] += np.abs(one.values)
        if self._values is not None:
            self._values.append(values)

    def finished(self, numbers: np.ndarray, n_genes: int) -> Block:
        """Return the block of what was added.

        Parameters
        ----------
        numbers
            Numbers of the samples.
        n_genes
            Number of genes.
        """
        row, code, n_draws, total, error = (
            zip(*self._pairs, strict=True) if self._pairs else 5 * [()]
        )
        rows = sorted(self._own)
        empty = np.empty((0, n_genes), dtype=np.float32)
        return Block(
            sample=numbers[np.array(row, dtype=np.int64)],
            code=np.array(code, dtype=np.int64),
            n_draws=np.array(n_draws, dtype=np.int64),
            total=np.array(total, dtype=np.float64),
            relative_error=np.array(error, dtype=np.float64),
            rows=numbers[rows] if rows else numbers[:0],
            values=np.stack([self._own[each] for each in rows]) if rows else empty,
            sums=self._sums,
            of_pairs=np.stack(self._values) if self._values else None,
        )
