"""Test each class against the average of the others."""

from __future__ import annotations

from typing import Any, Literal

from anndata import AnnData

from tissueshap import _r, _schema, _slots
from tissueshap._counts import checked, target
from tissueshap._errors import DataError
from tissueshap._rconvert import Matrix


def de(
    adata: AnnData,
    label: str | None = None,
    *,
    fdr: float = 0.01,
    lfc: float = 4.0,
    method: Literal["edgeR_QL", "edgeR_LRT", "limma_voom", "limma"] = "edgeR_QL",
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Test each class against the average of the others.

    The contrast of a class is 1 for it and ``-1 / (k - 1)`` for each of the other
    classes; the model is fitted once for all of them. The values are those of edgeR's
    ``estimateDisp``, ``glmQLFit`` and ``glmQLFTest`` (Lund et al., Statistical
    Applications in Genetics and Molecular Biology 11:5, 2012); R's ``core_de`` does
    the work.

    Parameters
    ----------
    adata
        Samples x genes, with raw counts in ``X``. Reads ``obs["lib_size"]`` and
        ``obs["norm_factor"]``; for ``method="limma"`` none of these, but ``layers["log2"]``.
    label
        Column of ``obs`` with the classes; by default the one recorded before.
    fdr
        A gene is significant below this false discovery rate ...
    lfc
        ... and above this absolute log2 fold change.
    method
        edgeR's quasi-likelihood F test or likelihood ratio test, or limma-voom, all of
        counts; or ``"limma"`` for data that came on a log2 scale: ``lmFit``, the same
        contrasts and ``eBayes(trend=TRUE)`` (Ritchie et al., Nucleic Acids Research
        43:e47, 2015).
    key_added
        Name of the record, and prefix of the slots, in place of ``"de"``.
    copy
        Return a new AnnData and leave this one as it is.

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``varm["de_logfc"]`` (log2),
        ``varm["de_pvalue"]`` and ``varm["de_fdr"]`` (frames, genes x classes),
        ``var["de_significant"]`` (bool: in at least one class) and
        ``uns["tissueshap"]["de"]``: ``counts`` (``class``, ``up``, ``down``) and
        ``dispersion`` (one row a gene).

    Raises
    ------
    DataError
        If ``X`` does not hold counts, or there is only one class.
    MissingSlotError
        If ``ts.pp.tmm`` has not been run.
    """
    adata = target(adata, copy=copy)
    name = _slots.label_name(adata, label)
    classes = _slots.class_names(adata, name)
    if len(classes) < 2:
        raise DataError(f"adata.obs[{name!r}] has one class only, {classes}: nothing to compare")
    params = {"fdr": fdr, "lfc": lfc, "method": method}
    found = _r.call(
        "core_de",
        **(_logged(adata) if method == "limma" else _counted(adata)),
        label=adata.obs[name].astype(str).to_numpy(),
        **params,
    )
    _slots.write(
        adata,
        "de",
        found,
        params={"label": name, **params},
        versions=_r.versions("R", "edgeR", "limma"),
        key_added=key_added,
    )
    return adata if copy else None


def _counted(adata: AnnData) -> dict[str, Any]:
    return {
        "counts": checked(adata),
        "lib_size": _slots.require(adata, "obs", _schema.obs.lib_size).to_numpy(float),
        "norm_factor": _slots.require(adata, "obs", _schema.obs.norm_factor).to_numpy(float),
    }


def _logged(adata: AnnData) -> dict[str, Any]:
    values = _slots.require(adata, "layers", _schema.layers.log2)
    samples, genes = list(map(str, adata.obs_names)), list(map(str, adata.var_names))
    return {"counts": Matrix(values, samples=samples, genes=genes, integer=False)}
