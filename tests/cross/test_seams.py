"""Each rule once: R's verbs, Python's verbs and the options of a run state the same.

R's formals, Python's signatures and the fields of ``Config`` are read, and their names, defaults
and choices compared. What differs on purpose is data here, each entry with its reason; an entry
that applies to nothing is a fault as well.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tissueshap import io, pl, pp, tl
from tissueshap._bridge import host
from tissueshap.clustering._clustered import SAMPLES
from tissueshap.clustering._vmeasure import SPACES
from tissueshap.enrichment._engines import ENGINES
from tissueshap.enrichment._gene_lists import GROUPINGS
from tissueshap.model import PRESETS
from tissueshap.model._layouts import LAYOUTS
from tissueshap.model._presets import ARCHS, STANDARDISE
from tissueshap.workflow._config import Config, types

HERE = Path(__file__).parent
NAMESPACES = {"pp": pp, "tl": tl, "pl": pl}

_REPORT = "a figure of the report, which R users read as HTML"
#: Functions that one language alone has.
NO_TWIN = {
    "plot_euler": "a figure of its own in R; in Python a panel of pl.overlap",
    "pp.expand": "returns a matrix for classifiers other than ours, of Python",
    "pl.balancing": _REPORT,
    "pl.class_balance": _REPORT,
    "pl.curves": _REPORT,
    "pl.history": _REPORT,
    "pl.per_class": _REPORT,
    "pl.projection": _REPORT,
    "pl.reliability": _REPORT,
    "pl.randomisation": _REPORT,
    "pl.stability": _REPORT,
    "pl.transfer": _REPORT,
    "pl.trust": _REPORT,
}
#: Arguments that one language alone has; those that R passes on as `...` are not listed.
ONE_LANGUAGE = {
    "plot_*.figsize": "ggplot2::ggsave() sets the size",
    "plot_*.save": "ggplot2::ggsave() saves",
    "plot_*.ax": "R returns a ggplot, which patchwork arranges",
    "plot_*.show": "R shows a ggplot by printing it",
    "plot_*.return_fig": "R returns the ggplot",
    "plot_overlap.groups": "in R the bars of pl.per_class; the circles are plot_euler()",
    "plot_overlap.ranks": "an argument of plot_euler()",
    "run_cross_validate.copy": "Python returns the networks, R the data",
    "run_*.assay": "where the counts are: layer in Python",
    "run_filter_genes.layer": "assay in R",
    "run_tmm.layer": "assay in R",
    "run_de.layer": "assay in R",
    "run_de_error_rate.layer": "assay in R",
    "run_de_error_rate.BPPARAM": "in Python settings.n_jobs",
    "run_de.BPPARAM": "in Python settings.n_jobs",
    "run_tmm.BPPARAM": "in Python settings.n_jobs",
}
#: Defaults and choices that differ between R and Python.
DIFFERENT = {
    "run_cross_validate.train": "list() is R's word for no settings",
    "run_cross_validate.explain": "list() is R's word for no settings",
    "run_enrich.engine": "'sets' is 'offline' in R alone, for those without Python",
}
#: Choices of arguments whose annotation is no Literal.
CHOICES = {
    "tl.cluster.on": SPACES,
    "tl.cluster.samples": SAMPLES,
    "tl.cnn.preset": tuple(PRESETS),
    "tl.cnn.arch": ARCHS,
    "tl.cnn.layout": LAYOUTS,
    "tl.cnn.standardise": STANDARDISE,
    "tl.enrich.by": GROUPINGS,
    "tl.enrich.engine": ENGINES,
    "tl.shap.target": ("predicted", "true", "all"),  # or a class
    "pl.ppi.source": ("shap", "de"),
}

#: What each option of a run sets: the argument that has its default and its choices.
OPTIONS = {
    "label": "io.read_counts.label",
    "donor": "io.read_counts.donor",
    "annotation": "io.read_counts.annotation",
    "values": "io.read_counts.values",
    "orient": "io.read_counts.orient",
    "layer": "io.read_counts.layer",
    "exclude": "io.read_counts.exclude",
    "check_scale": "tl.predict.check_scale",
    "min_reads": "pp.filter_genes.min_reads",
    "min_tpm": "pp.filter_genes.min_tpm",
    "min_samples": "pp.filter_genes.min_samples",
    "protein_coding": "pp.filter_genes.protein_coding",
    "test_fraction": "pp.split.test_fraction",
    "max_test": "pp.split.max_test",
    "test_per_class": "pp.split.n_test",
    "folds": "pp.split.n_folds",
    "balance": "pp.oversample.method",
    "balancing_epochs": "tl.compare_balancing.epochs",
    "preset": "tl.cnn.preset",
    "arch": "tl.cnn.arch",
    "layout": "tl.cnn.layout",
    "n_models": "tl.cnn.n_models",
    "epochs": "tl.cnn.epochs",
    "standardise": "tl.cnn.standardise",
    "explain": "tl.shap.samples",
    "explain_target": "tl.shap.target",
    "explain_output": "tl.shap.output",
    "background": "tl.shap.background",
    "n_draws": "tl.shap.n_draws",
    "tolerance": "tl.shap.tolerance",
    "select": "tl.select_genes.method",
    "unique_fraction": "tl.select_genes.threshold",
    "n_top": "tl.select_genes.n_top",
    "select_fdr": "tl.select_genes.fdr",
    "de_method": "tl.de.method",
    "fdr": "tl.de.fdr",
    "lfc": "tl.de.lfc",
    "de_rest": "tl.de.rest",
    "de_lfc_test": "tl.de.lfc_test",
    "de_covariates": "tl.de.covariates",
    "de_block": "tl.de.block",
    "n_starts": "tl.cluster.n_starts",
    "n_random": "tl.cluster.n_random",
    "cluster_samples": "tl.cluster.samples",
    "cluster_on": "tl.cluster.on",
    "scale": "tl.cluster.scale",
    "n_pcs": "tl.cluster.n_pcs",
    "trust": "tl.trust.checks",
    "n_null": "tl.null_test.n_sets",
    "null_starts": "tl.null_test.n_starts",
    "enrich_engine": "tl.enrich.engine",
    "min_set_size": "tl.enrich.min_size",
    "max_set_size": "tl.enrich.max_size",
    "interaction_score": "tl.ppi.score",
    "interaction_names": "tl.ppi.aliases",
    "harmonise": "pp.harmonise.method",
    "cohort_top": "tl.stability.n_top",
    "seed": "tl.cnn.seed",
}
#: Options that set no argument of a verb.
OF_A_RUN = {
    "counts": "a path of the run",
    "samples": "a path of the run",
    "out": "a path of the run",
    "min_class_size": "its default depends on what is held out",
    "split_by_donor": "pp.split(groups='donor')",
    "compare_balancing": "whether tl.compare_balancing is a step",
    "calibrate": "whether tl.calibrate is a step",
    "gene_sets": "several files, read into one mapping",
    "go": "tl.enrich(engine='go')",
    "interactions": "a path of the run",
    "markers": "a table of the report",
    "cohort_counts": "a path of the run",
    "cohort_samples": "a path of the run",
    "cohort_label": "label of the other cohort",
    "cohort_map": "a path of the run",
    "title": "title of the report",
    "n_jobs": "ts.settings.n_jobs",
    "dask": "ts.settings.client",
    "overwrite": "how the folder is written",
    "resume": "how the folder is written",
}
#: Options whose defaults differ from the verb's.
OTHER_DEFAULT = {
    "arch": "'preset' is the verb's None",
    "layout": "'preset' is the verb's None",
    "standardise": "'preset' is the verb's None",
    "test_fraction": "None, so that it is known whether it was given; the step has the verb's",
    "select": "'auto' chooses by preset and unique_fraction",
    "de_method": "'auto' chooses by the values",
    "de_covariates": "an empty tuple is the verb's None",
    "n_null": "0 leaves the test out, which takes minutes",
    "harmonise": "'none' leaves the step out",
}
#: Choices of options that are none of the verb's, and the verb's that are no option.
OTHER_CHOICES = {
    "arch": {"preset"},
    "layout": {"preset"},
    "standardise": {"preset"},
    "select": {"auto"},
    "de_method": {"auto"},
    "trust": {"none"},
    "harmonise": {"none"},
    "enrich_engine": {"go"},  # the option --go
}

Arguments = Mapping[str, Mapping[str, Mapping[str, Any]]]


@pytest.fixture(scope="module")
def formals() -> Arguments:
    """Return R's functions, with the kind and the default of each argument."""
    library = [str(host.library() or ""), os.environ.get("R_LIBS", "")]
    done = subprocess.run(
        ["Rscript", str(HERE / "formals.R")],
        env={**os.environ, "R_LIBS": os.pathsep.join(filter(None, library))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read: Arguments = json.loads(done.stdout.splitlines()[-1])
    return read


def python_functions() -> dict[str, Any]:
    """Return the public verbs and figures: ``"tl.de"`` and its function."""
    return {
        f"{space}.{name}": getattr(module, name)
        for space, module in NAMESPACES.items()
        for name in module.__all__
    }


def twin(name: str) -> str:
    """Return the name in R of a Python function."""
    space, _, verb = name.partition(".")
    return f"{'plot' if space == 'pl' else 'run'}_{verb}"


def parameters(name: str) -> Mapping[str, inspect.Parameter]:
    space, _, verb = name.partition(".")
    module = {**NAMESPACES, "io": io}[space]
    return inspect.signature(getattr(module, verb)).parameters


@cache
def choices(argument: str) -> tuple[str, ...]:
    """Return what an argument of a Python function (``"tl.de.rest"``) can be, if few."""
    if argument in CHOICES:
        return tuple(CHOICES[argument])
    name, _, parameter = argument.rpartition(".")
    space, _, verb = name.partition(".")
    module = inspect.getmodule(getattr({**NAMESPACES, "io": io}[space], verb))
    try:
        hint = eval(parameters(name)[parameter].annotation, {**vars(module)})
    except NameError:  # a class that is imported for annotations alone
        return ()
    return tuple(_literals(hint))


def _literals(hint: Any) -> Iterator[str]:
    if typing.get_origin(hint) is typing.Literal:
        yield from typing.get_args(hint)
    else:
        for part in typing.get_args(hint):
            yield from _literals(part)


def missing_twins(python: set[str], r: set[str]) -> set[str]:
    """Return the functions of one language that the other lacks, named as there."""
    named = {twin(name): name for name in python}
    return {named[name] for name in named.keys() - r} | (r - named.keys())


def excepted(argument: str, table: Mapping[str, str]) -> str | None:
    """Return the entry of a table that an argument of an R function falls under."""
    verb, _, name = argument.partition(".")
    keys = (argument, f"{verb.partition('_')[0]}_*.{name}")
    return next((key for key in keys if key in table), None)


def unequal_names(name: str, r: Mapping[str, Any]) -> set[str]:
    """Return the arguments (``"run_de.BPPARAM"``) that one of two twins alone has."""
    python = set(parameters(name))
    in_r = set(r) - {"..."}
    alone = in_r - python if "..." in r else in_r ^ python
    return {f"{twin(name)}.{argument}" for argument in alone}


def unequal_defaults(name: str, r: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the arguments of two twins whose defaults or choices differ."""
    found = parameters(name)
    return {
        f"{twin(name)}.{argument}"
        for argument in found.keys() & r.keys()
        if not _same(found[argument].default, choices(f"{name}.{argument}"), r[argument])
    }


def _same(default: Any, allowed: tuple[str, ...], r: Mapping[str, Any]) -> bool:
    if default is inspect.Parameter.empty:
        return bool(r["kind"] == "required")
    if r["kind"] == "choices":
        if isinstance(default, tuple):
            return list(default) == r["value"]
        return default == r["value"][0] and set(allowed) == set(r["value"])
    same_kind = isinstance(default, bool) == isinstance(r.get("value"), bool)
    return bool(r["kind"] == "value" and same_kind and default == r["value"])


@pytest.mark.r
def test_every_function_has_its_twin(formals: Arguments) -> None:
    verbs = {name for name in formals if not name.startswith("core_")}
    assert missing_twins(set(python_functions()), verbs) == set(NO_TWIN)


@pytest.mark.r
def test_twins_have_the_same_arguments(formals: Arguments) -> None:
    pairs = [name for name in python_functions() if twin(name) in formals]
    differing = set().union(*(unequal_names(name, formals[twin(name)]) for name in pairs))
    used = {argument: excepted(argument, ONE_LANGUAGE) for argument in differing}
    assert [argument for argument, key in used.items() if key is None] == []
    assert set(used.values()) == set(ONE_LANGUAGE)


@pytest.mark.r
def test_twins_have_the_same_defaults_and_choices(formals: Arguments) -> None:
    pairs = [name for name in python_functions() if twin(name) in formals]
    differing = set().union(*(unequal_defaults(name, formals[twin(name)]) for name in pairs))
    assert differing == set(DIFFERENT)


@pytest.mark.r
def test_r_verbs_have_the_defaults_of_their_core(formals: Arguments) -> None:
    cores = {name: args for name, args in formals.items() if name.startswith("core_")}
    assert cores
    for name, core in cores.items():
        verb = formals[name.replace("core_", "run_")]
        shared = core.keys() & verb.keys() - {"counts", "label", "engine"}
        required = {key for key in shared if core[key]["kind"] == "required"}
        assert {key: core[key] for key in shared - required} == {
            key: verb[key] for key in shared - required
        }, name


def test_every_option_of_a_run_is_compared() -> None:
    assert set(OPTIONS).isdisjoint(OF_A_RUN)
    assert {*OPTIONS, *OF_A_RUN} == set(types())


def test_options_have_the_defaults_of_the_verbs() -> None:
    differing = {
        option
        for option, argument in OPTIONS.items()
        if getattr(Config(), option) != _default(argument)
    }
    assert differing == set(OTHER_DEFAULT)


def test_options_have_the_choices_of_the_verbs() -> None:
    hints = types()
    differing = {}
    for option, argument in OPTIONS.items():
        own, verbs = set(_literals(hints[option])), set(choices(argument))
        if own and own != verbs:
            differing[option] = own ^ verbs
    assert differing == OTHER_CHOICES


def _default(argument: str) -> Any:
    name, _, parameter = argument.rpartition(".")
    return parameters(name)[parameter].default


def test_a_fault_is_found() -> None:
    assert missing_twins({"tl.de", "tl.new"}, {"run_de", "plot_old"}) == {"tl.new", "plot_old"}
    number = {"kind": "value", "value": 0.01}
    assert unequal_defaults("tl.de", {"fdr": number}) == set()
    assert unequal_defaults("tl.de", {"fdr": {**number, "value": 0.05}}) == {"run_de.fdr"}
    assert unequal_defaults("tl.de", {"legacy": {**number, "value": 1}}) == {"run_de.legacy"}
    few = {"kind": "choices", "value": ["mean_of_classes", "weighted"]}
    assert unequal_defaults("tl.de", {"rest": few}) == {"run_de.rest"}
    names = dict.fromkeys(parameters("tl.compare"), number)
    assert unequal_names("tl.compare", names) == set()
    assert unequal_names("tl.compare", {**names, "rank": number}) == {"run_compare.rank"}
    del names["ranks"]
    assert unequal_names("tl.compare", names) == {"run_compare.ranks"}
    assert unequal_names("tl.compare", {**names, "...": number}) == set()
