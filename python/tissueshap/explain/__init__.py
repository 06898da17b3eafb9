"""Expected gradients, on whichever backend Keras runs."""

from tissueshap.explain._background import Background
from tissueshap.explain._engine import Explained, Explainer
from tissueshap.explain._expected_gradients import expected_gradients
from tissueshap.explain._explanation import Explanation

__all__ = ["Background", "Explained", "Explainer", "Explanation", "expected_gradients"]

# For the other packages of tissueshap.
from tissueshap.explain._choose_background import (
    Against as Against,
    centres as centres,
    choose as choose,
)
from tissueshap.explain._draws import N_DRAWS as N_DRAWS
from tissueshap.explain._samples import (
    PreparedRows as PreparedRows,
    Rows as Rows,
    to_explain as to_explain,
)
from tissueshap.explain._values import ALL as ALL, Values as Values
