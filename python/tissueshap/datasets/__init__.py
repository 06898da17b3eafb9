"""Data to try things on: real cells that a dependency ships, and a simulated compendium."""

from tissueshap.datasets._pbmc68k import pbmc68k
from tissueshap.datasets._simulate import simulate

__all__ = ["pbmc68k", "simulate"]
