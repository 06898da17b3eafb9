"""Expected gradients: one gradient pass per batch, each row with its own target.

For a sample x and a class c: the mean, over background samples b and alpha uniform in
(0, 1), of (x - b) * df_c/dz at z = b + alpha (x - b). The quantity of
``shap.GradientExplainer`` (Erion et al., Nature Machine Intelligence 3:620, 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tissueshap._core.options import check_choice, check_number
from tissueshap.explain._background import Background, References
from tissueshap.explain._differentiable import GradientFunction, KerasNetwork
from tissueshap.explain._draws import N_DRAWS, Draws, drawn_size, monte_carlo, stratified
from tissueshap.explain._order import likeness_order
from tissueshap.explain._pass import Work, shape_of_a_pass, sums_of_a_pass

_METHODS = ("stratified", "monte_carlo")

#: Draws between two checks of the error, if a tolerance is requested.
_ROUND = 50

#: Number of genes, those with the largest values, to which a tolerance applies.
TOP = 20


class Explained(NamedTuple):
    """An explained sample.

    Attributes
    ----------
    number
        Its position among the samples.
    values, error
        Values and their standard errors, (genes,) float64.
    n_draws
        Number of gradients used.

    Examples
    --------
    >>> x = adata.layers["log2"]
    >>> explainer = ts.explain.Explainer(model.network, x[2:], n_draws=50)
    >>> explained = next(iter(explainer.stream(x[:2], np.array([0, 1]))))
    >>> explained.number
    0
    """

    number: int
    values: np.ndarray
    error: np.ndarray
    n_draws: int


class Explainer:
    """A network and a background, ready to explain samples.

    Parameters
    ----------
    network
        ``keras.Model`` from (n, genes) to class probabilities, the softmax a layer of its
        own at the end; or a :class:`GradientFunction`.
    background
        Samples that a sample is compared with, m x genes, or a :class:`Background`.
    output
        What is explained: ``"probability"`` or ``"logit"``; of a :class:`GradientFunction`,
        what its outputs are.
    method
        ``"stratified"`` or ``"monte_carlo"``.
    n_draws
        Gradients per sample, with `tolerance` the maximum; ``"stratified"`` may use a few
        more, to fill its grid.
    tolerance
        Stop a sample when, over its 20 largest values, the standard errors' root mean square
        is this share of the values'.
    batch_size
        Rows of a gradient pass; None chooses by the memory that the network needs per row.
    mixed_precision
        Compute in bfloat16 if the network's layers support it.
    seed
        Seed of the draws. Those of a sample depend only on it and on the sample's number.

    Attributes
    ----------
    base
        Mean output of each class over its background, (classes,) float64; NaN for a class
        without background.
    n_draws
        Gradients per sample, with `tolerance` the maximum.
    tolerance
        As passed.

    Examples
    --------
    >>> x = adata.layers["log2"]
    >>> explainer = ts.explain.Explainer(model.network, x[4:], n_draws=50)
    >>> for sample in explainer.stream(x[:2], np.array([0, 1])):
    ...     print(sample.number, sample.values.shape == (adata.n_vars,))
    0 True
    1 True
    """

    def __init__(
        self,
        network: Any,
        background: Any,
        *,
        output: str = "probability",
        method: str = "stratified",
        n_draws: int = N_DRAWS,
        tolerance: float | None = None,
        batch_size: int | None = None,
        mixed_precision: bool = False,
        seed: int = 42,
    ) -> None:
        check_choice("method", method, _METHODS)
        check_number("n_draws", n_draws, low=2, integer=True)
        if tolerance is not None:
            check_number("tolerance", tolerance, low=1e-6)
        samples = background if isinstance(background, Background) else Background(background)
        self.output, self.seed = output, seed
        self._model = (
            network
            if isinstance(network, GradientFunction | KerasNetwork)
            else KerasNetwork(network, output, mixed_precision)
        )
        self._method, self.tolerance, self._values = method, tolerance, samples.values
        self._rounds = 1 if tolerance is None else max(1, round(n_draws / _ROUND))
        self._round = drawn_size(-(-n_draws // self._rounds), method)
        self.n_draws = self._rounds * self._round
        self._most = batch_size or self._model.rows()
        self._calls: dict[Callable[..., Any], Callable[..., np.ndarray]] = {}
        fx = self._model.outputs(samples.values)
        self.base: np.ndarray = samples.means(fx)
        order = np.arange(len(fx))
        if method == "stratified":
            order = likeness_order(fx if output == "probability" else _softmax(fx))
        self._references = References(samples, order, moments=method == "stratified")

    def outputs(self, x: Any) -> np.ndarray:
        """Return the explained outputs of some samples, samples x classes, float64."""
        return self._model.outputs(x)

    def gradients(self, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the gradient of each point's own class, points x genes."""
        slopes = self._compiled(_of_targets)
        parts = [
            slopes(
                np.ascontiguousarray(points[start : start + self._most], dtype=np.float32),
                np.asarray(targets[start : start + self._most], dtype=np.int32),
            )
            for start in range(0, len(points), self._most)
        ]
        return np.concatenate(parts)

    @property
    def can_be_sent(self) -> bool:
        """Whether another process can explain samples with it, unlike functions of the user."""
        return isinstance(self._model, KerasNetwork)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs: nothing compiled, and the background as an array."""
        background = self._values[np.arange(self._values.shape[0])]
        values = np.asarray(background, dtype=np.float32)
        return {
            **vars(self),
            "_calls": {},
            "_values": values,
            "_references": self._references.without_values(),
        }

    def group(self, n_samples: int) -> int:
        """Return how many of some samples share a gradient pass."""
        return shape_of_a_pass(self._round, self._most, n_samples)[0]

    def stream(
        self,
        x: Any,
        targets: np.ndarray,
        numbers: np.ndarray | None = None,
        *,
        of: int | None = None,
    ) -> Iterator[Explained]:
        """Explain samples one after the other; with a tolerance, those that converge first.

        Parameters
        ----------
        x
            Samples, n x genes.
        targets
            The class that is explained for each, as a number.
        numbers
            The numbers that the draws depend on, by default 0 to n - 1.
        of
            The number of samples of which these are a block: as many share a gradient pass as
            of all together, so that their values are the same.

        Yields
        ------
        The result for each sample. Memory does not grow with their number.
        """
        numbers = np.arange(x.shape[0]) if numbers is None else numbers
        slots, pairs = shape_of_a_pass(self._round, self._most, of or x.shape[0])
        waiting = iter(range(x.shape[0]))
        works: list[Work] = []
        while True:
            while len(works) < slots and (row := next(waiting, None)) is not None:
                sample = np.asarray(x[np.array([row])], dtype=np.float32)[0]
                draws = self._draw(int(numbers[row]), 0)
                works.append(Work(row, sample, int(targets[row]), self._references, draws))
            if not works:
                return
            self._advance(works, slots, pairs)
            left = []
            for work in works:
                result = self._finished(work, int(numbers[work.row]))
                if result is None:
                    left.append(work)
                else:
                    yield result
            works = left

    def _advance(self, works: list[Work], slots: int, pairs: int) -> None:
        """Process the next pairs of each sample in one gradient pass of a fixed shape."""
        x = np.stack([works[min(slot, len(works) - 1)].x for slot in range(slots)])
        mean = np.zeros_like(x)
        # Rows that are not needed are of a sample that is drawn anyway.
        rows = np.full((slots, pairs, 2), works[0].reference.rows[0], dtype=np.int64)
        alpha = np.zeros((slots, pairs, 2, 1), dtype=np.float32)
        counts = np.zeros((slots, pairs, 1, 1), dtype=np.float32)
        targets = np.zeros(slots, dtype=np.int32)
        sizes = []
        for slot, work in enumerate(works):
            draws = work.take(pairs)
            sizes.append(len(draws.place))
            rows[slot] = work.reference.rows[0]
            rows[slot, : sizes[-1]] = work.reference.at(draws.place)
            alpha[slot, : sizes[-1], :, 0] = draws.alpha
            counts[slot, : sizes[-1]] = 1
            mean[slot], targets[slot] = work.reference.mean, work.target
        drawn = np.ascontiguousarray(self._values[rows.ravel()], dtype=np.float32)
        sums = self._compiled(sums_of_a_pass)(
            x, drawn.reshape(*rows.shape, -1), alpha, counts, targets, mean
        )
        for slot, work in enumerate(works):
            work.estimate.add(sums[slot], sizes[slot])

    def _compiled(self, function: Callable[..., Any]) -> Callable[..., np.ndarray]:
        if function not in self._calls:
            self._calls[function] = self._model.compiled(function)
        return self._calls[function]

    def _finished(self, work: Work, number: int) -> Explained | None:
        """Return the result for a sample, or None if it is not finished."""
        if work.taken < len(work.draws.place):
            return None
        work.rounds += 1
        mean, error = self._estimated(work)
        if work.rounds < self._rounds and not self._near_enough(mean, error):
            work.draws, work.taken = self._draw(number, work.rounds), 0
            return None
        return Explained(work.row, mean, error, 2 * work.estimate.n_pairs)

    def _estimated(self, work: Work) -> tuple[np.ndarray, np.ndarray]:
        if self._method == "stratified":
            return work.estimate.controlled(work.reference.variance)
        return work.estimate.plain()

    def _near_enough(self, mean: np.ndarray, error: np.ndarray) -> bool:
        size = np.abs(mean)
        top = np.argpartition(size, -TOP)[-TOP:] if size.size > TOP else slice(None)
        allowed = float(self.tolerance or 0.0) * np.sqrt(np.square(mean[top]).mean())
        return bool(np.sqrt(np.square(error[top]).mean()) <= allowed)

    def _draw(self, number: int, turn: int) -> Draws:
        rng = np.random.default_rng([self.seed, number, turn])
        return (stratified if self._method == "stratified" else monte_carlo)(self._round, rng)


def _of_targets(gradient: Any, points: Any, targets: Any) -> Any:
    return gradient(points, targets)


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
