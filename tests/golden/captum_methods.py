"""Make captum_methods.npz: what captum says of a small network.

Run it in this folder, in an environment with PyTorch and captum. The network has fixed weights,
which are in the file, so that the test builds the same one. Kept are captum's integrated
gradients (Gauss-Legendre, 50 steps), input x gradient and SmoothGrad (NoiseTunnel), and its
infidelity (plain, scaled, and of values that are multiplied by the input) and maximum
sensitivity, all with the perturbations that are in the file.
"""

from pathlib import Path

import captum
import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients, NoiseTunnel, Saliency
from captum.metrics import infidelity, infidelity_perturb_func_decorator, sensitivity_max

N_GENES, N_HIDDEN, N_CLASSES, N_SAMPLES, N_PERTURBED = 24, 16, 5, 6, 12

rng = np.random.default_rng(21)
weights = [
    rng.normal(0, 0.25, (N_GENES, N_HIDDEN)).astype(np.float32),
    rng.normal(0, 0.2, N_HIDDEN).astype(np.float32),
    rng.normal(0, 0.8, (N_HIDDEN, N_CLASSES)).astype(np.float32),
    rng.normal(0, 0.2, N_CLASSES).astype(np.float32),
]
x = rng.normal(0, 1.5, (N_SAMPLES, N_GENES)).astype(np.float32)
baseline = rng.normal(0, 0.5, (1, N_GENES)).astype(np.float32)
noise = rng.normal(0, 0.3, (N_PERTURBED, N_SAMPLES, N_GENES)).astype(np.float32)

tensors = [torch.tensor(weight) for weight in weights]


def network(points):
    hidden = torch.tanh(points @ tensors[0] + tensors[1])
    return torch.softmax(hidden @ tensors[2] + tensors[3], dim=1)


class Network(torch.nn.Module):
    def forward(self, points):
        return network(points)


model, inputs = Network(), torch.tensor(x)
targets = network(inputs).argmax(dim=1)
base = torch.tensor(baseline)
found = {}
gradients = IntegratedGradients(model)
values = gradients.attribute(inputs, base, target=targets, n_steps=50, method="gausslegendre")
found["integrated_gradients"] = values.detach().numpy()
found["input_x_gradient"] = InputXGradient(model).attribute(inputs, target=targets).detach().numpy()

# captum repeats each sample, so the noise is sample by sample.
each = np.ascontiguousarray(noise.transpose(1, 0, 2)).reshape(-1, N_GENES)


def same_noise(*_, **__):
    return torch.tensor(each)


tunnel, normal = NoiseTunnel(Saliency(model)), torch.normal
torch.normal = same_noise
found["smooth_gradient"] = (
    tunnel.attribute(
        inputs, target=targets, abs=False, nt_type="smoothgrad", nt_samples=N_PERTURBED, stdevs=0.3
    )
    .detach()
    .numpy()
)
torch.normal = normal


def local(points):
    return torch.tensor(each), points - torch.tensor(each)


@infidelity_perturb_func_decorator(True)
def multiplied(points, baselines):
    return points - torch.tensor(each)


for normalise in (False, True):
    suffix = "_scaled" if normalise else ""
    found["infidelity_local" + suffix] = infidelity(
        model,
        local,
        inputs,
        torch.tensor(found["smooth_gradient"]),
        target=targets,
        n_perturb_samples=N_PERTURBED,
        normalize=normalise,
    ).numpy()
    found["infidelity_multiplied" + suffix] = infidelity(
        model,
        multiplied,
        inputs,
        torch.tensor(found["integrated_gradients"]),
        baselines=base.expand_as(inputs),
        target=targets,
        n_perturb_samples=N_PERTURBED,
        normalize=normalise,
    ).numpy()


def explained(points, target):
    return gradients.attribute(points, base, target=target, n_steps=50, method="gausslegendre")


found["sensitivity"] = sensitivity_max(
    explained,
    inputs,
    perturb_func=lambda points: points + torch.tensor(each),
    n_perturb_samples=N_PERTURBED,
    target=targets,
).numpy()
for number, weight in enumerate(weights):
    found[f"weight_{number}"] = weight
np.savez_compressed(
    Path(__file__).with_suffix(".npz"),
    x=x,
    baseline=baseline,
    noise=noise,
    targets=targets.numpy(),
    captum_version=captum.__version__,
    torch_version=torch.__version__,
    **found,
)
