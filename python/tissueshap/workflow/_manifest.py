"""The manifest of a finished step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tissueshap._core.checkpoints import digest


@dataclass(frozen=True)
class Manifest:
    """What a finished step was made from, and what it has written.

    Attributes
    ----------
    step
        Its name.
    started
        When it began.
    seconds
        How long it took.
    found
        Its summary.
    before
        Checksum of the manifests of the steps before.
    settings
        The settings that it read; of a file also its checksum.
    versions
        The versions of the packages that did the work.
    outputs
        The files of the checkpoint, with their checksums.
    writes
        The places of the values that it has written.
    drops
        Whether it has dropped samples or genes.
    """

    step: str
    started: str
    seconds: float
    found: str
    before: str
    settings: dict[str, Any]
    versions: dict[str, str]
    outputs: dict[str, str]
    writes: list[list[str]]
    drops: bool

    @property
    def state(self) -> str:
        """Checksum of what is there after the step: the same if its input and work are."""
        return digest([self.step, self.before, self.settings, self.versions])


def read_manifest(path: Path) -> Manifest | None:
    """Return the manifest of a checkpoint; None if it is missing or damaged."""
    try:
        return Manifest(**json.loads(path.with_suffix(".json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
