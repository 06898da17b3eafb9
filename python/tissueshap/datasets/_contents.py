"""What a downloaded file must contain, and whether it does."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tissueshap._core.errors import DataError
from tissueshap.io import open_text

_CHUNK = 1 << 22


@dataclass(frozen=True)
class Contents:
    r"""What a file must contain.

    Attributes
    ----------
    first_line
        Regular expression that its first line must match.
    least_lines
        The smallest number of lines that is plausible.
    member
        End of the name of the file within a zip archive; empty if it is not one.
    gct
        Smallest numbers of genes and samples of a GCT file, which announces both.

    Examples
    --------
    >>> from tissueshap.datasets._contents import Contents
    >>> _ = Path("pairs.txt").write_text("protein1 protein2\nA B\n")
    >>> Contents("protein1 ", 2).check(Path("pairs.txt"))
    """

    first_line: str
    least_lines: int = 1
    member: str = ""
    gct: tuple[int, int] | None = None

    def check(self, path: Path) -> None:
        """Read a file to its end, and raise a :class:`DataError` unless it contains this.

        The end of a compressed file has its checksum, so that a damaged one is found.
        """
        with self.opened(path) as lines:
            first = lines.readline()
            if not re.match(self.first_line, first):
                raise DataError(
                    f"{path} starts with {first[:60].strip()!r}, which is not how this file starts"
                )
            announced = 0
            n_lines, last = 1, first[-1:]
            if self.gct is not None:
                announced = _announced(lines.readline(), path, self.gct)
                n_lines += 1
            while text := lines.read(_CHUNK):
                n_lines, last = n_lines + text.count("\n"), text[-1]
        n_lines += last != "\n"
        expected = announced or self.least_lines
        if n_lines < expected or (announced and n_lines > announced):
            bound = "" if announced else "at least "
            raise DataError(f"{path} has {n_lines:,} lines, and should have {bound}{expected:,}")

    @contextmanager
    def opened(self, path: Path) -> Iterator[TextIO]:
        """Open the text of a file, plain, gzip or within a zip archive."""
        if not self.member:
            with open_text(path) as lines:
                yield lines
            return
        try:
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith(self.member)]
                if len(names) != 1:
                    raise DataError(
                        f"{path} has {len(names)} files *{self.member}, and should have one: "
                        f"{', '.join(archive.namelist()[:5]) or 'it is empty'}"
                    )
                with archive.open(names[0]) as raw, io.TextIOWrapper(raw, "utf-8-sig") as lines:
                    yield lines
        except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
            raise DataError(
                f"{path} is not a zip archive of text, or is damaged: {error}"
            ) from error


def _announced(sizes: str, path: Path, least: tuple[int, int]) -> int:
    """Return the number of lines that the second line of a GCT file announces."""
    words = sizes.split()
    if len(words) < 2 or not all(word.isdecimal() for word in words[:2]):
        raise DataError(f"{path} does not announce its genes and samples in line 2: {sizes[:60]!r}")
    n_genes, n_samples = int(words[0]), int(words[1])
    if n_genes < least[0] or n_samples < least[1]:
        raise DataError(
            f"{path} has {n_genes:,} genes x {n_samples:,} samples, and should have at least "
            f"{least[0]:,} x {least[1]:,}"
        )
    return n_genes + 3
