"""The small analysis that the pictures of ``ts.pl`` show."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pandas as pd
from anndata import AnnData, read_h5ad

import tissueshap as ts

_TISSUES = ["Colon - Sigmoid", "Colon - Transverse", "Heart", "Kidney - Cortex", "Liver", "Lung"]
#: What a quick table has, without the checks that need seconds each.
_CHECKS = (
    *("completeness", "coverage", "performance", "leak", "use", "randomisation", "specificity"),
    *("bootstrap", "seeds"),
)
#: Pixels of a page per inch of a figure.
_DPI = 110
#: Figures of the second cohort.
_OF_OTHER = ("projection", "transfer")
#: Figures that need an argument to be useful.
_OPTIONS = {"umap": {"gene_sets": ["shap", "random"]}}


def possible() -> bool:
    """Return whether R and tissueshap's R package are there."""
    command = ["Rscript", "-e", "quit(status = !requireNamespace('tissueshap', quietly = TRUE))"]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def draw(folder: Path, kept: Path) -> dict[str, int]:
    """Write a picture of each function of ``ts.pl`` and return their widths by full name.

    The widths are in pixels of a page, so that all pictures have letters of one size.

    Parameters
    ----------
    folder
        For the pictures.
    kept
        Where the analysis is kept from one build to the next.
    """
    paths = {name: kept / f"{_fingerprint()}_{name}.h5ad" for name in ("adata", "other")}
    if not all(path.exists() for path in paths.values()):
        kept.mkdir(parents=True, exist_ok=True)
        for path, data in zip(paths.values(), _analysed(), strict=True):
            data.write_h5ad(path)
    adata, other = (read_h5ad(path) for path in paths.values())
    widths = {}
    for name in ts.pl.__all__:
        data = other if name in _OF_OTHER else adata
        path = (folder / f"{name}.png").resolve()
        figure = getattr(ts.pl, name)(data, save=path, **_OPTIONS.get(name, {}))
        widths[f"tissueshap.pl.{name}"] = round(_DPI * figure.get_figwidth())
    return widths


def _fingerprint() -> str:
    """Return what the analysis depends on: this file, and all code but that of the figures."""
    package = Path(ts.__file__).parent
    drawing = {"pl", "report", "cli"}
    modules = [path for path in package.rglob("*.py") if not drawing & set(path.parts)]
    content = b"".join(path.read_bytes() for path in [Path(__file__), *sorted(modules)])
    return hashlib.sha256(content).hexdigest()[:16]


def _analysed() -> tuple[AnnData, AnnData]:
    """Return a cohort with the results of all verbs, and a second one."""
    whole = ts.datasets.simulate(420, 300, tissues=_TISSUES, seed=2)
    second = whole.obs["donor"].astype("category").cat.codes % 3 == 0
    adata, other = whole[~second].copy(), whole[second].copy()
    with ts.settings.override(progress=False):
        model = _classified(adata)
        _compared(adata, model)
        other = other[:, adata.var_names].copy()
        _second_cohort(other, adata, model)
        ts.tl.stability(adata, other)
    return adata, other


def _classified(adata: AnnData) -> ts.model.Classifier:
    ts.pp.filter_genes(adata, "tissue", subset=True)
    ts.pp.tmm(adata)
    ts.pp.split(adata)
    ts.pp.log2(adata)
    ts.pp.oversample(adata)
    model = ts.tl.cnn(adata, n_models=1, epochs=60)
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata)
    ts.tl.compare_balancing(adata, methods=("none", "class_weight", "random"), epochs=3)
    ts.tl.shap(adata, model, target="all", n_draws=50)
    ts.tl.rank_genes(adata)
    ts.tl.select_genes(adata, method="top_n", n_top=10)
    ts.tl.modules(adata, min_correlation=0.3)
    ts.tl.trust(adata, model, checks=_CHECKS)
    return ts.tl.calibrate(adata, model, n_folds=2) or model


def _compared(adata: AnnData, model: ts.model.Classifier) -> None:
    ts.tl.de(adata, lfc=1)
    ts.tl.compare(adata)
    ts.tl.cluster(adata, n_starts=20, n_random=5)
    ts.tl.null_test(adata, n_sets=49, n_starts=2, on="expression")
    truth = adata.uns["truth"]
    truth = truth[truth["gene"].isin(adata.var_names)]
    planted = {
        f"genes planted in {name}": list(part["gene"]) for name, part in truth.groupby("class")
    }
    ts.tl.enrich(adata, planted, by="class", min_size=5)
    pairs = [(a, b) for genes in planted.values() for a in genes for b in genes if a < b]
    ts.tl.ppi(adata, pd.DataFrame(pairs, columns=["a", "b"]).assign(score=0.9))


def _second_cohort(other: AnnData, adata: AnnData, model: ts.model.Classifier) -> None:
    ts.pp.tmm(other, reference=adata)
    ts.pp.log2(other)
    ts.tl.predict(other, model)
    ts.tl.transfer(other)
    ts.tl.project(other, adata)
    background = adata.layers["log2"][adata.obs["split"] == "train"]
    ts.tl.shap(other, model, samples="all", background=background, n_draws=20)
    ts.tl.rank_genes(other)
