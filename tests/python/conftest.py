"""Fixtures that every folder of tests shares."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap._core import slots

#: Six tissues of the panel: two that are close relatives (skin), four that are not.
PANEL_TISSUES = (
    "Adipose - Subcutaneous",
    "Brain - Cortex",
    "Liver",
    "Muscle - Skeletal",
    "Skin - Not Sun Exposed (Suprapubic)",
    "Skin - Sun Exposed (Lower leg)",
)
PANEL_SIZE = 60

#: Names as they occur: with a path separator, spaces, markup and other alphabets.
TOY_CLASSES = {"Brain - Cortex": 60, "CD8+/CD45RA+ Naive": 50, "Liver": 40, "Peau <b>é</b>": 30}
TOY_GENES = 200

#: Tests of bash scripts, which import what Windows does not have.
collect_ignore = ["test_setup.py", "scripts/test_hpa_fastq.py"] if sys.platform == "win32" else []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `data` every test that reads the real data."""
    for item in items:
        if "data_dir" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real data; without it the test is skipped, or fails where required."""
    here = Path(__file__).resolve()
    given = os.environ.get("TISSUESHAP_DATA")
    folder = Path(given) if given else here.parents[3] / "shared" / "data"
    if (folder / "gtex_v8_panel" / "gene_reads.gct.gz").is_file():
        return folder
    reason = f"the real data are not at {folder}: set TISSUESHAP_DATA to their folder"
    if os.environ.get("TISSUESHAP_REQUIRE_DATA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Chromium without a window; skipped without it, or failed where data are required."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    program = next((path for path in found if path), None)
    if program is None:
        reason = "no Chromium is on PATH: install the Debian package chromium"
        if os.environ.get("TISSUESHAP_REQUIRE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    profile = tmp_path_factory.mktemp("chromium")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                program,
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *(f"--user-data-dir={profile}", "--enable-logging=stderr"),
                *("--virtual-time-budget=5000", *words),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )

    return run


@pytest.fixture(scope="session")
def _panel(data_dir: Path) -> ad.AnnData:
    folder = data_dir / "gtex_v8_panel"
    samples = pd.read_csv(folder / "samples.tsv.gz", sep="\t", index_col="sample_id")
    samples = samples.rename(columns={"tissue_type_detailed": "tissue"})
    samples = samples.loc[samples["tissue"].isin(PANEL_TISSUES), ["donor", "tissue"]]
    samples = samples.groupby("tissue").head(PANEL_SIZE).astype("category")
    reads = pd.read_csv(
        folder / "gene_reads.gct.gz",
        sep="\t",
        skiprows=2,
        usecols=["Name", "Description", *samples.index],
    )
    var = pd.DataFrame(
        {
            "gene_id": reads["Name"].str.partition(".")[0].to_numpy(),
            "symbol": reads["Description"].to_numpy(),
            "biotype": "protein_coding",
        },
        index=reads["Name"].str.partition(".")[0].to_numpy(),
    )
    counts = np.ascontiguousarray(reads[samples.index].to_numpy(dtype=np.int32).T)
    adata = ad.AnnData(counts, obs=samples, var=var)
    slots.label_name(adata, "tissue")
    return adata


@pytest.fixture
def panel(_panel: ad.AnnData) -> ad.AnnData:
    """Real counts: 360 GTEx samples of six tissues x the panel's 59 genes."""
    return _panel.copy()


