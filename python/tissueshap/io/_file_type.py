"""The type of a file, recognised from its content, because file names can be wrong."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from pathlib import Path

from tissueshap._core.errors import DataError

_GZIP = b"\x1f\x8b"

_IN_R = "save the counts in R with write.csv()"

#: How a file starts (a regular expression), what it then is, and what to do.
_STARTS = (
    (rb"BZh\d1AY&SY", "compressed with bzip2", "unpack it with bunzip2"),
    (rb"\xfd7zXZ", "compressed with xz", "unpack it with unxz"),
    (rb"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it with unzstd"),
    (rb"7z\xbc\xaf", "a 7z archive", "unpack it and name the file in it"),
    (rb"\xff\xfe|\xfe\xff", "text in UTF-16", "save it as UTF-8: iconv -f UTF-16 -t UTF-8"),
    (rb"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", "save the sheet as CSV"),
    (rb"PAR1\x15", "a Parquet file", "pandas.read_parquet(path).to_csv('counts.csv')"),
    (rb"ARROW1\0", "a Feather file", "pandas.read_feather(path).to_csv('counts.csv')"),
    (rb"\x93NUMPY", "a NumPy array", "it names no samples and genes: save a table"),
    (rb"%PDF-", "a PDF", "save the counts as a table"),
    (rb"RD[XAB][23]\n", "R data (.RData)", _IN_R),
    (rb"X\n\0\0\0", "an R object (.rds)", _IN_R),
    (rb"SQLite format 3\0", "an SQLite database", "save a table as CSV"),
    (
        rb"\s*<(?i:!doctype|html)",
        "a web page (HTML)",
        "the download went wrong; fetch it again",
    ),
    (rb"<\?xml", "XML", "save the counts as a table"),
    (
        rb"%%MatrixMarket",
        "a sparse matrix (Matrix Market), as in a folder of 10x",
        "adata = scanpy.read_10x_mtx(folder), tissueshap.io.write_h5ad(adata, 'counts.h5ad')",
    ),
)

_ZARR = (".zgroup", ".zattrs", "zarr.json")


def is_zarr(path: Path) -> bool:
    """Return whether a folder is a zarr store."""
    return path.is_dir() and any((path / name).exists() for name in _ZARR)


def is_hdf5(path: Path) -> bool:
    """Return whether a file is HDF5, whatever its name."""
    import h5py

    return bool(h5py.is_hdf5(path))


def refuse_folder(path: Path) -> None:
    """Raise if a path is a folder, and say of which kind."""
    if not path.is_dir():
        return
    if is_zarr(path):
        raise DataError(f"{path} is a zarr store: ts.io.read_zarr(path) reads an AnnData")
    names = sorted(entry.name for entry in path.iterdir())
    if any(name.endswith((".mtx", ".mtx.gz")) for name in names):
        raise DataError(
            f"{path} is a folder with a sparse matrix (10x): make an .h5ad of it, "
            "tissueshap.io.write_h5ad(scanpy.read_10x_mtx(path), 'counts.h5ad')"
        )
    raise DataError(f"{path} is a folder, not a file: name the file in it")


def refuse_other_types(path: Path) -> None:
    """Raise if the content of a file is not text, plain or gzip, and say what it is."""
    with path.open("rb") as raw:
        start = raw.read(512)
    within = ""
    if start.startswith(_GZIP):
        start, within = _unpacked(path), "within gzip "
    for magic, what, remedy in _STARTS:
        if re.match(magic, start):
            raise DataError(f"{path} is {within}{what}, not a table of text: {remedy}")
    if start[257:262] == b"ustar":
        raise DataError(f"{path} is {within}a tar archive: unpack it and name the file in it")
    if start.startswith(b"PK\x03\x04"):
        raise DataError(f"{path} is {within}{_of_zip(path)}")
    if not within and is_hdf5(path):
        raise DataError(f"{path} is {hdf5_kind(path)}")


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as packed:
            return packed.read(512)
    except (OSError, EOFError, zlib.error):
        return b""  # the damage is reported where the text is read


def _of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        names = []
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (.xlsx): save the sheet as CSV"
    if any(name.endswith(".npy") for name in names):
        return "NumPy's .npz: make an AnnData of it, with names of samples and genes"
    shown = f" ({', '.join(names[:3])})" if names else ""
    return f"a zip archive{shown}: unpack it with unzip and name the file in it"


#: The remedy that all other kinds of HDF5 share.
_MADE = "tissueshap.io.write_h5ad(adata, 'counts.h5ad')"

#: Keys of an HDF5 file that is not .h5ad, and what a file with them is.
_HDF5 = (
    (
        "mod",
        "HDF5 of MuData, with several kinds of data, not .h5ad: take the AnnData of the RNA, "
        f"adata = mudata.read(path).mod['rna'] and {_MADE}",
    ),
    (
        "matrix/data",
        f"HDF5 of 10x, not .h5ad: adata = scanpy.read_10x_h5(path) and {_MADE}",
    ),
    ("matrix", f"HDF5 of loom, not .h5ad: adata = anndata.io.read_loom(path) and {_MADE}"),
    (
        "assays",
        "HDF5 of Seurat (h5Seurat), not .h5ad: read it in R, make a SummarizedExperiment and "
        "write_h5ad() of it",
    ),
)


def hdf5_kind(path: Path) -> str:
    """Return what an HDF5 file is if not .h5ad, and how to convert it."""
    import h5py

    try:
        with h5py.File(path) as file:
            known = [what for key, what in _HDF5 if key in file]
            if {"obs", "var"} <= set(file):
                known = ["an AnnData in HDF5, not a table of text: ts.io.read_h5ad(path) reads it"]
            keys = ", ".join(sorted(file)[:5])
    except (OSError, RuntimeError, KeyError) as error:
        return f"a damaged HDF5 file ({error}): fetch it again"
    return next(iter(known), f"HDF5 but not .h5ad: it has no obs and var, only {keys or 'nothing'}")
