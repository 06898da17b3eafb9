"""``tl.shap``: each gene's contribution to the class that a sample is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tissueshap import _schema, _slots
from tissueshap._counts import target as written_to
from tissueshap._errors import DataError
from tissueshap._logging import logger, progress
from tissueshap.explain._engine import Explainer
from tissueshap.explain._explanation import completeness, relative_error
from tissueshap.explain._network import outputs
from tissueshap.model._backend import backend
from tissueshap.tl._explained import Rows, to_explain
from tissueshap.tl._predict import columns_of

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model._classifier import Classifier


def shap(
    adata: AnnData,
    model: Classifier,
    label: str | None = None,
    *,
    target: str = "predicted",
    samples: Literal["correct", "test", "all"] = "correct",
    background: Literal["train"] | np.ndarray = "train",
    n_draws: int = 200,
    output: Literal["probability", "logit"] = "probability",
    method: Literal["stratified", "monte_carlo"] = "stratified",
    batch_size: int | None = None,
    layer: str = "log2",
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Explain samples by expected gradients, the quantity of ``shap.GradientExplainer``.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split`` and ``pp.log2``. Reads ``obs[label]``,
        ``obs["split"]`` and ``layers["log2"]``.
    model
        The classifier; its own predictions say which samples are correct.
    label
        Column of ``obs`` with the classes; by default the one recorded before.
    target
        The class that is explained: ``"predicted"``, ``"true"``, or a class's name.
    samples
        ``"correct"`` (test samples whose class is predicted), ``"test"`` or ``"all"``.
    background
        Samples to compare with: ``"train"`` (the real training samples), or a matrix
        (samples x the model's genes, on the layer's scale).
    n_draws
        Gradients for each sample.
    output
        Explain the ``"probability"`` of the class, or its ``"logit"``.
    method
        ``"stratified"``, or ``"monte_carlo"`` as in shap: at the same number of draws its
        squared error is about three times as large.
    batch_size
        Rows of a gradient pass; by default chosen by what the network needs for a row.
    layer
        The classifier's input.
    seed
        Seed of the draws.
    key_added
        Name of the record in place of ``"shap"``, and prefix of the layer.
    copy
        Return a new AnnData and leave this one as it is.

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``layers["shap"]`` (float32, NaN where a
    sample is not explained or a gene is not the model's) and ``uns["tissueshap"]["shap"]``:
    ``samples``, a row an explained sample: ``sample``, ``explained`` (the class),
    ``output`` (f(x)), ``base`` (mean f(background)), ``completeness`` (relative error of
    the sum of the values, which should be output - base), ``relative_error`` (standard
    errors over values, root mean squares); ``n_explained``, ``median_completeness``.
    If it is interrupted, what is explained so far is written.

    Raises
    ------
    DataError
        The model's genes or classes are not those of `adata`, or nothing is left to explain.

    References
    ----------
    Erion et al., Nature Machine Intelligence 3:620 (2021).
    """
    adata = written_to(adata, copy=copy)
    name = _slots.label_name(adata, label)
    columns = columns_of(adata, model)
    values = _slots.require(adata, "layers", layer)
    chosen, targets = to_explain(
        adata, model, Rows(values, columns), label=name, target=target, samples=samples
    )
    against = _background(adata, background, Rows(values, columns))
    explainer = Explainer(
        model.network,
        against,
        output=output,
        method=method,
        n_draws=n_draws,
        batch_size=batch_size,
        seed=seed,
    )
    found = np.full(adata.shape, np.nan, dtype=np.float32)
    x = Rows(values, columns, chosen)
    table, interrupted = _explain(explainer, x, targets, into=found)
    table.insert(0, "sample", adata.obs_names[chosen[: len(table)]])
    table.insert(1, "explained", np.asarray(model.classes)[targets[: len(table)]])
    _slots.write(
        adata,
        "shap",
        {
            "layers": {_schema.layers.shap: found},
            "uns": {
                "samples": table,
                "n_explained": len(table),
                "median_completeness": float(table["completeness"].median()),
            },
        },
        params={
            "label": name,
            "target": target,
            "samples": samples,
            "background": background if isinstance(background, str) else "matrix",
            "n_background": against.shape[0],
            "n_draws": explainer.n_draws,
            "output": output,
            "method": method,
            "layer": layer,
        },
        seed=seed,
        versions=("keras", backend()),
        key_added=key_added,
    )
    if interrupted:
        raise KeyboardInterrupt(f"{len(table)} of {chosen.size} samples are explained and kept")
    return adata if copy else None


def _background(adata: AnnData, background: str | np.ndarray, layer: Rows) -> Any:
    if isinstance(background, str):
        if background != "train":
            raise DataError(f"background={background!r}: choose 'train' or give a matrix")
        split = np.asarray(_slots.require(adata, "obs", _schema.obs.split))
        return layer.of(np.flatnonzero(split == "train"))
    if background.ndim != 2 or background.shape[1] != layer.shape[1]:
        raise DataError(
            f"the background has shape {background.shape}: give samples x {layer.shape[1]} genes"
        )
    return background


def _explain(
    explainer: Explainer, x: Rows, targets: np.ndarray, *, into: np.ndarray
) -> tuple[pd.DataFrame, bool]:
    """Write the samples' values into a matrix; return a row for each that was reached."""
    fx = outputs(explainer.network, explainer.output, x)[np.arange(targets.size), targets]
    base = explainer.base[targets]
    records: list[dict[str, float]] = []
    found = explainer.stream(x, targets)
    try:
        for number, value, error in progress(
            found, total=targets.size, desc="explaining", unit="sample"
        ):
            into[x.rows[number], x.columns] = value
            total = value.sum(keepdims=True)
            at = slice(number, number + 1)
            records.append(
                {
                    "output": fx[number],
                    "base": base[number],
                    "completeness": completeness(total, fx[at], base[at])[0],
                    "relative_error": relative_error(value[None], error[None])[0],
                }
            )
    except KeyboardInterrupt:
        if not records:
            raise
        logger.warning("interrupted after %d of %d samples", len(records), targets.size)
        return pd.DataFrame(records), True
    return pd.DataFrame(records), False
