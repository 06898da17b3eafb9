"""The arrays of a bundle: what calibrates and explains a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.calibration import Calibration
from tissueshap.model._centres import Centres


def arrays_of(model: Any) -> dict[str, np.ndarray]:
    """Return the arrays of a model's calibration and background, by name."""
    arrays: dict[str, np.ndarray] = {}
    if model.calibration is not None:
        arrays |= model.calibration.arrays()
    if model.background is not None:
        arrays |= {
            "background_values": model.background.values,
            "background_weights": model.background.weights,
        }
    return arrays


def parts_of(arrays: Mapping[str, np.ndarray], bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's calibration and background from a bundle's arrays and its other content.

    Raises
    ------
    DataError
        An array does not fit the names of the classes or genes, or is not finite.
    """
    if not all(np.isfinite(each).all() for each in arrays.values()):
        raise DataError("values are missing or infinite")
    parts: dict[str, Any] = {}
    if bundle.get("calibration") is not None:
        parts["calibration"] = Calibration.from_parts(
            bundle["calibration"], arrays, len(bundle["classes"])
        )
    if "background_values" in arrays:
        centres = Centres(arrays["background_values"], arrays["background_weights"])
        if centres.values.shape != (centres.weights.size, len(bundle["genes"])):
            raise DataError("the background does not fit the model's genes")
        parts["background"] = centres
    return parts
