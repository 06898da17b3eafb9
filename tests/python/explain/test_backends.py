"""The three backends give the same values for the same draws."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tissueshap.explain import expected_gradients

_SCRIPT = """
import sys
import numpy as np
from tissueshap import model
from tissueshap.explain import expected_gradients
from tissueshap.model._backend import keras

network = keras().saving.load_model(sys.argv[1])
assert model.backend() == sys.argv[4], model.backend()
given = np.load(sys.argv[2])
found = {}
for output in ("probability", "logit"):
    explained = expected_gradients(
        network, given["x"], given["background"], given["targets"], n_draws=60, output=output
    )
    found[output] = explained.values
    found[output + "_error"] = explained.standard_error
np.savez(sys.argv[3], **found)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_gives_the_same(backend, network, golden, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the optional package {backend} is not installed")
    network.save(tmp_path / "network.keras")
    np.savez(tmp_path / "in.npz", **{key: golden[key] for key in ("x", "background", "targets")})
    source = Path(__file__).resolve().parents[3] / "python"
    subprocess.run(
        [
            sys.executable,
            "-c",
            _SCRIPT,
            tmp_path / "network.keras",
            tmp_path / "in.npz",
            tmp_path / "out.npz",
            backend,
        ],
        check=True,
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(source)},
        timeout=300,
    )
    with np.load(tmp_path / "out.npz") as there:
        for output in ("probability", "logit"):
            here = expected_gradients(
                network,
                golden["x"],
                golden["background"],
                golden["targets"],
                n_draws=60,
                output=output,
            )
            np.testing.assert_allclose(there[output], here.values, atol=1e-4)
            np.testing.assert_allclose(there[f"{output}_error"], here.standard_error, atol=1e-4)
