"""``tl.modules``: the values of genes that go together, or of gene sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tissueshap import enrichment, trust
from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.labels import symbols
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice, check_number, check_order
from tissueshap._core.selection import descending_ranks, orders
from tissueshap.adapters import adapt_to
from tissueshap.model import gene_columns
from tissueshap.ranking import explained_samples

if TYPE_CHECKING:
    from anndata import AnnData

#: Training samples for the correlations: more do not change them.
_MOST_SAMPLES = 5000
#: Samples of each class that have Owen values.
_N_OWEN = 3
#: Genes in the name of a module.
_N_NAMED = 3
#: Genes of each class that are compared, if none were selected.
_N_RANKS = 10


def modules(
    adata: AnnData,
    label: str | None = None,
    *,
    gene_sets: Mapping[str, Sequence[str]] | str | Path | None = None,
    model: Any = None,
    values: Literal["sum", "owen"] = "sum",
    min_correlation: float = trust.LEAST_CORRELATION,
    n_top: int = 50,
    ids: str | None = None,
    min_size: int = 5,
    max_size: int = 500,
    n_boot: int = 20,
    layer: str | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Add up the SHAP values of genes that go together, or of gene sets, for each class.

    Co-expressed genes share credit arbitrarily: which of them a network uses is an accident of
    its training. A module is a group of genes that vary together within the classes, among the
    training samples; a gene that goes with no other is a module by itself. The value of a
    module in a sample is the sum of its genes' values (with ``gene_sets``, of each set's genes).

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.rank_genes``. Reads ``layers["shap"]``, ``varm["shap_rank"]``,
        ``layers[layer]``, ``obs["split"]`` and the records of ``shap``, ``rank_genes`` and
        ``select_genes``.
    %(label)s
    gene_sets
        GMT file, or mapping of names to genes: these are the modules. They may overlap.
    model
        The model, for ``values="owen"``: a classifier of ``tl.cnn``, or one that
        ``ts.adapters.adapt`` knows.
    values
        ``"sum"``, or ``"owen"`` for Owen values in addition: what the model's probability gains
        when the genes of a module get the sample's values together, on three samples of each
        class. Their number of predictions is logged before they start. Not for gene sets, which
        overlap.
    min_correlation
        Mean correlation of the genes of a module, at least. It is raised to what chance gives
        where there are few samples.
    n_top
        Genes of each class that are clustered, with the 20 genes closest to each; and modules of
        each class that are recorded.
    ids
        ``"var_names"`` or the column of ``var`` with the gene sets' identifiers; the one that
        matches most genes by default.
    min_size, max_size
        Smallest and largest gene set, of the genes that have values.
    n_boot
        Number of pairs of bootstraps of the explained samples, for the stability of the modules
        compared with that of the genes; 0 computes none.
    layer
        Layer of the correlations; the classifier's input by default.
    seed
        Seed of the bootstraps and of what is drawn for Owen values.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes, for co-expressed genes, ``var["module"]``: the first gene of the
    module (by its highest rank), empty for a gene by itself. In
    ``uns["tissueshap"]["modules"]``:

    ``kind``
        ``"co-expression"`` or ``"gene sets"``.
    ``modules``
        One row per module of two genes or more, or gene set: ``module`` (the first gene, or the
        identifier of the set), ``name`` (for figures), ``n_genes``, ``correlation`` (mean of all
        pairs of genes, within the classes).
    ``genes``
        ``module``, ``gene``, those of the highest ranks first.
    ``values``
        The first `n_top` modules of each class: ``class``, ``module``, ``name``, ``rank``,
        ``n_genes``, ``value`` (the statistic of ``tl.rank_genes`` over the class's samples),
        ``z`` (distance of the mean from that of as many random genes, in standard errors) and
        ``owen`` (mean Owen value, if requested). Modules are ranked by ``value``, gene sets by
        ``z``, because large sets have large sums.
    ``stability``
        ``class``, ``genes``, ``modules``: Jaccard index of the first genes, and of as many
        modules, of two bootstraps of the explained samples, with what chance gives
        (``genes_by_chance``, ``modules_by_chance``). Classes of three samples or more.
    ``min_correlation``
        Where the tree was cut.

    Raises
    ------
    MissingSlotError
        ``tl.rank_genes`` has not been run.
    DataError
        No gene set has enough genes, or an option is unknown.

    Notes
    -----
    Genes are clustered by average linkage of 1 - r (scipy), with r the correlation of the values
    less their class's mean. ``z`` is that of Kim and Volsky (BMC Bioinformatics 6:144, 2005).
    The Owen values of a module's genes (Owen 1977) sum to the Shapley value of the module as one
    player. They are sampled by ``shap.PermutationExplainer``, with the recorded modules as
    players and all other genes as one more. ``shap.PartitionExplainer``, which follows a tree,
    shares what it does not reach equally: of a hundred modules of seven GTEx tissues 500
    evaluations, each of ten samples, gave ranks that had nothing to do with those of the sums.

    Examples
    --------
    >>> ts.tl.modules(adata, min_correlation=0.5)
    >>> table = adata.uns["tissueshap"]["modules"]["values"]
    >>> table.columns.tolist()
    ['class', 'module', 'name', 'rank', 'n_genes', 'value', 'z']
    >>> sets = {"first": list(adata.var_names[:20])}
    >>> ts.tl.modules(adata, gene_sets=sets, key_added="sets")
    >>> adata.uns["tissueshap"]["sets"]["modules"]["n_genes"].tolist()
    [20]
    """
    _check(values, gene_sets, model, min_correlation, n_top, min_size, max_size, n_boot)
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    layer = slots.input_layer(adata, layer)
    reads = ("shap", "rank_genes", "select_genes")
    sources = slots.begin(adata, "modules", *reads, layer=layer, key_added=key_added)
    data = _read(adata, name, layer, seed)
    rank_of = slots.class_frame(adata, "varm", schema.varm.shap_rank, data.classes)
    ranks = rank_of.to_numpy(np.float64)[data.columns]
    best = np.nanmin(ranks, axis=1)
    if gene_sets is None:
        seeds = (ranks <= n_top).any(axis=1)
        labels, cut = trust.co_expressed(data.x, data.codes, seeds, least=min_correlation)
        found, keys = _named(data, labels, best)
    else:
        cut = np.nan
        found, keys = _of_sets(adata, data, gene_sets, ids, min_size, max_size)
    table = _values(data, found, keys, n_top, by_z=gene_sets is not None)
    if values == "owen":
        _add_owen(adata, data, model, found, keys, table, layer=layer, seed=seed)
    n_ranks = int(slots.record(adata).get("select_genes", {}).get("n_ranks", _N_RANKS))
    several = found.sizes > 1 if gene_sets is None else np.ones(len(keys), dtype=bool)
    correlation = trust.cohesion(data.x, data.codes, found)
    results: dict[str, Any] = {
        "kind": "co-expression" if gene_sets is None else "gene sets",
        "min_correlation": cut,
        "modules": pd.DataFrame(
            {
                "module": keys[several],
                "name": np.asarray(found.names, dtype=object)[several],
                "n_genes": found.sizes[several],
                "correlation": correlation[several],
            }
        ),
        "genes": _genes(data, found, keys, np.flatnonzero(several), best),
        "values": table,
    }
    if n_boot:
        results["stability"] = _stability(data, found, n_ranks, n_boot, seed)
    slots.write(
        adata,
        "modules",
        {"uns": results, **({} if gene_sets is not None else _column(adata, data, found, keys))},
        params={
            "label": name,
            "gene_sets": gene_sets if isinstance(gene_sets, str | Path) else None,
            "values": values,
            "min_correlation": min_correlation,
            "n_top": n_top,
            "ids": ids,
            "min_size": min_size,
            "max_size": max_size,
            "n_boot": n_boot,
            "layer": layer,
        },
        seed=seed,
        versions=("scipy", "shap") if values == "owen" else ("scipy",),
        sources=sources,
        key_added=key_added,
    )
    logger.info("%d modules of two genes or more", int((found.sizes > 1).sum()))
    return adata if copy else None


