"""Sampled Shapley values of any function, through shap's permutation estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tissueshap._core.options import check_number
from tissueshap._install.feature import needed
from tissueshap.explain._background import Background
from tissueshap.explain._differentiable import in_blocks
from tissueshap.explain._engine import Explained

#: Pairs of permutations per sample, each against a background sample of its own.
N_PERMUTATIONS = 10
#: Number of players of a permutation. With more genes, genes that vary together are one
#: player, and those of the most important groups are then players of their own.
MOST_PLAYERS = 1000
#: Permutations that only find the most important groups, and the share of players for these.
_SCOUTS, _OPENED = 2, 0.5
#: Background samples over which the base value is computed.
_N_BASE = 500


class SampledExplainer:
    """Explains any function by the effect of each gene as genes are replaced in random order.

    Each draw takes one background sample and one random order of the genes, forwards and
    backwards (``shap.PermutationExplainer``): an unbiased estimate of the Shapley values
    (Štrumbelj and Kononenko, Knowledge and Information Systems 41:647, 2014). It costs
    ``2 x genes + 1`` evaluations of the function. The background samples of a sample's draws
    are spread evenly over those with low and high outputs, so that few draws add up; standard
    errors are those of independent draws, which are larger.

    Parameters
    ----------
    function
        Samples x genes to samples x classes.
    background
        Samples that a sample is compared with.
    n_draws
        Number of draws per sample.
    groups
        The group of each gene, as a number from 0, (genes,): genes of a group are replaced
        together, and share its value equally. By default each gene is by itself if there
        are at most `most_players`; otherwise groups of genes that vary together in the
        background are replaced first, and those with the largest effects are opened.
    most_players
        Number of genes and groups that are replaced one after the other.
    output
        What `function` returns: ``"probability"`` or ``"logit"``.
    seed
        Seed of the draws. Those of a sample depend only on it and on the sample's number.

    Attributes
    ----------
    base
        Mean output of each class over its background, (classes,).
    n_draws
        Number of draws per sample.
    output
        As passed.

    Examples
    --------
    >>> background = np.zeros((2, 3), np.float32)
    >>> explainer = ts.explain.SampledExplainer(
    ...     lambda x: np.column_stack([x[:, 0] * x[:, 1], x[:, 2]]), background
    ... )
    >>> next(explainer.stream(np.ones((1, 3), np.float32), np.array([0]))).values
    array([0.5, 0.5, 0. ])
    """

    def __init__(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        background: Any,
        *,
        n_draws: int = N_PERMUTATIONS,
        groups: np.ndarray | None = None,
        most_players: int = MOST_PLAYERS,
        output: str = "probability",
        seed: int = 42,
    ) -> None:
        check_number("n_draws", n_draws, low=2, integer=True)
        samples = background if isinstance(background, Background) else Background(background)
        self._function, self._background, self._seed = function, samples, seed
        self.n_draws, self.output, self._most = n_draws, output, most_players
        self._reached = self.outputs(samples.values)
        self.base: np.ndarray = samples.means(self._reached)
        n_genes = samples.shape[1]
        self._scouts = groups is None and n_genes > most_players
        if groups is None:
            groups = np.arange(n_genes)
            if self._scouts:
                groups = _alike(samples, int(most_players * _OPENED), seed)
        self._groups = np.asarray(groups)

    @property
    def n_evaluations(self) -> int:
        """Number of evaluations of the function per sample."""
        players = int(self._groups.max()) + 1
        scouts = _SCOUTS * (2 * players + 1) if self._scouts else 0
        return scouts + self.n_draws * (2 * (self._most if self._scouts else players) + 1)

    def outputs(self, x: Any) -> np.ndarray:
        """Return the explained outputs of some samples, samples x classes, float64."""
        return in_blocks(self._function, x)

    def stream(
        self, x: Any, targets: np.ndarray, numbers: np.ndarray | None = None
    ) -> Iterator[Explained]:
        """Explain samples one after the other.

        Parameters
        ----------
        x
            Samples, n x genes.
        targets
            The class that is explained for each, as a number.
        numbers
            The numbers that the draws depend on, by default 0 to n - 1.
        """
        for row, target in enumerate(targets):
            number = row if numbers is None else int(numbers[row])
            sample = np.asarray(x[np.array([row])], dtype=np.float32)[0]
            groups, rng = self._groups, np.random.default_rng([self._seed, number])
            if self._scouts:
                scouted = self._draws(sample, int(target), groups, _SCOUTS, rng).mean(axis=0)
                groups = _opened(groups, scouted, self._most)
            drawn = self._draws(sample, int(target), groups, self.n_draws, rng)
            size = np.bincount(groups)
            values = (drawn / size)[:, groups]
            error = values.std(axis=0, ddof=1) / np.sqrt(self.n_draws)
            yield Explained(row, values.mean(axis=0), error, self.n_draws)

    def _draws(
        self,
        sample: np.ndarray,
        target: int,
        groups: np.ndarray,
        n_draws: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return the values of the players in each draw, draws x players."""
        make = needed("shap", "shap.PermutationExplainer", "sampled Shapley values")
        rows = _spread(
            self._reached[:, target], self._background.of(target), n_draws=n_draws, rng=rng
        )
        n_players = int(groups.max()) + 1
        values = np.zeros((n_draws, n_players))

        def output(x: np.ndarray) -> np.ndarray:
            return np.asarray(self._function(x), dtype=np.float64)[:, target]

        for draw, other in enumerate(np.asarray(self._background.values[rows], np.float32)):
            seed = int(rng.integers(2**31))
            with _global_seed(seed):
                explainer = make(output, _Players(sample, other, groups), seed=seed)
                players = np.arange(n_players)[None]
                values[draw] = explainer(players, max_evals=2 * n_players + 1, silent=True).values[
                    0
                ]
        return values


