"""PyTorch modules from samples x genes to samples x classes."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tissueshap.adapters._gradients import Gradients
from tissueshap.adapters._model import Model, are_probabilities, check_outputs, names, probes


def of_torch(
    module: Any, *, genes: Sequence[str] | None = None, classes: Sequence[str] | None = None
) -> Model:
    """Return a PyTorch module, whose outputs are probabilities or logits, as a model."""
    kind = "PyTorch module"
    named, labels = names(kind, "genes", None, genes), names(kind, "classes", None, classes)
    raw = _Function(module, softmax=False)
    at_probes = raw(probes(len(named)))
    check_outputs(kind, at_probes, labels)
    return _of_module(module, named, labels, logits=not are_probabilities(at_probes))


def _of_module(module: Any, genes: list[str], classes: list[str], *, logits: bool) -> Model:
    probability = _Function(module, softmax=logits)
    functions: dict[str, Any] = {}
    if logits:
        # First, because they change less abruptly than probabilities: fewer draws are enough.
        raw = _Function(module, softmax=False)
        functions["logit"] = raw, raw.gradient
    functions["probability"] = probability, probability.gradient

    def randomised(*, seed: int, side: str = "output") -> Iterator[tuple[int, str, Model]]:
        for number, name, other in _cascade(module, seed=seed, side=side):
            yield number, name, _of_module(other, genes, classes, logits=logits)

    return Model(
        kind="PyTorch module",
        source=module,
        genes=genes,
        classes=classes,
        probabilities=probability,
        explainer=Gradients(functions, len(genes)),
        explained_by="expected gradients",
        randomised=randomised,
        n_layers=sum(_has_weights(layer) for _, layer in _layers(module)),
    )


class _Function:
    """A module as a function of arrays, in evaluation mode, with its gradient."""

    def __init__(self, module: Any, *, softmax: bool) -> None:
        self._module, self._softmax = module, softmax

    def __call__(self, x: np.ndarray) -> np.ndarray:
        import torch

        with _evaluating(self._module), torch.no_grad():
            values: np.ndarray = self._outputs(self._tensor(x)).cpu().numpy()
        return values

    def gradient(self, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the gradient of each point's own class, points x genes."""
        import torch

        with _evaluating(self._module), torch.enable_grad():
            at = self._tensor(points).requires_grad_(True)
            code = torch.as_tensor(np.asarray(targets, dtype=np.int64), device=at.device)
            chosen = self._outputs(at).gather(1, code[:, None])
            (slope,) = torch.autograd.grad(chosen.sum(), at)
        values: np.ndarray = slope.cpu().numpy()
        return values

    def _outputs(self, x: Any) -> Any:
        outputs = self._module(x)
        return outputs.softmax(dim=1) if self._softmax else outputs

    def _tensor(self, x: np.ndarray) -> Any:
        import torch

        parameter = next(self._module.parameters(), None)
        tensor = torch.tensor(np.asarray(x))
        if parameter is None:
            return tensor.float()
        return tensor.to(device=parameter.device, dtype=parameter.dtype)


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Switch dropout off and batch normalisation to its running means, and back again."""
    before = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in before:
            part.training = training


def _cascade(module: Any, *, seed: int, side: str) -> Iterator[tuple[int, str, Any]]:
    """Yield a copy of a module with the parameters of one more layer drawn again each time."""
    import torch

    other = copy.deepcopy(module)
    layers = _layers(other)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        number = 0
        for name, layer in layers[:: -1 if side == "output" else 1]:
            layer.reset_parameters()
            # Normalisation has no random weights, and belongs to the layer that comes next.
            if not _has_weights(layer):
                continue
            number += 1
            yield number, name, other


def _layers(module: Any) -> list[tuple[str, Any]]:
    """Return the layers that can be drawn again, by name, from the input to the output."""
    return [
        (name, part)
        for name, part in module.named_modules()
        if hasattr(part, "reset_parameters") and next(part.parameters(), None) is not None
    ]


def _has_weights(layer: Any) -> bool:
    return any(weight.ndim > 1 for weight in layer.parameters())


def is_torch(model: Any) -> bool:
    """Return whether this is a PyTorch module; PyTorch is not imported to find out."""
    return any(
        kind.__module__ == "torch.nn.modules.module" and kind.__name__ == "Module"
        for kind in type(model).__mro__
    )
