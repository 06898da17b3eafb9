"""Expected gradients, on whichever backend Keras runs."""

from tissueshap.explain._engine import Explainer
from tissueshap.explain._expected_gradients import expected_gradients
from tissueshap.explain._explanation import Explanation

__all__ = ["Explainer", "Explanation", "expected_gradients"]
