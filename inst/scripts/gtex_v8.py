#!/usr/bin/env python3
"""GTEx v8's public gene counts and TPM as one AnnData file.

Steps, each of which can be run alone, and is skipped when it is done:

download   four public files into --dir: gene reads, gene TPM, sample attributes, genes.
           A broken download goes on where it stopped. Files put there by hand are taken.
convert    those files into --out: counts in X, TPM in layers["tpm"], the sample
           attributes and the donor in obs, symbol, biotype and length in var.

See README.md in this folder for the disk and memory needed, and what comes next.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import tempfile
import warnings
from pathlib import Path

import h5py
import pandas as pd

import tissueshap as ts
from tissueshap._core.errors import DataError, DataWarning, TissueshapError
from tissueshap.io import gene_table, open_text

DATA = "gtex-v8"
#: Names of the files by role.
FILES = {file.role: file.name for file in ts.datasets.SOURCES[DATA].files}
#: What the h5ad file is told of its making, under ``uns``.
MADE_FROM = "gtex_v8"


def say(message: str) -> None:
    """Print a message to standard error."""
    print(f"gtex_v8: {message}", file=sys.stderr)


# --- download ---------------------------------------------------------------------


def download(folder: Path, base: str | None, *, tpm: bool) -> None:
    """Fetch the files that are not in the folder yet, and check those that are."""
    for role, name in FILES.items():
        if role == "tpm" and not tpm:
            continue
        say(f"{name} is there already" if (folder / name).exists() else f"downloading {name}")
        ts.datasets.fetch(DATA, roles=[role], folder=folder, mirror=base)


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- convert ----------------------------------------------------------------------


def convert(folder: Path, out: Path, *, tpm: bool, biotype: str | None) -> None:
    """Write the AnnData file, unless it was made from the same files in the same way."""
    files = {role: folder / name for role, name in FILES.items()}
    if not tpm:
        del files["tpm"]
    missing = [str(path) for path in files.values() if not path.exists()]
    if missing:
        raise DataError(f"missing: {', '.join(missing)}: run the step download, or put them there")
    made_from = {
        "files": {path.name: digest(path) for path in files.values()},
        "biotype": biotype,
        "tissueshap": ts.__version__,
    }
    if recorded(out) == made_from:
        say(f"{out} is made from these files already")
        return
    samples = sample_attributes(files["samples"])
    genes = gene_table(files["genes"])
    if genes.empty:
        raise DataError(f"{files['genes']} has no exons: is it the GTF of GENCODE v26?")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        if biotype is not None:
            wanted = set(genes.loc[genes["gene_type"] == biotype, "gene_id"])
            for role in files.keys() & {"reads", "tpm"}:
                files[role] = cut(files[role], wanted, Path(scratch) / f"{role}.gct")
        check_memory(files["reads"], tpm=tpm)
        say("reading: minutes, for all of GTEx")
        adata = ts.io.read_counts(
            files["reads"],
            samples,
            label="SMTSD",
            donor="donor",
            annotation=genes,
            tpm=files.get("tpm"),
        )
        # JSON, since None and nested mappings do not survive HDF5
        adata.uns[MADE_FROM] = json.dumps(made_from)
        say(f"writing {adata.n_obs:,} samples x {adata.n_vars:,} genes to {out}")
        ts.io.write_h5ad(adata, out)


def recorded(path: Path) -> object:
    """Return what an h5ad file was made from, or None if it has no such record."""
    if not path.exists() or not h5py.is_hdf5(path):
        return None
    with h5py.File(path) as held:
        text = held.get(f"uns/{MADE_FROM}")
        return None if text is None else json.loads(text.asstr()[()])


def sample_attributes(path: Path) -> pd.DataFrame:
    """Return the sample attributes that are not empty, and the donor, by sample."""
    # the pathologists' notes have lone quotes
    table = pd.read_csv(path, sep="\t", dtype=str, quoting=csv.QUOTE_NONE)
    lacking = {"SAMPID", "SMTSD"} - set(table.columns)
    if lacking:
        raise DataError(
            f"{path} has no column {' and no '.join(sorted(lacking))}: is it GTEx's "
            f"{FILES['samples']}?"
        )
    table["donor"] = table["SAMPID"].str.split("-").str[:2].str.join("-")
    return table.dropna(axis="columns", how="all").set_index("SAMPID")


def dimensions(path: Path) -> tuple[int, int]:
    """Return the genes and samples that a GCT file announces."""
    with open_text(path) as lines:
        version, sizes = lines.readline().strip(), lines.readline().split()
    if version != "#1.2" or len(sizes) != 2 or not all(size.isdecimal() for size in sizes):
        raise DataError(f"{path} is not a GCT 1.2 file: fetch it again")
    return int(sizes[0]), int(sizes[1])


def cut(path: Path, wanted: set[str], target: Path) -> Path:
    """Write the wanted genes of a GCT file to another, a line at a time."""
    n_genes, n_samples = dimensions(path)
    kept = read = 0
    with open_text(path) as lines, target.open("w") as out:
        # the number of genes is not known yet: room for it, filled at the end
        out.write(f"#1.2\n{'':20}\t{n_samples}\n")
        lines.readline(), lines.readline()
        out.write(lines.readline())
        for line in lines:
            read += 1
            if line[: line.find("\t")] in wanted:
                out.write(line)
                kept += 1
        out.seek(len("#1.2\n"))
        out.write(f"{kept:20}")
    if read != n_genes:
        raise DataError(f"{path} announces {n_genes:,} genes and has {read:,}: fetch it again")
    if not kept:
        raise DataError(f"{path} has no gene of that biotype in {FILES['genes']}")
    return target


def check_memory(reads: Path, *, tpm: bool) -> None:
    """Stop before the matrices would not fit; does nothing where /proc is not there."""
    n_genes, n_samples = dimensions(reads)
    # counts once; TPM twice, while samples are chosen; 4 bytes each
    needed = 4 * n_genes * n_samples * (3 if tpm else 1)
    table = Path("/proc/meminfo")
    if not table.exists():
        return
    fields = dict(line.split(":") for line in table.read_text().splitlines())
    free = int(fields["MemAvailable"].split()[0]) * 1024
    if needed > free:
        raise DataError(
            f"{n_samples:,} samples x {n_genes:,} genes need {needed / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free: --biotype protein_coding needs a third of it, which "
            "is all that the paper uses; --no-tpm a third too"
        )


# --- command line -----------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run the steps asked for; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "step", nargs="?", choices=["all", "download", "convert"], default="all", help="[all]"
    )
    parser.add_argument("--dir", type=Path, default=Path("gtex_v8"), help="downloads [gtex_v8]")
    parser.add_argument("--out", type=Path, help="AnnData file [DIR/gtex_v8.h5ad]")
    parser.add_argument("--base", help="URL of a mirror's root [the public bucket]")
    parser.add_argument("--no-tpm", action="store_true", help="leave TPM out: less memory")
    parser.add_argument(
        "--biotype", metavar="TYPE", help="only genes of this GENCODE type, such as protein_coding"
    )
    given = parser.parse_args(arguments)
    warnings.simplefilter("always", DataWarning)
    warnings.showwarning = lambda message, *_, **__: say(f"warning: {message}")
    try:
        if given.step in ("all", "download"):
            download(given.dir, given.base, tpm=not given.no_tpm)
        if given.step in ("all", "convert"):
            out = given.out or given.dir / "gtex_v8.h5ad"
            convert(given.dir, out, tpm=not given.no_tpm, biotype=given.biotype)
    except (TissueshapError, OSError) as error:
        say(f"FAILED: {error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
