"""One small run, end to end, that several tests look at."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import datasets, pp, tl, workflow
from tissueshap._core import slots
from tissueshap.model import Classifier, describe

#: Settings that make a run quick; the cohort's classes have 25 to 35 samples.
_QUICK: dict[str, Any] = {
    "label": "tissue",
    "preset": "small",
    "calibrate": False,
    "min_class_size": 10,
    "test_per_class": 8,
    "n_draws": 20,
    "n_starts": 3,
    "n_random": 2,
}


@pytest.fixture
def quick() -> dict[str, Any]:
    """Return settings that make a run quick."""
    return dict(_QUICK)


@pytest.fixture
def cohort() -> ad.AnnData:
    """Return the cohort of the small run."""
    return _cohort()


def _cohort() -> ad.AnnData:
    """Return 90 simulated samples of three tissues, one with markup in its name, x 120 genes."""
    sizes = {"Liver": 30, "Lung <script>": 35, "Skin/Arm": 25}
    return datasets.simulate(90, 120, tissues=sizes, n_exclusive=4, n_shared=1, n_subtle=4)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ad.AnnData]:
    """Return the folder of a finished run and the AnnData that it returned."""
    folder = tmp_path_factory.mktemp("run")
    adata = _cohort()
    genes = list(adata.var_names)
    lines = [["SET ONE", "", *genes[:40]], ["SET TWO", "", *genes[40:80]]]
    (folder / "sets.gmt").write_text("\n".join("\t".join(line) for line in lines) + "\n")
    pairs = [
        f"{a}\t{b}\t0.{score}" for a, b, score in zip(genes, genes[1:], "579" * 99, strict=False)
    ]
    (folder / "edges.tsv").write_text("\n".join(["a\tb\tscore", *pairs]) + "\n")
    (folder / "markers.tsv").write_text(f"class\tgene\nLiver\t{genes[0]}\nLiver\tALB\n")
    done = workflow.run(
        adata,
        out=folder / "out",
        donor="donor",
        n_null=3,
        trust="quick",
        gene_sets=[folder / "sets.gmt"],
        interactions=folder / "edges.tsv",
        interaction_score=0.6,
        markers=folder / "markers.tsv",
        **{**_QUICK, "calibrate": True, "n_models": 1},
    )
    return folder / "out", done


def _in_folds() -> dict[str, Any]:
    """Return the settings of a run with folds by donor."""
    options = {name: value for name, value in _QUICK.items() if name != "test_per_class"}
    options |= {"donor": "donor", "split_by_donor": True, "epochs": 5, "explain": "all"}
    return {**options, "trust": "quick", "folds": 3}


@pytest.fixture(scope="session")
def folded_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ad.AnnData]:
    """Return the folder of a finished run with folds by donor, and its AnnData."""
    out = tmp_path_factory.mktemp("folded") / "out"
    return out, workflow.run(_cohort(), out=out, **_in_folds())


@pytest.fixture
def updated_run(folded_run: tuple[Path, ad.AnnData], tmp_path: Path) -> tuple[Path, ad.AnnData]:
    """Return the folder of a copy of `folded_run` with another setting of DE, and its AnnData."""
    out = tmp_path / "out"
    shutil.copytree(folded_run[0], out)
    return out, workflow.run(_cohort(), out=out, resume=True, **{**_in_folds(), "fdr": 0.2})


#: A class of the toy that the model of `trained` does not know.
UNKNOWN = "Peau <b>é</b>"


@pytest.fixture(scope="session")
def trained(_toy: ad.AnnData) -> Classifier:
    """Return a calibrated model of three of the toy's classes, made without R.

    It has seen every second sample.
    """
    known = (_toy.obs["tissue"].astype(str) != UNKNOWN).to_numpy()
    known = known & (np.arange(_toy.n_obs) % 2 == 0)
    adata = _toy[known].copy()
    adata.obs["tissue"] = adata.obs["tissue"].cat.remove_unused_categories()
    counts = np.asarray(adata.X, dtype=np.float64)
    sizes = pp.effective_sizes(counts, counts[0], 1.0)
    values = (counts / sizes[:, None] * 1e6).astype(np.float32)
    reference = pd.DataFrame({"gene": adata.var_names, "count": counts[0]})
    found = {"reference": reference, "reference_scale": 1.0}
    slots.write(adata, "tmm", {"layers": {"tmm": values}, "uns": found}, params={})
    pp.split(adata, "tissue", n_test=5, seed=3)
    pp.log2(adata)
    model = tl.cnn(adata, preset="small", epochs=12)
    tl.predict(adata, model)
    tl.evaluate(adata)
    return describe(adata, tl.calibrate(adata, model, n_folds=2), origin="simulated")


@pytest.fixture
def arrived(_toy: ad.AnnData) -> ad.AnnData:
    """Return new samples: five of each class that `trained` knows, four of another."""
    fresh = _toy[np.arange(_toy.n_obs) % 2 == 1]
    tissue = fresh.obs["tissue"].astype(str)
    chosen = fresh.obs.groupby("tissue", observed=True).head(5).index
    chosen = [name for name in chosen if name not in set(fresh.obs_names[tissue == UNKNOWN][4:])]
    adata = fresh[chosen].copy()
    adata.obs_names = [f"N{name}" for name in adata.obs_names]
    return ad.AnnData(adata.X, obs=adata.obs[["tissue"]].astype(str), var=adata.var[["symbol"]])
