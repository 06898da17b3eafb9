"""Models to and from a hub, by ``huggingface_hub``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tissueshap._install.feature import needed
from tissueshap.model._bundle import FILES, read

#: The package, in pip and in Python; the extra ``hub`` installs it.
_PACKAGE, _MODULE = "huggingface-hub", "huggingface_hub"


def push(folder: str | Path, repo: str, *, private: bool = True, token: str | None = None) -> str:
    """Upload a bundle to a model hub.

    Parameters
    ----------
    folder
        What ``model.save`` wrote. Its model card should name licence and origin of the data:
        see ``model.describe``.
    repo
        ``"user/name"``; created if it does not exist.
    private
        Whether a new repository is visible to its owner alone.
    token
        Access token; by default the one that ``hf auth login`` stored.

    Returns
    -------
    The address of the commit.

    Raises
    ------
    DataError
        The folder is not a bundle, or is damaged.
    MissingPackageError
        huggingface_hub is not installed: ``pip install tissueshap[hub]``.

    Examples
    --------
    >>> ts.model.push("results/model", "my-lab/tissues")
    """
    read(Path(folder))
    hub = _hub("ts.model.push").HfApi(token=token)
    hub.create_repo(repo, private=private, exist_ok=True)
    commit = hub.upload_folder(repo_id=repo, folder_path=str(folder), allow_patterns=list(FILES))
    return str(commit)


def pull(repo: str, *, revision: str | None = None, token: str | None = None) -> Path:
    """Download a bundle from a model hub.

    Parameters
    ----------
    repo
        ``"user/name"``.
    revision
        Branch, tag or commit; by default the newest version. Name a commit to get the same
        model every time.
    token
        Access token, for private repositories.

    Returns
    -------
    The folder, for ``model.load``, which checks it and executes nothing in it.

    Raises
    ------
    DataError
        The repository has no bundle.
    MissingPackageError
        huggingface_hub is not installed: ``pip install tissueshap[hub]``.

    Examples
    --------
    >>> model = ts.model.load(ts.model.pull("my-lab/tissues", revision="3f2a9c1"))
    """
    folder = _hub("ts.model.pull").snapshot_download(
        repo, revision=revision, token=token, allow_patterns=list(FILES)
    )
    read(Path(folder))
    return Path(folder)


def _hub(feature: str) -> Any:
    return needed(_PACKAGE, _MODULE, feature)
