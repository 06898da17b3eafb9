"""Test each class against the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._bridge import r
from tissueshap._bridge.convert import Matrix
from tissueshap._bridge.counts import checked, workers
from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.counts import Counts, counts_of
from tissueshap._core.de_methods import Method, accepts, values_of
from tissueshap._core.options import check_choice, check_number
from tissueshap._core.scale import check_logs
from tissueshap.de import covariate
from tissueshap.ranking import add_tests

Rest = Literal["mean_of_classes", "weighted", "pooled"]


def de(
    adata: AnnData,
    label: str | None = None,
    *,
    fdr: float = 0.01,
    lfc: float = 4.0,
    method: Method = "edgeR_QL",
    rest: Rest = "mean_of_classes",
    lfc_test: float | None = None,
    covariates: Sequence[str] | None = None,
    block: str | None = None,
    legacy: bool = True,
    layer: str | None = None,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Test each class against the others.

    By default the contrast of a class is 1 for it and ``-1 / (k - 1)`` for each of the
    other classes, and the model is fitted once for all of them. The values are those of
    edgeR's ``estimateDisp``, ``glmQLFit`` and ``glmQLFTest``
    (Lund et al., Statistical Applications in Genetics and Molecular Biology 11:5, 2012).
    The R function ``core_de`` does the work in blocks of genes; for large data
    ``settings.n_jobs`` processes share the blocks, with the same results.

    Parameters
    ----------
    adata
        Samples x genes, with raw counts. Reads ``obs["lib_size"]`` and
        ``obs["norm_factor"]``; for ``method="limma"`` only ``layers["log2"]``.
    %(label)s
    fdr
        A gene is called in a class if its false discovery rate is below this.
    lfc
        Its absolute log2 fold change must be above this as well.
    method
        For counts: edgeR's quasi-likelihood F test or likelihood ratio test, limma-voom, or
        Wilcoxon's rank sum test of counts per million. For data that are only available on
        a log2 scale: ``"limma"``, that is ``lmFit``, the same contrasts and
        ``eBayes(trend=TRUE)`` (Ritchie et al., Nucleic Acids Research 43:e47, 2015).
        ``"wilcoxon"`` is for large cohorts, in which edgeR reports too many genes (Li et
        al., Genome Biology 23:79, 2022): it compares a class with all other samples
        whatever ``rest`` is, with the p-values of ``wilcox.test(exact=FALSE)``; its fold
        change is a difference of mean log2 counts per million (prior count 2).
    rest
        What a class is compared with: the average of the other classes regardless of their
        sizes, their average weighted by samples, or all other samples pooled into one
        group, in a model of two groups for each class.
    lfc_test
        Test whether the absolute log2 fold change is larger than this, instead of whether
        it is not 0: edgeR's ``glmTreat`` or limma's ``treat`` (McCarthy and Smyth,
        Bioinformatics 25:765, 2009). Then ``lfc=0`` is the natural threshold.
    covariates
        Columns of ``obs`` to add to the design. Numeric columns enter as a linear trend, all
        others as groups; ``"factor(batch)"`` turns a numeric column into groups, as in R's
        formulas.
    block
        Column of ``obs`` with the donors, if some gave several samples: limma's
        ``duplicateCorrelation``, for ``"limma_voom"`` and ``"limma"``. The time needed grows
        at least with the square of the number of samples.
    legacy
        For ``"edgeR_QL"``: True for edgeR's pipeline before version 4 (``estimateDisp``,
        ``glmQLFit(legacy=TRUE)``), which every version of edgeR has; False for the one
        recommended since version 4 (``glmQLFit`` alone; Chen et al., Nucleic Acids
        Research 53:gkaf018, 2025), which needs edgeR 4.
    %(counts_layer)s
    %(key_added)s
    %(copy)s

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``varm["de_logfc"]`` (log2),
        ``varm["de_pvalue"]``, ``varm["de_fdr"]`` and ``varm["de_called"]`` (bool: passes both
        thresholds), frames of genes x classes; ``var["de_significant"]`` (bool: called in at
        least one class); and
        ``uns["tissueshap"]["de"]``: ``counts`` (``class``, ``up``, ``down``) and
        ``dispersion`` (one row per gene; with ``rest="pooled"``, per ``class`` and gene).

    Raises
    ------
    DataError
        If the values are not counts, there is only one class, ``obs`` lacks a column, or
        ``method`` or ``rest`` is unknown.
    MissingSlotError
        If ``ts.pp.tmm`` has not been run.
    RError
        If R refuses a combination of options; the message has the remedy.

    Examples
    --------
    >>> ts.tl.de(adata, fdr=0.05, lfc=1)
    >>> adata.varm["de_logfc"].shape == (adata.n_vars, 3)
    True
    """
    check_choice("method", method, get_args(Method))
    check_choice("rest", rest, get_args(Rest))
    check_number("fdr", fdr, low=0, high=1)
    check_number("lfc", lfc, low=0)
    if lfc_test is not None:
        check_number("lfc_test", lfc_test, low=0)
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    classes = slots.classes_to_compare(adata, name)
    on_logs = values_of(method) == "log"
    made_by = "log2" if on_logs else "tmm"
    sources = slots.begin(adata, "de", made_by, key_added=key_added)
    params: dict[str, Any] = {"fdr": fdr, "lfc": lfc, "method": method, "rest": rest}
    params["legacy"] = bool(legacy)
    counts = None if on_logs else counts_of(adata, layer)
    if lfc_test is not None:
        params["lfc_test"] = lfc_test
    result = r.call(
        "core_de",
        **(logged(adata) if counts is None else counted(adata, counts)),
        **_of_samples(adata, covariates, block),
        label=pd.Categorical(adata.obs[name].astype(str), categories=classes),
        BPPARAM=workers(adata),
        **params,
    )
    optional = {
        "covariates": list(covariates) if covariates else None,
        "block": block,
        "layer": None if counts is None else counts.recorded,
    }
    params |= {key: value for key, value in optional.items() if value is not None}
    if not accepts(method, "legacy"):
        del params["legacy"]
    slots.write(
        adata,
        "de",
        result,
        params={"label": name, **params},
        versions=r.versions("R", "edgeR", "limma"),
        sources=sources,
        key_added=key_added,
    )
    if key_added is None:
        add_tests(adata)
    return adata if copy else None


