"""Bundles to and from a hub, which a folder stands for."""

from __future__ import annotations

import shutil
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace

import pytest

from tissueshap._core.errors import DataError, MissingPackageError
from tissueshap.model import _hub, load, pull, push


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A folder in place of the hub, with huggingface_hub's names."""
    root = tmp_path / "hub"

    class Api:
        def __init__(self, token=None):
            self.token = token

        def create_repo(self, repo, *, private, exist_ok):
            (root / repo).mkdir(parents=True, exist_ok=exist_ok)

        def upload_folder(self, *, repo_id, folder_path, allow_patterns):
            for path in Path(folder_path).iterdir():
                if any(fnmatch(path.name, pattern) for pattern in allow_patterns):
                    shutil.copy(path, root / repo_id / path.name)
            return f"hub/{repo_id}/commit/1"

    fake = SimpleNamespace(HfApi=Api, snapshot_download=lambda repo, **_: str(root / repo))
    monkeypatch.setattr(_hub, "needed", lambda package, name, feature: fake)
    return root


def test_a_model_comes_back_from_the_hub(classifier, hub, tmp_path):
    folder = classifier.save(tmp_path / "model")
    assert push(folder, "lab/tissues") == "hub/lab/tissues/commit/1"
    uploaded = {path.name for path in (hub / "lab" / "tissues").iterdir()}
    assert uploaded == {"model.keras", "bundle.json", "arrays.npz", "README.md"}
    again = load(pull("lab/tissues"))
    assert again.fingerprint() == classifier.fingerprint()


def test_what_is_no_bundle_is_not_uploaded(hub, tmp_path):
    with pytest.raises(DataError, match="is not a model bundle"):
        push(tmp_path, "lab/tissues")
    assert not hub.exists()


def test_a_repository_without_bundle_is_refused(hub):
    (hub / "lab" / "other").mkdir(parents=True)
    with pytest.raises(DataError, match="is not a model bundle"):
        pull("lab/other")


def test_without_the_package_the_error_has_the_command(tmp_path, monkeypatch):
    from importlib import metadata

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(
        MissingPackageError, match=r"pip install --upgrade 'huggingface-hub>=0\.30'"
    ):
        pull("lab/tissues")
