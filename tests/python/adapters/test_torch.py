"""PyTorch modules, in a process of their own: Keras then runs on PyTorch too."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

_SCRIPT = """
import json
import sys

import numpy as np
import torch

import tissueshap as ts

adata = ts.datasets.simulate(160, 300, tissues=("Liver", "Lung", "Spleen", "Testis"), seed=3)
ts.pp.split(adata, "tissue", n_test=10)
counts = np.asarray(adata.X, dtype=float)
cpm = counts / counts.sum(axis=1, keepdims=True) * 1e6
adata.layers["log2"] = np.log2(cpm + 1).astype(np.float32)
x, y = adata.layers["log2"], adata.obs["tissue"].astype(str).to_numpy()
classes, train = sorted(set(y)), (adata.obs["split"] == "train").to_numpy()
codes = torch.tensor([classes.index(name) for name in y])
torch.manual_seed(1)
module = torch.nn.Sequential(
    torch.nn.BatchNorm1d(x.shape[1]),
    torch.nn.Linear(x.shape[1], 16),
    torch.nn.ReLU(),
    torch.nn.Dropout(0.2),
    torch.nn.Linear(16, len(classes)),
)
optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
for _ in range(60):
    optimiser.zero_grad()
    outputs = module(torch.tensor(x[train]))
    torch.nn.functional.cross_entropy(outputs, codes[train]).backward()
    optimiser.step()
before = [value.clone() for value in module.state_dict().values()]
adapted = ts.adapters.adapt(module, genes=adata.var_names, classes=classes)
ts.tl.trust(adata, adapted, n_boot=5)
table = adata.uns["tissueshap"]["trust"]["summary"]
after = module.state_dict().values()
cascade = {
    side: [name for _, name, _ in adapted.randomised(seed=1, side=side)]
    for side in ("output", "input")
}
# Expected gradients of a logit that is linear are exact.
linear = torch.nn.Linear(x.shape[1], 4)
one = ts.adapters.adapt(linear, genes=adata.var_names, classes=classes)
explainer = one.explainer(x[:50], output="logit", n_draws=100)
values = next(explainer.stream(x[60:61], np.array([2]))).values
wanted = linear.weight.detach().numpy()[2] * (x[60] - x[:50].mean(axis=0))
print(
    json.dumps(
        {
            "verdicts": table.groupby("check")["verdict"].agg(list).to_dict(),
            "values": table.set_index("check")["value"].groupby(level=0).first().to_dict(),
            "training": module.training,
            "same": all(torch.equal(a, b) for a, b in zip(before, after)),
            "cascade": cascade,
            "linear": float(np.abs(values - wanted).max()),
            "probabilities": adapted.probabilities(x[:3]).sum(axis=1).tolist(),
        }
    )
)
"""


@pytest.mark.slow
def test_a_module_is_explained_and_left_as_it_is():
    if importlib.util.find_spec("torch") is None:
        pytest.skip("the optional package torch is not installed")
    source = Path(__file__).resolve().parents[3] / "python"
    path = os.pathsep.join([str(source), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _SCRIPT],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "torch", "PYTHONPATH": path},
        timeout=600,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    held = found["verdicts"]
    for check in ("completeness", "repeat", "performance", "use", "randomisation", "specificity"):
        assert set(held[check]) == {"holds"}, (check, found["values"])
    assert found["training"]
    assert found["same"]
    assert found["cascade"] == {"output": ["4", "1"], "input": ["1", "4"]}
    assert found["linear"] < 1e-3
    np.testing.assert_allclose(found["probabilities"], 1, atol=1e-5)
