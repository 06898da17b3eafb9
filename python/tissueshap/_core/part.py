"""An AnnData whose matrices are those of another one, of some genes, and stay on disk."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._core import layers, lazy


class Part(AnnData):  # type: ignore[misc]
    """Some genes of an AnnData on disk.

    A view would read the matrices into memory. Here a verb reads the rows that it needs. What
    it writes is the part's own.

    Parameters
    ----------
    whole
        The AnnData.
    genes
        Which of its genes, as truth values; None for all.
    obs
        Instead of its ``obs``.
    uns
        Instead of its ``uns``.

    Attributes
    ----------
    whole, columns
        The AnnData, and the positions of the genes in it.
    """

    def __init__(
        self,
        whole: AnnData,
        genes: np.ndarray | None = None,
        *,
        obs: pd.DataFrame | None = None,
        uns: dict[str, Any] | None = None,
    ) -> None:
        mask = np.ones(whole.n_vars, dtype=bool) if genes is None else genes
        self.whole, self.columns = whole, np.flatnonzero(mask)
        self._layers_of_part = _Layers(self)
        super().__init__(
            obs=(whole.obs if obs is None else obs).copy(),
            var=whole.var[mask].copy(),
            uns=_copied(whole.uns) if uns is None else uns,
            obsm=dict(whole.obsm),
            varm={key: value[mask] for key, value in whole.varm.items()},
        )

    #: It cannot be written to: its layers are its own.
    isbacked = False

    @property
    def X(self) -> Any:  # noqa: N802 - anndata's name
        """The matrix of the whole, of these genes."""
        return self.narrowed(self.whole.X)

    @property
    def raw(self) -> Any:
        """That of the whole: it may have other genes anyway."""
        return self.whole.raw

    @property
    def layers(self) -> MutableMapping[str, Any]:
        """The layers of the whole, of these genes, and the part's own."""
        return self._layers_of_part

    @layers.setter
    def layers(self, values: Any) -> None:
        self._layers_of_part.update(values or {})

    def __getitem__(self, index: Any) -> AnnData:
        """Return some samples and genes in memory; a view would not know of the file."""
        frames = {"obs": self.obs, "var": self.var, "uns": self.uns}
        chosen = AnnData(**frames, obsm=dict(self.obsm), varm=dict(self.varm))[index].copy()
        rows, columns = (
            names.get_indexer(chosen_names)
            for names, chosen_names in (
                (self.obs_names, chosen.obs_names),
                (self.var_names, chosen.var_names),
            )
        )
        if self.X is not None:
            chosen.X = self.X[rows][:, columns]
        for key, values in self.layers.items():
            chosen.layers[key] = values[rows][:, columns]
        return chosen

    def narrowed(self, values: Any) -> Any:
        """Return a matrix of the whole, of these genes, without reading it."""
        if values is None or self.columns.size == values.shape[1]:
            return lazy.lazily(values)
        values = lazy.lazily(values)
        if isinstance(values, lazy.Lazy):
            return values.narrowed(self.columns)
        return lazy.Columns(values, self.columns)


class _Layers(MutableMapping[str, Any]):
    """The layers of a part."""

    def __init__(self, part: Part) -> None:
        self._part, self._own = part, dict[str, Any]()

    def __getitem__(self, key: str) -> Any:
        if key in self._own:
            return self._own[key]
        values = layers.find(self._part.whole, key)
        if values is None:
            raise KeyError(key)
        return self._part.narrowed(values)

    def __setitem__(self, key: str, values: Any) -> None:
        self._own[key] = values

    def __delitem__(self, key: str) -> None:
        del self._own[key]

    def __iter__(self) -> Iterator[str]:
        whole = [key for key in self._part.whole.layers if key is not None]
        return iter(dict.fromkeys([*whole, *self._own]))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _copied(uns: Any) -> dict[str, Any]:
    """Return ``uns`` with records of its own: verbs add and replace records, and change none."""
    return {key: copy(value) for key, value in uns.items()}
