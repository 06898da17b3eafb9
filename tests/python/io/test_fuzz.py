"""Damaged text: every reader ends, with the package's own error or with what pandas reads."""

from __future__ import annotations

import gzip
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError
from tissueshap.enrichment._gene_sets import gene_sets
from tissueshap.workflow._small_files import read_map, read_markers

GENES = [f"ENSG{number:011d}.{number % 3 + 1}" for number in range(1, 13)]
SAMPLES = [f"S{number}" for number in range(1, 9)]
CELLS = np.random.default_rng(3).poisson(30, (len(GENES), len(SAMPLES))).astype(str)

#: What damage puts into a file.
PIECES = (
    *('"', "'", "\t", ",", ";", " ", "\n", "\r", "\r\n", "#", "##", "\x00", "\ufeff", "\\", "/"),
    *("-", "+", ".", "e", "_", "1_000", "1e999", "-1", "0x1F", "1.5", "NaN", "NA", "inf", "None"),
    *("٣", "１", "é", "\U0001f9ec", "\u2028", "\x1c", "\x85", "\u00a0", "99999999999999999999"),
    *("#1.2", "#1.3", "Description", "symbol", "__no_feature", "=1+1", "a" * 200, "\t" * 30),
)


def tabled(sep: str) -> str:
    lines = [sep.join(["id", *SAMPLES])]
    lines += [sep.join([gene, *row]) for gene, row in zip(GENES, CELLS, strict=True)]
    return "\n".join(lines) + "\n"


def gct(version: str) -> str:
    head, extra = [version, f"{len(GENES)}\t{len(SAMPLES)}"], []
    if version == "#1.3":
        head[1] += "\t1\t1"
        extra = ["\t".join(["tissue", "na", *"aabbaabb"])]
    lines = [*head, "\t".join(["Name", "Description", *SAMPLES]), *extra]
    for number, (gene, row) in enumerate(zip(GENES, CELLS, strict=True)):
        lines.append("\t".join([gene, f"SYM{number}", *row]))
    return "\n".join(lines) + "\n"


SHEET = "sample\ttissue\tage\n" + "".join(
    f"{name}\t{'ab'[number % 2]}\t{number}\n" for number, name in enumerate(SAMPLES)
)
ANNOTATION = "Gene stable ID\tGene name\tGene type\tlength\n" + "".join(
    f"{gene}\tSYM{number}\tprotein_coding\t{number + 100}\n" for number, gene in enumerate(GENES)
)
GMT = "".join(f"SET{n}\tna\t" + "\t".join(f"SYM{n + i}" for i in range(5)) + "\n" for n in range(6))
EDGES = "protein1 protein2 combined_score\n" + "".join(f"P{n} P{n + 1} 900\n" for n in range(9))
ALIASES = "#string_protein_id\tpreferred_name\n" + "".join(f"P{n}\tSYM{n}\n" for n in range(10))
MARKERS = "class\tgene\n" + "".join(f"a\tSYM{n}\n" for n in range(5))
CLASSES = "theirs,ours\na,b\nc,d\n"


def counts(path: Path) -> ad.AnnData:
    return io.read_counts(path, orient="genes-in-rows")


def sheet(path: Path) -> ad.AnnData:
    (path.parent / "counts.tsv").write_text(tabled("\t"))
    return io.read_counts(path.parent / "counts.tsv", path, label="tissue")


def annotation(path: Path) -> None:
    adata = ad.AnnData(np.ones((2, len(GENES)), dtype=np.int32))
    adata.var_names = GENES
    io.annotate_genes(adata, path)


def aliases(path: Path) -> pd.DataFrame:
    (path.parent / "edges.txt").write_text(EDGES)
    return io.read_edges(path.parent / "edges.txt", aliases=path)


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "counts.tsv": (tabled("\t"), counts),
    "counts.csv": (tabled(","), counts),
    "semicolons.csv": (tabled(";"), counts),
    "blanks.txt": (tabled(" "), counts),
    "counts.gct": (gct("#1.2"), counts),
    "metadata.gct": (gct("#1.3"), lambda path: io.read_counts(path, label="tissue")),
    "samples.tsv": (SHEET, sheet),
    "samples.csv": (SHEET.replace("\t", ","), sheet),
    "genes.tsv": (ANNOTATION, annotation),
    "sets.gmt": (GMT, io.read_gmt),
    "enriched.gmt": (GMT, gene_sets),
    "links.txt": (EDGES, io.read_edges),
    "info.txt": (ALIASES, aliases),
    "markers.tsv": (MARKERS, read_markers),
    "map.csv": (CLASSES, read_map),
}


