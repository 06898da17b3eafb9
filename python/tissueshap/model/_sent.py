"""Networks for another process, which may not have loaded this package's layers."""

from __future__ import annotations

import pickle
from typing import Any


def packed(network: Any) -> bytes:
    """Return a network as bytes: layers and weights, nothing compiled."""
    return pickle.dumps(network)


def unpacked(content: bytes) -> Any:
    """Return the network that :func:`packed` has packed."""
    from tissueshap.model import _layers  # noqa: F401 - Keras must know them

    return pickle.loads(content)
