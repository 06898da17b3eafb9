"""Networks trained again, each explained as the given one was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import checkpoints, provenance, schema, slots
from tissueshap._core.logging import logger
from tissueshap._core.parallel import can_be_sent, in_order, n_workers
from tissueshap._version import __version__
from tissueshap.adapters import Model
from tissueshap.model import Layout
from tissueshap.pp import oversample
from tissueshap.trust._again import Trainer
from tissueshap.trust._checks._context import AsGiven, Context

if TYPE_CHECKING:
    from anndata import AnnData

#: Samples whose values are read at a time.
_BLOCK = 1024
_MINUTE = 60.0


@dataclass(frozen=True)
class Another:
    """How a network that is trained again differs from the given one.

    Attributes
    ----------
    seed
        Of the training.
    layout
        Of the genes; None keeps the given one's.
    train
        Positions of the training samples; None uses all.
    """

    seed: int
    layout: Layout | None = None
    train: np.ndarray | None = None


@dataclass(frozen=True)
class Again:
    """What all networks that are trained again have in common, for any process.

    Attributes
    ----------
    run
        :attr:`Trainer.run`.
    training
        What :func:`shadow` returns; it is not changed.
    label
        The column of the classes.
    given
        How the given model was explained.
    seed
        Of balancing.
    """

    run: Callable[..., Model]
    training: AnnData
    label: str
    given: AsGiven
    seed: int


class Networks:
    """Trains networks again and ranks the genes by their values.

    Finished networks are kept, as the ranks of their genes, if checkpoints are.

    Parameters
    ----------
    context
        The model and its data.
    trainer
        Trains a model like the given one.
    """

    def __init__(self, context: Context, trainer: Trainer) -> None:
        self._context, self._trainer = context, trainer

    @property
    def train(self) -> Callable[..., Model]:
        """Trains a model like the given one: :attr:`Trainer.run`."""
        return self._trainer.run

    def scores(self, check: str, others: Sequence[Another], **depends: Any) -> list[np.ndarray]:
        """Return what each network's values rank the genes by, genes x classes.

        Parameters
        ----------
        check
            Name of the check that needs them.
        others
            The networks.
        **depends
            As for :meth:`results`.
        """
        return self.results(
            check,
            scores_of_divided,
            lambda other: (other,),
            others,
            shared=(self.again,),
            **depends,
        )

    def results(
        self,
        check: str,
        work: Callable[..., np.ndarray],
        prepare: Callable[[Any], tuple[Any, ...]],
        items: Sequence[Any],
        *,
        shared: tuple[Any, ...] = (),
        trains: bool = True,
        **depends: Any,
    ) -> list[np.ndarray]:
        """Return ``work(*shared, *prepare(item))`` for each item: by all workers, and kept.

        Parameters
        ----------
        check
            Name of the check that needs them.
        work, prepare, items, shared
            As ``parallel.in_order`` takes them.
        trains
            Whether `work` trains a model like the given one.
        **depends
            What the results depend on in addition to the model, its data and its explanation;
            the first ones are the same if more are requested.
        """

        def made(first: int) -> Iterator[np.ndarray]:
            return in_order(
                prepare,
                work,
                items[first:],
                shared=shared,
                apart=self._apart or not trains,
                desc=f"training again: {check}" if trains else check,
                unit="network" if trains else "draw",
            )

        if trains and self._trainer.depends is None:
            return list(made(0))
        key = {"all": self._made_from, "own": provenance.identity("trust", depends, None, None)}
        return list(islice(checkpoints.continued(f"trust_{check}", key, made), len(items)))

    def announce(self, numbers: Mapping[str, int]) -> None:
        """Say how many networks will be trained again, and about how long that takes.

        Parameters
        ----------
        numbers
            Networks of each check.
        """
        total = sum(numbers.values())
        if not total:
            return
        parts = ", ".join(f"{check} {number}" for check, number in numbers.items() if number)
        logger.info("networks to train again: %d (%s); %s", total, parts, self._duration(total))

    def _duration(self, total: int) -> str:
        seconds = self._context.model.seconds
        if seconds is None:
            return "how long this takes is unknown, as the training of this model was not timed"
        each = seconds + self._context.seconds_to_explain
        workers = min(n_workers(apart=self._trainer.apart), total)
        every = each * -(-total // workers)
        return f"about {_words(every)}, {_words(each)} each with {workers} worker(s)"

    @cached_property
    def again(self) -> Again:
        """What all networks on the given genes have in common."""
        context = self._context
        return Again(
            self._trainer.run,
            shadow(context),
            context.label,
            context.as_given,
            context.numbers.seed,
        )

    @property
    def _apart(self) -> bool:
        return self._trainer.apart and can_be_sent(*self.again.training.layers.values())

    @cached_property
    def _made_from(self) -> str:
        """A digest of all that every network and its explanation depend on."""
        context = self._context
        record = slots.record(context.adata)
        params = {
            "version": __version__,
            "model": context.model.fingerprint(),
            "training": self._trainer.depends,
            "classes": context.classes,
            "genes": list(map(str, context.genes)),
            "data": self._digest(),
            "shap": context.settings("shap"),
            "statistic": context.statistic,
            "n_ranks": context.n_ranks,
            "oversample": record.get("oversample", {}).get("params", {}),
        }
        return provenance.identity("trust", params, context.numbers.seed, None)

    def _digest(self) -> str:
        """Return a digest of the training samples, their classes, and the explained samples."""
        context = self._context
        digest = hashlib.blake2b(digest_size=16)
        for first in range(0, context.train.size, _BLOCK):
            rows = context.x[context.train[first : first + _BLOCK]]
            digest.update(np.ascontiguousarray(rows, dtype=np.float32).tobytes())
        for part in (context.train, context.codes[context.train], context.explained[context.few]):
            digest.update(np.asarray(part, dtype=np.int64).tobytes())
        digest.update(context.as_given.targets.astype(np.int64).tobytes())
        digest.update(np.asarray(context.as_given.x, dtype=np.float32).tobytes())
        return digest.hexdigest()


def scores_of_another(
    train: Callable[..., Model], training: AnnData, label: str, other: Another, given: AsGiven
) -> np.ndarray:
    """Train on what a shadow holds, and return what ranks the genes then.

    Parameters
    ----------
    train
        :attr:`Trainer.run`.
    training, label
        What :func:`shadow` returns, and the column of the classes.
    other
        The seed and the layout.
    given
        How the given model was explained.
    """
    model = train(training, label, seed=other.seed, layout=other.layout)
    background = given.background(training, model, np.arange(training.n_vars))
    return given.ranked(given.values(model, background))


def scores_of_divided(again: Again, other: Another) -> np.ndarray:
    """Train on the samples of one network, and return what ranks the genes then."""
    training = divided(again.training, again.label, other.train, seed=again.seed)
    return scores_of_another(again.run, training, again.label, other, again.given)


def digest_of(*arrays: np.ndarray) -> str:
    """Return a short string that identifies some arrays."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _words(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _MINUTE**2:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _MINUTE**2:.1f} h"


