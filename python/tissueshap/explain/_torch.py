"""Gradients with PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap.explain._network import Gradient, cut


def gradient(network: Any, output: str) -> Gradient:
    """Return a function of (points, targets): each row's gradient of its target."""
    import torch
    from keras.src.backend.torch.core import get_device

    explained, device = cut(network, output), get_device()

    def call(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        at = torch.from_numpy(points).to(device).requires_grad_(True)
        rows = torch.from_numpy(targets.astype(np.int64)).to(device)
        chosen = explained(at, training=False).gather(1, rows[:, None])
        (found,) = torch.autograd.grad(chosen.sum(), at)
        values: np.ndarray = found.cpu().numpy()
        return values

    return call
