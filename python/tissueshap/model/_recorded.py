"""The settings of a training as the text that a record holds, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from tissueshap.model._presets import Preset


def recorded(settings: Preset) -> str:
    """Return settings as JSON: a record of .h5ad holds neither None nor tuples."""
    return json.dumps(asdict(settings))


def restored(text: str) -> Preset:
    """Return the settings that :func:`recorded` wrote."""
    held: dict[str, Any] = json.loads(text)
    lists = {name: tuple(value) for name, value in held.items() if isinstance(value, list)}
    return Preset(**{**held, **lists})
