"""Expected gradients, on whichever backend Keras runs."""

from tissueshap.explain._background import Background
from tissueshap.explain._engine import Explained, Explainer
from tissueshap.explain._expected_gradients import expected_gradients
from tissueshap.explain._explanation import Explanation

__all__ = ["Background", "Explained", "Explainer", "Explanation", "expected_gradients"]
