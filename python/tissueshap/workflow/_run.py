"""The whole method on one data set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tissueshap._core.errors import DataError
from tissueshap._core.settings import settings
from tissueshap.workflow._by_name import check_names, is_name, with_data
from tissueshap.workflow._config import Config, known
from tissueshap.workflow._connected import connected
from tissueshap.workflow._files import need_files

if TYPE_CHECKING:
    from anndata import AnnData


def run(source: Config | AnnData, **options: Any) -> AnnData:
    """Run the whole method and write its results into a folder.

    The steps are ``io.read_counts``, ``pp.filter_genes``, ``pp.tmm``, ``pp.split``,
    ``pp.log2``, ``pp.oversample``, ``tl.cnn``, ``tl.calibrate``, ``tl.predict``,
    ``tl.evaluate``, ``tl.shap``, ``tl.rank_genes``, ``tl.select_genes``, ``tl.de``,
    ``tl.compare``, ``tl.cluster`` and ``tl.trust``; with folds ``tl.cross_validate`` instead
    of ``tl.predict`` and ``tl.shap`` (the classifier that is saved is then trained on all
    samples); on request ``tl.compare_balancing``, another cohort (prepared as by
    ``tl.predict``, ``pp.harmonise``, ``tl.predict``, ``tl.transfer``, ``tl.project``,
    ``tl.shap``, ``tl.stability``), ``tl.null_test``, ``tl.enrich`` (SHAP and DE genes side
    by side; the exclusive genes of each class under ``enrich_exclusive``) and ``tl.ppi``;
    then the figures, tables and the report. Each step writes a summary of its result to the
    package's log.

    Parameters
    ----------
    source
        The settings, or an AnnData with counts in ``X``, samples x genes, which is
        not changed.
    options
        Settings of :class:`Config`; they replace those of ``source``. ``label`` and
        ``out`` are always needed, and ``counts`` unless ``source`` is an AnnData.

    Returns
    -------
    anndata.AnnData
        With every slot that the verbs write, and in ``uns["tissueshap"]["workflow"]``
        the settings and the table ``timings`` (``step``, ``seconds``, ``found``).

        The folder ``out`` gets ``adata.h5ad``, ``model/``, ``report.html``,
        ``figures/`` (PNG and SVG), ``tables/`` (TSV), ``summary.json`` and ``log.txt``, and
        ``cohort.h5ad`` with another cohort. It appears when everything is done. Until then, the
        log and the finished steps are in a hidden folder next to ``out``, which the run's
        first message names. If the run is stopped, ``resume=True`` continues after the last
        finished step, or after the last one whose settings, files and packages are the same.

    Raises
    ------
    DataError
        A setting or the data are wrong, ``out`` is not empty, another run is writing there,
        or one that was stopped can be continued there.
    DiskError
        The next step would not fit on the disk.
    WorkerError
        A worker process has died, or the Dask cluster cannot be reached or has no workers.

    Examples
    --------
    >>> adata = ts.datasets.simulate(120, 150, tissues=["Heart", "Liver", "Lung"])
    >>> quick = {"epochs": 5, "n_models": 1, "n_draws": 20, "n_starts": 5, "n_null": 0}
    >>> result = ts.workflow.run(adata, label="tissue", out="run", trust="none", **quick)
    >>> (ts.settings.figdir / "run" / "report.html").exists()
    True
    """
    config, adata = settled(source, options)
    config = with_data(config)
    assert config.out is not None
    with (
        connected(config.dask) as client,
        settings.override(n_jobs=config.n_jobs or settings.n_jobs, client=client),
    ):
        from tissueshap.workflow._course import course

        return course(config, config.out, adata)


def settled(source: Config | AnnData, options: dict[str, Any]) -> tuple[Config, AnnData]:
    """Return the settings of a run, and a copy of its AnnData, or refuse what is missing."""
    import anndata

    from tissueshap._core.adata import check

    from_file = isinstance(source, Config)
    if not from_file:
        check(source, "source")
    for name in options:
        known(name, "ts.workflow.run")
    config = replace(source, **options) if isinstance(source, Config) else Config(**options)
    if from_file and config.counts is None:
        raise DataError("the counts are missing: pass --counts FILE (counts=... in Python)")
    if not from_file and config.counts is not None:
        raise DataError("counts are given twice, as an AnnData and as a file: pass one of them")
    if config.label is None:
        raise DataError("the column with the classes is missing: pass --label COLUMN (label=...)")
    if config.split_by_donor and config.donor is None:
        raise DataError("splitting by donor needs the donors' column: pass --donor COLUMN")
    if config.out is None:
        raise DataError("the folder for the results is missing: pass --out DIR (out=... in Python)")
    _check_files(config)
    return config, anndata.AnnData() if isinstance(source, Config) else source.copy()


def _check_files(config: Config) -> None:
    """Refuse missing files before the work starts."""
    named = [
        ("--counts", config.counts),
        ("--samples", config.samples),
        ("--annotation", config.annotation),
        ("--markers", config.markers),
        ("--cohort-counts", config.cohort_counts),
        ("--cohort-samples", config.cohort_samples),
        ("--cohort-map", config.cohort_map),
        ("--interactions", config.interactions),
        ("--interaction-names", config.interaction_names),
        *(("--gene-sets", path) for path in config.gene_sets),
    ]
    check_names(config)
    need_files((option, path) for option, path in named if not is_name(path))
