"""The steps of a run: each calls a verb and returns a one-line summary of its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tissueshap import io, pp, tl
from tissueshap._core import schema, slots
from tissueshap._core.called import rule
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import held_out
from tissueshap.de import column_of
from tissueshap.model import Preset, for_size, preset
from tissueshap.pp import OFFSET, PUBLISHED, SHIFT, Logarithm, formula, logarithm_of
from tissueshap.workflow import _biology, _cohort
from tissueshap.workflow._clusters import cluster, null_test
from tissueshap.workflow._config import Config
from tissueshap.workflow._inputs import (
    check_space,
    keep_classes,
    log_layer,
    need_columns,
    need_samples,
    round_counts,
    use_counts,
)
from tissueshap.workflow._job import Job

Step = Callable[[Job], str]


def steps(config: Config) -> dict[str, Step]:
    """Return the steps that a run with these settings takes, in order."""
    chosen: dict[str, Step] = {
        "read": read,
        "filter": filter_genes,
        "tmm": tmm,
        "split": split,
        "log2": log2,
        "oversample": oversample,
        "cnn": cnn,
        "calibrate": calibrate,
        **_looks(config),
        "rank": rank_genes,
        "select": select_genes,
        "de": de,
        "compare": compare,
        "cluster": cluster,
    }
    if config.values == "log":
        for name in ("filter", "tmm", "log2"):
            del chosen[name]
    if not config.calibrate:
        del chosen["calibrate"]
    if config.compare_balancing:
        chosen["balancing"] = compare_balancing
    if config.cohort_counts is not None:
        chosen.update(_cohort.steps(config))
    if config.n_null:
        chosen["null_test"] = null_test
    if config.trust != "none":
        chosen["trust"] = trust
    return {**chosen, **_biology.steps(config)}


def _looks(config: Config) -> dict[str, Step]:
    """Return the steps that predict and explain held-out samples."""
    if config.folds is None:
        return {"predict": predict, "evaluate": evaluate, "shap": shap}
    return {"folds": cross_validate, "evaluate": evaluate}


def read(job: Job) -> str:
    """Read the counts, or use the given AnnData; drop the classes to exclude."""
    config = job.config
    check_space(job, 0)
    if config.counts is not None:
        job.adata = io.read_counts(
            config.counts,
            config.samples,
            label=config.label,
            donor=config.donor,
            annotation=config.annotation,
            values=config.values,
            orient=config.orient,
            layer=config.layer,
            exclude=config.exclude,
            min_class_size=config.smallest_class,
            check_scale=config.check_scale,
        )
    else:
        keep_classes(job.adata, config)
        use_counts(job.adata, config)
        if config.values == "log":
            log_layer(job.adata, check_scale=config.check_scale)
        if config.values == "estimated":
            round_counts(job.adata)
    need_samples(job.adata, config)
    covariates = [column_of(job.adata, name) for name in config.de_covariates]
    need_columns(job.adata, (*covariates, config.de_block))
    if config.cohort_counts is not None:
        _cohort.read(job, job.class_map)
    check_space(job, job.adata.n_obs * job.adata.n_vars)
    n_classes = len(slots.class_names(job.adata, config.label))
    return f"{job.adata.n_obs:,} samples x {job.adata.n_vars:,} genes, {n_classes} classes"


def filter_genes(job: Job) -> str:
    """Keep the genes that are expressed in enough samples."""
    config, before = job.config, job.adata.n_vars
    published = 6 if config.preset == "paper" else None
    pp.filter_genes(
        job.adata,
        min_reads=published if config.min_reads is None else config.min_reads,
        min_tpm=config.min_tpm,
        min_samples=config.min_samples,
        protein_coding=config.protein_coding,
        subset=True,
    )
    n_genes = job.adata.n_vars
    if n_genes < 4:
        raise DataError(
            f"{n_genes} of {before} genes pass the filter, but 4 are needed: lower "
            "--min-reads or --min-samples, or pass counts instead of scaled values"
        )
    return f"{n_genes:,} of {before:,} genes pass"


def tmm(job: Job) -> str:
    """Normalise."""
    pp.tmm(job.adata)
    factors = slots.require(job.adata, "obs", schema.obs.norm_factor)
    return f"normalisation factors {factors.min():.2f} to {factors.max():.2f}"


def split(job: Job) -> str:
    """Hold out test samples."""
    config = job.config
    groups = schema.obs.donor if config.split_by_donor else None
    try:
        pp.split(
            job.adata,
            n_test=config.n_test,
            test_fraction=0.25 if config.test_fraction is None else config.test_fraction,
            max_test=config.max_test,
            n_folds=config.folds,
            groups=groups,
            seed=config.seed,
        )
    except DataError as error:
        raise DataError(f"{error} (n_test is --test-per-class, n_folds --folds)") from error
    if config.folds is not None:
        return f"{job.adata.n_obs:,} samples in {config.folds} folds"
    n_train = job.n_train()
    return f"{n_train:,} samples to train on, {job.adata.n_obs - n_train:,} held out"


def log2(job: Job) -> str:
    """Log-transform the values."""
    pp.log2(job.adata, **_logarithm(job.config))
    values = slots.require(job.adata, "layers", schema.layers.log2)
    return f"{formula(logarithm_of(job.adata))}: {values.min():.1f} to {values.max():.1f}"


def _logarithm(config: Config) -> Logarithm:
    """Return the settings of the logarithm: the paper's for the paper's network."""
    return PUBLISHED if config.preset == "paper" else {"offset": OFFSET, "shift": SHIFT}


def oversample(job: Job) -> str:
    """Balance the training classes."""
    config = job.config
    layer = schema.layers.log2 if config.values == "log" else schema.layers.tmm
    pp.oversample(job.adata, method=config.balance, layer=layer, seed=config.seed)
    return f"{job.n_train():,} training samples become {len(job.result('oversample', 'table')):,}"


def cnn(job: Job) -> str:
    """Train the classifier; with folds, on all samples."""
    job.model = tl.cnn(job.adata, **_training(job), seed=job.config.seed)
    epochs = job.model.history["epoch"].max()
    training, said = job.model.training, ""
    if training["diverged"]:
        said = f", diverged at the learning rate {training['learning_rate']:.2g}"
    elif training["retries"]:
        said = (
            f", learning rate {training['learning_rate']:.2g} after {training['retries']} retries"
        )
    return f"{job.model.network.count_params():,} weights, {epochs} epochs{said}"


def calibrate(job: Job) -> str:
    """Calibrate the classifier on samples that it has not seen."""
    job.model = tl.calibrate(job.adata, job.classifier, seed=job.config.seed)
    before, after, where = (
        job.result("calibrate", name) for name in ("ece_before", "ece_after", "measured_on")
    )
    return (
        f"expected calibration error {float(before):.3f} before, {float(after):.3f} after, on "
        f"the {where} samples"
    )


def _training(job: Job) -> dict[str, Any]:
    config = job.config
    return {"preset": network(job), "epochs": config.epochs, "n_models": config.n_models}


def network(job: Job) -> Preset:
    """Return the preset's settings, with the user's changes."""
    config = job.config
    names = ("arch", "layout", "standardise")
    own = {name: None if (v := getattr(config, name)) == "preset" else v for name in names}
    return for_size(preset(config.preset), job.n_train(), job.adata.n_vars).changed(**own)


def predict(job: Job) -> str:
    """Predict every sample's class."""
    tl.predict(job.adata, job.classifier, check_scale=job.config.check_scale)
    confidence = slots.require(job.adata, "obs", schema.obs.confidence)[held_out(job.adata)]
    return f"median confidence on held-out samples {confidence.median():.3f}"


