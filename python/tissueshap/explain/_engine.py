"""Expected gradients: one gradient pass a batch, each row for its own target.

For a sample x and a class c: the mean, over background samples b and alpha uniform in
(0, 1), of (x - b) * df_c/dz at z = b + alpha (x - b). The quantity of
``shap.GradientExplainer`` (Erion et al., Nature Machine Intelligence 3:620, 2021).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tissueshap._errors import DataError
from tissueshap.explain._draws import Draws, monte_carlo, stratified, stratified_size
from tissueshap.explain._estimate import paired_mean, plain_mean
from tissueshap.explain._network import gradient, outputs
from tissueshap.explain._order import likeness_order
from tissueshap.model._outputs import batch_rows

_METHODS = ("stratified", "monte_carlo")

#: Draws of a sample that are held in memory together; more are made in rounds.
_ROUND = 2000


class Explainer:
    """A network and a background, ready to explain samples.

    Parameters
    ----------
    network
        ``keras.Model`` from (n, genes) to class probabilities, the softmax a layer of its
        own at the end.
    background
        Samples that a sample is compared with, m x genes; anything that is indexed by an
        array of rows and has a shape (an array, a view into a layer).
    output
        What is explained: ``"probability"`` or ``"logit"``.
    method
        ``"stratified"`` or ``"monte_carlo"``.
    n_draws
        Gradients for each sample; ``"stratified"`` takes up to a few more, to fill its grid.
    batch_size
        Rows of a gradient pass; None chooses by what the network's layers hold for a row.
    seed
        Seed of the draws. Those of a sample depend on it and on the sample's number alone.

    Attributes
    ----------
    base
        Mean output over the background, (classes,) float64.
    """

    def __init__(
        self,
        network: Any,
        background: Any,
        *,
        output: str = "probability",
        method: str = "stratified",
        n_draws: int = 200,
        batch_size: int | None = None,
        seed: int = 42,
    ) -> None:
        if method not in _METHODS:
            raise DataError(f"method={method!r}: choose one of {_METHODS}")
        if n_draws < 2:
            raise DataError(f"n_draws={n_draws}: at least 2 are needed for a standard error")
        if background.shape[0] == 0:
            raise DataError("the background is empty: give at least one sample")
        self.network, self.output, self.seed = network, output, seed
        self._background, self._gradient = background, gradient(network, output)
        self._stratified = method == "stratified"
        size = stratified_size if self._stratified else int
        self._rounds = -(-n_draws // _ROUND)
        self._round_size = size(-(-n_draws // self._rounds))
        self.n_draws = self._rounds * self._round_size
        self._rows = _rows_of_a_pass(self._round_size, batch_size or batch_rows(network))
        found = outputs(network, output, background)
        self.base: np.ndarray = found.mean(axis=0)
        self._order = np.arange(len(found))
        self._mean = self._variance = np.zeros(background.shape[1], dtype=np.float32)
        if self._stratified:
            chances = found if output == "probability" else _softmax(found)
            self._order = likeness_order(chances)
            self._mean, self._variance = _moments(background)

    def stream(self, x: Any, targets: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Explain samples one after the other.

        Parameters
        ----------
        x
            Samples, n x genes.
        targets
            The class that is explained for each, as a number.

        Yields
        ------
        The sample's number, its values and their standard errors, (genes,) float64. Memory
        does not grow with the number of samples.
        """
        together = max(1, self._rows // self._round_size)
        for start in range(0, x.shape[0], together):
            numbers = np.arange(start, min(start + together, x.shape[0]))
            group = np.asarray(x[numbers], dtype=np.float32)
            rounds = [self._round(group, targets[numbers], numbers, r) for r in range(self._rounds)]
            for place, number in enumerate(numbers):
                means = [found[place][0] for found in rounds]
                errors = np.stack([found[place][1] for found in rounds])
                error = np.sqrt(np.square(errors).sum(axis=0)) / self._rounds
                yield int(number), np.mean(means, axis=0), error

    def _round(
        self, group: np.ndarray, targets: np.ndarray, numbers: np.ndarray, turn: int
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        draws = [self._draw(int(number), turn) for number in numbers]
        away = np.asarray(
            self._background[np.concatenate([draw.rows for draw in draws])], dtype=np.float32
        )
        alpha = np.concatenate([draw.alpha for draw in draws])[:, None]
        change = np.repeat(group, self._round_size, axis=0) - away
        points = away + alpha * change
        change *= self._gradients(points, np.repeat(targets, self._round_size))
        del points
        found = []
        for place in range(len(group)):
            rows = slice(place * self._round_size, (place + 1) * self._round_size)
            if self._stratified:
                away[rows] -= self._mean
                found.append(paired_mean(change[rows], away[rows], self._variance))
            else:
                found.append(plain_mean(change[rows]))
        return found

    def _draw(self, number: int, turn: int) -> Draws:
        rng = np.random.default_rng([self.seed, number, turn])
        draw = stratified if self._stratified else monte_carlo
        return draw(self._round_size, self._order, rng)

    def _gradients(self, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the gradients, in passes of one shape: the last is filled up."""
        targets = targets.astype(np.int32)
        short = -len(points) % self._rows
        if short:
            points = np.concatenate([points, np.repeat(points[-1:], short, axis=0)])
            targets = np.concatenate([targets, np.repeat(targets[-1:], short)])
        parts = [
            self._gradient(points[start : start + self._rows], targets[start : start + self._rows])
            for start in range(0, len(points), self._rows)
        ]
        return np.concatenate(parts)[: len(points) - short]


def _rows_of_a_pass(round_size: int, most: int) -> int:
    """Return whole samples' draws where they fit, else a part of one's that divides it well."""
    if round_size <= most:
        return most // round_size * round_size
    return -(-round_size // -(-round_size // most))


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _moments(matrix: Any, rows: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """Return each gene's mean and variance, (genes,) float32, 0 where all is rounding."""
    size = matrix.shape[0]
    first = np.asarray(matrix[np.arange(1)], dtype=np.float64)[0]
    total, squares = np.zeros_like(first), np.zeros_like(first)
    for start in range(0, size, rows):
        away = np.asarray(matrix[np.arange(start, min(start + rows, size))]) - first
        total += away.sum(axis=0)
        squares += np.square(away).sum(axis=0)
    mean = first + total / size
    variance = squares / size - np.square(total / size)
    variance[variance <= 1e-10 * np.square(mean)] = 0.0
    return mean.astype(np.float32), variance.astype(np.float32)
