"""Results as tidy tables."""

from tissueshap._core.docs import fill_in
from tissueshap._core.genes_in_use import reading, wrap
from tissueshap.get._genes import genes
from tissueshap.get._modules import modules

__all__ = ["genes", "modules"]

fill_in(globals()[name] for name in __all__)
wrap(__all__, globals(), reading)