def evaluate(job: Job) -> str:
    """Score the held-out samples, and compare with a logistic regression."""
    tl.evaluate(job.adata, seed=job.config.seed)
    ours, theirs = (job.result("evaluate", key) for key in ("macro_f1", "baseline_macro_f1"))
    spread = ""
    if job.config.folds is not None:
        each = job.result("evaluate", "folds")["macro_f1"]
        spread = f" ({each.min():.3f} to {each.max():.3f} over the folds)"
    return f"macro F1 {ours:.3f}{spread}; logistic regression {theirs:.3f}"


def shap(job: Job) -> str:
    """Attribute each prediction to the genes."""
    tl.shap(job.adata, job.classifier, **_explaining(job.config), seed=job.config.seed)
    return f"{len(job.result('shap', 'samples')):,} samples explained"


def cross_validate(job: Job) -> str:
    """Predict and explain the samples of each fold with a network not trained on them."""
    explain = _explaining(job.config)
    if explain["samples"] == "all":
        explain["samples"] = "test"  # with folds every sample is held out
    job.fold_models = tl.cross_validate(
        job.adata, train=_training(job), explain=explain, seed=job.config.seed
    )
    table = job.result("cross_validate", "folds")
    return (
        f"{table['n_correct'].sum():,} of {table['n_test'].sum():,} samples are correct, "
        f"{table['n_explained'].sum():,} explained"
    )


