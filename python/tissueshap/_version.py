"""The version of tissueshap, both halves of it."""

__version__ = "0.99.0"
