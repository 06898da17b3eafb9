"""The settings of a training as text for a record, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from tissueshap.model._presets import Preset


def recorded(settings: Preset) -> str:
    """Return settings as JSON, because a record in .h5ad cannot hold None or tuples."""
    return json.dumps(asdict(settings))


def restored(text: str) -> Preset:
    """Return the settings that :func:`recorded` wrote."""
    values: dict[str, Any] = json.loads(text)
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Preset(**{**values, **lists})
