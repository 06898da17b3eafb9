"""How a sample becomes a model's input: genes, normalisation, logarithm, missing genes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.genes_in_use import not_marked
from tissueshap._core.lazy import per_million, transformed
from tissueshap._core.logging import logger
from tissueshap._core.scale import evenly, made
from tissueshap.model._identifiers import Matched, match_genes
from tissueshap.pp import Logarithm, effective_sizes

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap._core.counts import Counts

#: Share of the model's genes that new samples must have.
MIN_OVERLAP = 0.9
#: Training samples to take medians of.
_SUMMARISE = 2000
_OF_GENES = ("reference", "median", "importance")


@dataclass(frozen=True)
class Preparation:
    """What a model needs to prepare a sample as its training samples were.

    Attributes
    ----------
    genes
        One row per gene, in the model's order: ``gene`` and, where known, ``gene_id``,
        ``symbol``, ``entrez_id``.
    median
        Median of each gene over the training samples, on the scale of the input.
    reference, reference_scale
        Counts of the sample that TMM compares with, and its normalisation factor; None if
        the model was trained on values of unknown origin: new ones must be on their scale.
    logarithm
        Settings of ``pp.log2``.
    importance
        Largest median SHAP value of each gene over the classes, if it was explained.

    Examples
    --------
    >>> model.preparation.genes.columns.tolist()
    ['gene', 'gene_id', 'symbol']
    >>> counts = other.X[:1]
    >>> alone = model.preparation.of_counts(counts, model.preparation.match(other))
    >>> alone.shape == (1, len(model.genes))
    True
    """

    genes: pd.DataFrame
    median: np.ndarray
    reference: np.ndarray | None = None
    reference_scale: float = 1.0
    logarithm: Logarithm | None = None
    importance: np.ndarray | None = None

    @classmethod
    def of(cls, adata: AnnData, layer: str, samples: np.ndarray) -> Self:
        """Return how a cohort was prepared, as its records have it.

        Parameters
        ----------
        adata
            Samples x genes.
        layer
            The model's input.
        samples
            Positions of the training samples.
        """
        known = (schema.var.gene_id, schema.var.symbol, schema.var.entrez_id)
        genes = pd.DataFrame({"gene": adata.var_names.astype(str)})
        for name in known:
            if name in adata.var:
                column = adata.var[name]
                genes[name] = column.astype(object).where(column.notna(), "").map(str).to_numpy()
        values = slots.require(adata, "layers", layer)
        chosen = samples[evenly(samples.size, _SUMMARISE)]
        median = np.median(np.asarray(dense(values[chosen]), np.float32), axis=0)
        settings, record = made(adata, layer), slots.record(adata)
        frozen = record.get("tmm", {})
        if settings.get("layer") != schema.layers.tmm or "reference" not in frozen:
            return cls(genes, median)
        counts = frozen["reference"].set_index("gene")["count"]
        return cls(
            genes,
            median,
            counts.reindex(genes["gene"]).to_numpy(dtype=np.float64),
            float(frozen["reference_scale"]),
            Logarithm(offset=float(settings["offset"]), shift=float(settings["shift"])),
        )

    @property
    def from_counts(self) -> bool:
        """Whether raw counts can be prepared."""
        return self.reference is not None

    def match(self, adata: AnnData | Counts, *, min_overlap: float = MIN_OVERLAP) -> Matched:
        """Find the model's genes in other data.

        Parameters
        ----------
        adata
            Samples x genes, or their counts.
        min_overlap
            Share of the model's genes that must be there.

        Raises
        ------
        DataError
            Fewer are; the message names the most important of those that are missing.
        """
        matched = match_genes(self.genes, adata.var_names, adata.var)
        share = float(matched.found.mean())
        hidden = not_marked(self.genes["gene"][~matched.found])
        if hidden:
            logger.warning(
                "%d of the model's genes are in the data, but ts.pp.filter_genes has not marked "
                "them, so they count as missing: %s; mark them, adata.var.loc[genes, "
                "'filter_pass'] = True",
                len(hidden),
                hidden[:5],
            )
        if share < min_overlap:
            raise DataError(
                f"the data have {matched.found.sum():,} of the model's {len(self.genes):,} genes "
                f"({share:.1%}, by {' and '.join(matched.by)}): {min_overlap:.0%} are needed "
                f"(min_overlap). {self._missing(matched.found)}"
            )
        return matched

    def of_counts(self, counts: np.ndarray, matched: Matched) -> np.ndarray:
        """Return the model's input of raw counts.

        Each sample is normalised by the frozen reference alone, so it does not matter which
        samples come with it.

        Parameters
        ----------
        counts
            Samples x genes of the other data.
        matched
            From :meth:`match`.

        Returns
        -------
        float32, samples x the model's genes.
        """
        if self.reference is None or self.logarithm is None:
            raise DataError(
                "the model was trained on values whose preparation is not recorded: pass values "
                "on their scale, in the layer that it was trained on"
            )
        found = matched.found
        aligned = _aligned(counts, matched)
        sizes = effective_sizes(aligned[:, found], self.reference[found], self.reference_scale)
        # On the scale of all genes, of which the missing ones had a share in the reference.
        sizes = sizes * (self.reference.sum() / self.reference[found].sum())
        values = per_million(aligned, sizes)
        values = transformed(values, **self.logarithm)
        values[:, ~found] = self.median[~found]
        return values

    def of_values(self, values: np.ndarray, matched: Matched) -> np.ndarray:
        """Return the model's input of values that are on its scale already."""
        aligned = _aligned(values, matched).astype(np.float32)
        aligned[:, ~matched.found] = self.median[~matched.found]
        return aligned

    def to_dict(self) -> dict[str, Any]:
        """Return it in types that JSON has."""
        arrays = {name: getattr(self, name) for name in _OF_GENES}
        return {
            "genes": self.genes.to_dict(orient="list"),
            "reference_scale": self.reference_scale,
            "logarithm": self.logarithm,
            **{
                name: None if value is None else [float(x) for x in value]
                for name, value in arrays.items()
            },
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], genes: list[str]) -> Self:
        """Return what :meth:`to_dict` wrote.

        Raises
        ------
        DataError
            A field is missing, or of another type or size.
        """
        try:
            arrays = {
                name: None if plain[name] is None else np.asarray(plain[name], dtype=np.float64)
                for name in _OF_GENES
            }
            own = cls(
                genes=pd.DataFrame(plain["genes"], dtype=object),
                reference_scale=float(plain["reference_scale"]),
                logarithm=plain["logarithm"]
                and Logarithm(
                    offset=float(plain["logarithm"]["offset"]),
                    shift=float(plain["logarithm"]["shift"]),
                ),
                **arrays,  # type: ignore[arg-type]
            )
            names = own.genes["gene"].tolist()
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"its preparation of the samples: {error}") from error
        sizes = {array.shape for array in arrays.values() if array is not None}
        finite = all(np.isfinite(array).all() for array in arrays.values() if array is not None)
        if names != genes or sizes != {(len(genes),)} or not finite:
            raise DataError("its preparation of the samples does not match its genes")
        return own

    def _missing(self, found: np.ndarray) -> str:
        """Return the missing genes in words, the most important first."""
        places = np.flatnonzero(~found)
        what = "the first"
        if self.importance is not None:
            places = places[np.argsort(-self.importance[places], kind="stable")]
            what = "the most important"
        symbols = self.genes.get(schema.var.symbol, self.genes["gene"])
        shown = [
            name if symbol in ("", name) else f"{name} ({symbol})"
            for name, symbol in zip(
                self.genes["gene"].iloc[places[:5]], symbols.iloc[places[:5]], strict=True
            )
        ]
        return f"Missing are {places.size:,}, {what}: {', '.join(shown)}"


def _aligned(values: np.ndarray, matched: Matched) -> np.ndarray:
    """Return columns in the model's order; those of the same gene are added up."""
    used = np.flatnonzero(matched.columns >= 0)
    where = matched.columns[used]
    aligned = np.zeros((values.shape[0], matched.found.size), dtype=np.float64)
    _, first = np.unique(where, return_index=True)
    aligned[:, where[first]] = values[:, used[first]]
    for place in np.setdiff1d(np.arange(used.size), first):
        aligned[:, where[place]] += values[:, used[place]]
    return aligned
