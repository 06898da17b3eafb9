"""Sample names that are file paths, as featureCounts writes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tissueshap._core.logging import logger

_ALIGNMENT = re.compile(r"\.(bam|sam|cram)$", re.IGNORECASE)
_SLASH = re.compile(r"[/\\]")


def sample_names(header: list[str], ids: Collection[str] | None) -> list[str]:
    """Return a header with the paths of alignment files replaced by their samples.

    Parameters
    ----------
    header
        The names of a table's columns. Names that are not paths are kept.
    ids
        Possible identifiers of samples, or None if they are unknown: a path then becomes
        the name of its file, without ``.bam``.

    Returns
    -------
    The names, unchanged if two paths would get the same name or if no path has a sample's
    name in it.
    """
    paths = [name for name in header if _is_path(name, ids)]
    samples = {path: _sample(path, ids or ()) for path in paths}
    if ids is not None and not any(samples.values()):
        return header
    names = [(samples[n] or _stem(n)) if n in samples else n for n in header]
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
    """Return the sample named in a path, in the file's name first, and the longest name first."""
    return next((name for name in _parts(path) if name in ids), None)


def _parts(path: str) -> Iterator[str]:
    for part in reversed(_SLASH.split(path)):
        yield part
        for end in reversed(list(re.finditer(r"(?<=.)[._-]", part))):
            yield part[: end.start()]
