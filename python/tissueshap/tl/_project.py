"""``tl.project``: where the samples of another cohort are in the embedding of the first."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.embedding import Embedding
from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.layers import place_of
from tissueshap._core.progress import progress
from tissueshap._core.scale import check_finite, made
from tissueshap.clustering import chosen_samples, expression
from tissueshap.model import InputScale

if TYPE_CHECKING:
    from anndata import AnnData

#: Largest distance of a refitted point from the stored one, in units of UMAP (a class spans
#: one or more).
_TOLERANCE = 1e-3


def project(
    adata: AnnData,
    reference: AnnData,
    *,
    gene_sets: Sequence[str] | None = None,
    layer: str | None = None,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Project another cohort into the UMAP that ``tl.cluster`` computed for the first.

    UMAP is fitted again on the reference's samples and genes with the recorded seed, which
    gives the same embedding, and the new samples are placed in it without moving it.

    Parameters
    ----------
    adata
        The new cohort, samples x genes. Reads ``layers[layer]``.
    reference
        The first cohort, after ``tl.cluster``.
    gene_sets
        Names among those that ``tl.cluster`` embedded; all by default.
    layer
        The new cohort's layer, such as ``"harmonised"``; the one that ``tl.cluster`` read by
        default.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``obsm["X_umap_<set>"]`` (samples x 2, float32) and, in
    ``uns["tissueshap"]["project"]``, the table ``reference`` with one row per gene set and
    sample of the reference: ``gene_set``, ``sample``, ``class``, ``umap_1``, ``umap_2``.
    A ``DataWarning`` is given if the refitted embedding differs from the stored one, or if
    the new cohort's values are not on the reference's scale.

    Raises
    ------
    MissingSlotError
        If ``tl.cluster`` has not been run on the reference.
    DataError
        If a gene set was not embedded, its genes are missing, or the genes were
        standardised within the cohort (``scale=True``).

    Examples
    --------
    >>> ts.tl.project(other, adata, gene_sets=["all"])
    >>> other.obsm["X_umap_all"].shape == (other.n_obs, 2)
    True
    """
    adata = target(adata, copy=copy)
    sources = slots.begin(adata, "project", layer=layer, key_added=key_added)
    params = slots.table(reference, "cluster", "params")
    seed = int(slots.table(reference, "cluster", "seed"))
    if bool(params.get("scale", False)):
        raise DataError(
            "ts.tl.cluster(reference) standardised the genes by its own samples: run it with "
            "scale=False to project others into its embedding"
        )
    genes = _chosen(slots.table(reference, "cluster", "genes"), gene_sets)
    rows = chosen_samples(reference, str(params["samples"]))
    own_layer, n_pcs = str(params["layer"]), params.get("n_pcs")
    _check_scale(adata, reference, layer or own_layer, own_layer, rows)
    embeddings, tables = {}, []
    for name, members in progress(genes.items(), desc="projecting", unit="set"):
        places = [_places(each, name, members, which) for each, which in _both(adata, reference)]
        X = expression(reference, own_layer, rows, places[1], scale=False)
        embedding = Embedding(
            X,
            n_pcs=None if n_pcs is None else int(n_pcs),
            n_neighbors=int(params["n_neighbors"]),
            seed=seed,
        )
        key = f"{schema.obsm.X_umap}_{schema.column(name)}"
        own = schema.key_of(schema.obsm.X_umap, name, reference.obsm)
        _compare(reference, own, rows, embedding.flat)
        everyone = np.arange(adata.n_obs)
        new = expression(adata, layer or own_layer, everyone, places[0], scale=False)
        check_finite(new, adata.obs_names, members, place_of(adata, layer or own_layer))
        embeddings[key] = embedding.project(new)
        tables.append(_table(reference, name, rows, embedding.flat))
    slots.write(
        adata,
        "project",
        {"obsm": embeddings, "uns": {"reference": pd.concat(tables, ignore_index=True)}},
        params={
            "gene_sets": list(genes),
            "layer": layer or own_layer,
            "reference_layer": own_layer,
        },
        seed=seed,
        versions=("umap-learn", "scikit-learn"),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _check_scale(
    adata: AnnData, reference: AnnData, layer: str, own_layer: str, rows: np.ndarray
) -> None:
    """Warn if the new samples are not on the scale of those that were embedded."""
    columns = pd.Index(map(str, adata.var_names)).get_indexer(
        pd.Index(map(str, reference.var_names))
    )
    values = slots.require(adata, "layers", layer)
    shared = np.flatnonzero(columns >= 0)
    first_sample = dense(values[:1])[0, columns[shared]]
    columns[shared[np.isnan(first_sample)]] = -1
    if (columns < 0).all():
        return
    scale = InputScale.of(
        slots.require(reference, "layers", own_layer),
        rows,
        layer=own_layer,
        made=made(reference, own_layer),
    )
    where = place_of(adata, layer)
    scale.check(
        values,
        columns,
        samples=adata.obs_names,
        where=where,
        made=made(adata, layer),
        refuse=False,
    )


def _chosen(table: pd.DataFrame, names: Sequence[str] | None) -> dict[str, list[str]]:
    grouped = table.astype(str).groupby("gene_set", sort=False)["gene"]
    available = {str(name): list(genes) for name, genes in grouped}
    if names is None:
        return available
    wanted = [names] if isinstance(names, str) else list(names)
    if unknown := [name for name in wanted if name not in available]:
        raise DataError(f"the gene sets {unknown} were not embedded; there are {list(available)}")
    return {name: available[name] for name in wanted}


def _both(adata: AnnData, reference: AnnData) -> list[tuple[AnnData, str]]:
    return [(adata, "adata"), (reference, "reference")]


def _places(adata: AnnData, name: str, genes: list[str], which: str) -> np.ndarray:
    places = pd.Index(map(str, adata.var_names)).get_indexer(pd.Index(genes))
    if (places < 0).any():
        lost = np.flatnonzero(places < 0)
        raise DataError(
            f"{lost.size} of the {len(genes)} genes of the set {name!r} are missing from {which}: "
            f"{[genes[place] for place in lost[:5]]}"
        )
    return np.asarray(places)


def _compare(reference: AnnData, key: str, rows: np.ndarray, flat: np.ndarray) -> None:
    if key not in reference.obsm:
        return
    stored = np.asarray(reference.obsm[key])[rows]
    if not np.allclose(stored, flat, rtol=0, atol=_TOLERANCE):
        warnings.warn(
            f"the refitted embedding differs from reference.obsm[{key!r}]: the samples, "
            "the values, or the versions of the packages have changed since; compare the new "
            "cohort with the positions in the record of 'project'",
            DataWarning,
            stacklevel=3,
        )


def _table(reference: AnnData, name: str, rows: np.ndarray, flat: np.ndarray) -> pd.DataFrame:
    label = slots.label_name(reference, None)
    return pd.DataFrame(
        {
            "gene_set": name,
            "sample": reference.obs_names[rows].astype(str),
            "class": reference.obs[label].astype(str).to_numpy()[rows],
            "umap_1": flat[:, 0],
            "umap_2": flat[:, 1],
        }
    )