@dataclass(frozen=True)
class _Data:
    """What the modules are made from.

    Attributes
    ----------
    classes, statistic
        Names of the classes, and what of a class's samples ranks the genes.
    columns
        Positions of the genes that have values.
    genes, symbols
        Their names.
    x, codes
        Training samples x these genes, and their classes.
    rows, targets
        Positions of the explained samples, and the class that each counts for.
    values
        Explained samples x these genes.
    """

    classes: list[str]
    statistic: str
    columns: np.ndarray
    genes: np.ndarray
    symbols: np.ndarray
    x: np.ndarray
    codes: np.ndarray
    rows: np.ndarray
    targets: np.ndarray
    values: np.ndarray


def _check(
    values: str,
    gene_sets: Any,
    model: Any,
    min_correlation: float,
    n_top: int,
    min_size: int,
    max_size: int,
    n_boot: int,
) -> None:
    check_choice("values", values, ("sum", "owen"))
    check_number("min_correlation", min_correlation, low=0, high=1)
    check_number("n_top", n_top, low=1, integer=True)
    check_number("min_size", min_size, low=1, integer=True)
    check_number("n_boot", n_boot, low=0, integer=True)
    check_order("min_size", min_size, "max_size", max_size)
    if values == "owen" and gene_sets is not None:
        raise DataError("values='owen' needs modules that do not overlap: leave gene_sets out")
    if values == "owen" and model is None:
        raise DataError("values='owen' needs the model: pass model=")


