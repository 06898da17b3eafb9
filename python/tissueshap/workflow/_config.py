"""Every setting of a run, from Python, a YAML file or the command line."""

from __future__ import annotations

import difflib
import typing
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tissueshap._core.de_methods import Method, methods_for
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import fewest
from tissueshap.workflow import _choices
from tissueshap.workflow._values import agree, checked
from tissueshap.workflow._yaml import mapping, relative_to


def _option(default: Any, doc: str, *, low: float | None = None, high: float | None = None) -> Any:
    """Return a field with its help text for the command line, and its limits."""
    return field(default=default, metadata={"doc": doc, "low": low, "high": high})


#: The first option of each group, and the group's title in the help of the command line.
PANELS = {
    "counts": "Data",
    "exclude": "Classes and genes",
    "test_fraction": "Held-out samples",
    "balance": "Classifier",
    "explain": "Explanation",
    "select": "Selected genes",
    "de_method": "Differential expression",
    "n_starts": "Clusters",
    "trust": "Trust",
    "gene_sets": "Gene sets, interactions and markers",
    "cohort_counts": "Another cohort",
    "title": "The run",
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a run; each is an option of ``tissueshap run`` and a key of its YAML.

    Values are converted and checked when a Config is created, so a wrong one fails before any
    work starts. ``tissueshap run --help`` prints what each setting means.

    Raises
    ------
    DataError
        A value has the wrong type, is out of range or not among the choices.

    Examples
    --------
    >>> config = ts.workflow.Config(counts="counts.csv", label="tissue", out="run")
    >>> config.preset, config.n_draws
    ('default', 200)
    """

    counts: Path | None = _option(
        None,
        "Counts: GCT, TSV, CSV (each also .gz), .h5ad or .zarr; genes x samples or transposed.",
    )
    samples: Path | None = _option(
        None, "Sample table, TSV or CSV, with a column of sample ids; not needed for .h5ad."
    )
    layer: str | None = _option(
        None,
        "Layer of an .h5ad or .zarr file with the counts, or 'raw', or 'X'; by default X if it "
        "holds counts, otherwise the layer 'counts', raw or another layer.",
    )
    label: str | None = _option(None, "Column of the sample table with the classes.")
    out: Path | None = _option(None, "Folder for the results; it must be empty or new.")
    donor: str | None = _option(None, "Column of the sample table with the donors.")
    annotation: Path | None = _option(
        None,
        "Gene table with Ensembl id, symbol, Entrez id, biotype and length; or gtex-v8 or "
        "gtex-v10, which are fetched (tissueshap download).",
    )
    values: _choices.Values = _option(
        "counts",
        "Type of the values: estimated counts (RSEM, salmon, tximport) are rounded; "
        "log-transformed values are not filtered, normalised or transformed again.",
    )
    check_scale: bool = _option(
        True, "Stop if log values are raw counts, or are not on the scale of the training data."
    )
    orient: _choices.Orient = _option(
        "auto", "Orientation of the count table; by default, it is recognised by the sample ids."
    )
    exclude: tuple[str, ...] = _option(
        (), "Classes to exclude, as a pattern such as 'Cells*'; may be repeated."
    )
    min_class_size: int | None = _option(
        None,
        "Exclude classes with fewer samples; by default 25, or more if --test-per-class "
        "needs them.",
        low=1,
    )
    min_reads: float | None = _option(
        None,
        "Filter: minimum reads of a gene in enough samples; by default 6, or 1 for sparse counts.",
        low=0,
    )
    min_tpm: float = _option(
        0.1, "Filter: TPM that a gene must exceed in enough samples, if TPM are available.", low=0
    )
    min_samples: int | None = _option(
        None,
        "Filter: number of samples that must be exceeded; by default 95 % of the smallest class.",
        low=0,
    )
    protein_coding: bool = _option(
        True, "Filter: keep only protein-coding genes, if biotypes are available."
    )
    test_fraction: float | None = _option(
        None,
        "Fraction of each class that is held out for testing, at least 2 samples; by default a "
        "quarter.",
        low=0.001,
        high=0.999,
    )
    max_test: int = _option(
        50, "Maximum number of samples per class that this fraction holds out.", low=2
    )
    test_per_class: int | None = _option(
        None,
        "Exact number of samples held out per class, instead of a fraction; 50 with --preset "
        "paper.",
        low=1,
    )
    folds: int | None = _option(
        None,
        "Cross-validate with this number of folds instead of one test set: each sample is "
        "predicted and explained by a network that was not trained on it.",
        low=2,
    )
    split_by_donor: bool = _option(
        False, "Keep all samples of a donor on one side of the split, or in one fold."
    )
    balance: _choices.Balance = _option("smote", "How the training classes are balanced.")
    compare_balancing: bool = _option(
        False, "Train with each way of balancing, and compare the scores."
    )
    balancing_epochs: int | None = _option(
        None, "Epochs of each of these trainings; by default those of the preset.", low=1
    )
    preset: _choices.Preset = _option("default", "The network.")
    arch: _choices.Arch = _option("preset", "Its architecture, instead of that of the preset.")
    layout: _choices.Layout = _option(
        "preset", "Layout of the genes on the image of a cnn, instead of that of the preset."
    )
    n_models: int | None = _option(
        None, "Networks to train and average; by default as many as the preset has.", low=1
    )
    epochs: int | None = _option(None, "Epochs; by default those of the preset.", low=1)
    standardise: _choices.Standardise = _option(
        "preset", "What is standardised to mean 0 and variance 1: each gene, or each sample."
    )
    calibrate: bool = _option(
        True,
        "Calibrate the probabilities, so that the saved model can be applied to other samples; "
        "below 2,000 training samples this takes five more trainings.",
    )
    explain: _choices.Explain = _option("correct", "Which held-out samples are explained.")
    explain_target: _choices.ExplainTarget = _option(
        "predicted", "Which class is explained; 'all' summarises every class as well."
    )
    explain_output: _choices.ExplainOutput = _option(
        "probability", "The explained output of the network; the paper used probabilities."
    )
    background: _choices.Background = _option(
        "train", "Background: the samples with which an explained sample is compared."
    )
    n_draws: int = _option(200, "Draws of expected gradients for each sample.", low=2)
    tolerance: float | None = _option(
        None,
        "Stop drawing for a sample once the relative error of its top genes is this small; "
        "--n-draws is then the maximum.",
        low=0.001,
    )
    select: _choices.Select = _option(
        "auto",
        "How ranks are selected: by default with the published rule for --preset paper or "
        "--unique-fraction, otherwise by their values (peak).",
    )
    unique_fraction: float | None = _option(
        None, "Select ranks while this fraction of the genes is unique.", low=0, high=1
    )
    n_top: int | None = _option(None, "Number of ranks, with --select top_n.", low=1)
    select_fdr: float = _option(
        0.05, "False discovery rate, with --select permutation_fdr.", low=0, high=1
    )
    de_method: _choices.Test = _option(
        "auto", "DE: the test; by default limma for --values log, otherwise edgeR_QL."
    )
    fdr: float = _option(0.01, "DE: false discovery rate.", low=0, high=1)
    lfc: float = _option(4.0, "DE: minimum absolute log2 fold change.", low=0)
    de_rest: _choices.Rest = _option("mean_of_classes", "DE: the baseline of a class.")
    de_lfc_test: float | None = _option(None, "DE: test for an |log2FC| above this value.", low=0)
    de_covariates: tuple[str, ...] = _option(
        (),
        "DE: a further column of the design; numbers are a trend, 'factor(batch)' makes groups "
        "of them; may be repeated.",
    )
    de_block: str | None = _option(None, "DE: column with the donors, for limma and limma_voom.")
    n_starts: int = _option(100, "Starts of k-means for each gene set.", low=1)
    n_random: int = _option(10, "Number of random gene sets for comparison.", low=1)
    cluster_samples: _choices.Samples = _option("test", "Which samples are clustered.")
    cluster_on: _choices.Space = _option("umap", "Cluster the embedding, or the expression values.")
    scale: bool = _option(False, "Standardise each gene before embedding.")
    n_pcs: int | None = _option(
        None, "Number of principal components to embed instead of the genes.", low=2
    )
    trust: _choices.Trust = _option(
        "quick",
        "Measure how far the explanation can be trusted; 'quick' trains nothing, 'full' several "
        "further networks.",
    )
    n_null: int = _option(0, "Number of random gene sets of the null test; 0 omits it.", low=0)
    null_starts: int = _option(100, "Starts of k-means for each of these sets.", low=1)
    gene_sets: tuple[Path, ...] = _option(
        (),
        "Gene sets for enrichment (GMT); or reactome, go or tissue-specific, which are fetched; "
        "may be repeated.",
    )
    enrich_engine: _choices.Engine = _option(
        "offline",
        "What tests the gene sets; reactomepa contains Reactome and needs no --gene-sets.",
    )
    go: bool = _option(
        False,
        "Test the exclusive genes of each class for biological processes of GO (org.Hs.eg.db).",
    )
    min_set_size: int = _option(10, "Minimum size of a gene set.", low=1)
    max_set_size: int = _option(500, "Maximum size of a gene set.", low=1)
    interactions: Path | None = _option(
        None,
        "Protein interactions: STRING's protein.links, or a table of pairs; or string, which is "
        "fetched, with the gene symbols.",
    )
    interaction_score: float = _option(
        0.4, "Minimum score of an interaction, if the file has scores.", low=0, high=1
    )
    interaction_names: Path | None = _option(
        None, "STRING's protein.info, with the gene symbols of the proteins."
    )
    markers: Path | None = _option(
        None, "Known marker genes for the report, TSV or CSV with the columns class and gene."
    )
    cohort_counts: Path | None = _option(
        None, "Counts of another cohort to predict and explain; training uses only its genes."
    )
    cohort_samples: Path | None = _option(None, "Sample table of the other cohort.")
    cohort_label: str | None = _option(
        None, "Column of its sample table with the classes; by default --label."
    )
    cohort_map: Path | None = _option(
        None, "Map of its classes: TSV or CSV, its name first, that in training second."
    )
    harmonise: _choices.Harmonise = _option(
        "none", "Bring the genes of the other cohort onto the scale of the training samples."
    )
    cohort_top: int | None = _option(
        None,
        "Number of genes per class to compare with the other cohort; by default as many as "
        "selected.",
        low=1,
    )
    title: str | None = _option(None, "Title of the report.")
    seed: int = _option(42, "Seed of all random numbers.", low=0, high=2**32 - 1)
    n_jobs: int | None = _option(
        None, "Number of processes for long work; by default all cores.", low=1
    )
    dask: str | None = _option(
        None,
        "Address of a Dask scheduler (tcp://HOST:8786), or its file, whose workers do long work.",
    )
    overwrite: bool = _option(False, "Replace the results of an earlier run in --out.")
    resume: bool = _option(
        False,
        "Continue a run into --out that was stopped, or bring its results up to date: only steps "
        "whose settings, files or packages have changed, and those after them, are taken again.",
    )

    def __post_init__(self) -> None:
        for name, item in options().items():
            object.__setattr__(self, name, checked(item, types()[name], getattr(self, name)))
        agree({**vars(self), "de_method": self.test})
        self._check_class_size()

    def _check_class_size(self) -> None:
        """Refuse options that need more samples per class than the minimum class size."""
        # Not checked for --preset paper: the paper used classes from 25 samples on.
        needed = fewest(n_test=self.test_per_class, n_folds=self.folds)
        if self.smallest_class >= needed:
            return
        how = "a test set" if self.test_per_class is None else f"test_per_class {self.n_test}"
        how = how if self.folds is None else f"folds {self.folds}"
        raise DataError(
            f"min_class_size {self.min_class_size} keeps classes that are too small for {how}, "
            f"which needs {needed} samples per class: raise it, or hold out fewer"
        )

    @property
    def test(self) -> Method:
        """The test of differential expression; by default it depends on the values."""
        if self.de_method != "auto":
            return self.de_method
        return methods_for("log" if self.values == "log" else "counts")[0]

    @property
    def n_test(self) -> int | None:
        """Number of samples held out per class; None for a share of them, and with folds."""
        as_published = self.preset == "paper" and self.test_fraction is None and self.folds is None
        return 50 if as_published and self.test_per_class is None else self.test_per_class

    @property
    def smallest_class(self) -> int:
        """Smallest number of samples of a class that is not excluded."""
        if self.min_class_size is not None:
            return self.min_class_size
        return max(25, fewest(n_test=self.n_test, n_folds=self.folds))

    @classmethod
    def from_yaml(cls, path: str | Path, **options: Any) -> Config:
        """Read a YAML file; ``options`` take precedence over its content.

        Paths in the file are relative to the file's own folder. An option may be
        written with ``_`` or ``-``.

        Raises
        ------
        DataError
            The file cannot be read, or has a key that is not an option; the message names
            the nearest option.
        """
        path = Path(path)
        values: dict[str, Any] = {}
        for key, value in mapping(path).items():
            name = known(str(key), str(path))
            if name in values:
                raise DataError(f"{path} has the option {name!r} twice: leave one out")
            values[name] = relative_to(path.parent, types()[name], value)
        return cls(**{**values, **options})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values: paths as text, repeated options as lists."""

        def plain(value: Any) -> Any:
            if isinstance(value, tuple):
                return [plain(item) for item in value]
            return str(value) if isinstance(value, Path) else value

        return {name: plain(value) for name, value in asdict(self).items()}


def options() -> dict[str, Field[Any]]:
    """Return the fields of :class:`Config` by name, with ``metadata["doc"]``."""
    return {item.name: item for item in fields(Config)}


def types() -> dict[str, Any]:
    """Return the type of each option, resolved."""
    return typing.get_type_hints(Config)


def known(key: str, where: str) -> str:
    """Return an option's name, or raise an error that names the nearest one."""
    name = key.replace("-", "_")
    if name in options():
        return name
    near = difflib.get_close_matches(name, options(), n=1, cutoff=0)
    raise DataError(f"{where} has the unknown option {key!r}; the nearest known one is {near[0]!r}")
