"""``datasets.fetch``: public data by name, downloaded once, checked, and kept."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap._core.folders import locked
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice
from tissueshap._core.settings import settings
from tissueshap.datasets._sources import SOURCES, Derived, File, Source
from tissueshap.datasets._transfer import RefusedError, digest, discard, receive, size_of

#: What was fetched into a folder: size, date, SHA-256 and address of each file.
RECORD = ".tissueshap-data.json"
_LOCK = ".tissueshap-data.lock"
#: Another folder for all data, for those who cannot change the settings.
_VARIABLE = "TISSUESHAP_CACHE"


def fetch(
    name: str,
    *,
    roles: Collection[str] | None = None,
    folder: str | Path | None = None,
    mirror: str | None = None,
    refresh: bool = False,
) -> dict[str, Path]:
    r"""Return the files of public data, downloaded if they are not there yet.

    Parameters
    ----------
    name
        Name of the data: :func:`available` lists them.
    roles
        Only these files, such as ``["annotation"]``; all by default.
    folder
        Folder of the files. By default, a folder of that name in ``ts.settings.datasetdir``.
    mirror
        Address (http, https or file) to use instead of the public ones; it must have the
        same paths.
    refresh
        Whether to download files again that are there already. They are replaced when the
        new ones are complete, and only if they have not been changed.

    Returns
    -------
    The files by role. Those that ``tissueshap run`` reads have the name of its option:
    ``annotation``, ``gene_sets``, ``interactions`` and ``interaction_names``.

    Raises
    ------
    DataError
        The data cannot be downloaded, are not what they should be, or the disk is full.

    Notes
    -----
    A download that breaks off continues where it stopped, also in a later call. A file
    appears under its name when it is complete and has been read to its end: its first line,
    its number of lines, the dimensions that a GCT file announces, the checksums within
    gzip and zip, and the size and MD5 if the server states them. The owners publish no
    checksums of most of these files. The SHA-256 of what has arrived is in
    ``.tissueshap-data.json`` next to the files, with the date and the address. Files that
    were put there by other means are checked in the same way, and used.

    Examples
    --------
    A mirror is used here; without it, the file is downloaded from Reactome.

    >>> import zipfile
    >>> path = Path("mirror/download/current/ReactomePathways.gmt.zip").absolute()
    >>> path.parent.mkdir(parents=True)
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     archive.writestr("sets.gmt", "Apoptosis\tR-HSA-109581\tCASP3\n" * 1000)
    >>> files = ts.datasets.fetch("reactome", folder="sets", mirror=path.parents[2].as_uri())
    >>> files["gene_sets"].name
    'ReactomePathways.gmt'
    """
    check_choice("name", name, SOURCES)
    source = SOURCES[name]
    for role in roles or ():
        check_choice("roles", role, source.roles())
    place = Path(folder).expanduser() if folder is not None else _home() / name
    place.mkdir(parents=True, exist_ok=True)
    with _alone(place):
        cache = _Cache(source, place, mirror, refresh)
        return {role: cache.path(role) for role in source.roles() if not roles or role in roles}


def available(*, ask: bool = False) -> pd.DataFrame:
    """Return the data that :func:`fetch` knows, one file per row.

    Parameters
    ----------
    ask
        Whether to ask the servers for the sizes of files that are not there yet.

    Returns
    -------
    Columns ``name``, ``title``, ``role``, ``file``, ``bytes`` (of a file that is not there,
    about, and NaN if unknown), ``fetched`` (whether it is there), ``licence``, ``terms`` and
    ``address`` (empty for a file that is made from others).

    Examples
    --------
    >>> table = ts.datasets.available()
    >>> sorted(table["name"].unique())
    ['go', 'gtex-v10', 'gtex-v8', 'hpa', 'reactome', 'string', 'tissue-specific']
    """
    rows = []
    for source in SOURCES.values():
        for item in source.items():
            path = _home() / source.name / item.name
            rows.append(
                {
                    "name": source.name,
                    "title": source.title,
                    "role": item.role,
                    "file": item.name,
                    "bytes": _bytes(item, path, ask=ask),
                    "fetched": path.is_file(),
                    "licence": source.licence,
                    "terms": source.terms,
                    "address": item.addresses(None)[0] if isinstance(item, File) else "",
                }
            )
    return pd.DataFrame(rows).astype({"bytes": float})


def _bytes(item: File | Derived, path: Path, *, ask: bool) -> int | None:
    if path.is_file():
        return path.stat().st_size
    if isinstance(item, Derived):
        return None
    return (size_of(item.addresses(None)[0]) if ask else None) or item.size


def _home() -> Path:
    """Return the folder of all data: the setting, the variable, or the user's cache."""
    if settings.datasetdir is not None:
        return settings.datasetdir.expanduser()
    if os.environ.get(_VARIABLE):
        return Path(os.environ[_VARIABLE]).expanduser()
    import pooch

    return Path(pooch.os_cache("tissueshap"))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse a folder to which another process downloads."""
    with (folder / _LOCK).open("ab") as lock, tempfile.TemporaryFile(dir=folder) as other:
        # Some network file systems have no locks: the other file cannot be locked either.
        if not locked(lock) and locked(other):
            raise DataError(
                f"another process is downloading to {folder}: wait until it is done, or choose "
                "another folder"
            )
        yield


class _Cache:
    """The files of one source in their folder."""

    def __init__(self, source: Source, folder: Path, mirror: str | None, refresh: bool) -> None:
        self._source, self._folder = source, folder
        self._mirror, self._refresh = mirror, refresh
        self._record = _read_record(folder)
        self._items = {item.role: item for item in source.items()}
        self._paths: dict[str, Path] = {}

    def path(self, role: str) -> Path:
        """Return a file, downloaded or made if need be."""
        if role not in self._paths:
            item = self._items[role]
            self._paths[role] = self._file(item) if isinstance(item, File) else self._made(item)
        return self._paths[role]

    def _file(self, item: File) -> Path:
        path = self._folder / item.name
        if path.exists() and not self._is_ours(path):
            self._take(item, path)
        elif not path.exists() or self._refresh:
            self._download(item, path)
        return path

    def _is_ours(self, path: Path) -> bool:
        """Return whether a file is as it was when it was fetched, made or checked."""
        known, now = self._record.get(path.name, {}), path.stat()
        return [known.get("size"), known.get("mtime_ns")] == [now.st_size, now.st_mtime_ns]

    def _take(self, item: File, path: Path) -> None:
        """Check a file that was put there by other means, or has changed."""
        try:
            item.contents.check(path)
        except DataError as error:
            raise DataError(
                f"{error}. {path} is damaged, or another file: move it away and run again"
            ) from error
        if self._refresh:
            logger.warning("%s was not fetched by tissueshap, and is not replaced", path)
        self._note(path, url=None)

    def _download(self, item: File, path: Path) -> None:
        """Download a file with pooch, which moves it to its place when it is complete."""
        import pooch

        pooch.get_logger().setLevel("WARNING")
        addresses = item.addresses(self._mirror)
        delivered: list[str] = []

        def downloader(_: str, out: str, __: object) -> None:
            delivered.append(_deliver(item, addresses, path, Path(out), self._source.name))

        fresh = f"{path.name}.new" if path.exists() else path.name
        pooch.retrieve(addresses[0], None, fresh, self._folder, downloader=downloader)
        (self._folder / fresh).replace(path)
        self._note(path, url=delivered[0])

    def _made(self, item: Derived) -> Path:
        """Return a table that is made from downloaded files, made again if these are others."""
        path = self._folder / item.name
        sources = [self.path(role) for role in item.sources]
        made_from = {source.name: self._record[source.name]["sha256"] for source in sources}
        if path.exists():
            if not self._is_ours(path):
                raise DataError(
                    f"{path} was changed, or was not made by tissueshap: move it away and run again"
                )
            if self._record[path.name].get("made_from") == made_from:
                return path
        _whole(path, lambda out: item.make(*sources, out=out))
        self._note(path, made_from=made_from)
        return path

    def _note(self, path: Path, **more: Any) -> None:
        """Record a file, so that it need not be checked again."""
        now = path.stat()
        self._record[path.name] = {
            "size": now.st_size,
            "mtime_ns": now.st_mtime_ns,
            "sha256": digest(path),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "licence": self._source.licence,
            **more,
        }
        text = json.dumps(self._record, indent=2)
        _whole(self._folder / RECORD, lambda out: out.write_text(text, encoding="utf-8"))


def _deliver(item: File, addresses: list[str], path: Path, out: Path, name: str) -> str:
    """Download a file from the first address that delivers it, and return the address."""
    troubles = []
    part = path.with_name(f"{path.name}.part")
    for url in addresses:
        logger.info("downloading %s", url)
        try:
            receive(url, part)
        except RefusedError as error:
            troubles.append(str(error))
            continue
        try:
            item.contents.check(part)
        except DataError as error:
            discard(part)
            troubles.append(f"{url}: what arrived is not the file, and was removed ({error})")
            continue
        part.replace(out)
        discard(part)
        return url
    raise DataError(
        f"{name}: {path.name} was not downloaded: {'; '.join(troubles)}. Check the network and "
        f"run again, it continues where it stopped; name a mirror; or put the file at {path}"
    )


def _read_record(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        read = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries: Mapping[str, Any] = read if isinstance(read, dict) else {}
    return {name: entry for name, entry in entries.items() if isinstance(entry, dict)}


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file completely or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        write(Path(scratch) / path.name)
        (Path(scratch) / path.name).replace(path)