def _spread(
    outputs: np.ndarray, weights: np.ndarray | None, *, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw background samples, one from each of as many parts ordered by their outputs."""
    order = np.argsort(outputs, kind="stable")
    shares = np.full(order.size, 1.0) if weights is None else np.asarray(weights)[order]
    reached = np.cumsum(shares)
    points = (rng.permutation(n_draws) + rng.random(n_draws)) / n_draws
    places = np.searchsorted(reached, points * reached[-1], side="right")
    rows: np.ndarray = order[np.minimum(places, order.size - 1)]
    return rows


class _Players:
    """A masker of shap: what the function sees if some players have the sample's values.

    Parameters
    ----------
    sample, other
        The sample and a background sample, (genes,).
    groups
        The player that each gene belongs to, (genes,).
    """

    def __init__(self, sample: np.ndarray, other: np.ndarray, groups: np.ndarray) -> None:
        self._sample, self._other, self._groups = sample, other, groups

    def shape(self, players: np.ndarray) -> tuple[int, int]:
        return 1, players.size

    def __call__(self, mask: np.ndarray, _: np.ndarray) -> tuple[np.ndarray]:
        return (np.where(mask[self._groups], self._sample, self._other)[None],)


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Seed numpy's global generator, which shap uses, and restore it."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _alike(background: Background, n_groups: int, seed: int) -> np.ndarray:
    """Return groups of genes that vary together in the background, as numbers from 0."""
    from sklearn.cluster import MiniBatchKMeans

    rng = np.random.default_rng([seed, 6])
    size = background.shape[0]
    rows = np.sort(rng.choice(size, min(size, _N_BASE), replace=False))
    genes = np.asarray(background.values[rows], dtype=np.float32).T
    spread = genes.std(axis=1, keepdims=True)
    genes = (genes - genes.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    fit = MiniBatchKMeans(n_groups, n_init=1, random_state=seed).fit(genes)
    return _numbered(fit.labels_)


def _opened(groups: np.ndarray, effects: np.ndarray, most: int) -> np.ndarray:
    """Return the groups with those of the largest effects opened into single genes."""
    sizes = np.bincount(groups)
    order = np.argsort(-np.abs(effects), kind="stable")
    players = sizes.size + np.cumsum(sizes[order] - 1)
    opened = np.isin(groups, order[: int(np.searchsorted(players, most, side="right"))])
    single = np.arange(groups.size) + sizes.size
    return _numbered(np.where(opened, single, groups))


def _numbered(labels: np.ndarray) -> np.ndarray:
    return np.asarray(np.unique(labels, return_inverse=True)[1])
