"""The settings of a training, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tissueshap._core.errors import DataError
from tissueshap._core.options import check_number
from tissueshap.model._layouts import LAYOUTS, Layout

Arch = Literal["cnn", "mlp", "linear"]
ARCHS: tuple[Arch, ...] = ("cnn", "mlp", "linear")
Standardise = Literal["genes", "samples", "none"]
STANDARDISE: tuple[Standardise, ...] = ("genes", "samples", "none")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Everything that a training is set by, except data and seed.

    Attributes
    ----------
    name
        Name of the preset it was made from.
    arch
        ``"cnn"`` (genes laid out as a square image), ``"mlp"`` (dense layers) or
        ``"linear"`` (multinomial logistic regression).
    standardise
        ``"genes"``: each gene has mean 0 and variance 1 over the real training samples.
        ``"samples"``: each sample has mean 0 and variance 1 over its genes, whatever cohort
        it comes from. ``"none"``: log2 values as they are.
    centring
        Share of each gene's mean over the training samples that is taken from it once the
        samples are standardised. At 1 a silent gene that another laboratory raises a little
        is evidence for a class; at 0 markers that few classes have count for less.
    layout
        Where a ``cnn`` has each gene on its image: ``"input"``, ``"permuted"``,
        ``"clustered"`` or ``"umap"``.
    filters
        Filters of the convolutions of a ``cnn``, halved in height and width after each
        second one.
    widths
        Units of the hidden dense layers.
    batch_norm
        Momentum of the batch normalisation after each hidden layer; None does without. It
        takes about 3 / (1 - momentum) steps until the averages are worth something.
    gene_start
        Initial weights of the dense layer that reads the genes (``mlp``, ``linear``), times
        Glorot's. A network with more weights than samples fits long before it has unlearned
        them, and they would show in every explanation: at 1, networks of two seeds select
        other genes.
    input_dropout, dropout
        Share of inputs, and of hidden units, that are left out in a training step. Without
        some of its genes a network learns to lean on many others: of the first ten genes of
        each simulated tissue 80 % were planted markers at an `input_dropout` of 0.3, 97 %
        at 0, and held-out scores were no better for it.
    optimizer
        ``"rmsprop"`` (rho 0.9, inverse-time decay of 0.01 a step) or ``"adamw"`` (cosine
        decay to zero).
    learning_rate, weight_decay, label_smoothing, batch_size
        As Keras names them.
    epochs, min_steps
        Passes over the training rows; more of them where they make fewer steps than this.
    patience
        Stop after so many epochs without a lower validation loss, and go back to the
        weights of the best; None trains all epochs and keeps the last weights.
    validation
        Share of the real training samples that is held out to watch the training.
    min_validation
        Hold none out where there would be fewer than this: so few would say nothing, and
        a class would miss them.
    n_models
        Networks to train, each with a seed of its own, and to average.
    retries
        How often a training that diverges is repeated, each time with a quarter of the
        learning rate.

    Examples
    --------
    >>> settings = ts.model.Preset(name="wide", widths=(1024,), dropout=0.5)
    >>> model = ts.tl.cnn(adata, preset=settings, epochs=1)
    >>> model.preset
    'wide'
    """

    name: str
    arch: Arch = "mlp"
    standardise: Standardise = "genes"
    centring: float = 0.0
    layout: Layout = "input"
    filters: tuple[int, ...] = (16, 32)
    widths: tuple[int, ...] = (512, 512)
    batch_norm: float | None = 0.9
    gene_start: float = 0.01
    input_dropout: float = 0.0
    dropout: float = 0.2
    optimizer: Literal["rmsprop", "adamw"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    label_smoothing: float = 0.05
    batch_size: int = 128
    epochs: int = 20
    min_steps: int = 0
    patience: int | None = None
    validation: float = 0.1
    min_validation: int = 0
    n_models: int = 1
    retries: int = 3

    def changed(
        self,
        *,
        arch: Arch | None = None,
        layout: Layout | None = None,
        standardise: Standardise | None = None,
        epochs: int | None = None,
        n_models: int | None = None,
    ) -> Preset:
        """Return these settings with another architecture, layout, input, length or number.

        Parameters
        ----------
        arch
            Replaces the architecture.
        layout
            Replaces the layout of the genes.
        standardise
            Replaces what is standardised.
        epochs
            Replaces the number of epochs, exactly: no more are run for little data.
        n_models
            Replaces the number of networks.

        Raises
        ------
        DataError
            There is no such architecture, layout or input, the architecture sees no layout,
            or no epoch is left.
        """
        found = self
        if arch is not None:
            if arch not in ARCHS:
                raise DataError(f"there is no architecture {arch!r}; there are {ARCHS}")
            found = replace(found, arch=arch)
        if layout is not None:
            if layout not in LAYOUTS:
                raise DataError(f"there is no layout {layout!r}; there are {LAYOUTS}")
            if found.arch != "cnn" and layout != "input":
                raise DataError(
                    f"layout={layout!r} is for networks that see an image, and arch is "
                    f"{found.arch!r}: use arch='cnn'"
                )
            found = replace(found, layout=layout)
        if standardise is not None:
            if standardise not in STANDARDISE:
                raise DataError(f"standardise={standardise!r}: choose one of {STANDARDISE}")
            found = replace(found, standardise=standardise)
        if epochs is not None:
            check_number("epochs", epochs, low=1, integer=True)
            found = replace(found, epochs=int(epochs), min_steps=0)
        if n_models is not None:
            check_number("n_models", n_models, low=1, integer=True)
            found = replace(found, n_models=int(n_models))
        return found


#: The settings of Yap et al. 2021, those that do best here, and those for little data.
PRESETS: dict[str, Preset] = {
    "paper": Preset(
        name="paper",
        arch="cnn",
        standardise="none",
        filters=(32, 64, 128, 256),
        batch_norm=0.99,
        widths=(512,),
        optimizer="rmsprop",
        learning_rate=1e-4,
        weight_decay=0.0,
        label_smoothing=0.0,
        epochs=11,
        retries=0,
    ),
    "default": Preset(
        name="default",
        standardise="samples",
        dropout=0.3,
        learning_rate=1e-3,
        label_smoothing=0.1,
        batch_size=256,
        epochs=12,
        min_steps=500,
        patience=4,
    ),
    "small": Preset(
        name="small",
        standardise="samples",
        centring=0.35,
        widths=(256,),
        batch_norm=None,
        dropout=0.5,
        learning_rate=3e-4,
        label_smoothing=0.1,
        batch_size=64,
        epochs=20,
        min_steps=200,
        min_validation=100,
        n_models=3,
    ),
}


#: Real training samples below which the default preset is the small one, and genes from
#: which on it is, however many samples there are: on whole genomes the wide network finds
#: fewer specific genes and recognises less of another laboratory (docs/classifier.md).
_FEW_SAMPLES, _MANY_GENES = 2000, 2000


def for_size(settings: Preset, n_samples: int, n_genes: int) -> Preset:
    """Return the settings for so many real training samples and genes.

    The default preset alone is sized by them; others stay as they are. With few genes each
    weight moves the outcome less, and the small network takes longer steps. With few samples
    networks of several seeds differ, and are averaged; with many that costs minutes.
    """
    if settings != PRESETS["default"]:
        return settings
    few_samples, many_genes = n_samples < _FEW_SAMPLES, n_genes >= _MANY_GENES
    if not few_samples and not many_genes:
        return settings
    small = replace(PRESETS["small"], name="default")
    if not many_genes:
        small = replace(small, learning_rate=1e-3)
    return small if few_samples else replace(small, n_models=1)


def preset(name: str) -> Preset:
    """Return the settings of a name.

    Parameters
    ----------
    name
        ``"default"``, ``"paper"`` or ``"small"``.

    Raises
    ------
    DataError
        There is no such preset.

    Examples
    --------
    >>> settings = ts.model.preset("small").changed(epochs=3)
    >>> settings.widths, settings.epochs
    ((256,), 3)
    """
    if name not in PRESETS:
        raise DataError(f"there is no preset {name!r}; there are {sorted(PRESETS)}")
    return PRESETS[name]
