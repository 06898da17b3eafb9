"""The results of ``tl.shap`` for each explained sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from tissueshap._core import checkpoints, schema, slots
from tissueshap._core.errors import DataError
from tissueshap._core.layer_store import LayerStore
from tissueshap._core.logging import logger
from tissueshap._core.progress import progress
from tissueshap.explain._engine import Explainer
from tissueshap.explain._explaining import Explaining
from tissueshap.explain._explanation import completeness, relative_error

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.explain._samples import Rows

#: The target that explains every class.
ALL = "all"


class _Values(NamedTuple):
    """The values of a sample, as they are collected."""

    number: int
    values: np.ndarray
    n_draws: int
    relative_error: float


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
        samples, codes = np.arange(self._targets.size), self._targets
        if self._every:
            size = self._classes.size
            codes = np.tile(np.arange(size), samples.size)
            samples = np.repeat(samples, size)
        fx = explainer.outputs(self._x)
        stream = self._stream(explainer, samples, codes)
        try:
            for one in progress(stream, total=samples.size, desc="explaining", unit="sample"):
                sample, code = int(samples[one.number]), int(codes[one.number])
                self._keep(one, sample, code)
                self._note(one, sample, code, fx[sample, code], explainer.base[code])
        except KeyboardInterrupt:
            if not self._own().any():
                raise
            logger.warning("interrupted after %d of %d", len(self._records), samples.size)
            return True
        return False

    def _stream(
        self, explainer: Explaining, samples: np.ndarray, codes: np.ndarray
    ) -> Iterator[_Values]:
        """Yield the values of each sample; those that a run has kept are not computed again."""
        rows = self._x.rows[samples]

        def made(start: int) -> Iterator[_Values]:
            x, more = self._x.of(rows), {"start": start} if start else {}
            for one in explainer.stream(x, codes, samples, **more):
                error = relative_error(one.values[None], one.error[None])[0]
                yield _Values(one.number, one.values, one.n_draws, float(error))

        # For all classes they would be as many times larger as there are classes.
        if self._every or not isinstance(explainer, Explainer):
            return made(0)
        params = {
            "rows": rows,
            "codes": codes,
            "n_draws": explainer.n_draws,
            "seed": explainer.seed,
            "base": explainer.base,
        }
        return checkpoints.continued(
            "samples",
            params,
            made,
            group=explainer.group(rows.size),
            pack=tuple,
            unpack=lambda kept: _Values(*kept),
        )

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

    def _keep(self, one: _Values, sample: int, code: int) -> None:
        row, name = int(self._x.rows[sample]), str(self._classes[code])
        values = one.values[self._here]
        self._absolute += np.abs(values).sum(), np.abs(one.values).sum()
        if code == self._targets[sample]:
            self._stores[schema.layers.shap][1].write(row, self._columns, values)
        if self._every:
            self._total[code] += np.abs(one.values)
            self._count[code] += 1
            if name in self._stores:
                self._stores[name][1].write(row, self._columns, values)

    def _note(self, one: _Values, sample: int, code: int, fx: float, base: float) -> None:
        total, ends = one.values.sum(keepdims=True), (np.array([fx]), np.array([base]))
        self._records.append(
            {
                "number": sample,
                "code": code,
                "n_draws": one.n_draws,
                "output": fx,
                "base": base,
                "completeness": completeness(total, *ends)[0],
                "relative_error": one.relative_error,
            }
        )

    def _own(self) -> np.ndarray:
        """Return which records are of the class that the layer explains."""
        return np.array([row["code"] == self._targets[int(row["number"])] for row in self._records])
