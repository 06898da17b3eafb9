"""Runs that take the classifier to another cohort, from counts and from logarithms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tissueshap import io, model, tl, workflow
from tissueshap._core.errors import DataError, DataWarning
from tissueshap.model._presets import PRESETS


def write_cohort(
    adata: AnnData, folder: Path, name: str, *, log: bool = False, names: Any = None
) -> dict[str, Path]:
    """Write a cohort as two tables, its classes called otherwise on request."""
    values = adata.X.astype(float)
    if log:
        values = np.log2(values / values.sum(axis=1, keepdims=True) * 1e6 + 1)
    table = pd.DataFrame(values.T, index=adata.var_names, columns=adata.obs_names)
    if not log:
        table = table.astype(int)
    table.to_csv(folder / f"{name}.tsv", sep="\t", index_label="gene")
    classes = adata.obs["tissue"].astype(str).replace(names or {})
    samples = pd.DataFrame({"sample": adata.obs_names, "tissue": classes.to_numpy()})
    samples.to_csv(folder / f"{name}_samples.tsv", sep="\t", index=False)
    return {"counts": folder / f"{name}.tsv", "samples": folder / f"{name}_samples.tsv"}


@pytest.fixture
def halves(cohort: AnnData) -> tuple[AnnData, AnnData]:
    """Two cohorts of the same classes; the second lacks twenty genes and reverses the rest."""
    turn = cohort.obs.groupby("tissue", observed=True).cumcount().to_numpy()
    new = cohort[turn % 3 == 0, :][:, ::-1].copy()
    return cohort[turn % 3 > 0].copy(), new[:, :100].copy()


@pytest.mark.slow
@pytest.mark.r
@pytest.mark.parametrize("values", ["counts", "log"])
def test_another_cohort(halves, quick, tmp_path, values, monkeypatch) -> None:
    adata, new = halves
    brief = replace(PRESETS["small"], min_steps=0, epochs=30)
    monkeypatch.setitem(PRESETS, "small", brief)
    log = values == "log"
    own = {"Liver": "liver, adult", "Skin/Arm": "<b>skin</b>"}
    second = write_cohort(new, tmp_path, "new", log=log, names=own)
    (tmp_path / "map.tsv").write_text(
        "theirs\tours\nliver, adult\tLiver\n<b>skin</b>\tSkin/Arm\nbone\tBone\n", encoding="utf-8"
    )
    quick["test_per_class"] = 4
    with pytest.warns(DataWarning, match="bone"):
        done = workflow.run(
            workflow.Config(
                **write_cohort(adata, tmp_path, "first", log=log),
                values=values,
                lfc=1,
                cohort_counts=second["counts"],
                cohort_samples=second["samples"],
                cohort_map=tmp_path / "map.tsv",
                harmonise="zscore" if log else "none",
                compare_balancing=not log,
                out=tmp_path / "out",
                **quick,
            )
        )
    steps = list(done.uns["tissueshap"]["workflow"]["timings"]["step"])
    assert ("tmm" in steps, "log2" in steps, "filter" in steps) == (not log,) * 3
    assert ("harmonise" in steps, "balancing" in steps) == (log, not log)
    assert done.n_vars <= 100
    assert done.uns["tissueshap"]["de"]["params"]["method"] == ("limma" if log else "edgeR_QL")
    other = io.read_h5ad(tmp_path / "out" / "cohort.h5ad")
    found = other.uns["tissueshap"]["transfer"]
    assert ("unharmonised" in other.uns["tissueshap"]) == log
    if not log:
        alone = io.read_counts(second["counts"], second["samples"], label="tissue")
        tl.predict(alone, model.load(tmp_path / "out" / "model"))
        np.testing.assert_allclose(other.obsm["proba"], alone.obsm["proba"], atol=1e-6)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert ("Without that transformation" in page) == log
    assert int(found["n_scored"]) == new.n_obs
    assert float(found["accuracy"]) > 0.9
    assert float(found["baseline_accuracy"]) > 0.9
    assert int(found["baseline_n_genes"]) == done.n_vars
    assert {"X_umap_shap", "X_umap_random"} <= set(other.obsm)
    assert len(done.uns["tissueshap"]["stability"]["per_class"]) == 3
    assert float(done.uns["tissueshap"]["stability"]["median_fraction"]) > 0.2
    folder = tmp_path / "out"
    assert (folder / "tables" / "cohort_transfer_confusion.tsv").is_file()
    assert (folder / "tables" / "stability_per_class.tsv").is_file()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="another"' in page
    assert "Logistic regression, trained on the same samples" in page
    assert ('id="balancing"' in page) == (not log)
    assert "&lt;b&gt;skin" in page
    assert "<b>skin" not in page
    assert ("limma compared each class" in page) == log
    assert (folder / "figures" / "transfer.png").is_file()
    assert (folder / "figures" / "projection.svg").is_file()


def test_log_values_and_limma_go_together() -> None:
    assert workflow.Config(values="log").test == "limma"
    assert workflow.Config().test == "edgeR_QL"
    with pytest.raises(DataError, match="limma is the only test for log values"):
        workflow.Config(values="log", de_method="edgeR_QL")
    with pytest.raises(DataError, match="limma is the only test for log values"):
        workflow.Config(de_method="limma")


def test_cohorts_that_share_no_gene(halves, quick, tmp_path) -> None:
    adata, new = halves
    new.var_names = [f"other{i}" for i in range(new.n_vars)]
    second = write_cohort(new, tmp_path, "new")
    with pytest.raises(DataError, match="share 0 genes"):
        workflow.run(
            adata,
            cohort_counts=second["counts"],
            cohort_samples=second["samples"],
            out=tmp_path / "out",
            **quick,
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"), [("a\tb\tc\n1\t2\t3\n", "3 columns"), ("a\tb\nx\ty\nx\tz\n", "'x' twice")]
)
def test_a_map_that_is_none(tmp_path, text, message) -> None:
    from tissueshap.workflow._small_files import read_map

    (tmp_path / "map.tsv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_map(tmp_path / "map.tsv")
