"""Gradients with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def compiled(explained: Any, function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Return ``function(gradient, *arrays)``, run without compilation."""
    import torch
    from keras.src.backend.torch.core import get_device

    device = get_device()

    def gradient(points: Any, targets: Any) -> Any:
        with torch.enable_grad():
            at = points.detach().requires_grad_(True)
            outputs = explained(at, training=False)
            chosen = outputs.gather(1, targets[:, None].long())
            (slope,) = torch.autograd.grad(chosen.sum(), at)
        return slope

    def call(*arrays: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            tensors = [torch.from_numpy(array).to(device) for array in arrays]
            values: np.ndarray = function(gradient, *tensors).cpu().numpy()
        return values

    return call


def device_bytes() -> int | None:
    """Return the memory of the GPU, in bytes; None for a CPU."""
    import torch

    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.mem_get_info()[1])
