"""The settings of a training, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice, check_number
from tissueshap.model._layouts import LAYOUTS, Layout

Arch = Literal["cnn", "mlp", "linear"]
ARCHS: tuple[Arch, ...] = ("cnn", "mlp", "linear")
Standardise = Literal["genes", "samples", "none"]
STANDARDISE: tuple[Standardise, ...] = ("genes", "samples", "none")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """All settings of a training, except data and seed.

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
        it comes from. ``"none"``: unchanged log2 values.
    centring
        Share of each gene's mean over the training samples that is subtracted once the
        samples are standardised. At 1, a silent gene that is slightly higher in another
        laboratory is evidence for a class; at 0, markers of few classes have less influence.
    layout
        Where a ``cnn`` places each gene on its image: ``"input"``, ``"permuted"``,
        ``"clustered"`` or ``"umap"``.
    filters
        Filters of the convolutions of a ``cnn``; the image is halved in height and width
        after each second one.
    widths
        Units of the hidden dense layers.
    batch_norm
        Momentum of the batch normalisation after each hidden layer; None uses none. The
        averages need about 3 / (1 - momentum) steps to become reliable.
    gene_start
        Scale of the initial weights of the dense layer that reads the genes (``mlp``,
        ``linear``), relative to Glorot's. A network with more weights than samples fits the
        data long before these have been unlearned, and they would show in every explanation:
        at 1, networks of two seeds select different genes.
    input_dropout, dropout
        Share of inputs, and of hidden units, that are dropped in a training step. A network
        without some of its genes learns to use many others: of the first ten genes of each
        simulated tissue, 80 % were planted markers at an `input_dropout` of 0.3 and 97 % at 0,
        without better held-out scores.
    optimizer
        ``"rmsprop"`` (rho 0.9, inverse-time decay of 0.01 per step) or ``"adamw"`` (cosine
        decay to zero).
    learning_rate, weight_decay, label_smoothing, batch_size
        As in Keras.
    epochs, min_steps
        Passes over the training rows; more if they would give fewer steps than `min_steps`.
    patience
        Stop after so many epochs without a lower validation loss, and restore the weights of
        the best epoch; None trains all epochs and keeps the last weights.
    validation
        Share of the real training samples that is held out to monitor the training.
    min_validation
        Hold out no samples if there would be fewer than this: so few are not informative, and
        their class needs them.
    n_models
        Number of networks to train, each with its own seed, and to average.
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
            Replaces the number of epochs; `min_steps` then does not apply.
        n_models
            Replaces the number of networks.

        Raises
        ------
        DataError
            A name is unknown, the architecture has no layout, or a number is below 1.
        """
        settings = self
        if arch is not None:
            check_choice("arch", arch, ARCHS)
            settings = replace(settings, arch=arch)
        if layout is not None:
            check_choice("layout", layout, LAYOUTS)
            if settings.arch != "cnn" and layout != "input":
                raise DataError(
                    f"layout={layout!r} is for networks that read an image, but arch is "
                    f"{settings.arch!r}: use arch='cnn'"
                )
            settings = replace(settings, layout=layout)
        if standardise is not None:
            check_choice("standardise", standardise, STANDARDISE)
            settings = replace(settings, standardise=standardise)
        if epochs is not None:
            check_number("epochs", epochs, low=1, integer=True)
            settings = replace(settings, epochs=int(epochs), min_steps=0)
        if n_models is not None:
            check_number("n_models", n_models, low=1, integer=True)
            settings = replace(settings, n_models=int(n_models))
        return settings


#: The settings of Yap et al. 2021, those that performed best here, and those for little data.
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


#: The default preset is the small one below this number of real training samples, and from
#: this number of genes on, however many samples there are: on whole genomes the wide network
#: finds fewer specific genes and classifies fewer samples of another laboratory correctly
#: (docs/classifier.md).
_FEW_SAMPLES, _MANY_GENES = 2000, 2000


def for_size(settings: Preset, n_samples: int, n_genes: int) -> Preset:
    """Return the settings for a number of real training samples and genes.

    Only the default preset depends on them; others are returned unchanged. With few genes
    each weight changes the outcome less, and the small network takes larger steps. With few
    samples networks of different seeds differ and are averaged; with many this would take
    minutes.
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
    """Return the settings of a preset.

    Parameters
    ----------
    name
        ``"default"``, ``"paper"`` or ``"small"``.

    Raises
    ------
    DataError
        The preset is unknown.

    Examples
    --------
    >>> settings = ts.model.preset("small").changed(epochs=3)
    >>> settings.widths, settings.epochs
    ((256,), 3)
    """
    check_choice("preset", name, sorted(PRESETS))
    return PRESETS[name]
