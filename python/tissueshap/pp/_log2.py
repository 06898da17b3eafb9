"""Take logarithms: the classifier's input."""

from __future__ import annotations

import numpy as np
from anndata import AnnData

from tissueshap import _schema, _slots
from tissueshap._counts import target
from tissueshap._dense import dense
from tissueshap._errors import DataError


def log2(
    adata: AnnData,
    *,
    layer: str = "tmm",
    offset: float = 0.001,
    shift: float = 10.0,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Take logarithms: ``log2(x + offset) + shift``, the classifier's input.

    With the defaults, which are those of Yap et al. (Scientific Reports 11:2641, 2021),
    a gene that is not expressed has 0.034.

    Parameters
    ----------
    adata
        Samples x genes.
    layer
        Layer to read, of values on a linear scale.
    offset
        Added before the logarithm is taken.
    shift
        Added after.
    key_added
        Name of the record, and prefix of the layer, in place of ``"log2"``.
    copy
        Return a new AnnData and leave this one as it is.

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``layers["log2"]`` (float32) and
        the record ``uns["tissueshap"]["log2"]``.

    Raises
    ------
    DataError
        If a value plus ``offset`` is not above zero, or is not finite, or `layer` holds
        logarithms already.
    """
    adata = target(adata, copy=copy)
    if layer == _schema.layers.log2:
        raise DataError(
            f"adata.layers[{layer!r}] holds logarithms already: give layer= values on a linear "
            "scale, for example 'tmm'"
        )
    sources = _slots.begin(adata, "log2", layer=layer, key_added=key_added)
    values = dense(_slots.require(adata, "layers", layer))
    out = transformed(np.array(values, dtype=np.float32), offset=offset, shift=shift)
    if not (np.isfinite(out.min()) and np.isfinite(out.max())):
        bad = adata.obs_names[~np.isfinite(out).all(axis=1)]
        raise DataError(
            f"adata.layers[{layer!r}] + {offset:g} has no logarithm in {len(bad)} samples: "
            f"{list(bad[:5])}: values must be finite, at least 0, and offset above 0"
        )
    _slots.write(
        adata,
        "log2",
        {"layers": {_schema.layers.log2: out}},
        params={"layer": layer, "offset": offset, "shift": shift},
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def transformed(values: np.ndarray, *, offset: float, shift: float) -> np.ndarray:
    """Overwrite float32 values with ``log2(values + offset) + shift`` and return them."""
    values += np.float32(offset)
    with np.errstate(divide="ignore", invalid="ignore"):  # the caller looks at the result
        np.log2(values, out=values)
    values += np.float32(shift)
    return values
