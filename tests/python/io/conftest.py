"""A small count table and its samples, as text, to write and to spoil."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

GENES = [f"ENSG{number:011d}.{number % 7 + 1}" for number in range(1, 9)]
SAMPLES = [f"S{number}" for number in range(1, 7)]
TISSUES = ["Brain - Cortex", "CD8+/CD45RA+", "Brain - Cortex", "CD8+/CD45RA+", "é", "é"]


@dataclass
class Files:
    """Counts as text cells, genes x samples, written as any of the formats."""

    folder: Path
    genes: list[str] = field(default_factory=lambda: list(GENES))
    samples: list[str] = field(default_factory=lambda: list(SAMPLES))
    cells: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(5)
        values = rng.poisson(40, (len(self.genes), len(self.samples))) + 1
        self.cells = [[str(value) for value in row] for row in values]

    @property
    def matrix(self) -> np.ndarray:
        """Samples x genes."""
        return np.array(self.cells, dtype=np.int64).T

    def table(self, name: str = "counts.tsv", *, transpose: bool = False, corner: str = "id"):
        sep = "," if ".csv" in name else "\t"
        if transpose:
            head, side, body = self.genes, self.samples, list(zip(*self.cells, strict=True))
        else:
            head, side, body = self.samples, self.genes, self.cells
        lines = [sep.join([corner, *head])]
        lines += [sep.join([one, *row]) for one, row in zip(side, body, strict=True)]
        return self.write(name, "\n".join(lines) + "\n")

    def gct(self, name: str = "counts.gct", *, dims: str | None = None):
        lines = ["#1.2", dims or f"{len(self.genes)}\t{len(self.samples)}"]
        lines.append("\t".join(["Name", "Description", *self.samples]))
        for number, (gene, row) in enumerate(zip(self.genes, self.cells, strict=True)):
            lines.append("\t".join([gene, f"SYM{number}", *row]))
        return self.write(name, "\n".join(lines) + "\n")

    def sheet(self, name: str = "samples.tsv", *, rows=None, head=("sample", "tissue", "who")):
        sep = "," if ".csv" in name else "\t"
        if rows is None:
            rows = list(zip(SAMPLES, TISSUES, ["D0", "D1", "D2"] * 2, strict=True))
        return self.write(name, "\n".join(sep.join(row) for row in [head, *rows]) + "\n")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        data = text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)
