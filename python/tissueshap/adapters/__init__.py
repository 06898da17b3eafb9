"""Models of any package, in the one form that the checks of ``tl.trust`` work with."""

from tissueshap.adapters._adapt import adapt
from tissueshap.adapters._model import Model

__all__ = ["Model", "adapt"]

# For the other packages of tissueshap.
from tissueshap.adapters._adapt import adapt_to as adapt_to
from tissueshap.adapters._attributions import (
    Attributions as Attributions,
    attributions as attributions,
)
from tissueshap.adapters._given import (
    Explain as Explain,
    explained_with as explained_with,
    without_model as without_model,
)
from tissueshap.adapters._random_weights import SIDES as SIDES
from tissueshap.adapters._train_again import trained_again as trained_again
