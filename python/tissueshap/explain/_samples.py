"""The samples to explain, and the class explained for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import folds, held_out
from tissueshap._core.lazy import fitting, on_disk
from tissueshap._core.options import check_choice, shown
from tissueshap.explain._differentiable import Outputs, in_blocks

if TYPE_CHECKING:
    from anndata import AnnData

_SAMPLES = ("correct", "test", "all")


class Rows:
    """Some rows of a layer, with the genes in the model's order, read on request.

    Attributes
    ----------
    rows, columns
        Positions in the layer.
    shape
        Numbers of rows and columns.
    """

    def __init__(self, values: Any, columns: np.ndarray, rows: np.ndarray | None = None) -> None:
        self.rows = np.arange(values.shape[0]) if rows is None else rows
        self.columns, self.shape = columns, (self.rows.size, columns.size)
        self._values = values
        width = values.shape[1]
        self._same = columns.size == width and bool((columns == np.arange(width)).all())

    def __getitem__(self, chosen: np.ndarray) -> np.ndarray:
        values = dense(self._values[self.rows[chosen]])
        return values if self._same else values[:, self.columns]

    def of(self, rows: np.ndarray) -> Rows:
        """Return other rows of the same layer."""
        return type(self)(self._values, self.columns, rows)

    def fitting(self, seed: int) -> Rows:
        """Return these rows or, if they are on disk and do not fit into memory, some of them.

        Parameters
        ----------
        seed
            Seed of the choice.
        """
        return self.of(fitting(self._values, self.rows, seed))

    def in_memory(self) -> Rows:
        """Return these rows after reading those that are on disk."""
        if not on_disk(self._values):
            return self
        return Rows(self[np.arange(self.rows.size)], np.arange(self.columns.size))


class PreparedRows(Rows):
    """Rows of a model's input that was prepared from counts, with all of its genes.

    ``columns`` are the genes' positions in the AnnData of the counts, -1 for those that it
    lacks.
    """

    def __init__(self, values: Any, columns: np.ndarray, rows: np.ndarray | None = None) -> None:
        super().__init__(values, columns, rows)
        self._same = True


def to_explain(
    adata: AnnData,
    classes: Sequence[str],
    predict: Outputs,
    layer: Rows,
    *,
    label: str,
    target: str,
    samples: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the samples and the class that is explained for each.

    Parameters
    ----------
    adata
        Samples x genes.
    classes
        The model's.
    predict
        The model, as a function from samples x genes to samples x classes.
    layer
        All rows of the model's input.
    label
        Column of ``obs`` with the classes.
    target
        ``"predicted"``, ``"true"`` or a class's name.
    samples
        ``"correct"``, ``"test"`` or ``"all"``.

    Returns
    -------
    Positions of the samples, and of their classes among the model's.
    """
    check_choice("samples", samples, _SAMPLES)
    chosen = np.arange(adata.n_obs)
    if samples != "all":
        if folds(adata) is not None:
            raise DataError(
                f"samples={samples!r}: with folds every sample is also used for training: run "
                "ts.tl.cross_validate(adata), or pass samples='all'"
            )
        chosen = np.flatnonzero(held_out(adata))
    lookup = {name: code for code, name in enumerate(classes)}
    true = adata.obs[label].astype(str).map(lookup).fillna(-1).to_numpy(dtype=np.int64)[chosen]
    predicted = in_blocks(predict, layer.of(chosen)).argmax(axis=1)
    if samples == "correct":
        correct = predicted == true
        chosen, true, predicted = chosen[correct], true[correct], predicted[correct]
    if not chosen.size:
        raise DataError(f"samples={samples!r} leaves no sample to explain")
    if target == "predicted":
        return chosen, predicted
    if target == "true":
        if (true < 0).any():
            odd = sorted(set(adata.obs[label].astype(str).iloc[chosen[true < 0]]))
            raise DataError(f"the model was not trained on the classes {odd[:5]}")
        return chosen, true
    if target not in lookup:
        other = f"one of the model's classes ({shown(list(classes))})"
        check_choice("target", target, ("predicted", "true"), other=other)
    return chosen, np.full(chosen.size, lookup[target])
