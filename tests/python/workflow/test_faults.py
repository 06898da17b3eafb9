"""What a run does where its process, its machine or its files are not as they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata as ad
import pytest

from tissueshap import io, workflow
from tissueshap._core.errors import DataError, DataWarning
from tissueshap.workflow import _inputs


@pytest.fixture
def must_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that reads counts."""
    monkeypatch.setattr(io, "read_counts", lambda *_, **__: pytest.fail("counts were read"))


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("markers", "class\tname\nLiver\tALB\n"),
        ("cohort_map", "a\tb\nliver\tLiver\nliver\tLung\n"),
        ("gene_sets", "one set\n"),
        ("interactions", "x\ty\nA\tB\n"),
    ],
)
@pytest.mark.usefixtures("must_not_read")
def test_small_files_are_read_before_the_counts(tmp_path: Path, option: str, text: str) -> None:
    (tmp_path / "counts.tsv").write_text("gene\ts1\n")
    (tmp_path / "file").write_text(text)
    with pytest.raises(DataError, match="file"):
        workflow.run(
            workflow.Config(counts=tmp_path / "counts.tsv", label="tissue"),
            out=tmp_path / "out",
            **{option: tmp_path / "file"},
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"liver": "Leber"}, "no class is matched"),
        ({"liver": "Liver", "heart": "Heart"}, None),
        ({"liver": "Liver", "brain": "Liver"}, "--cohort-map names classes .*'brain'"),
    ],
)
def test_the_map_of_a_cohort_is_checked_when_it_is_read(
    cohort: ad.AnnData, monkeypatch: pytest.MonkeyPatch, pairs: dict[str, str], words: str | None
) -> None:
    from tissueshap.workflow import _cohort
    from tissueshap.workflow._job import Job

    other = cohort.copy()
    other.obs["tissue"] = ["liver", "heart"] * 45
    monkeypatch.setattr(io, "read_counts", lambda *_, **__: other)
    config = workflow.Config(label="tissue", cohort_counts="x")
    job = Job(config, Path(), cohort)
    if words is None:
        _cohort.read(job, pairs)
        assert _cohort._map(job) == {"liver": "Liver"}
        return
    caught = pytest.raises(DataError, match=words)
    if words.startswith("--"):
        caught = pytest.warns(DataWarning, match=words)  # type: ignore[assignment]
    with caught:
        _cohort.read(job, pairs)


def test_a_disk_that_is_too_small_is_refused_before_the_work(
    cohort: ad.AnnData, quick: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_inputs, "_LEAST", 10**18)
    with pytest.raises(DataError, match=r"results need about .* MB are free on the disk of"):
        workflow.run(cohort, out=tmp_path / "out", **quick)
    assert list(tmp_path.iterdir()) == []
