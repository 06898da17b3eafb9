"""A small genome and reads of known origin, for the scripts that start from raw data."""

from __future__ import annotations

import gzip
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "inst" / "scripts"

READ = 75
#: Illumina's, which a fragment shorter than a read runs into.
ADAPTERS = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCA", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT")
#: Read pairs of each gene in each run; the two runs of `liver` are one sample.
PAIRS = {
    "RUN1": {"ENSG00000000001.1": 120, "ENSG00000000002.4": 60, "ENSG00000000004.2": 30},
    "RUN2": {"ENSG00000000001.1": 15, "ENSG00000000003.1": 90, "ENSG00000000005.1": 45},
    "RUN3": {"ENSG00000000003.1": 25, "ENSG00000000005.1": 10},
}
SAMPLES = {"RUN1": "heart_1", "RUN2": "liver_1", "RUN3": "liver_1"}
GENES = [f"ENSG{number:011}.{version}" for number, version in enumerate([1, 4, 1, 2, 1, 1], 1)]

_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass
class Study:
    """Where the simulated study lies.

    Attributes
    ----------
    reference
        Folder with genome.fa and genes.gtf.
    runs
        The table of runs, with file:// addresses.
    reads
        Folder of the FASTQ files.
    """

    reference: Path
    runs: Path
    reads: Path


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Six genes of three exons on one chromosome, three paired-end runs of two samples."""
    chance = random.Random(11)
    genome = "".join(chance.choices("ACGT", k=24_000))
    transcripts, gtf = {}, []
    for number, gene in enumerate(GENES):
        strand = "+-"[number % 2]
        exons = [(1000 + 3500 * number + 700 * k, 1300 + 3500 * number + 700 * k) for k in range(3)]
        spliced = "".join(genome[start - 1 : end] for start, end in exons)
        transcripts[gene] = spliced if strand == "+" else _reverse(spliced)
        names = f'gene_id "{gene}"; transcript_id "ENST{number:011}.1"; gene_name "GENE{number}";'
        kind = "protein_coding" if number else "lincRNA"
        gtf += [
            f'chr1\ttest\texon\t{start}\t{end}\t.\t{strand}\t.\t{names} gene_type "{kind}";'
            for start, end in exons
        ]
    reference, reads = tmp_path / "reference", tmp_path / "reads"
    reference.mkdir()
    reads.mkdir()
    (reference / "genome.fa").write_text(f">chr1\n{genome}\n")
    (reference / "genes.gtf").write_text("\n".join(gtf) + "\n")
    header = ["run_accession", "sample_title", "tissue", "fastq_ftp", "fastq_md5"]
    rows = [header]
    for run, pairs in PAIRS.items():
        paths = _fastq(reads, run, pairs, transcripts, chance)
        rows.append(
            [
                run,
                SAMPLES[run],
                SAMPLES[run].partition("_")[0],
                ";".join(path.as_uri() for path in paths),
                ";".join(hashlib.md5(path.read_bytes()).hexdigest() for path in paths),
            ]
        )
    runs = tmp_path / "runs.tsv"
    runs.write_text("".join("\t".join(row) + "\n" for row in rows))
    return Study(reference, runs, reads)


def _reverse(sequence: str) -> str:
    return sequence.translate(_COMPLEMENT)[::-1]


def _fastq(
    folder: Path,
    run: str,
    pairs: dict[str, int],
    transcripts: dict[str, str],
    chance: random.Random,
) -> list[Path]:
    """Write a run's reads, some of them of fragments shorter than a read."""
    mates: tuple[list[str], list[str]] = ([], [])
    for gene, count in pairs.items():
        for pair in range(count):
            length = 60 if pair % 5 == 0 else chance.randint(150, 250)
            start = chance.randrange(len(transcripts[gene]) - length)
            fragment = transcripts[gene][start : start + length]
            if chance.random() < 0.5:
                fragment = _reverse(fragment)
            both = zip(mates, (fragment, _reverse(fragment)), ADAPTERS, strict=True)
            for lines, bases, adapter in both:
                read = (bases + adapter)[:READ]
                lines.append(f"@{run}.{gene}.{pair}\n{read}\n+\n{'I' * len(read)}\n")
    paths = [folder / f"{run}_{mate}.fastq.gz" for mate in (1, 2)]
    for path, lines in zip(paths, mates, strict=True):
        path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    return paths
