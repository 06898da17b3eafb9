"""Names of samples that are paths of files, as featureCounts writes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tissueshap._core.logging import logger

_ALIGNMENT = re.compile(r"\.(bam|sam|cram)$", re.IGNORECASE)
_SLASH = re.compile(r"[/\\]")


def sample_names(header: list[str], ids: Collection[str] | None) -> list[str]:
    """Return a header with paths of alignments as the samples that they are of.

    Parameters
    ----------
    header
        The names of a table's columns. Others than paths stay.
    ids
        What may be a sample's identifier, or None where nothing is known: then a path
        gets the name of its file, without ``.bam``.

    Returns
    -------
    The names; those of the file where two paths would get one name, or where no path
    has a sample's name in it.
    """
    paths = [name for name in header if _is_path(name, ids)]
    found = {path: _sample(path, ids or ()) for path in paths}
    if ids is not None and not any(found.values()):
        return header
    names = [(found[n] or _stem(n)) if n in found else n for n in header]
    if not paths or len(set(names)) < len(names):
        return header
    renamed = dict(zip(header, names, strict=True))
    logger.info("sample names are paths: %r is read as %r", paths[0], renamed[paths[0]])
    return names


def _is_path(name: str, ids: Collection[str] | None) -> bool:
    if ids is not None and name in ids:
        return False
    return bool(_ALIGNMENT.search(name) or (ids is not None and _SLASH.search(name)))


def _stem(path: str) -> str:
    return _ALIGNMENT.sub("", _SLASH.split(path)[-1])


def _sample(path: str, ids: Collection[str]) -> str | None:
    """Return the sample in a path: in the file's name first, and the longest name first."""
    return next((name for name in _parts(path) if name in ids), None)


def _parts(path: str) -> Iterator[str]:
    for part in reversed(_SLASH.split(path)):
        yield part
        for end in reversed(list(re.finditer(r"(?<=.)[._-]", part))):
            yield part[: end.start()]