def _explaining(config: Config) -> dict[str, Any]:
    return {
        "target": config.explain_target,
        "samples": config.explain,
        "background": config.background,
        "n_draws": config.n_draws,
        "tolerance": config.tolerance,
        "output": config.explain_output,
    }


def rank_genes(job: Job) -> str:
    """Rank the genes of each class by their median attribution."""
    tl.rank_genes(job.adata)
    ranks = slots.require(job.adata, "varm", schema.varm.shap_rank)
    return f"{ranks.shape[0]:,} genes in {ranks.shape[1]} classes"


def select_genes(job: Job) -> str:
    """Select the top ranks, as many as the rule selects."""
    config = job.config
    published = config.preset == "paper" or config.unique_fraction is not None
    tl.select_genes(
        job.adata,
        method=config.select
        if config.select != "auto"
        else ("unique_fraction" if published else "peak"),
        threshold=config.unique_fraction,
        n_top=config.n_top,
        fdr=config.select_fdr,
    )
    n_genes, n_ranks = (int(job.result("select_genes", key)) for key in ("n_genes", "n_ranks"))
    share = job.result("select_genes", "unique_fraction")
    return f"{n_genes:,} genes from the top {n_ranks} ranks, {share:.0%} unique"


def de(job: Job) -> str:
    """Test each class against the others."""
    config = job.config
    tl.de(
        job.adata,
        fdr=config.fdr,
        lfc=config.lfc,
        method=config.test,
        rest=config.de_rest,
        lfc_test=config.de_lfc_test,
        covariates=config.de_covariates,
        block=config.de_block,
    )
    n_genes = int(slots.require(job.adata, "var", schema.var.de_significant).sum())
    return f"{n_genes:,} genes with {rule(job.result('de', 'params'))}"


def compare(job: Job) -> str:
    """Compare the SHAP genes with the differentially expressed genes."""
    tl.compare(job.adata)
    n_both, n_shap = (int(job.result("compare", key)) for key in ("n_both", "n_shap"))
    return f"{n_both:,} of {n_shap:,} SHAP genes are also differentially expressed"


def trust(job: Job) -> str:
    """Measure how far the explanation can be trusted."""
    model, fold = (job.fold_models[0], 1) if job.fold_models else (job.classifier, None)
    tl.trust(job.adata, model, checks=job.config.trust, fold=fold, seed=job.config.seed)
    holds, fails = (int(job.result("trust", key)) for key in ("n_holds", "n_fails"))
    return f"of {holds + fails} verdicts {holds} hold and {fails} fail"


def compare_balancing(job: Job) -> str:
    """Train once with each balancing method."""
    config = job.config
    mixed = schema.layers.log2 if config.values == "log" else schema.layers.tmm
    epochs = config.balancing_epochs or config.epochs
    tl.compare_balancing(
        job.adata, preset=network(job), epochs=epochs, mixed=mixed, seed=config.seed
    )
    rows = job.result("compare_balancing", "summary")
    scores = zip(rows["method"], rows["macro_f1"], strict=True)
    return "macro F1 " + ", ".join(f"{name} {score:.3f}" for name, score in scores)
