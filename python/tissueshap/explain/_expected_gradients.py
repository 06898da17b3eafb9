"""Expected gradients of an array of samples."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.explain._background import Background
from tissueshap.explain._blocks import explanation
from tissueshap.explain._draws import N_DRAWS
from tissueshap.explain._engine import Explainer
from tissueshap.explain._explanation import Explanation


def expected_gradients(
    network: Any,
    x: np.ndarray,
    background: np.ndarray | Background,
    targets: np.ndarray,
    *,
    n_draws: int = N_DRAWS,
    tolerance: float | None = None,
    output: Literal["probability", "logit"] = "probability",
    method: Literal["stratified", "monte_carlo"] = "stratified",
    batch_size: int | None = None,
    mixed_precision: bool = False,
    seed: int = 42,
) -> Explanation:
    """Explain samples by expected gradients, each for its own class.

    The quantity of ``shap.GradientExplainer``: for sample x, the mean over background b
    and alpha uniform in (0, 1) of (x - b) * df/dz at z = b + alpha (x - b).

    Parameters
    ----------
    network
        ``keras.Model`` from (n, genes) to class probabilities, the softmax a layer of its
        own at the end. Keras may run on TensorFlow, JAX or PyTorch.
    x
        Samples, n x genes.
    background
        Samples that they are compared with, m x genes, or a :class:`Background`, which
        defines how often each is drawn.
    targets
        The class that is explained for each sample, as a number, (n,).
    n_draws
        Gradients per sample; with `tolerance` the maximum.
    tolerance
        Stop a sample when its values are this accurate: over its 20 largest values, the root
        mean square of the standard errors is this share of that of the values.
    output
        Explain the ``"probability"`` of the class (as Yap et al. 2021) or its ``"logit"``.
    method
        ``"stratified"``: two draws in each cell of a grid over the background (similar samples
        together) and alpha, regressed on the background; a third of the squared error of
        ``"monte_carlo"``, which draws as shap does, for the same cost.
    batch_size
        Rows of a gradient pass; by default as many as fit into 1 GiB of layer outputs, on a
        GPU into a quarter of its memory.
    mixed_precision
        Compute in bfloat16 if the network's layers support it: faster on some machines, and
        accurate to a few per cent of a value.
    seed
        Seed of the draws. Those of a sample depend only on it and on the sample's row.

    Returns
    -------
    Values, their standard errors, the explained outputs and their means over the
    background.

    Raises
    ------
    DataError
        The shapes do not match, or a target is not a class.

    Examples
    --------
    >>> x = adata.layers["log2"]
    >>> targets = model.predict_proba(x[:4]).argmax(axis=1)
    >>> result = ts.explain.expected_gradients(model.network, x[:4], x[4:], targets, n_draws=50)
    >>> result.values.shape == (4, adata.n_vars)
    True
    """
    targets = np.asarray(targets)
    width, classes = int(network.input_shape[-1]), int(network.output_shape[-1])
    if x.shape[1] != width or background.shape[1] != width:
        raise DataError(
            f"the network needs {width} genes; x has {x.shape[1]} and the background "
            f"{background.shape[1]}"
        )
    if targets.shape != (x.shape[0],):
        raise DataError(f"targets has shape {targets.shape}: pass one for each of {len(x)} samples")
    if targets.size and not 0 <= targets.min() <= targets.max() < classes:
        raise DataError(f"a target is not among the network's classes, 0 to {classes - 1}")
    explainer = Explainer(
        network,
        background,
        output=output,
        method=method,
        n_draws=n_draws,
        tolerance=tolerance,
        batch_size=batch_size,
        mixed_precision=mixed_precision,
        seed=seed,
    )
    return explanation(explainer, x, targets)
