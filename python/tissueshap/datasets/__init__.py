"""Data to try things on, real and simulated, and public data by name."""

from tissueshap.datasets._fetch import available, fetch
from tissueshap.datasets._pbmc68k import pbmc68k
from tissueshap.datasets._simulate import simulate

__all__ = ["available", "fetch", "pbmc68k", "simulate"]

# For the other packages of tissueshap.
from tissueshap.datasets._sources import SOURCES as SOURCES