def _read(adata: AnnData, label: str, layer: str, seed: int) -> _Data:
    params = slots.table(adata, "rank_genes", "params")
    samples = explained_samples(adata, label, by=str(params.get("by", "explained")))
    shap = slots.require(adata, "layers", schema.layers.shap)
    columns = np.flatnonzero(~np.isnan(dense(shap[samples.rows[:1]])[0]))
    counts = slots.table(adata, "rank_genes", "counts")
    classes = counts["class"].astype(str)[counts["n_explained"].to_numpy() > 0].tolist()
    train = np.flatnonzero(training(adata))
    rng = np.random.default_rng([seed, 8])
    train = np.sort(rng.permutation(train)[:_MOST_SAMPLES])
    known = symbols(adata).to_numpy()
    return _Data(
        classes=classes,
        statistic=str(params.get("statistic", "median")),
        columns=columns,
        genes=np.asarray(adata.var_names.astype(str))[columns],
        symbols=np.asarray(known)[columns],
        x=dense(slots.require(adata, "layers", layer)[train])[:, columns],
        codes=pd.factorize(adata.obs[label].astype(str).to_numpy()[train])[0],
        rows=samples.rows,
        targets=pd.Index(classes).get_indexer(pd.Index(samples.classes)),
        values=dense(shap[samples.rows])[:, columns],
    )


def _named(data: _Data, labels: np.ndarray, best: np.ndarray) -> tuple[trust.Modules, np.ndarray]:
    """Return co-expressed genes as modules, and the gene that each is called after.

    Parameters
    ----------
    data
        The genes and their symbols.
    labels
        The module of each gene.
    best
        The best rank of each gene in any class.
    """
    order = np.lexsort((best, labels))
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    names = []
    for start, size in zip(starts, sizes, strict=True):
        shown = min(int(size), _N_NAMED)
        more = f" + {size - shown}" if size > shown else ""
        names.append(", ".join(data.symbols[order[start : start + shown]]) + more)
    return trust.partition(labels, names), data.genes[order[starts]]


def _of_sets(
    adata: AnnData,
    data: _Data,
    gene_sets: Mapping[str, Sequence[str]] | str | Path,
    ids: str | None,
    min_size: int,
    max_size: int,
) -> tuple[trust.Modules, np.ndarray]:
    """Return gene sets as modules, and their identifiers."""
    sets = enrichment.gene_sets(gene_sets)
    _, names = enrichment.matching_ids(adata, sets.universe, ids)
    own = names.to_numpy()[data.columns]
    found = trust.modules_of(
        list(sets.genes.values()), own, names=[sets.descriptions[key] for key in sets.genes]
    )
    fit = (found.sizes >= min_size) & (found.sizes <= max_size)
    if not fit.any():
        raise DataError(
            f"no gene set has {min_size} to {max_size} of the genes with values; the largest of "
            f"{len(fit)} has {found.sizes.max()}: change min_size or max_size"
        )
    kept = [name for name, fits in zip(found.names, fit, strict=True) if fits]
    return trust.Modules(found.members[:, fit], kept), np.asarray(list(sets.genes))[fit]


