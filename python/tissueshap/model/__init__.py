"""Networks, their training, and the bundle that carries a trained one."""

from tissueshap.model._architectures import build
from tissueshap.model._backend import backend
from tissueshap.model._centres import Centres
from tissueshap.model._classifier import Classifier, load
from tissueshap.model._describe import describe
from tissueshap.model._hub import pull, push
from tissueshap.model._preparation import Preparation
from tissueshap.model._presets import PRESETS, Preset, preset
from tissueshap.model._rows import TrainingRows
from tissueshap.model._train import train

__all__ = [
    "PRESETS",
    "Centres",
    "Classifier",
    "Preparation",
    "Preset",
    "TrainingRows",
    "backend",
    "build",
    "describe",
    "load",
    "preset",
    "pull",
    "push",
    "train",
]

# For the other packages of tissueshap.
from tissueshap.model._activations import activations as activations
from tissueshap.model._backend import keras as keras
from tissueshap.model._describe import calibration_card as calibration_card
from tissueshap.model._ensemble import average as average
from tissueshap.model._identifiers import Matched as Matched
from tissueshap.model._input import (
    check_input as check_input,
    check_model as check_model,
    columns_of as columns_of,
    counts_for as counts_for,
    gene_columns as gene_columns,
    input_values as input_values,
)
from tissueshap.model._input_scale import InputScale as InputScale
from tissueshap.model._layouts import LAYOUTS as LAYOUTS, Layout as Layout
from tissueshap.model._made_of import (
    of_model as of_model,
    trained_here as trained_here,
    trained_on as trained_on,
)
from tissueshap.model._members import is_average as is_average, members as members
from tissueshap.model._outputs import batch_rows as batch_rows, outputs as outputs
from tissueshap.model._preparation import MIN_OVERLAP as MIN_OVERLAP
from tissueshap.model._prepared import prepare as prepare
from tissueshap.model._presets import Arch as Arch, Standardise as Standardise, for_size as for_size
from tissueshap.model._recorded import recorded as recorded, restored as restored
from tissueshap.model._sent import packed as packed, unpacked as unpacked
from tissueshap.model._source import (
    Source as Source,
    member as member,
    validation as validation,
)
