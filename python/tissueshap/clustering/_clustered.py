"""Which samples are clustered, and on which genes.

Shared by ``tl.cluster``, ``tl.null_test`` and ``tl.project``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import held_out, training
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice
from tissueshap.clustering._vmeasure import random_sets, standardised

if TYPE_CHECKING:
    from anndata import AnnData

SAMPLES = ("test", "train", "all")
#: The column of ``var`` behind the sets that have one, and the record of its verb.
_COLUMNS = {"shap": "shap_selected", "de": "de_significant"}
_RECORDS = {"shap": "select_genes", "de": "de", "random": "select_genes"}


def chosen_samples(adata: AnnData, samples: str) -> np.ndarray:
    """Return the positions of the samples to cluster: ``"test"``, ``"train"`` or ``"all"``.

    Without a split ``"test"`` is all samples.
    """
    check_choice("samples", samples, SAMPLES)
    if samples == "all" or (samples == "test" and schema.obs.split not in adata.obs):
        return np.arange(adata.n_obs)
    rows = np.flatnonzero(training(adata) if samples == "train" else held_out(adata))
    if not rows.size:
        raise DataError(f"adata.obs['split'] has no {samples!r} sample: run ts.pp.split(adata)")
    return rows


def checked_classes(adata: AnnData, label: str | None, rows: np.ndarray) -> np.ndarray:
    """Return the class codes of the samples to cluster, at least two classes of them."""
    codes: np.ndarray = slots.class_codes(adata, label)[rows]
    n_classes = len(np.unique(codes))
    if n_classes < 2 or len(rows) < n_classes + 2:
        raise DataError(
            f"{len(rows)} samples of {n_classes} class(es) cannot be clustered: at least two "
            "classes and a few samples of each are needed (samples='all' takes every sample)"
        )
    return codes


def expression(
    adata: AnnData, layer: str, rows: np.ndarray, genes: np.ndarray, *, scale: bool
) -> np.ndarray:
    """Return the float32 matrix of some samples and genes, its genes standardised or not."""
    values = dense(slots.require(adata, "layers", layer)[np.ix_(rows, genes)])
    X = np.asarray(values, dtype=np.float32)
    return standardised(X) if scale else X


def gene_set(adata: AnnData, name: str) -> np.ndarray:
    """Return the gene positions of a set that the AnnData defines."""
    if name == "all":
        return np.arange(adata.n_vars)
    check_choice("gene_sets", name, ("shap", "de", "all", "random"))
    return np.flatnonzero(slots.require(adata, "var", _COLUMNS[name]).to_numpy(dtype=bool))


def present_sets(adata: AnnData) -> list[str]:
    """Return the gene sets that can be clustered: all whose verb was run."""
    missing = [name for name, column in _COLUMNS.items() if column not in adata.var]
    for name in missing:
        verb = schema.written_by("var", _COLUMNS[name])
        logger.info("the gene set %r is left out: ts.%s(adata) was not run", name, verb)
    if len(missing) == len(_COLUMNS):
        return ["all"]  # random sets have the size of another one
    return [name for name in ("shap", "de", "all", "random") if name not in missing]


def named_sets(
    adata: AnnData, gene_sets: Any, *, n_random: int, seed: int
) -> list[tuple[str, int, np.ndarray]]:
    """Return the sets as (name, replicate, gene positions)."""
    if isinstance(gene_sets, Mapping):
        return [(str(name), 1, _positions(adata, name, ids)) for name, ids in gene_sets.items()]
    names = [gene_sets] if isinstance(gene_sets, str) else list(gene_sets)
    if not names:
        raise DataError("gene_sets is empty: name at least one, for example 'shap'")
    fixed = {name: gene_set(adata, name) for name in names if name != "random"}
    sets = [(name, 1, genes) for name, genes in fixed.items()]
    if "random" in names:
        size = _random_size(adata, fixed)
        if size == adata.n_vars:
            logger.warning("the random gene sets are as large as all genes: they are all the same")
        drawn = random_sets(adata.n_vars, size, n_random, seed)
        sets += [("random", n, genes) for n, genes in enumerate(drawn, start=1)]
    for name in dict.fromkeys(name for name, _, genes in sets if not genes.size):
        logger.warning("the gene set %r is empty: it is left out", name)
    if not any(genes.size for _, _, genes in sets):
        raise DataError(
            f"the gene sets {names} are all empty: loosen the selection of ts.tl.select_genes "
            "or the cut-offs of ts.tl.de"
        )
    return [entry for entry in sets if entry[2].size]


def records_behind(gene_sets: Any) -> list[str]:
    """Return the records that named gene sets come from."""
    names = [gene_sets] if isinstance(gene_sets, str) else gene_sets
    return [_RECORDS[name] for name in names if name in _RECORDS]


def _random_size(adata: AnnData, fixed: Mapping[str, np.ndarray]) -> int:
    if "shap" in fixed or schema.var.shap_selected in adata.var:
        return len(gene_set(adata, "shap"))
    if not fixed:
        raise DataError(
            "random sets are as large as the SHAP set, which is missing: run "
            "ts.tl.select_genes(adata) first"
        )
    return len(next(iter(fixed.values())))


def _positions(adata: AnnData, name: str, genes: Sequence[str]) -> np.ndarray:
    positions = adata.var_names.get_indexer(pd.Index(pd.unique(pd.Series(list(genes), dtype=str))))
    known = np.sort(positions[positions >= 0])
    if not known.size:
        raise DataError(
            f"none of the genes of the set {name!r} is in adata.var_names, which start with "
            f"{list(adata.var_names[:3])}"
        )
    if len(known) < len(positions):
        logger.info("%d genes of the set %r are not in the data", len(positions) - len(known), name)
    return known
