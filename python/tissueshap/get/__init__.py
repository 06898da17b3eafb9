"""Results as tidy tables."""

from tissueshap._core.docs import fill_in
from tissueshap.get._genes import genes

__all__ = ["genes"]

fill_in(globals()[name] for name in __all__)
