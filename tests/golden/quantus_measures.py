"""Make quantus_measures.npz: what Quantus says of the network of captum_methods.py.

Run it in this folder, in an environment with PyTorch and Quantus, after captum_methods.py, whose
network, samples, noise and integrated gradients it takes. Kept are the probabilities of pixel
flipping (one gene at a time, in the order of the values, replaced by the baseline) and the
maximum sensitivity of input x gradient.
"""

from pathlib import Path

import numpy as np
import quantus
import torch

golden = np.load("captum_methods.npz")
weights = [torch.tensor(golden[f"weight_{number}"]) for number in range(4)]
x, targets, baseline = golden["x"], golden["targets"], golden["baseline"]


class Network(torch.nn.Module):
    def forward(self, points):
        hidden = torch.tanh(points.reshape(len(points), -1) @ weights[0] + weights[1])
        return torch.softmax(hidden @ weights[2] + weights[3], dim=1)


def replaced(arr, indices, **_):
    changed = arr.copy()
    rows = np.arange(len(arr))[:, None]
    changed[rows, indices] = np.broadcast_to(baseline, arr.shape)[rows, indices]
    return changed


draws = iter(golden["noise"])


def noisy(arr, indices, **_):
    del indices
    return arr + next(draws)


def input_x_gradient(model, inputs, targets, **_):
    points = torch.tensor(np.asarray(inputs, dtype=np.float32), requires_grad=True)
    model(points)[range(len(points)), targets].sum().backward()
    return (points * points.grad).detach().numpy()


model = Network().eval()
call = {"model": model, "x_batch": x[:, None], "y_batch": targets, "softmax": False}
flipping = quantus.PixelFlipping(
    features_in_step=1, perturb_func=replaced, normalise=False, disable_warnings=True
)
deletion = flipping(**call, a_batch=golden["integrated_gradients"][:, None])
largest = quantus.MaxSensitivity(
    nr_samples=len(golden["noise"]),
    perturb_func=noisy,
    normalise=False,
    disable_warnings=True,
)
values = input_x_gradient(model, x[:, None], targets)
sensitivity = largest(**call, a_batch=values, explain_func=input_x_gradient)
np.savez_compressed(
    Path(__file__).with_suffix(".npz"),
    deletion=np.asarray(deletion),
    sensitivity=np.asarray(sensitivity),
    input_x_gradient=values[:, 0],
    quantus_version=quantus.__version__,
)
