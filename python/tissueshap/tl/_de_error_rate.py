"""How many genes differential expression calls where there is nothing to find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from tissueshap._bridge import r
from tissueshap._bridge.counts import workers
from tissueshap._core import slots
from tissueshap._core.adata import target
from tissueshap._core.counts import counts_of
from tissueshap._core.de_methods import Method, values_of
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice, check_number
from tissueshap.tl._de import Rest, counted, logged

if TYPE_CHECKING:
    from anndata import AnnData

Null = Literal["permuted", "within_class"]


def de_error_rate(
    adata: AnnData,
    label: str | None = None,
    *,
    methods: Sequence[Method] = ("edgeR_QL", "limma_voom", "wilcoxon"),
    null: Null = "permuted",
    n_permutations: int = 5,
    fdr: float = 0.01,
    lfc: float = 4.0,
    rest: Rest = "mean_of_classes",
    layer: str | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Count the genes that tests of differential expression call for labels without difference.

    The tests of ``tl.de`` are repeated on permuted labels. All their calls are false then, so
    the share of the tests (one per class and permutation) that call any gene is the realised
    false discovery rate, which should not exceed `fdr`. edgeR exceeds it in cohorts of many
    samples, Wilcoxon's rank sum test does not (Li et al., Genome Biology 23:79, 2022). The R
    function ``core_de_error_rate`` does the work, and says beforehand how long it takes.

    Parameters
    ----------
    adata
        Samples x genes, with raw counts. Reads ``obs["lib_size"]`` and
        ``obs["norm_factor"]``; for ``methods=["limma"]`` only ``layers["log2"]``.
    %(label)s
    methods
        Tests to compare, as ``method`` of ``tl.de``: of counts, or ``"limma"`` alone.
    null
        ``"permuted"``: the labels of all samples are permuted, and each class is tested against
        the others. ``"within_class"``: the samples of each class are divided at random into
        two halves, which are tested against each other. Permuted labels of classes that differ
        strongly make each group a mixture of them, which no test's model has; halves of a
        class are closer to what the tests are used for, and need four samples or more.
    n_permutations
        Number of permutations, or of divisions of each class.
    fdr, lfc, rest
        As in ``tl.de``.
    %(counts_layer)s
    seed
        Seed of the permutations.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or with ``copy`` the new AnnData. Writes ``uns["tissueshap"]["de_error_rate"]``:

    ``calls``
        ``method``, ``permutation`` (0 for the given labels), ``class``, ``n_significant`` (genes
        below `fdr`), ``n_called`` (also above `lfc`).
    ``rates``
        One row per method: ``n_called`` (pairs of gene and class, with the given labels);
        under permutations ``n_false`` (mean number of genes below `fdr` in all classes),
        ``most_false`` (the largest number in one test), ``realised_fdr`` (share of the tests
        with any gene below `fdr`), ``n_tests``.

    Raises
    ------
    DataError
        If a method is unknown, the methods take different values, or there is only one class.
    MissingSlotError
        If ``ts.pp.tmm`` has not been run.

    Examples
    --------
    >>> ts.tl.de_error_rate(adata, methods=["wilcoxon"], n_permutations=2)
    >>> rates = adata.uns["tissueshap"]["de_error_rate"]["rates"].set_index("method")
    >>> int(rates.loc["wilcoxon", "n_tests"])
    6
    """
    chosen: list[str] = [methods] if isinstance(methods, str) else list(methods)
    if not chosen:
        raise DataError("methods= is empty: name at least one test")
    for method in chosen:
        check_choice("methods", method, get_args(Method))
    check_choice("null", null, get_args(Null))
    check_choice("rest", rest, get_args(Rest))
    check_number("n_permutations", n_permutations, low=1, integer=True)
    check_number("fdr", fdr, low=0, high=1)
    check_number("lfc", lfc, low=0)
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    classes = slots.classes_to_compare(adata, name)
    on_logs = values_of(chosen[0]) == "log"
    sources = slots.begin(adata, "de_error_rate", "log2" if on_logs else "tmm", key_added=key_added)
    counts = None if on_logs else counts_of(adata, layer)
    params: dict[str, Any] = {
        "methods": chosen,
        "null": null,
        "n_permutations": n_permutations,
        "fdr": fdr,
        "lfc": lfc,
        "rest": rest,
    }
    result = r.call(
        "core_de_error_rate",
        **(logged(adata) if counts is None else counted(adata, counts)),
        label=pd.Categorical(adata.obs[name].astype(str), categories=classes),
        BPPARAM=workers(adata),
        seed=seed,
        **params,
    )
    if counts is not None and counts.recorded is not None:
        params["layer"] = counts.recorded
    slots.write(
        adata,
        "de_error_rate",
        result,
        params={"label": name, **params},
        seed=seed,
        versions=r.versions("R", "edgeR", "limma"),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None
