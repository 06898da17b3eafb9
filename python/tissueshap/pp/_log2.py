"""Log-transform values: the classifier's input."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
from anndata import AnnData

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.lazy import is_large, transformed
from tissueshap._core.scale import made


class Logarithm(TypedDict):
    """Settings of the logarithm ``log2(x + offset) + shift``."""

    offset: float
    shift: float


#: Added to counts per million before the logarithm is taken. Expression well below it hardly
#: matters; with 0.001, a gene between 0 and 1 CPM spans ten doublings, all of them noise.
OFFSET = 20.0
#: Added after the logarithm is taken.
SHIFT = 0.0
#: Both as in Yap et al. 2021: a gene that is not expressed has 0.034.
PUBLISHED: Logarithm = {"offset": 0.001, "shift": 10.0}


def log2(
    adata: AnnData,
    *,
    layer: str = "tmm",
    offset: float = OFFSET,
    shift: float = SHIFT,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Log-transform values: ``log2(x + offset) + shift``, the classifier's input.

    The offset decides how much differences between weakly expressed genes matter. With the
    default of 20 counts per million, a gene that rises from 0 to 1 gains 0.07, and one that
    rises from 100 to 1,000 gains 3.1 (docs/classifier.md compares other offsets).
    Yap et al. (Scientific Reports 11:2641, 2021) use ``offset=0.001, shift=10``, with which
    the first gene gains 10; ``tl.cnn(preset="paper")`` expects these values.

    A layer that is computed when it is read (docs/atlases.md) has a logarithm that is, too.

    Parameters
    ----------
    adata
        Samples x genes.
    layer
        Layer to read, of values on a linear scale.
    offset
        Added before the logarithm is taken.
    shift
        Added after the logarithm is taken.
    %(key_added)s
    %(copy)s

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``layers["log2"]`` (float32) and
        the record ``uns["tissueshap"]["log2"]``.

    Raises
    ------
    DataError
        If a value is negative or not finite, the offset is not positive although there are
        zeros, or the values of `layer` are log-transformed already.

    Examples
    --------
    >>> ts.pp.log2(adata, offset=5)
    >>> bool(np.allclose(adata.layers["log2"], np.log2(adata.layers["tmm"] + 5)))
    True
    """
    adata = target(adata, copy=copy)
    if layer == schema.layers.log2:
        raise DataError(
            f"adata.layers[{layer!r}] is log-transformed already: pass a layer on a linear scale, "
            "for example layer='tmm'"
        )
    sources = slots.begin(adata, "log2", layer=layer, key_added=key_added)
    values = slots.require(adata, "layers", layer)
    large = is_large(values)
    if large:
        # What pp.tmm makes of checked counts is finite and at least 0.
        if not offset > 0:
            raise DataError(f"offset must be above 0, not {offset:g}: there are zeros")
        results: dict[str, Any] = {}
    else:
        results = {"layers": {schema.layers.log2: _logarithms(adata, layer, values, offset, shift)}}
    slots.write(
        adata,
        "log2",
        results,
        sources=sources,
        params={"layer": layer, "offset": float(offset), "shift": float(shift)},
        computed=schema.layers.log2 if large else None,
        key_added=key_added,
    )
    return adata if copy else None


def _logarithms(adata: AnnData, layer: str, values: Any, offset: float, shift: float) -> np.ndarray:
    """Return the layer, or raise and name samples in which a value has no logarithm."""
    out = np.array(dense(values), dtype=np.float32)
    lowest = out.min()
    transformed(out, offset=offset, shift=shift)
    if lowest < 0 or not (np.isfinite(out.min()) and np.isfinite(out.max())):
        bad = adata.obs_names[(dense(values) < 0).any(axis=1) | ~np.isfinite(out).all(axis=1)]
        raise DataError(
            f"adata.layers[{layer!r}] + {offset:g} has no logarithm in {len(bad)} samples: "
            f"{list(bad[:5])}: values must be finite and at least 0, and offset above 0"
        )
    return out


def logarithm_of(adata: AnnData) -> Logarithm:
    """Return the ``offset`` and ``shift`` that ``pp.log2`` recorded, or the defaults."""
    params = made(adata, schema.layers.log2)
    return {
        "offset": float(params.get("offset", OFFSET)),
        "shift": float(params.get("shift", SHIFT)),
    }


def formula(settings: Logarithm) -> str:
    """Return the formula of a logarithm: ``log2(CPM + 0.001) + 10``."""
    shift = settings["shift"]
    return f"log2(CPM + {settings['offset']:g})" + (f" + {shift:g}" if shift else "")
