"""Folders of results: written completely or not at all, and replacing only our own files.

A finished folder has a manifest of its files. Files that are not listed, or have changed,
belong to somebody else: a folder with such files is never replaced. A folder is written in a
workspace next to it, whose lock names the process that writes; the workspace of a run also
keeps what is finished, for the next process if this one is stopped.
"""

from tissueshap._core.folders._disk import named_if_full, need_space
from tissueshap._core.folders._lock import Owner, locked
from tissueshap._core.folders._manifest import MANIFEST
from tissueshap._core.folders._resumable import Workspace, resumable_folder
from tissueshap._core.folders._whole import check_folder, discard, whole_folder

__all__ = [
    "MANIFEST",
    "Owner",
    "Workspace",
    "check_folder",
    "discard",
    "locked",
    "named_if_full",
    "need_space",
    "resumable_folder",
    "whole_folder",
]
