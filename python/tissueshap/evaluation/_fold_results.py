"""What the networks of ``tl.cross_validate`` say of their folds, put together."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.layer_store import LayerStore, keep_in_file
from tissueshap._core.logging import logger
from tissueshap.model import backend

if TYPE_CHECKING:
    from anndata import AnnData


class FoldResults:
    """Predictions and explanations of every sample, each by its own fold's network.

    Parameters
    ----------
    adata
        Where they will be written.
    """

    def __init__(self, adata: AnnData) -> None:
        self._adata = adata
        self._predicted = np.empty(adata.n_obs, dtype=object)
        self._confidence = np.empty(adata.n_obs, dtype=np.float32)
        self._proba = pd.DataFrame(index=adata.obs_names)
        self._stores: dict[str, LayerStore] = {}
        self._tables: dict[str, list[pd.DataFrame]] = {}
        self._mean_abs: list[pd.DataFrame] = []
        self._folds: list[dict[str, float]] = []
        self._params: dict[str, Mapping[str, Any]] = {}

    def add(self, work: AnnData, number: int, test: np.ndarray, began: float) -> None:
        """Take over what a network has said of the samples that were held out from it.

        Parameters
        ----------
        work
            After ``tl.cnn``, ``tl.predict`` and ``tl.shap``.
        number
            Number of the fold, from 1.
        test
            Positions of its samples.
        began
            When its training began, by ``time.perf_counter``.
        """
        record, obs = slots.record(work), work.obs.iloc[test]
        predicted = obs[schema.obs.predicted].astype(str).to_numpy()
        self._predicted[test] = predicted
        self._confidence[test] = obs[schema.obs.confidence]
        proba = work.obsm[schema.obsm.proba]
        self._proba = self._proba.reindex(columns=proba.columns)
        self._proba.iloc[test] = proba.iloc[test]
        self._add_layers(work, test)
        tables = {"history": record["cnn"]["history"], "samples": record["shap"]["samples"]}
        if schema.varm.shap_mean_abs in work.varm:
            tables["pairs"] = record["shap"]["pairs"]
            self._mean_abs.append(work.varm[schema.varm.shap_mean_abs])
        for name, table in tables.items():
            self._tables.setdefault(name, []).append(table.assign(fold=number))
        self._params = {verb: record[verb]["params"] for verb in ("cnn", "predict", "shap")}
        row = {
            "fold": number,
            "n_train": work.n_obs - test.size,
            "n_rows": int(record["cnn"]["n_rows"]),
            "n_test": test.size,
            "n_correct": int((predicted == obs[record["label"]].astype(str)).sum()),
            "n_explained": int(record["shap"]["n_explained"]),
            "seconds": time.perf_counter() - began,
        }
        self._folds.append(row)
        logger.info(
            "fold %d: %d of %d samples right, %d explained",
            *(row[name] for name in ("fold", "n_correct", "n_test", "n_explained")),
        )

    def _add_layers(self, work: AnnData, test: np.ndarray) -> None:
        every, prefix = np.arange(work.n_vars), f"{schema.layers.shap_class}_"
        for name in work.layers:
            if name != schema.layers.shap and not name.startswith(prefix):
                continue
            if name not in self._stores:
                slots.refuse_taken(self._adata, "shap", [("layers", name)], "shap")
                self._stores[name] = LayerStore(self._adata, name)
            for row in test:
                self._stores[name].write(int(row), every, work.layers[name][row])

    def write(self, classes: Sequence[str], *, seed: int, sources: Mapping[str, str]) -> None:
        """Write all of it as ``tl.predict`` and ``tl.shap`` do, and how it was made.

        Parameters
        ----------
        classes
            Names of the networks' classes.
        seed
            The seed of ``tl.cross_validate``.
        sources
            The records that it has read.
        """
        adata, n_folds = self._adata, len(self._folds)
        own = {schema.column(name): name for name in classes}
        tables = {name: pd.concat(parts, ignore_index=True) for name, parts in self._tables.items()}
        history, samples = tables.pop("history"), tables["samples"]
        predicted = {
            "obs": {
                schema.obs.predicted: pd.Categorical(self._predicted, categories=list(classes)),
                schema.obs.confidence: self._confidence,
            },
            "obsm": {schema.obsm.proba: self._proba.rename(columns=own)},
            "uns": {"classes": list(classes), "n_filled": 0},
        }
        explained: dict[str, Any] = {
            "layers": {name: store.array() for name, store in self._stores.items()},
            "varm": {
                key: frame.rename(columns=own) for key, frame in self._mean_over_folds().items()
            },
            "uns": {
                **tables,
                "n_explained": len(samples),
                "median_completeness": float(samples["completeness"].median()),
            },
        }
        validated = {
            "folds": pd.DataFrame(self._folds),
            "history": history,
            "n_folds": n_folds,
            "backend": backend(),
        }
        how: dict[str, Any] = {"seed": seed, "versions": ("keras", backend()), "sources": sources}
        for verb, results in (("predict", predicted), ("shap", explained)):
            slots.write(
                adata, verb, results, params={**self._params[verb], "n_folds": n_folds}, **how
            )
        training = self._params["cnn"]
        slots.write(adata, "cross_validate", {"uns": validated}, params=training, **how)
        keep_in_file(adata, varm=tuple(explained["varm"]))

    def _mean_over_folds(self) -> dict[str, pd.DataFrame]:
        """Return the mean absolute values of all samples, each fold by its explained ones."""
        if not self._mean_abs:
            return {}
        weights = np.array([row["n_explained"] for row in self._folds])
        stacked = np.stack([frame.to_numpy() for frame in self._mean_abs])
        mean = np.average(stacked, axis=0, weights=weights)
        first = self._mean_abs[0]
        return {schema.varm.shap_mean_abs: pd.DataFrame(mean, columns=first.columns)}