def _values(
    data: _Data, found: trust.Modules, keys: np.ndarray, n_top: int, *, by_z: bool
) -> pd.DataFrame:
    """Return the first modules of each class."""
    n_classes = len(data.classes)
    known = data.targets >= 0
    values, targets = data.values[known], data.targets[known]
    sums = trust.by_class(found.sums(values), targets, n_classes, statistic=data.statistic)
    means = trust.by_class(values.astype(np.float64), targets, n_classes, statistic="mean")
    z = trust.above_chance(means, found)
    scores = z if by_z else sums
    order, ranks = orders(scores)[:n_top], descending_ranks(scores)
    names = np.asarray(found.names, dtype=object)
    tables = [
        pd.DataFrame(
            {
                "class": class_name,
                "module": keys[chosen],
                "name": names[chosen],
                "rank": ranks[chosen, code].astype(np.int64),
                "n_genes": found.sizes[chosen],
                "value": sums[chosen, code],
                "z": z[chosen, code],
            }
        )
        for code, class_name in enumerate(data.classes)
        if (chosen := order[~np.isnan(scores[order[:, code], code]), code]).size
    ]
    return pd.concat(tables, ignore_index=True)


def _genes(
    data: _Data, found: trust.Modules, keys: np.ndarray, numbers: np.ndarray, best: np.ndarray
) -> pd.DataFrame:
    """Return the genes of some modules, those of the highest ranks first."""
    genes, place = found.members[:, numbers].nonzero()
    order = np.lexsort((best[genes], place))
    return pd.DataFrame(
        {
            "module": keys[numbers][place[order]].astype(str),
            "gene": data.genes[genes[order]].astype(str),
        }
    )


def _column(
    adata: AnnData, data: _Data, found: trust.Modules, keys: np.ndarray
) -> dict[str, dict[str, np.ndarray]]:
    column = np.full(adata.n_vars, "", dtype=object)
    member = found.members.indices  # each gene belongs to one module
    column[data.columns] = np.where(found.sizes[member] > 1, keys[member], "")
    return {"var": {schema.var.module: column}}


def _stability(
    data: _Data, found: trust.Modules, n_ranks: int, n_boot: int, seed: int
) -> pd.DataFrame:
    """Return how alike the first genes and modules of two bootstraps of the samples are."""
    sizes = np.bincount(data.targets[data.targets >= 0], minlength=len(data.classes))
    enough = (data.targets >= 0) & (sizes[data.targets] >= trust.LEAST_SAMPLES)
    columns = ["class", "genes", "modules", "genes_by_chance", "modules_by_chance"]
    if not enough.any():
        return pd.DataFrame(columns=columns)
    agreement = {}
    for kind, values in (("genes", data.values), ("modules", found.sums(data.values))):
        drawn = trust.bootstrapped(
            values[enough],
            data.targets[enough],
            len(data.classes),
            n_boot=2 * n_boot,
            seed=seed,
            statistic=data.statistic,
        )
        pairs = trust.in_pairs(list(drawn), n_ranks)
        agreement[kind] = pairs.groupby("code")["jaccard"].mean()
    table = pd.DataFrame(agreement)
    table.insert(0, "class", np.asarray(data.classes)[table.index.to_numpy()])
    for kind, number in (("genes", data.genes.size), ("modules", len(found.names))):
        table[f"{kind}_by_chance"] = trust.jaccard_by_chance(min(n_ranks, number), number)
    return table.reset_index(drop=True)[columns]


def _add_owen(
    adata: AnnData,
    data: _Data,
    model: Any,
    found: trust.Modules,
    keys: np.ndarray,
    table: pd.DataFrame,
    *,
    layer: str,
    seed: int,
) -> None:
    """Add a column with the mean Owen value of each module of the table."""
    adapted = adapt_to(model, list(map(str, adata.var_names)))
    columns = gene_columns(adata, adapted.genes)
    if not np.array_equal(columns, data.columns):
        raise DataError("the model has other genes than the explanation: pass the explained one")
    shown = np.flatnonzero(np.isin(keys, table["module"].unique()))
    few = pd.Series(data.targets).groupby(data.targets).cumcount().to_numpy() < _N_OWEN
    few &= data.targets >= 0
    place = {class_name: code for code, class_name in enumerate(adapted.classes)}
    owen = trust.owen_values(
        adapted,
        dense(slots.require(adata, "layers", layer)[data.rows[few]])[:, columns],
        np.asarray([place[data.classes[code]] for code in data.targets[few]]),
        data.x,
        found,
        shown,
        seed=seed,
    )
    means = trust.by_class(owen, data.targets[few], len(data.classes), statistic="mean")
    codes = pd.Index(data.classes).get_indexer(pd.Index(table["class"]))
    table["owen"] = means[pd.Index(keys).get_indexer(pd.Index(table["module"])), codes]
