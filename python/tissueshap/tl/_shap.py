"""``tl.shap``: each gene's contribution to the class that is predicted for a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tissueshap._core import provenance, slots
from tissueshap._core.adata import target as written_to
from tissueshap._core.errors import DataError
from tissueshap._core.layer_store import keep_in_file
from tissueshap.adapters import Model, adapt_to
from tissueshap.explain import (
    ALL,
    N_DRAWS,
    Against,
    Background,
    Explainer,
    Explaining,
    Rows,
    Values,
    choose,
    to_explain,
)
from tissueshap.model import (
    Classifier,
    backend,
    check_input,
    columns_of,
    gene_columns,
    input_values,
    of_model,
)

if TYPE_CHECKING:
    from anndata import AnnData


def shap(
    adata: AnnData,
    model: Any,
    label: str | None = None,
    *,
    target: str = "predicted",
    samples: Literal["correct", "test", "all"] = "correct",
    background: Against | np.ndarray = "train",
    n_centres: int = 50,
    n_draws: int = N_DRAWS,
    tolerance: float | None = None,
    output: Literal["probability", "logit"] = "probability",
    method: Literal["stratified", "monte_carlo"] = "stratified",
    batch_size: int | None = None,
    mixed_precision: bool = False,
    class_layers: bool = False,
    layer: str | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Explain samples by expected gradients, the quantity of ``shap.GradientExplainer``.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split`` and ``pp.log2``. Reads ``obs[label]``,
        ``obs["split"]`` and the layer that the model was trained on.
    model
        The model; its own predictions say which samples are correct. A classifier of
        ``tl.cnn``, or a model of another package as ``ts.adapters.adapt`` takes it, which is
        explained by the method listed there: sampled Shapley values for functions without a
        gradient (10 draws of 2 x genes + 1 evaluations per sample, up to 50 of few genes).
    label
        Column of ``obs`` with the classes; by default the one that the classifier was trained
        with, otherwise the one recorded before.
    target
        The class that is explained: ``"predicted"``, ``"true"``, or a class's name. With
        ``"all"`` every class is explained for every sample, which takes as many times longer
        as there are classes: ``layers["shap"]`` holds the predicted class,
        ``varm["shap_mean_abs"]`` a summary of all.
    samples
        ``"correct"`` (test samples whose class is predicted), ``"test"`` or ``"all"``.
    background
        Samples to compare with: ``"train"`` (the training samples), ``"balanced"`` (the rows
        of ``pp.oversample``, as published), ``"stratified"`` (the training samples, each class
        equally often), ``"others"`` (the training samples of classes other than the explained
        one), ``"kmeans"`` (cluster centres of the training samples, weighted by their
        members), or a matrix (samples x the model's genes, on the layer's scale). Of training
        samples on disk, as many are drawn, and held in memory, as fit.
    n_centres
        Number of centres for ``"kmeans"``.
    n_draws
        Number of gradients per sample and class; with `tolerance` the maximum.
    tolerance
        Stop a sample when its values are this accurate: over its 20 largest values, the root
        mean square of the standard errors is this share of that of the values.
    output
        Explain the ``"probability"`` of the class, or its ``"logit"`` (of a linear model the
        score, whose terms are exact). Trees are explained as they add up.
    method
        ``"stratified"``, or ``"monte_carlo"`` as in shap, whose squared error is about three
        times as large for the same number of draws.
    batch_size
        Rows of a gradient pass; by default chosen by the memory that the network needs per row.
    mixed_precision
        Compute the gradients in bfloat16 if the network's layers support it: for GPUs.
    class_layers
        With ``target="all"``, also write ``layers["shap_class_<class>"]`` for each class, each
        as large as ``layers["shap"]``. This is meant for an AnnData that was read with
        ``backed="r+"``, where they are stored on disk.
    layer
        The model's input; by default the layer that a classifier was trained on, of another
        model ``"log2"``.
    seed
        Seed of the draws.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``layers["shap"]`` (float32, NaN where a
    sample is not explained or a gene is not the model's) and ``uns["tissueshap"]["shap"]``:
    ``samples``, one row per explained sample: ``sample``, ``explained`` (the class),
    ``n_draws``, ``output`` (f(x)), ``base`` (mean f(background)), ``completeness`` (relative
    error of the sum of the values, which should be output - base), ``relative_error``
    (standard errors over values, root mean squares); ``n_explained``,
    ``median_completeness``. With ``target="all"`` also ``varm["shap_mean_abs"]`` (genes x
    classes: mean absolute contribution to the class over all explained samples), ``pairs``
    (the table with one row per sample and class) and, with `class_layers`, the layers of the
    classes.

    For an AnnData that was read with ``backed="r+"``, layers, frames and records are also
    written to its file, the layers sample by sample. For other data on disk that do not fit into
    memory, the layer is in a temporary file. If the work is interrupted, the samples explained so
    far are written.

    Raises
    ------
    DataError
        The model's genes or classes are not those of `adata`, a value is missing or infinite,
        no sample is left to explain, or the model cannot be explained with these settings.

    Warns
    -----
    DataWarning
        The values are not on the scale of the model's training data.

    References
    ----------
    Erion et al., Nature Machine Intelligence 3:620 (2021).

    Examples
    --------
    >>> ts.tl.shap(adata, model, samples="test", n_draws=20)
    >>> values = adata.layers["shap"]
    >>> explained = ~np.isnan(values).any(axis=1)
    >>> bool((explained == (adata.obs["split"] == "test")).all())
    True

    A model of another package:

    >>> from sklearn.linear_model import LogisticRegression
    >>> train = adata.obs["split"] == "train"
    >>> x, tissue = adata.layers["log2"][train], adata.obs["tissue"][train].astype(str)
    >>> regression = LogisticRegression(max_iter=500).fit(x, tissue)
    >>> ts.tl.shap(adata, regression, output="logit", key_added="regression")
    >>> record = adata.uns["tissueshap"]["regression"]
    >>> record["params"]["explained_by"], bool(record["median_completeness"] < 1e-5)
    ('the exact terms of its linear scores', True)
    """
    adata = written_to(adata, copy=copy)
    own = isinstance(model, Classifier)
    adapted = adapt_to(model, list(map(str, adata.var_names)))
    if own:
        layer = model.layer if layer is None else layer
        label = model.label if label is None and model.label in adata.obs else label
    layer = slots.input_layer(adata, layer)
    name = slots.label_name(adata, label)
    if own:
        values, columns = input_values(adata, model, layer), columns_of(adata, model)
    else:
        values = slots.require(adata, "layers", layer)
        columns = gene_columns(adata, adapted.genes)
    provenance.check_trained_on(adata, name, adapted.trained_on)
    if isinstance(background, str) and background == "balanced":
        slots.current(adata, "oversample")
    sources = of_model(adata, adapted, "shap", layer=layer, key_added=key_added)
    if own:
        check_input(adata, model, columns, layer=layer, refuse=False)
    rows = Rows(values, columns)
    chosen, targets = to_explain(
        adata,
        adapted.classes,
        adapted.probabilities,
        rows,
        label=name,
        target="predicted" if target == ALL else target,
        samples=samples,
    )
    against = choose(
        adata,
        adapted,
        background,
        rows=rows,
        label=name,
        layer=layer,
        n_centres=n_centres,
        seed=seed,
    )
    how: dict[str, Any] = {
        "output": output,
        "method": method,
        "n_draws": n_draws,
        "tolerance": tolerance,
        "seed": seed,
    }
    if own:
        how |= {"batch_size": batch_size, "mixed_precision": mixed_precision}
        explainer: Explaining = Explainer(model.network, against, **how)
    else:
        if batch_size is not None or mixed_precision:
            raise DataError("batch_size= and mixed_precision= are for networks of ts.tl.cnn")
        explainer = _explainer(adapted, against, **how)
    results_of = Values(
        adata,
        adapted.classes,
        rows.of(chosen),
        targets,
        every_class=target == ALL,
        class_layers=class_layers,
        key_added=key_added,
    )
    interrupted = results_of.explain(explainer)
    results = results_of.slots()
    slots.write(
        adata,
        "shap",
        results,
        params={
            "label": name,
            "model": adapted.kind,
            "explained_by": adapted.explained_by,
            "target": target,
            "samples": samples,
            "background": background if isinstance(background, str) else "matrix",
            "n_background": against.shape[0],
            "n_draws": explainer.n_draws,
            "tolerance": tolerance,
            "output": output,
            "method": method,
            "mixed_precision": mixed_precision,
            "layer": layer,
        },
        seed=seed,
        versions=("keras", backend()),
        sources=sources,
        key_added=key_added,
    )
    keep_in_file(adata, varm=tuple(slots.named(key, key_added) for key in results["varm"]))
    if interrupted:
        done, wanted = int(results["uns"]["n_explained"]), chosen.size
        raise KeyboardInterrupt(f"{done} of {wanted} samples are explained and kept")
    return adata if copy else None


def _explainer(model: Model, background: Background, *, output: str, **how: Any) -> Explaining:
    """Return what explains a model of another package, or raise if it explains another output."""
    explainer = model.explainer(background, output=output, **how)
    if explainer.output != output:
        raise DataError(
            f"the {model.kind} is explained by {model.explained_by}, which add up to its "
            f"{explainer.output}: pass output={explainer.output!r}"
        )
    return explainer
