"""The steps of a run that apply the classifier to another cohort."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np

from tissueshap import io, pp, tl
from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.held_out import training
from tissueshap._core.logging import logger
from tissueshap._core.scale import made
from tissueshap.evaluation import matches
from tissueshap.model import counts_for, prepare as prepare_counts
from tissueshap.workflow._config import Config
from tissueshap.workflow._job import Job


def steps(config: Config) -> dict[str, Callable[[Job], str]]:
    """Return the steps, in order."""
    chosen: dict[str, Callable[[Job], str]] = {"cohort": prepare}
    if config.harmonise != "none":
        chosen["harmonise"] = harmonise
    return {
        **chosen,
        "transfer": transfer,
        "project": project,
        "explain_cohort": explain,
        "stability": stability,
    }


def read(job: Job, class_map: Mapping[str, str] | None) -> None:
    """Read the other cohort, and keep the genes that both have, in the same order.

    Parameters
    ----------
    job
        The run.
    class_map
        The user's map of its classes; an error if no class is matched.
    """
    config = job.config
    if config.cohort_counts is None:
        raise RuntimeError("the settings do not name another cohort")
    job.other = io.read_counts(
        config.cohort_counts,
        config.cohort_samples,
        label=config.cohort_label or config.label,
        annotation=config.annotation,
        values=config.values,
        check_scale=config.check_scale,
    )
    shared = job.adata.var_names.intersection(job.other.var_names, sort=False)
    if len(shared) < 4:
        raise DataError(
            f"the cohorts share {len(shared)} genes ({list(job.adata.var_names[:3])} and "
            f"{list(job.other.var_names[:3])}): use the same kind of identifier in both"
        )
    logger.info(
        "%s genes are in both cohorts, of %s and %s",
        f"{len(shared):,}",
        f"{job.adata.n_vars:,}",
        f"{job.other.n_vars:,}",
    )
    job.adata._inplace_subset_var(job.adata.var_names.isin(shared))
    _check_map(job, class_map)


def _check_map(job: Job, class_map: Mapping[str, str] | None) -> None:
    job.class_map = class_map
    names = slots.class_names(job.cohort, job.config.cohort_label or job.config.label)
    matches(names, slots.class_names(job.adata, job.config.label), _map(job))
    lost = sorted(set(class_map or {}) - set(names))
    if lost:
        warnings.warn(
            f"--cohort-map names classes that the other cohort does not have: {lost[:5]}; it has "
            f"{names[:5]}",
            DataWarning,
            stacklevel=2,
        )


def prepare(job: Job) -> str:
    """Make the classifier's input of the other cohort, as ``tl.predict`` makes it of counts."""
    other = job.cohort[:, job.adata.var_names].copy()
    if job.config.values != "log":
        counts = counts_for(other, job.classifier, schema.layers.log2, "X")
        assert counts is not None
        values = prepare_counts(counts, job.classifier, min_overlap=1.0)
        slots.write(
            other,
            "log2",
            {"layers": {schema.layers.log2: values.whole(refuse=job.config.check_scale)}},
            params=made(job.adata, schema.layers.log2),
        )
    job.other = other
    return f"{other.n_obs:,} samples x {other.n_vars:,} genes of the training cohort"


def harmonise(job: Job) -> str:
    """Transform its genes to the scale of the training samples."""
    pp.harmonise(job.cohort, job.adata)
    constant = int(slots.table(job.cohort, "harmonise", "n_constant"))
    return f"z-score by gene; {constant:,} genes without variance"


#: Name of the records of predictions without harmonisation.
_AS_IT_CAME = "unharmonised"


def transfer(job: Job) -> str:
    """Predict its samples, and score those of known classes; also without harmonisation."""
    check = job.config.check_scale
    tl.predict(job.cohort, job.classifier, layer=_layer(job), check_scale=check)
    tl.transfer(job.cohort, map=_map(job), reference=job.adata, seed=job.config.seed)
    names = ("n_correct", "n_scored", "baseline_n_correct")
    right, scored, simple = (int(slots.table(job.cohort, "transfer", name)) for name in names)
    before = ""
    if job.config.harmonise != "none":
        tl.predict(job.cohort, job.classifier, check_scale=False, key_added=_AS_IT_CAME)
        tl.transfer(job.cohort, map=_map(job), key_added=_AS_IT_CAME)
        n_before = int(slots.table(job.cohort, _AS_IT_CAME, "n_correct"))
        before = f" ({n_before:,} without harmonisation)"
    return (
        f"{right:,} of {scored:,} samples of known classes are correct{before}; logistic "
        f"regression: {simple:,}"
    )


def project(job: Job) -> str:
    """Place its samples in the embeddings of the training cohort."""
    tl.project(job.cohort, job.adata, layer=_layer(job))
    table = slots.table(job.cohort, "project", "reference")
    return f"{table['gene_set'].nunique()} gene sets"


def explain(job: Job) -> str:
    """Explain the predicted class of each of its samples."""
    values = slots.require(job.adata, "layers", schema.layers.log2)
    background = np.asarray(values[training(job.adata)])
    tl.shap(
        job.cohort,
        job.classifier,
        samples="all",
        background=background,
        n_draws=job.config.n_draws,
        tolerance=job.config.tolerance,
        output=job.config.explain_output,
        layer=_layer(job),
        seed=job.config.seed,
    )
    tl.rank_genes(job.cohort, by="label")
    return f"{job.cohort.n_obs:,} samples explained"


def stability(job: Job) -> str:
    """Compare the genes of the classes that both cohorts have."""
    tl.stability(job.adata, job.cohort, map=_map(job), n_top=job.config.cohort_top)
    n_top, share = (job.result("stability", name) for name in ("n_top", "median_fraction"))
    return f"of a class's top {int(n_top)} genes, {float(share):.0%} are shared (median)"


def _layer(job: Job) -> str:
    return schema.layers.log2 if job.config.harmonise == "none" else schema.layers.harmonised


def _map(job: Job) -> dict[str, str] | None:
    """Return the map without the classes that training excluded."""
    if job.class_map is None:
        return None
    known = set(slots.class_names(job.adata, job.config.label))
    return {a: b for a, b in job.class_map.items() if b in known}
