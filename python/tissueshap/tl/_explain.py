"""``tl.explain``: why a model gives new samples their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from tissueshap._core import slots
from tissueshap._core.adata import target as written_to
from tissueshap._core.counts import Counts
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice, shown
from tissueshap.explain import ALL, Background, Explainer, PreparedRows, Rows, Values
from tissueshap.model import (
    MIN_OVERLAP,
    Classifier,
    activations,
    backend,
    check_input,
    check_model,
    columns_of,
    counts_for,
    input_values,
    of_model,
    outputs,
    prepare,
)

if TYPE_CHECKING:
    from anndata import AnnData

_PREDICTED = "predicted"


def explain(
    adata: AnnData,
    model: Classifier,
    *,
    target: str = _PREDICTED,
    n_draws: int = 200,
    tolerance: float | None = None,
    output: Literal["probability", "logit"] = "probability",
    layer: str | None = None,
    counts: str | None = None,
    min_overlap: float = MIN_OVERLAP,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Explain any sample by expected gradients, against the background that the model carries.

    The training samples are not needed, and samples may be of classes that the model does not
    know: what is explained then is why it assigns them to the class that it names.

    Parameters
    ----------
    adata
        Samples x genes: new samples. Reads the layer that the classifier was trained on or, if
        it has none, raw counts, which are prepared as by ``tl.predict``.
    model
        A classifier after ``tl.calibrate``.
    target
        The class that is explained: ``"predicted"``, the name of a class, or ``"all"``, as
        in ``tl.shap``.
    n_draws
        Number of gradients per sample and class; with `tolerance` the maximum.
    tolerance
        Stop a sample when its values are this accurate, as in ``tl.shap``.
    output
        Explain the ``"probability"`` of the class, or its ``"logit"``. They are the network's
        own, before calibration.
    layer
        The classifier's input; by default the layer that it was trained on.
    counts
        Layer with raw counts to prepare, ``"raw"`` for all genes of ``adata.raw``, or ``"X"``,
        even if the classifier's input is there. By default they are looked for where an earlier
        verb found them, then where those of the training samples were, then in ``X``.
    min_overlap
        Share of the model's genes that raw counts must have.
    seed
        Seed of the draws.
    key_added
        Name of the record of ``tl.shap`` instead of ``"shap"``, and prefix of what is written
        (``key_added="new"`` writes ``layers["new_shap"]`` and the record ``"new_explain"``).
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes what ``tl.shap`` writes (``layers["shap"]``,
    NaN for genes that are not the model's, and its record), so that ``tl.rank_genes`` and the
    figures can be used; and ``uns["tissueshap"]["explain"]``: ``n_filled``, the model's genes
    that the data lack and whose values are not in the layer, and ``filled_share``, their
    share of the sum of the absolute values.

    Raises
    ------
    DataError
        The model has no background, genes are missing, or the target is not a class.

    References
    ----------
    Erion et al., Nature Machine Intelligence 3:620 (2021).

    Examples
    --------
    >>> calibrated = ts.tl.calibrate(adata, model, n_folds=2)
    >>> ts.tl.explain(other, calibrated, n_draws=20)
    >>> bool(np.isfinite(other.layers["shap"]).all())
    True
    """
    adata = written_to(adata, copy=copy)
    check_model(model)
    if model.background is None:
        raise DataError(
            "the model has no background to compare with: run model = ts.tl.calibrate(adata, "
            "model) on its training cohort, or ts.tl.shap(query, model, background=...)"
        )
    layer = model.layer if layer is None else layer
    raw = counts_for(adata, model, layer, counts)
    rows = _of_layer(adata, model, layer) if raw is None else _of_counts(raw, model, min_overlap)
    used = layer if raw is None else None
    own = None if key_added is None else f"{key_added}_explain"
    sources = of_model(adata, model, "shap", layer=used, key_added=key_added)
    targets = _targets(model, rows, target)
    explainer = Explainer(
        model.network,
        Background(model.background.values, weights=model.background.weights),
        output=output,
        n_draws=n_draws,
        tolerance=tolerance,
        seed=seed,
    )
    values = Values(
        adata,
        model.classes,
        rows,
        targets,
        every_class=target == ALL,
        class_layers=False,
        key_added=key_added,
    )
    values.explain(explainer)
    params = {
        "target": target,
        "n_draws": explainer.n_draws,
        "tolerance": tolerance,
        "output": output,
        "layer": layer if raw is None else raw.place,
        "prepared": raw is not None,
    }
    versions = ("keras", backend())
    slots.write(
        adata,
        "shap",
        values.slots(),
        params={**params, "samples": "all", "background": "model"},
        seed=seed,
        versions=versions,
        sources=sources,
        key_added=key_added,
    )
    slots.write(
        adata,
        "explain",
        {"uns": {"n_filled": int((rows.columns < 0).sum()), "filled_share": values.elsewhere}},
        params={**params, "min_overlap": min_overlap},
        seed=seed,
        versions=versions,
        sources=sources,
        key_added=own,
    )
    return adata if copy else None


def _of_layer(adata: AnnData, model: Classifier, layer: str) -> Rows:
    values, columns = input_values(adata, model, layer), columns_of(adata, model)
    check_input(adata, model, columns, layer=layer, refuse=False)
    return Rows(values, columns)


def _of_counts(counts: Counts, model: Classifier, min_overlap: float) -> Rows:
    """Return the model's input of raw counts, and where its genes are in the data."""
    prepared = prepare(counts, model, min_overlap=min_overlap)
    return PreparedRows(prepared.whole(refuse=False), prepared.columns())


def _targets(model: Classifier, rows: Rows, target: str) -> np.ndarray:
    if target in (_PREDICTED, ALL):
        return _predicted(model, rows)
    if target not in model.classes:
        other = f"one of the model's classes ({shown(model.classes)})"
        check_choice("target", target, (_PREDICTED, ALL), other=other)
    return np.full(rows.shape[0], model.classes.index(target))


def _predicted(model: Classifier, rows: Rows) -> np.ndarray:
    """Return the classes that ``tl.predict`` names: scaling can change the most probable one."""
    if model.calibration is None:
        return np.asarray(outputs(model.network, rows).argmax(axis=1))
    logits, _ = activations(model.network, rows)
    return np.asarray(model.calibration.scaling.probabilities(logits).argmax(axis=1))
