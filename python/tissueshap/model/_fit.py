"""The training itself. Imported only for a training, because it imports Keras."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from tissueshap._core.logging import logger
from tissueshap._core.progress import progress
from tissueshap._core.settings import settings as session
from tissueshap.model import _backend
from tissueshap.model._divergence import diverges

if TYPE_CHECKING:
    from tissueshap._core.checkpoints import Latest
    from tissueshap.model._presets import Preset
    from tissueshap.model._row_source import Expand
    from tissueshap.model._rows import TrainingRows

keras = _backend.keras()

#: Input, classes and weights of the rows of a batch.
Batch: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]

#: Threads that expand rows. More would compete for memory bandwidth and Python's lock.
_MOST_THREADS = 4

#: Held-out samples in a pass.
_PART = 1024


def fit(
    network: Any,
    settings: Preset,
    rows: TrainingRows,
    *,
    seed: int,
    give_up: bool = False,
    state: Latest | None = None,
) -> tuple[Any, pd.DataFrame, float]:
    """Train a network.

    Parameters
    ----------
    network
        As ``model.build`` returns it; trained in place.
    settings
        The preset.
    rows
        The training rows.
    seed
        Seed of the order of the rows.
    give_up
        Stop as soon as the training diverges.
    state
        Where the state after an epoch is kept. A training that continues from there gives the
        same network as one that was not stopped.

    Returns
    -------
    The trained network, without an optimizer; the history, one row per epoch; and the loss
    before the first step.
    """
    n_classes = int(network.output_shape[-1])
    batches = _Batches(rows, n_classes, batch_size=settings.batch_size, seed=seed)
    epochs = max(settings.epochs, -(-settings.min_steps // len(batches)))
    network.compile(
        optimizer=_optimizer(settings, steps=epochs * len(batches)),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
        weighted_metrics=["accuracy"],
        # Without compilation JAX would run each operation of a step by itself; TensorFlow has
        # a graph of its own, and XLA's compilation takes longer than it saves on a CPU.
        jit_compile=_backend.backend() == "jax",
    )
    watched = None
    if rows.codes_validation.size:
        watched = (rows.x_validation, _one_hot(rows.codes_validation, n_classes))
    shown, course = _Progress(epochs), _Course(n_classes, epochs, give_up=give_up)
    callbacks: list[Any] = [shown, course]
    if settings.patience is not None and watched is not None:
        callbacks.append(_Stopping(settings.patience))
    done = 0
    if state is not None:
        keeper = Keeper(state, network, callbacks)
        done = keeper.restore()
        callbacks.append(keeper)
    try:
        _train(network, batches, watched, callbacks, range(done, epochs))
    finally:
        batches.close()
    network = keras.Model(network.input, network.output, name=network.name)
    return network, shown.table(), course.start


class _Batches:
    """The rows in a new order each epoch, read and expanded in threads ahead of the training."""

    def __init__(self, rows: TrainingRows, n_classes: int, *, batch_size: int, seed: int) -> None:
        self._rows, self._n_classes, self._seed = rows, n_classes, seed
        self._source = rows.source
        self._weights = rows.table["weight"].to_numpy(dtype=np.float32)
        # A last batch of one or two rows would disturb batch normalisation, so all batches
        # have about the same size.
        self._n_batches = max(1, round(len(rows) / batch_size))
        n_threads = min(session.cores, _MOST_THREADS)
        self._ahead = 2 * n_threads
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="rows")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")

    def __len__(self) -> int:
        return self._n_batches

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 1."""
        rng = np.random.default_rng([self._seed, number])
        groups = self._source.deal(self._rows.table, self._n_batches, rng)
        pending: deque[Future[Batch]] = deque()
        for loaded, chosen in self._with_values(groups):
            pending.append(self._threads.submit(self._batch, loaded, chosen))
            if len(pending) > self._ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def close(self) -> None:
        """End the threads; batches that nobody waits for are not expanded."""
        self._threads.shutdown(cancel_futures=True)
        self._reader.shutdown(cancel_futures=True)

    def _with_values(
        self, groups: list[list[np.ndarray]]
    ) -> Iterator[tuple[Future[Expand], np.ndarray]]:
        """Yield each batch with what expands it; the next group is read ahead."""

        def load(group: list[np.ndarray]) -> Future[Expand]:
            rows = np.concatenate(group)
            return self._reader.submit(self._source.load, self._rows.table, rows)

        after = load(groups[0])
        for group, following in zip_longest(groups, groups[1:]):
            loaded = after
            if following is not None:
                after = load(following)
            for chosen in group:
                yield loaded, chosen

    def _batch(self, loaded: Future[Expand], chosen: np.ndarray) -> Batch:
        x = loaded.result()(chosen)
        return x, _one_hot(self._rows.codes[chosen], self._n_classes), self._weights[chosen]


