"""The training itself. Imported only for a training, because it imports Keras."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
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
    from tissueshap.model._rows import TrainingRows

keras = _backend.keras()

#: Input, classes and weights of the rows of a batch.
Batch: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]

#: Threads that expand rows. More would compete for memory bandwidth and Python's lock.
_MOST_THREADS = 4


def fit(
    network: Any,
    settings: Preset,
    rows: TrainingRows,
    *,
    seed: int,
    give_up: bool = False,
    state: Latest | None = None,
) -> tuple[Any, pd.DataFrame]:
    """Train a network.

    Parameters
    ----------
    network
        As :func:`tissueshap.model.build` returns it; trained in place.
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
    The trained network, without an optimizer, and the history, one row per epoch.
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
    callbacks: list[Any] = [_Progress(epochs)]
    if give_up:
        callbacks.append(_GiveUp(n_classes))
    if settings.patience is not None and watched is not None:
        callbacks.append(
            _Stopping(monitor="val_loss", patience=settings.patience, restore_best_weights=True)
        )
    done = 0
    if state is not None:
        keeper = Keeper(state, network, callbacks)
        done = keeper.restore()
        callbacks.append(keeper)
        batches.go_to(done)
    try:
        network.fit(
            batches,
            initial_epoch=done,
            epochs=epochs,
            validation_data=watched,
            validation_batch_size=1024,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
    finally:
        batches.close()
    return keras.Model(network.input, network.output, name=network.name), callbacks[0].table()


class _Batches(keras.utils.PyDataset):  # type: ignore[name-defined,misc]
    """The rows in a new order each epoch, expanded in threads ahead of the training.

    Keras' own workers do the same, but wait a tenth of a second at the end of each epoch.
    """

    def __init__(self, rows: TrainingRows, n_classes: int, *, batch_size: int, seed: int) -> None:
        super().__init__()
        self._rows, self._n_classes, self._seed = rows, n_classes, seed
        self._weights = rows.table["weight"].to_numpy(dtype=np.float32)
        # A last batch of one or two rows would disturb batch normalisation, so all batches
        # have about the same size.
        self._n_batches = max(1, round(len(rows) / batch_size))
        self._epoch = 0
        n_threads = min(session.cores, _MOST_THREADS)
        self._ahead = 2 * n_threads
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="rows")
        self._deal()

    def __len__(self) -> int:
        return self._n_batches

    def __getitem__(self, index: int) -> Batch:
        for number in range(index, min(index + self._ahead, self._n_batches)):
            if number not in self._pending:
                self._pending[number] = self._threads.submit(self._batch, self._dealt[number])
        return self._pending.pop(index).result()

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._deal()

    def go_to(self, epoch: int) -> None:
        """Continue with an epoch."""
        self._epoch = epoch
        self._deal()

    def close(self) -> None:
        """End the threads; batches that nobody waits for are not expanded."""
        self._threads.shutdown(cancel_futures=True)

    def _deal(self) -> None:
        order = np.random.default_rng([self._seed, self._epoch]).permutation(len(self._rows))
        self._dealt = np.array_split(order, self._n_batches)
        self._pending: dict[int, Future[Batch]] = {}

    def _batch(self, chosen: np.ndarray) -> Batch:
        x = self._rows.expand(self._rows.table.iloc[chosen])
        return x, _one_hot(self._rows.codes[chosen], self._n_classes), self._weights[chosen]


class _Stopping(keras.callbacks.EarlyStopping):  # type: ignore[name-defined,misc]
    """Keeps the best epoch, also of a training that is continued."""

    _NAMES = ("wait", "best", "best_epoch", "best_weights", "stopped_epoch")
    _restored: dict[str, Any] | None = None

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._NAMES}

    def restore(self, state: dict[str, Any]) -> None:
        self._restored = state

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        for name, value in (self._restored or {}).items():
            setattr(self, name, value)


class _GiveUp(keras.callbacks.Callback):  # type: ignore[name-defined,misc]
    """Stops a training that diverges."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self._n_classes = n_classes
        self._losses: list[float] = []

    def state(self) -> list[float]:
        return self._losses

    def restore(self, state: list[float]) -> None:
        self._losses = state

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._losses.append(float((logs or {}).get("loss", np.nan)))
        if diverges(self._losses, self._n_classes):
            self.model.stop_training = True


class _Progress(keras.callbacks.Callback):  # type: ignore[name-defined,misc]
    """A progress bar over the epochs, and the history with its seconds."""

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
                "loss": scores.get("loss", np.nan),
                "accuracy": scores.get("accuracy", np.nan),
                "val_loss": scores.get("val_loss", np.nan),
                "val_accuracy": scores.get("val_accuracy", np.nan),
                "learning_rate": float(self.model.optimizer.learning_rate),
                "seconds": time.perf_counter() - self._began,
            }
        )
        self._bar.set_postfix({key: f"{value:.3f}" for key, value in scores.items()}, refresh=False)
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
    return keras.optimizers.AdamW(cosine, weight_decay=settings.weight_decay)


def _one_hot(codes: np.ndarray, n_classes: int) -> np.ndarray:
    return np.asarray(np.eye(n_classes, dtype=np.float32)[codes])
