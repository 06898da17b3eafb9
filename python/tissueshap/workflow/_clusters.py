"""The steps of a run that cluster the samples on gene sets."""

from __future__ import annotations

from typing import Any

from tissueshap import tl
from tissueshap._core import schema, slots
from tissueshap.workflow._config import Config
from tissueshap.workflow._job import Job


def cluster(job: Job) -> str:
    """Cluster held-out samples on each gene set."""
    config = job.config
    tl.cluster(job.adata, n_starts=config.n_starts, n_random=config.n_random, **_clusters(config))
    rows = job.result("cluster", "summary")
    scores = zip(rows["gene_set"], rows["v_measure"], strict=True)
    return "V-measure " + ", ".join(f"{name} {score:.3f}" for name, score in scores)


def null_test(job: Job) -> str:
    """Compare the SHAP genes' clusters with those of random gene sets."""
    config = job.config
    if slots.require(job.adata, "var", schema.var.shap_selected).all():
        return "skipped: every gene is selected, so no random set could differ"
    tl.null_test(job.adata, n_sets=config.n_null, n_starts=config.null_starts, **_clusters(config))
    pvalue = float(job.result("null_test", "empirical_pvalue"))
    return f"{config.n_null} random gene sets, empirical p = {pvalue:.2g}"


def _clusters(config: Config) -> dict[str, Any]:
    return {
        "samples": config.cluster_samples,
        "on": config.cluster_on,
        "scale": config.scale,
        "n_pcs": config.n_pcs,
        "seed": config.seed,
    }
