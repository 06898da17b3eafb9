"""What a run does where its process, its machine or its files are not as they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata as ad
import pytest

from tissueshap import io, workflow
from tissueshap._errors import DataError, WorkerError
from tissueshap.workflow import _run


class _Model:
    def save(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "bundle.json").write_text("{}")


@pytest.mark.parametrize(("error", "kept"), [(WorkerError, True), (DataError, False)])
def test_finished_steps_are_kept_where_the_input_is_not_to_blame(
    cohort: ad.AnnData,
    quick: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    kept: bool,
) -> None:
    def until_it_fails(job: Any) -> None:
        job.model = _Model()
        job.adata.obs["predicted"] = "Liver"
        job.timings.append({"step": "predict", "seconds": 1.0, "found": "all right"})
        (job.folder / "x").write_text("")
        raise error("died")

    monkeypatch.setattr(_run, "_take_steps", until_it_fails)
    with pytest.raises(error, match="died"):
        workflow.run(cohort, out=tmp_path / "out", **quick)
    if not kept:
        assert list(tmp_path.iterdir()) == []
        return
    place = tmp_path / "out-unfinished"
    assert list(tmp_path.iterdir()) == [place]
    assert (io.read_h5ad(place / "adata.h5ad").obs["predicted"] == "Liver").all()
    assert (place / "model" / "bundle.json").is_file()
    assert "the steps up to 'predict' are kept in" in caplog.text