def shadow(context: Context) -> AnnData:
    """Return an AnnData to train on, which shares the layers and leaves no trace in the first."""
    import anndata

    adata, columns = context.adata, context.columns
    same = columns.size == adata.n_vars and bool((columns == np.arange(columns.size)).all())
    record = slots.record(adata)
    names = {context.numbers.layer}
    if "oversample" in record:
        names.add(str(record["oversample"]["params"]["layer"]))
    layers = {name: slots.require(adata, "layers", name) for name in sorted(names)}
    if not same:
        layers = {name: values[:, columns] for name, values in layers.items()}
    training = anndata.AnnData(
        obs=adata.obs[[context.label]].copy(),
        var=pd.DataFrame(index=adata.var_names[columns]),
        layers=layers,
    )
    _split(training, context.train)
    records: dict[str, Any] = {}
    records.update(
        (name, provenance.without_origin(record[name]))
        for name in ("oversample", "log2")
        if name in record
    )
    training.uns[schema.UNS] = {"label": context.label, **records}
    return training


def divided(
    training: AnnData,
    label: str,
    train: np.ndarray | None,
    *,
    seed: int,
    names: np.ndarray | None = None,
) -> AnnData:
    """Return a copy of a :func:`shadow`, which shares the layers, with other training samples.

    Parameters
    ----------
    training, label
        The shadow, and the column of its classes.
    train
        Positions of the training samples, which are balanced again; None leaves them as they are.
    seed
        Of balancing.
    names
        Other classes of all samples.
    """
    import anndata

    obs = training.obs.copy()
    if names is not None:
        obs[label] = pd.Categorical(names)
    other = anndata.AnnData(obs=obs, var=training.var.copy(), layers=dict(training.layers))
    record = slots.record(training)
    other.uns[schema.UNS] = dict(record)
    if train is None:
        return other
    _split(other, train)
    if "oversample" in record:
        params: dict[str, Any] = dict(record["oversample"]["params"])
        params.pop("label", None)
        oversample(other, label, **params, seed=seed)
    return other


def _split(training: AnnData, train: np.ndarray) -> None:
    split = np.full(training.n_obs, "unused", dtype=object)
    split[train] = "train"
    training.obs[schema.obs.split] = pd.Categorical(split)
