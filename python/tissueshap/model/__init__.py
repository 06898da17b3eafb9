"""Networks, their training, and the bundle that carries a trained one."""

from tissueshap.model._architectures import build
from tissueshap.model._backend import backend
from tissueshap.model._classifier import Classifier, load
from tissueshap.model._presets import PRESETS, Preset, preset
from tissueshap.model._train import train

__all__ = ["PRESETS", "Classifier", "Preset", "backend", "build", "load", "preset", "train"]