def counted(adata: AnnData, counts: Counts) -> dict[str, Any]:
    """Return counts and what normalises them as arguments of the R function."""
    return {
        "counts": checked(counts),
        "lib_size": slots.require(adata, "obs", schema.obs.lib_size).to_numpy(float),
        "norm_factor": slots.require(adata, "obs", schema.obs.norm_factor).to_numpy(float),
    }


def logged(adata: AnnData) -> dict[str, Any]:
    """Return log-transformed values as arguments of the R function."""
    values = slots.require(adata, "layers", schema.layers.log2)
    check_logs(values, f"adata.layers[{schema.layers.log2!r}]", fold_changes=True)
    samples, genes = list(map(str, adata.obs_names)), list(map(str, adata.var_names))
    return {"counts": Matrix(values, samples=samples, genes=genes, integer=False)}


def _of_samples(
    adata: AnnData, covariates: Sequence[str] | None, block: str | None
) -> dict[str, Any]:
    """Return the covariates and donors as arguments of the R function."""
    arguments: dict[str, Any] = {}
    if isinstance(covariates, str):
        covariates = (covariates,)
    if covariates:
        arguments["covariates"] = pd.DataFrame(
            {name: covariate(adata, name) for name in covariates}
        )
    if block is not None:
        arguments["block"] = _strings(slots.obs_column(adata, block, "block"))
    return arguments


def _strings(column: pd.Series) -> np.ndarray:
    values = column.astype(str).astype(object)
    return values.where(column.notna().to_numpy(), None).to_numpy(object)