def _train(
    network: Any,
    batches: _Batches,
    watched: tuple[np.ndarray, np.ndarray] | None,
    callbacks: list[Any],
    epochs: range,
) -> None:
    """Train for some epochs, unless a callback stops it.

    ``network.fit`` does the same, but starts a pipeline of TensorFlow in each epoch, which on
    small cohorts takes as long as the epoch.
    """
    listeners = keras.callbacks.CallbackList(callbacks, model=network)
    network.stop_training = False
    listeners.on_train_begin()
    train, test = _steps(network)
    for epoch in epochs:
        listeners.on_epoch_begin(epoch)
        logs = _mean_of(train, network, batches.epoch(epoch + 1))
        if watched is not None:
            scores = _mean_of(test, network, _in_parts(*watched))
            logs |= {f"val_{name}": value for name, value in scores.items()}
        listeners.on_epoch_end(epoch, logs)
        if network.stop_training:
            break
    listeners.on_train_end()


def _steps(network: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return what trains on a batch, and what tests on one; both return its scores."""
    if _backend.backend() == "tensorflow":
        from tissueshap.model._tensorflow import steps

        return steps(network)

    def on_batch(step: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y, weights: step(x, y, sample_weight=weights, return_dict=True)

    return on_batch(network.train_on_batch), on_batch(network.test_on_batch)


def _mean_of(step: Callable[..., Any], network: Any, batches: Iterator[Batch]) -> dict[str, float]:
    """Return the mean loss over the rows of some batches, that of the first, and the accuracy."""
    sums, first = np.zeros(4), float("nan")
    for x, y, weights in batches:
        network.reset_metrics()
        scores = step(x, y, weights)
        rows, weight = len(x), float(weights.sum())
        first = first if sums[1] else float(scores["loss"])
        sums += float(scores["loss"]) * rows, rows, float(scores["accuracy"]) * weight, weight
    return {"first": first, "loss": sums[0] / sums[1], "accuracy": sums[2] / sums[3]}


def _in_parts(x: np.ndarray, y: np.ndarray) -> Iterator[Batch]:
    for start in range(0, len(x), _PART):
        part = y[start : start + _PART]
        yield x[start : start + _PART], part, np.ones(len(part), np.float32)


class _Stopping(keras.callbacks.Callback):  # type: ignore[name-defined,misc]
    """Stops once the held-out loss has not fallen for some epochs; keeps the best epoch's weights.

    ``keras.callbacks.EarlyStopping`` forgets, in some versions, what a training that is continued
    had reached.
    """

    def __init__(self, patience: int) -> None:
        super().__init__()
        self._patience = patience
        self._best, self._waited = float("inf"), 0
        self._weights: list[np.ndarray] | None = None

    def state(self) -> dict[str, Any]:
        return {"best": self._best, "waited": self._waited, "weights": self._weights}

    def restore(self, state: dict[str, Any]) -> None:
        self._best, self._waited, self._weights = (
            state[name] for name in ("best", "waited", "weights")
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {})["val_loss"])
        if loss < self._best or self._weights is None:
            self._weights = self.model.get_weights()
        self._waited += 1
        if loss < self._best:
            self._best, self._waited = loss, 0
        elif self._waited >= self._patience and epoch > 0:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        if self._weights is not None:
            self.model.set_weights(self._weights)


class _Course(keras.callbacks.Callback):  # type: ignore[name-defined,misc]
    """Notes the loss before the first step, and on request stops a training that diverges."""

    def __init__(self, n_classes: int, epochs: int, *, give_up: bool) -> None:
        super().__init__()
        self.start = float("nan")
        self._n_classes, self._epochs, self._give_up = n_classes, epochs, give_up
        self._losses: list[float] = []

    def state(self) -> tuple[float, list[float]]:
        return self.start, self._losses

    def restore(self, state: tuple[float, list[float]]) -> None:
        self.start, self._losses = state[0], list(state[1])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        scores = logs or {}
        if not self._losses:
            self.start = float(scores["first"])
        self._losses.append(float(scores["loss"]))
        if self._give_up and diverges(
            self._losses, self._n_classes, start=self.start, epochs=self._epochs
        ):
            self.model.stop_training = True


class _Progress(keras.callbacks.Callback):  # type: ignore[name-defined,misc]
    """A progress bar over the epochs, and the history with its seconds."""

    _SHOWN = ("loss", "accuracy", "val_loss", "val_accuracy")

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._bar = progress(total=epochs, desc="training", unit="epoch")
        self._records: list[dict[str, float]] = []
        self._began = 0.0

    def state(self) -> list[dict[str, float]]:
        return self._records

    def restore(self, state: list[dict[str, float]]) -> None:
        self._records = state
        self._bar.update(len(state))

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        scores = {key: float(value) for key, value in (logs or {}).items()}
        self._records.append(
            {
                "epoch": epoch + 1,
                **{key: scores.get(key, np.nan) for key in self._SHOWN},
                "learning_rate": float(self.model.optimizer.learning_rate),
                "seconds": time.perf_counter() - self._began,
            }
        )
        shown = {key: f"{scores[key]:.3f}" for key in self._SHOWN if key in scores}
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._bar.close()
        logger.info("trained for %d epochs", len(self._records))

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self._records).astype({"epoch": int})


class Keeper(keras.callbacks.Callback):  # type: ignore[name-defined,misc]
    """Keeps the state after an epoch: network, optimizer, random numbers and best weights.

    Parameters
    ----------
    state
        Where it is kept.
    network
        The compiled network.
    others
        Callbacks with a state.
    """

    def __init__(self, state: Latest, network: Any, others: list[Any]) -> None:
        super().__init__()
        self._state, self._network, self._others = state, network, list(others)

    def restore(self) -> int:
        """Put back the state that was kept, if any, and return the number of its epochs."""
        kept = self._state.get()
        if kept is None:
            return 0
        self._network.optimizer.build(self._network.trainable_variables)
        for variable, value in zip(self._variables(), kept["variables"], strict=True):
            variable.assign(value)
        for callback, state in zip(self._others, kept["callbacks"], strict=True):
            callback.restore(state)
        logger.info("continuing the training after epoch %d", kept["epoch"])
        return int(kept["epoch"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if not self._network.stop_training:  # the last epoch is done again
            self._state.put(lambda: self._current(epoch + 1))

    def _variables(self) -> list[Any]:
        return [*self._network.variables, *self._network.optimizer.variables]

    def _current(self, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "variables": [np.asarray(keras.ops.convert_to_numpy(v)) for v in self._variables()],
            "callbacks": [callback.state() for callback in self._others],
        }


def _optimizer(settings: Preset, *, steps: int) -> Any:
    schedules = keras.optimizers.schedules
    if settings.optimizer == "rmsprop":
        decay = schedules.InverseTimeDecay(settings.learning_rate, decay_steps=1, decay_rate=0.01)
        return keras.optimizers.RMSprop(decay, rho=0.9)
    cosine = schedules.CosineDecay(settings.learning_rate, decay_steps=steps)
    adamw = keras.optimizers.AdamW
    if _backend.backend() == "tensorflow":
        from tissueshap.model._tensorflow import AdamW as adamw  # noqa: N813 - the same optimizer
    return adamw(cosine, weight_decay=settings.weight_decay)


def _one_hot(codes: np.ndarray, n_classes: int) -> np.ndarray:
    return np.asarray(np.eye(n_classes, dtype=np.float32)[codes])
