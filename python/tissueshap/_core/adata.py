"""Requirements of every verb on the AnnData that it reads or writes."""

from __future__ import annotations

from os import PathLike

from anndata import AnnData

from tissueshap._core.errors import DataError
from tissueshap._core.options import wrong_type


def target(adata: AnnData, *, copy: bool) -> AnnData:
    """Return the AnnData to write to: itself, or a copy of it.

    A view is first turned into its own AnnData, as scanpy does, so that writing to it
    does not change its parent.

    Raises
    ------
    DataError
        If it is not an AnnData, names of samples or genes are not unique, or it is a view of
        an AnnData that is backed on disk.
    """
    check(adata)
    if copy:
        return adata.to_memory(copy=True) if adata.isbacked else adata.copy()
    if adata.is_view:
        if adata.isbacked:
            raise DataError(
                "adata is a view of an AnnData backed on disk, which cannot be written to: run "
                "adata = adata.to_memory() first"
            )
        adata._init_as_actual(adata.copy())
    return adata


def check(adata: AnnData, what: str = "adata") -> None:
    """Raise unless this is an AnnData whose samples, genes and columns have unique names.

    All are matched by name. ``what`` is its name in messages.
    """
    if isinstance(adata, str | PathLike):
        raise DataError(
            f"{what} must be an AnnData, not the path {str(adata)!r}: read it first, "
            f"{what} = ts.io.read_h5ad(path)"
        )
    if not isinstance(adata, AnnData):
        remedy = "anndata.AnnData(counts) makes one of samples x genes"
        raise wrong_type(what, adata, "an AnnData", remedy)
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
                f"{what}.{axis} has duplicate names: {twice}: run {what}.{axis}_make_unique() "
                "first, or add up what belongs together"
            )
