"""What every verb asks of an AnnData that it reads from or writes to."""

from __future__ import annotations

from os import PathLike

from anndata import AnnData

from tissueshap._core.errors import DataError


def target(adata: AnnData, *, copy: bool) -> AnnData:
    """Return the AnnData to write to: itself, or a copy of it.

    A view is made an AnnData of its own first, as scanpy does, so that writing to it
    leaves its parent alone.

    Raises
    ------
    DataError
        If it is no AnnData, names of samples or genes repeat, or it is a view of a file.
    """
    check(adata)
    if copy:
        return adata.to_memory(copy=True) if adata.isbacked else adata.copy()
    if adata.is_view:
        if adata.isbacked:
            raise DataError(
                "adata is a view of a file, which cannot be written to: run "
                "adata = adata.to_memory() first"
            )
        adata._init_as_actual(adata.copy())
    return adata


def check(adata: AnnData, what: str = "adata") -> None:
    """Raise unless this is an AnnData whose samples, genes and columns have names of their own.

    All are matched by name. ``what`` is what messages call it.
    """
    if not isinstance(adata, AnnData):
        raise DataError(_no_anndata(adata, what))
    for group in ("obs", "var"):
        columns = getattr(adata, group).columns
        if not columns.is_unique:
            twice = list(map(str, columns[columns.duplicated()].unique()[:5]))
            raise DataError(
                f"{what}.{group} has the column {twice[0]!r} twice: rename or drop one of them"
                if len(twice) == 1
                else f"{what}.{group} has the columns {twice} twice: rename or drop one of each"
            )
    for axis in ("obs_names", "var_names"):
        names = getattr(adata, axis)
        if not names.is_unique:
            twice = list(map(str, names[names.duplicated()].unique()[:5]))
            raise DataError(
                f"{what}.{axis} holds names twice: {twice}: run {what}.{axis}_make_unique() "
                "first, or add up what belongs together"
            )


def _no_anndata(given: object, what: str) -> str:
    if isinstance(given, str | PathLike):
        return (
            f"{what} is the path {str(given)!r}, not an AnnData: read it first, "
            f"{what} = ts.io.read_h5ad(path)"
        )
    return (
        f"{what} is of type {type(given).__name__}, not an AnnData: that comes first, and "
        "anndata.AnnData(counts) makes one of samples x genes"
    )
