"""What the networks of ``tl.cross_validate`` say of their folds, put together."""

from __future__ import annotations

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


def fold_part(work: AnnData, test: np.ndarray) -> AnnData:
    """Return what a network has said of the samples that were held out from it.

    Parameters
    ----------
    work
        After ``tl.cnn``, ``tl.predict`` and ``tl.shap``.
    test
        Positions of the samples.
    """
    import anndata

    own, prefix = schema.layers.shap, f"{schema.layers.shap_class}_"
    layers = {
        name: np.asarray(values[test])
        for name, values in work.layers.items()
        if name == own or name.startswith(prefix)
    }
    return anndata.AnnData(
        obs=work.obs.iloc[test],
        var=pd.DataFrame(index=work.var_names),
        layers=layers,
        obsm={schema.obsm.proba: work.obsm[schema.obsm.proba].iloc[test]},
        varm=dict(work.varm),
        uns=dict(work.uns),
    )


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

    def add(self, part: AnnData, number: int, test: np.ndarray, seconds: float) -> None:
        """Take over what a network has said of the samples that were held out from it.

        Parameters
        ----------
        part
            What :func:`fold_part` returns.
        number
            Number of the fold, from 1.
        test
            Positions of its samples.
        seconds
            How long it took.
        """
        record, obs = slots.record(part), part.obs
        predicted = obs[schema.obs.predicted].astype(str).to_numpy()
        self._predicted[test] = predicted
        self._confidence[test] = obs[schema.obs.confidence]
        proba = part.obsm[schema.obsm.proba]
        self._proba = self._proba.reindex(columns=proba.columns)
        self._proba.iloc[test] = proba
        self._add_layers(part, test)
        tables = {"history": record["cnn"]["history"], "samples": record["shap"]["samples"]}
        if schema.varm.shap_mean_abs in part.varm:
            tables["pairs"] = record["shap"]["pairs"]
            self._mean_abs.append(part.varm[schema.varm.shap_mean_abs])
        for name, table in tables.items():
            self._tables.setdefault(name, []).append(table.assign(fold=number))
        self._params = {verb: record[verb]["params"] for verb in ("cnn", "predict", "shap")}
        row = {
            "fold": number,
            "n_train": self._adata.n_obs - test.size,
            "n_rows": int(record["cnn"]["n_rows"]),
            "n_test": test.size,
            "n_correct": int((predicted == obs[record["label"]].astype(str)).sum()),
            "n_explained": int(record["shap"]["n_explained"]),
            "seconds": seconds,
        }
        self._folds.append(row)
        logger.info(
            "fold %d: %d of %d samples right, %d explained",
            *(row[name] for name in ("fold", "n_correct", "n_test", "n_explained")),
        )

    def _add_layers(self, part: AnnData, test: np.ndarray) -> None:
        every = np.arange(part.n_vars)
        for name, values in part.layers.items():
            if name not in self._stores:
                slots.refuse_taken(self._adata, "shap", [("layers", name)], "shap")
                self._stores[name] = LayerStore(self._adata, name)
            for row, own in zip(test, values, strict=True):
                self._stores[name].write(int(row), every, own)

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
