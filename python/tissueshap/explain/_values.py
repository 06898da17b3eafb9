"""The results of ``tl.shap`` for each explained sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError
from tissueshap._core.layer_store import LayerStore
from tissueshap._core.logging import logger
from tissueshap.explain._blocks import Block, Interrupted, blocks
from tissueshap.explain._explaining import Explaining
from tissueshap.explain._explanation import completeness

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.explain._samples import Rows

#: The target that explains every class.
ALL = "all"


class Values:
    """Collects the values of some samples and writes them to an AnnData.

    Parameters
    ----------
    adata
        Where they will be written.
    classes
        Names of the model's classes.
    x
        The samples, rows of the classifier's input.
    targets
        Number of the class that ``layers["shap"]`` explains, for each.
    every_class
        Explain each class of each sample.
    class_layers
        Also store the values of each class as a layer.
    key_added
        Prefix of the layers.

    Raises
    ------
    DataError
        Layers of classes are requested, but not their values.
    """

    def __init__(
        self,
        adata: AnnData,
        classes: Sequence[str],
        x: Rows,
        targets: np.ndarray,
        *,
        every_class: bool,
        class_layers: bool,
        key_added: str | None,
    ) -> None:
        if class_layers and not every_class:
            raise DataError("class_layers=True needs target='all': pass both")
        self._names, self._classes = adata.obs_names, np.asarray(classes)
        self._x, self._targets = x, targets
        # The AnnData can lack genes that were filled.
        self._here = x.columns >= 0
        self._absolute = np.zeros(2)
        self._columns = x.columns[self._here]
        self._every, self._n_genes = every_class, adata.n_vars
        self._records: list[dict[str, float]] = []
        size = len(classes) if every_class else 0
        self._n_pairs = targets.size * max(size, 1)
        self._total = np.zeros((size, x.columns.size))
        self._count = np.zeros(size, dtype=np.int64)
        own = schema.layers.shap
        keys = {own: own}
        if class_layers:
            prefix = schema.layers.shap_class
            keys.update({name: f"{prefix}_{schema.column(name)}" for name in classes})
        # On disk the layers are replaced before they are filled.
        written = [("layers", slots.named(key, key_added)) for key in keys.values()]
        slots.refuse_taken(adata, "shap", written, key_added or "shap")
        self._stores = {
            name: (key, LayerStore(adata, slots.named(key, key_added)))
            for name, key in keys.items()
        }

    def explain(self, explainer: Explaining) -> bool:
        """Explain the samples; return whether this was interrupted."""
        fx = explainer.outputs(self._x)
        found = blocks(
            explainer,
            self._x,
            self._targets,
            every_class=self._every,
            of_pairs=len(self._stores) > 1,
        )
        try:
            for block in found:
                self._keep(block, fx, explainer.base)
        except KeyboardInterrupt as error:
            if isinstance(error, Interrupted):
                self._keep(error.block, fx, explainer.base)
            if not self._own().any():
                raise
            logger.warning("interrupted after %d of %d", len(self._records), self._n_pairs)
            return True
        return False

    @property
    def elsewhere(self) -> float:
        """Share of the sum of the absolute values that genes have which the AnnData lacks."""
        here, total = self._absolute
        return float(1 - here / total) if total else 0.0

    def slots(self) -> dict[str, Any]:
        """Return the results to write, by slot."""
        table = pd.DataFrame(self._records).assign(own=self._own())
        table = table.sort_values(["number", "code"], ignore_index=True)
        numbers, codes = (table.pop(key).to_numpy(dtype=np.int64) for key in ("number", "code"))
        table.insert(0, "sample", self._names[self._x.rows[numbers]])
        table.insert(1, "explained", self._classes[codes])
        own = table.pop("own").to_numpy(dtype=bool)
        samples = table[own].reset_index(drop=True)
        uns: dict[str, Any] = {
            "samples": samples,
            "n_explained": len(samples),
            # Not known for any sample if what the values add up from is not.
            "median_completeness": float(samples["completeness"].dropna().median())
            if samples["completeness"].notna().any()
            else np.nan,
        }
        varm = {}
        if self._every:
            uns["pairs"] = table
            mean = np.full((self._n_genes, self._classes.size), np.nan)
            with np.errstate(invalid="ignore"):  # a class that was not reached
                mean[self._columns] = (self._total / self._count[:, None]).T[self._here]
            varm[schema.varm.shap_mean_abs] = pd.DataFrame(mean, columns=list(self._classes))
        layers = {key: store.array() for key, store in self._stores.values()}
        return {"layers": layers, "varm": varm, "uns": uns}

    def _keep(self, block: Block, fx: np.ndarray, base: np.ndarray) -> None:
        """Take over the values of a block."""
        for number, values in zip(block.rows, block.values, strict=True):
            self._write(schema.layers.shap, int(number), values)
        size = np.abs(block.values, dtype=np.float64)
        if block.sums is not None:
            size = block.sums
            self._total += block.sums
            self._count += np.bincount(block.code, minlength=self._count.size)
        self._absolute += size[:, self._here].sum(), size.sum()
        for place, (number, code) in enumerate(zip(block.sample, block.code, strict=True)):
            if block.of_pairs is not None:
                self._write(str(self._classes[code]), int(number), block.of_pairs[place])
            ends = fx[number, code, None], base[code, None]
            self._records.append(
                {
                    "number": number,
                    "code": code,
                    "n_draws": block.n_draws[place],
                    "output": fx[number, code],
                    "base": base[code],
                    "completeness": completeness(block.total[place, None], *ends)[0],
                    "relative_error": block.relative_error[place],
                }
            )

    def _write(self, layer: str, number: int, values: np.ndarray) -> None:
        row = int(self._x.rows[number])
        self._stores[layer][1].write(row, self._columns, values[self._here])

    def _own(self) -> np.ndarray:
        """Return which records are of the class that the layer explains."""
        return np.array([row["code"] == self._targets[int(row["number"])] for row in self._records])
