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
import base64
import csv
import hashlib
import http
import http.client
import json
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import h5py
import pandas as pd
from gtf import gene_table

import tissueshap as ts
from tissueshap._core.errors import DataError, DataWarning, TissueshapError
from tissueshap.io._text import open_text

BASE = "https://storage.googleapis.com/adult-gtex"
EXPRESSION = "bulk-gex/v8/rna-seq/GTEx_Analysis_2017-06-05_v8_RNASeQCv1.1.9"
#: Paths of the files below the base, which a mirror has to keep.
FILES = {
    "reads": f"{EXPRESSION}_gene_reads.gct.gz",
    "tpm": f"{EXPRESSION}_gene_tpm.gct.gz",
    "samples": (
        "annotations/v8/metadata-files/GTEx_Analysis_v8_Annotations_SampleAttributesDS.txt"
    ),
    "genes": "references/v8/reference-tables/gencode.v26.GRCh38.genes.gtf",
}
#: What the h5ad file is told of its making, under ``uns``.
MADE_FROM = "gtex_v8"
BLOCK = 1 << 20


def say(message: str) -> None:
    """Print a message to standard error."""
    print(f"gtex_v8: {message}", file=sys.stderr)


# --- download ---------------------------------------------------------------------


def download(folder: Path, base: str, *, tpm: bool) -> None:
    """Fetch the files that are not in the folder yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for role, path in FILES.items():
        target = folder / Path(path).name
        if role == "tpm" and not tpm:
            continue
        if target.exists():
            say(f"{target.name} is there already")
        else:
            say(f"downloading {target.name}")
            fetch(f"{base.rstrip('/')}/{path}", target)


def fetch(url: str, target: Path) -> None:
    """Download a file whole: size and, where the server tells it, MD5 are checked.

    What has come so far is in ``<target>.part``; the next call asks for the rest.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        total, md5 = _receive(url, part)
    except (OSError, http.client.HTTPException) as error:
        raise DataError(
            f"{url} could not be downloaded ({error}): check the network and run again, it "
            f"goes on where it stopped; or put the file at {target}"
        ) from error
    size = part.stat().st_size
    if total is not None and size < total:
        raise DataError(
            f"{url}: the connection ended after {size:,} of {total:,} bytes: run again, it goes "
            "on from there"
        )
    if (total is not None and size > total) or (md5 is not None and digest(part, "md5") != md5):
        part.unlink()
        raise DataError(f"{url}: what arrived is damaged and was removed: run again")
    part.replace(target)


def _receive(url: str, part: Path) -> tuple[int | None, str | None]:
    """Append to ``part`` what it lacks; return the announced size and MD5 of the whole."""
    held = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={held}-"} if held else {})
    try:
        response = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if held and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            error.close()
            part.unlink()  # all there but never checked, or another file: start again
            return _receive(url, part)
        raise
    with response:
        if getattr(response, "status", None) != http.HTTPStatus.PARTIAL_CONTENT:
            held = 0
        length = response.headers.get("Content-Length")
        free = shutil.disk_usage(part.parent).free
        if length is not None and int(length) > free:
            raise DataError(
                f"{url} has {int(length):,} bytes and {part.parent} {free:,} free: make room or "
                "choose another --dir"
            )
        with part.open("ab" if held else "wb") as out:
            shutil.copyfileobj(response, out, BLOCK)
    hashes = ",".join(response.headers.get_all("x-goog-hash", []))
    told = dict(item.strip().split("=", 1) for item in hashes.split(",") if "=" in item)
    md5 = base64.b64decode(told["md5"]).hex() if "md5" in told else None
    return (None if length is None else held + int(length)), md5


def digest(path: Path, algorithm: str) -> str:
    """Return a file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


# --- convert ----------------------------------------------------------------------


def convert(folder: Path, out: Path, *, tpm: bool, biotype: str | None) -> None:
    """Write the AnnData file, unless it was made from the same files in the same way."""
    files = {role: folder / Path(path).name for role, path in FILES.items()}
    if not tpm:
        del files["tpm"]
    missing = [str(path) for path in files.values() if not path.exists()]
    if missing:
        raise DataError(f"missing: {', '.join(missing)}: run the step download, or put them there")
    made_from = {
        "files": {path.name: digest(path, "sha256") for path in files.values()},
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
            f"{Path(FILES['samples']).name}?"
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
        raise DataError(f"{path} has no gene of that biotype in {Path(FILES['genes']).name}")
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
    parser.add_argument("--base", default=BASE, help=f"URL of the files' root [{BASE}]")
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
