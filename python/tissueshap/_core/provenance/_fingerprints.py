"""Fingerprints of samples, genes, classes and values: short strings, equal if these are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema
from tissueshap._core.dense import dense
from tissueshap._core.layers import find
from tissueshap._core.provenance._genes_in_use import genes_in_use

if TYPE_CHECKING:
    from anndata import AnnData

#: Samples of a layer that its fingerprint uses: another normalisation changes all of them.
_ROWS = 32


def fingerprint(strings: Iterable[str]) -> str:
    """Return the fingerprint of some strings in their order."""
    joined = "\n".join(strings).encode("utf-8", "surrogatepass")
    return hashlib.md5(joined, usedforsecurity=False).hexdigest()


def name_codes(names: Iterable[str]) -> list[str]:
    """Return a code for each sample, for places that must not have its name, such as a bundle."""
    return [fingerprint([str(name)])[:12] for name in names]


class Now:
    """Fingerprints of the current AnnData, each computed on first use."""

    def __init__(self, adata: AnnData, label: str | None = None) -> None:
        self._adata, self.label = adata, label
        self.labels, self.values = cache(self._labels), cache(self._values)
        self.train = cache(self._train)

    @cached_property
    def samples(self) -> str:
        """Of the samples, in any order."""
        return fingerprint(sorted(self._names))

    @cached_property
    def order(self) -> str:
        """Of the samples in their order."""
        return fingerprint(self._names)

    @cached_property
    def genes(self) -> str:
        """Of the genes in use, in any order."""
        return fingerprint(sorted(map(str, self._adata.var_names[self._in_use])))

    @cached_property
    def split(self) -> str | None:
        """Of the side that each sample is on, or of the fold that it is held out in."""
        sides = self._adata.obs.get(schema.obs.split)
        folds = sides is not None and (sides.astype(str) == "both").any()
        return self._column(schema.obs.fold if folds else schema.obs.split)

    def _labels(self, label: str | None) -> str | None:
        return None if label is None else self._column(label)

    def _train(self, label: str | None) -> str | None:
        """Return the fingerprint of the training samples and their classes."""
        obs = self._adata.obs
        if label is None or label not in obs or schema.obs.split not in obs:
            return None
        return self._column(
            label, obs[schema.obs.split].astype(str).isin(["train", "both"]).to_numpy()
        )

    def _values(self, layer: str | None) -> str | None:
        """Return the fingerprint of a layer: of some samples' values, in the order of names."""
        found = None if 0 in self._adata.shape else find(self._adata, layer)
        if found is None:
            return None
        order = np.argsort(np.asarray(self._names, dtype=object), kind="stable")
        chosen = order[np.unique(np.linspace(0, order.size - 1, _ROWS).astype(int))]
        in_use = np.arange(self._adata.n_vars)[self._in_use]
        names = np.asarray(list(map(str, self._adata.var_names[in_use])), dtype=object)
        genes = in_use[np.argsort(names)]
        rows = np.sort(chosen)  # a file is read in its own order
        part = found[rows]
        digest = hashlib.md5(usedforsecurity=False)
        for place in np.searchsorted(rows, chosen):
            values = dense(part[place : place + 1])[0].astype("<f4")[genes]
            digest.update((values + np.float32(0)).tobytes())  # no -0
        return digest.hexdigest()

    @cached_property
    def _in_use(self) -> np.ndarray | slice:
        mask = genes_in_use(self._adata)
        return slice(None) if mask is None else mask

    @cached_property
    def _names(self) -> list[str]:
        return list(map(str, self._adata.obs_names))

    def _column(self, key: str, mask: np.ndarray | None = None) -> str | None:
        if key not in self._adata.obs:
            return None
        values = self._adata.obs[key].astype(str)
        pairs = [f"{name}\t{value}" for name, value in zip(self._names, values, strict=True)]
        if mask is not None:
            pairs = [pair for pair, use in zip(pairs, mask, strict=True) if use]
        return fingerprint(sorted(pairs))