def damaged(text: str, rng: np.random.Generator) -> bytes:
    """Return a text with one to four faults, of characters, lines or bytes."""
    for _ in range(rng.integers(1, 5)):
        at, piece = int(rng.integers(len(text) + 1)), str(rng.choice(PIECES))
        lines = text.split("\n")
        line = int(rng.integers(len(lines)))
        match rng.integers(7):
            case 0:
                text = text[:at] + piece + text[at:]
            case 1:
                text = text[:at] + piece + text[at + len(piece) :]
            case 2:
                text = text[:at] + text[at + int(rng.integers(1, 9)) :]
            case 3:
                text = "\n".join([*lines[:line], *lines[line:][1:]])
            case 4:
                text = "\n".join(
                    [*lines[:line], lines[int(rng.integers(len(lines)))], *lines[line:]]
                )
            case 5:
                text = text.replace(str(rng.choice(["\t", ",", "\n"])), piece, int(rng.integers(3)))
            case _:
                text = text[:at]
    data = bytearray(text.encode())
    if data and rng.random() < 0.1:
        data[int(rng.integers(len(data)))] = int(rng.integers(256))
    packed = gzip.compress(bytes(data), mtime=0) if rng.random() < 0.1 else bytes(data)
    return packed[: int(rng.integers(len(packed) + 1))] if rng.random() < 0.05 else packed


def agrees_with_pandas(adata: ad.AnnData, path: Path, sep: str) -> bool:
    """Return whether pandas reads the file, and check that it reads the same sum."""
    skipped = 2 if path.suffix == ".gct" else 0
    try:
        frame = pd.read_csv(path, sep=sep, skiprows=skipped, index_col=0, compression="infer")
        frame = frame.drop(columns="Description", errors="ignore")
        numbers = frame.to_numpy(dtype=np.float64)
    except (ValueError, OSError, EOFError, IndexError):
        return False
    if numbers.shape[::-1] != adata.shape or not np.isfinite(numbers).all():
        return False
    assert adata.X.sum(dtype=np.float64) == numbers.sum(), path.read_bytes()
    return True


def fuzz(folder: Path, seconds: float, seed: int) -> tuple[int, int]:
    """Return how many damaged files were read, and how many of them pandas read too."""
    rng = np.random.default_rng(seed)
    end = time.monotonic() + seconds
    n_read = n_agree = 0
    while time.monotonic() < end:
        for name, (text, read) in READERS.items():
            path = folder / name
            path.write_bytes(damaged(text, rng))
            start = time.process_time()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = read(path)
            except DataError as error:
                assert str(path.parent) in str(error) or len(str(error)) > 20
            except Exception as error:
                raise AssertionError(f"{name}: {path.read_bytes()!r}") from error
            else:
                n_read += 1
                if read is counts:
                    sep = {".csv": "," if name == "counts.csv" else ";", ".txt": " "}
                    n_agree += agrees_with_pandas(found, path, sep.get(path.suffix, "\t"))
            assert time.process_time() - start < 5, path.read_bytes()
    return n_read, n_agree


def test_undamaged_files_are_read(tmp_path):
    for name, (text, read) in READERS.items():
        (tmp_path / name).write_text(text)
        read(tmp_path / name)
    for name, sep in (("counts.tsv", "\t"), ("counts.csv", ","), ("counts.gct", "\t")):
        (tmp_path / name).write_text(READERS[name][0])
        assert agrees_with_pandas(counts(tmp_path / name), tmp_path / name, sep)


def test_a_few_damaged_files(tmp_path):
    fuzz(tmp_path, 3, seed=1)


@pytest.mark.slow
def test_a_minute_of_damaged_files(tmp_path):
    n_read, n_agree = fuzz(tmp_path, 60, seed=2)
    assert n_agree > 20, "too few files are compared with pandas"
    assert n_read > n_agree
