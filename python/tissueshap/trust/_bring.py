"""An explanation that ``tl.trust`` makes or is given, on an AnnData of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import logit

from tissueshap._core import provenance, schema, slots
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import held_out, training
from tissueshap._core.logging import logger
from tissueshap._core.selection import descending_ranks
from tissueshap.adapters import Attributions, Model, attributions
from tissueshap.explain import (
    Background,
    Explaining,
    Rows,
    Values,
    completeness as relative_gap,
)
from tissueshap.model import gene_columns

if TYPE_CHECKING:
    from anndata import AnnData

#: Genes that are selected of each class: no more than one in as many, or any list is long.
_N_TOP = 10
#: Samples of each class that are explained.
_MOST = 10
#: Gradients for each: more than ``tl.shap`` takes, because a network that was trained without
#: regularisation changes abruptly. While the sums are off by more than a share of what they
#: explain, half of what the check allows, four times as many halve the error.
_N_DRAWS, _MORE, _ERROR = 1000, 4, 0.025
#: Statistic of a class's samples: trees use few genes, and a gene that fewer than half of the
#: samples need has a median of 0.
_STATISTIC = "mean"
#: Background samples for the outputs that attributions are compared with.
_N_BACKGROUND = 50
#: Records that are made from the explanation that the AnnData has, which is another one.
_OF_EXPLANATIONS = (
    *("shap", "explain", "rank_genes", "select_genes"),
    *("trust", "stability", "cluster", "null_test"),
)


def with_explanation(
    adata: AnnData,
    model: Model,
    label: str,
    *,
    given: Any,
    layer: str,
    n_top: int | None,
    seed: int,
    lacks: dict[str, str],
    rank_genes: Callable[..., Any],
    select_genes: Callable[..., Any],
) -> AnnData:
    """Return an AnnData with an explanation, its ranks and selected genes; matrices are shared.

    Parameters
    ----------
    adata
        Samples x genes, which is not changed.
    model
        The model.
    label
        Column of ``obs`` with the classes.
    given
        Attributions from elsewhere, in any form; None explains the model.
    layer
        The model's input.
    n_top
        Genes that are selected of each class; None selects ten, or a tenth of fewer genes.
    seed
        Seed of what is drawn.
    lacks
        What the explanation does not have is added, with the reason.
    rank_genes, select_genes
        The verbs of ``tl``.
    """
    work = _work(adata, label, layer)
    columns = gene_columns(adata, model.genes)
    rows = Rows(work.layers[layer], columns)
    codes = _codes(adata, model, label)
    parts = None if given is None else attributions(adata, given, model, columns)
    chosen, targets = _chosen(adata, model, rows, codes, parts, "probabilities" in lacks)
    if parts is None:
        _explain(work, model, rows.of(chosen), targets, label=label, layer=layer, seed=seed)
    else:
        _bring(work, model, rows, parts, chosen, targets, label=label, layer=layer, lacks=lacks)
    if parts is not None and parts.scores is not None:
        _rank(work, model, parts.scores, columns, label)
    else:
        rank_genes(work, label, statistic=_STATISTIC)
    n_genes = len(model.genes)
    selected = max(1, min(_N_TOP, n_genes // _N_TOP)) if n_top is None else min(n_top, n_genes)
    select_genes(work, label, method="top_n", n_top=selected)
    return work


def _work(adata: AnnData, label: str, layer: str) -> AnnData:
    """Return the samples, their columns and what other checks read, without an explanation."""
    import anndata

    records = {
        name: provenance.without_origin(entry)
        for name, entry in provenance.records(adata).items()
        if str(entry.get("verb", name)) not in _OF_EXPLANATIONS
    }
    mixed = records.get("oversample", {}).get("params", {}).get("layer")
    layers = [key for key in (layer, mixed) if key is not None]
    work = anndata.AnnData(
        obs=adata.obs.copy(),
        var=adata.var[[name for name in (schema.var.symbol,) if name in adata.var]].copy(),
        layers={key: slots.require(adata, "layers", key) for key in dict.fromkeys(layers)},
        varm={key: adata.varm[key] for key in adata.varm if key.startswith("de_")},
    )
    # Others may be written by the verbs that rank.
    if "truth" in adata.uns:
        work.uns["truth"] = adata.uns["truth"]
    work.uns[schema.UNS] = {"label": label, **records}
    return work


def _codes(adata: AnnData, model: Model, label: str) -> np.ndarray:
    classes = adata.obs[label].astype(str)
    codes = classes.map({name: code for code, name in enumerate(model.classes)})
    if codes.isna().all():
        raise DataError(
            f"none of the model's classes ({model.classes[:5]}) is in adata.obs[{label!r}] "
            f"({sorted(set(classes))[:5]}): name them with ts.adapters.adapt(model, classes=...)"
        )
    return np.asarray(codes.fillna(-1), dtype=np.int64)


def _chosen(
    adata: AnnData,
    model: Model,
    rows: Rows,
    codes: np.ndarray,
    parts: Attributions | None,
    no_model: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the samples that are explained, and the class of each.

    These are held-out samples that the model predicts correctly; if there are none, those that
    it does not. Given values are used of all such samples, otherwise at most :data:`_MOST` of
    each class are explained.
    """
    among = np.flatnonzero(held_out(adata) & (codes >= 0))
    if parts is not None and parts.values is not None:
        inside = np.intersect1d(among, parts.rows)
        among = inside if inside.size else parts.rows[codes[parts.rows] >= 0]
    if not among.size:
        raise DataError("no sample of the model's classes is held out: run ts.pp.split(adata)")
    if no_model:
        return among, codes[among]
    predicted = np.concatenate(
        [
            np.asarray(model.probabilities(np.ascontiguousarray(rows[part], np.float32)))
            for part in np.array_split(among, -(-among.size // 1024))
        ]
    ).argmax(axis=1)
    correct = predicted == codes[among]
    if correct.any():
        among, predicted = among[correct], predicted[correct]
    if parts is not None and parts.values is not None:
        return among, predicted
    first = pd.Series(predicted).groupby(predicted).cumcount().to_numpy() < _MOST
    return among[first], predicted[first]


def _explain(
    work: AnnData,
    model: Model,
    x: Rows,
    targets: np.ndarray,
    *,
    label: str,
    layer: str,
    seed: int,
) -> None:
    logger.info("explaining %d samples by %s", targets.size, model.explained_by)
    background = Background(x.of(np.flatnonzero(training(work))))
    explainer = model.explainer(background, n_draws=_N_DRAWS, seed=seed)
    found = _values(work, model, x, targets, explainer)
    if found["uns"]["median_completeness"] > _ERROR:
        more = model.explainer(background, n_draws=_MORE * _N_DRAWS, seed=seed)
        # Exact values have no draws, and some ways of explaining take no more than they have.
        if more.n_draws > explainer.n_draws:
            logger.info("the sums are off: explaining again with %d draws", more.n_draws)
            explainer, found = more, _values(work, model, x, targets, more)
    params = {
        "label": label,
        "n_draws": explainer.n_draws,
        "output": explainer.output,
        "background": "train",
        "layer": layer,
    }
    slots.write(work, "shap", found, params=params, seed=seed)


def _values(
    work: AnnData, model: Model, x: Rows, targets: np.ndarray, explainer: Explaining
) -> dict[str, Any]:
    """Return the results of an explanation, by slot."""
    values = Values(
        work, model.classes, x, targets, every_class=False, class_layers=False, key_added=None
    )
    values.explain(explainer)
    return values.slots()


def _bring(
    work: AnnData,
    model: Model,
    rows: Rows,
    parts: Attributions,
    chosen: np.ndarray,
    targets: np.ndarray,
    *,
    label: str,
    layer: str,
    lacks: dict[str, str],
) -> None:
    """Write attributions from elsewhere as ``tl.shap`` writes its own."""
    table = pd.DataFrame(
        {
            "sample": work.obs_names[chosen],
            "explained": np.asarray(model.classes)[targets],
            "n_draws": 0,
            "output": np.nan,
            "base": np.nan,
            "completeness": np.nan,
            "relative_error": np.nan,
        }
    )
    layers = {}
    if parts.values is None:
        lacks["values"] = "the attributions rank the genes of classes, they are not of samples"
    else:
        places = pd.Index(parts.rows).get_indexer(chosen)
        own = Attributions(
            parts.rows[places],
            parts.values[places],
            None if parts.base is None else parts.base[places],
        )
        values, base = own.of(targets), own.base_of(targets)
        full = np.full(work.shape, np.nan, dtype=np.float32)
        full[np.ix_(chosen, rows.columns)] = values
        layers[schema.layers.shap] = full
        if base is None:
            lacks["sums"] = (
                "what the attributions add up from is unknown: pass a shap.Explanation, which has "
                "base_values"
            )
        elif "probabilities" in lacks:
            lacks["sums"] = lacks["probabilities"]
        else:
            total = values.sum(axis=1, dtype=np.float64)
            output = _output(model, rows.of(chosen), targets, total + base)
            table["output"], table["base"] = output, base
            table["completeness"] = relative_gap(total, output, base)
    slots.write(
        work,
        "shap",
        {"layers": layers, "uns": {"samples": table, "n_explained": len(table)}},
        params={"label": label, "background": "train", "layer": layer},
    )


def _output(model: Model, x: Rows, targets: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return the output that sums of attributions are of: probability, its log odds or a score."""
    samples = np.ascontiguousarray(x[np.arange(targets.size)], dtype=np.float32)
    probabilities = np.asarray(model.probabilities(samples), dtype=np.float64)
    tiny = np.finfo(float).eps
    scores = model.explainer(samples[:_N_BACKGROUND]).outputs(samples)
    every = (probabilities, logit(np.clip(probabilities, tiny, 1 - tiny)), scores)
    outputs = [output[np.arange(targets.size), targets] for output in every]
    return min(outputs, key=lambda output: float(np.median(np.abs(output - sums))))


def _rank(work: AnnData, model: Model, scores: np.ndarray, columns: np.ndarray, label: str) -> None:
    """Write scores of genes for classes as ``tl.rank_genes`` writes its own."""
    full = np.full((work.n_vars, len(model.classes)), np.nan)
    full[columns] = scores
    frames = {
        schema.varm.shap_median: pd.DataFrame(full, columns=model.classes),
        schema.varm.shap_rank: pd.DataFrame(descending_ranks(full), columns=model.classes),
    }
    counts = pd.DataFrame({"class": model.classes, "n_explained": 0})
    params = {"label": label, "statistic": "attributions", "by": "explained"}
    slots.write(work, "rank_genes", {"varm": frames, "uns": {"counts": counts}}, params=params)
