"""Values of genes: expected gradients, exact values of sums and trees, sampled Shapley values."""

from tissueshap.explain._additive import AdditiveExplainer
from tissueshap.explain._background import Background
from tissueshap.explain._by_gradients import (
    gradient_x_input,
    integrated_gradients,
    smooth_gradient,
)
from tissueshap.explain._differentiable import GradientFunction
from tissueshap.explain._engine import Explained, Explainer
from tissueshap.explain._expected_gradients import expected_gradients
from tissueshap.explain._explanation import Explanation
from tissueshap.explain._sampled import SampledExplainer
from tissueshap.explain._tree import TreeExplainer

__all__ = [
    "AdditiveExplainer",
    "Background",
    "Explained",
    "Explainer",
    "Explanation",
    "GradientFunction",
    "SampledExplainer",
    "TreeExplainer",
    "expected_gradients",
    "gradient_x_input",
    "integrated_gradients",
    "smooth_gradient",
]

# For the other packages of tissueshap.
from tissueshap.explain._blocks import explanation as explanation
from tissueshap.explain._choose_background import (
    Against as Against,
    centres as centres,
    choose as choose,
)
from tissueshap.explain._differentiable import KerasNetwork as KerasNetwork
from tissueshap.explain._draws import N_DRAWS as N_DRAWS
from tissueshap.explain._explaining import Explaining as Explaining
from tissueshap.explain._explanation import completeness as completeness
from tissueshap.explain._network import apart as apart, device_bytes as device_bytes
from tissueshap.explain._sampled import MOST_PLAYERS as MOST_PLAYERS
from tissueshap.explain._samples import (
    PreparedRows as PreparedRows,
    Rows as Rows,
    to_explain as to_explain,
)
from tissueshap.explain._trainings import trainings as trainings
from tissueshap.explain._values import ALL as ALL, Values as Values