@pytest.fixture(scope="session")
def _toy() -> ad.AnnData:
    rng = np.random.default_rng(7)
    tissue = np.repeat(list(TOY_CLASSES), list(TOY_CLASSES.values()))
    n_classes = len(TOY_CLASSES)
    genes = [f"G{number:05d}" for number in range(1, TOY_GENES + 1)]
    log2fc = np.zeros((TOY_GENES, n_classes))
    truth = []
    for code, name in enumerate(TOY_CLASSES):
        for kind, start, change in (("exclusive", 0, 5.0), ("subtle", 40, 2.0)):
            marked = start + 6 * code + np.arange(6)
            log2fc[marked, code] = change
            truth += [(genes[gene], name, kind, change) for gene in marked]
    for code, name in enumerate(list(TOY_CLASSES)[:2]):
        log2fc[80:90, code] = 4.5
        truth += [(gene, name, "shared", 4.5) for gene in genes[80:90]]
    base = rng.lognormal(mean=np.log(60), sigma=1.0, size=TOY_GENES)
    base[:90] = rng.uniform(15, 60, size=90)
    expected = base[:, None] * 2**log2fc
    depth = rng.lognormal(0, 0.3, size=tissue.size)
    codes = np.repeat(np.arange(n_classes), list(TOY_CLASSES.values()))
    mean = expected[:, codes].T * depth[:, None]
    counts = rng.poisson(rng.gamma(5.0, mean / 5.0)).astype(np.int32)
    obs = pd.DataFrame(
        {
            "tissue": pd.Categorical(tissue),
            "donor": pd.Categorical([f"D{number:02d}" for number in rng.integers(0, 40, 180)]),
        },
        index=[f"S{number:03d}" for number in range(tissue.size)],
    )
    var = pd.DataFrame(
        {
            "gene_id": genes,
            "symbol": [f"SYM{number}" for number in range(TOY_GENES)],
            "biotype": ["protein_coding"] * (TOY_GENES - 10) + ["lncRNA"] * 10,
            "length": rng.integers(400, 9000, TOY_GENES).astype(np.float64),
        },
        index=genes,
    )
    adata = ad.AnnData(counts, obs=obs, var=var)
    adata.uns["truth"] = pd.DataFrame(truth, columns=["gene", "class", "kind", "log2fc"])
    slots.label_name(adata, "tissue")
    return adata


@pytest.fixture
def toy(_toy: ad.AnnData) -> ad.AnnData:
    """Simulated counts, 180 samples of four classes (30 to 60) x 200 genes, with markers.

    ``uns["truth"]`` lists the markers; no verb has been run.
    """
    return _toy.copy()


@pytest.fixture(scope="session")
def public() -> ModuleType:
    """Return small copies of the public data: tests/python/datasets/public_files.py."""
    path = Path(__file__).parent / "datasets" / "public_files.py"
    spec = importlib.util.spec_from_file_location("public_files", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let public files be small, all else that is declared of them holds; return their cache."""
    from tissueshap.datasets import SOURCES

    for name, source in SOURCES.items():
        files = []
        for file in source.files:
            gct = None if file.contents.gct is None else (3, 2)
            contents = replace(file.contents, least_lines=2, gct=gct)
            files.append(replace(file, contents=contents))
        monkeypatch.setitem(SOURCES, name, replace(source, files=tuple(files)))
    cache = tmp_path / "cache"
    monkeypatch.setenv("TISSUESHAP_CACHE", str(cache))
    return cache


@pytest.fixture
def mirror(tmp_path: Path, public: ModuleType) -> str:
    """Return the address of a folder that has the public files, as a mirror has them."""
    for path, body in public.bodies().items():
        (tmp_path / "mirror" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mirror" / path).write_bytes(body)
    return (tmp_path / "mirror").as_uri()


@pytest.fixture(scope="session")
def started_cluster() -> Callable[[], AbstractContextManager[Any]]:
    """Return what starts a Dask cluster of two processes, and gives its client."""
    distributed = pytest.importorskip("distributed")

    @contextmanager
    def started() -> Iterator[Any]:
        # A worker that dies is started again. Port 0: several clusters may be there.
        options = {"n_workers": 2, "threads_per_worker": 2, "memory_limit": 0}
        with (
            distributed.LocalCluster(**options, dashboard_address=":0") as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            yield client

    return started


@pytest.fixture(scope="module")
def dask_client(started_cluster: Callable[[], AbstractContextManager[Any]]) -> Iterator[Any]:
    """The client of a Dask cluster of two processes, for the tests of a module."""
    with started_cluster() as client:
        yield client
