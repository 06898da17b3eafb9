"""Writing the report."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap._core import provenance, schema, slots
from tissueshap._core.labels import GENE_SETS
from tissueshap.report import _biology, _cohort, _folds, _reproduce, _sections
from tissueshap.report._account import account
from tissueshap.report._caveats import caveats
from tissueshap.report._environment import environment
from tissueshap.report._figures import embedded, figures as draw
from tissueshap.report._results import result
from tissueshap.report._summary import summarise
from tissueshap.report._trust import trust

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure


def build(
    adata: AnnData,
    path: str | Path,
    *,
    title: str | None = None,
    figures: Mapping[str, Figure] | None = None,
    tables: str | None = None,
    other: AnnData | None = None,
) -> Path:
    """Write one HTML file that includes all figures, styles and scripts.

    A section is included if the verb that it shows has been run.

    Parameters
    ----------
    adata
        After the verbs, samples x genes; it is not changed.
    path
        The file to write.
    title
        Title of the report.
    figures
        Figures by name, as :func:`figures` draws them, or None to draw them.
    tables
        Folder of the tables, relative to the report, for links to them; by default
        none are made.
    other
        Another cohort, after ``tl.transfer``.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    DataError
        The class column has not been recorded.
    StaleError
        Results are out of date, or of several models.

    Examples
    --------
    >>> path = ts.report.build(adata, "report.html")
    >>> path.exists()
    True
    """
    path = Path(path)
    _check(adata)
    if other is not None:
        _check(other, "other")
    drawn = draw(adata, other) if figures is None else figures
    page = (
        environment()
        .get_template("report.html")
        .render(
            title=title or "Which genes distinguish the classes?",
            today=datetime.date.today().isoformat(),
            label=slots.label_of(adata),
            summary=summarise(adata),
            figures=embedded(drawn),
            tables=tables,
            **_content(adata),
            **_cohort.content(adata, other),
        )
    )
    path.write_text(page, encoding="utf-8")
    return path


def _check(adata: AnnData, what: str = "adata") -> None:
    shown = [*schema.load()["uns"], _biology.EXCLUSIVE]
    models = ["cnn", "predict", "shap"]
    # With folds, trust is about one fold's model, but the saved model is of all samples.
    if result(adata, "trust", "params", {}).get("fold") is None:
        models.append("trust")
    provenance.check(adata, shown, models=models, what=what)


def _content(adata: AnnData) -> dict[str, Any]:
    genes = _sections.genes(adata)
    return {
        "classes": _sections.classes(adata),
        "per_class": _sections.per_class(adata),
        "mistakes": _sections.mistakes(adata),
        "all_right_listed": _sections.all_right_listed(adata),
        "validated": _sections.validated(adata),
        "genes": genes,
        "named": any(row["symbol"] != row["gene"] for row in genes),
        "top_genes": _sections.top_genes(genes),
        "top_ranks": _sections.top_ranks(adata),
        "called": _sections.called(adata),
        "comparison": _sections.de_counts(adata),
        "de_rates": _sections.de_rates(adata),
        "missed": _sections.missed(adata),
        "missed_by_class": _sections.missed_by_class(adata),
        "clusters": _sections.v_measure(adata),
        "gene_set_names": GENE_SETS,
        "null_test": _sections.null_test(adata),
        **_folds.content(adata),
        **trust(adata),
        **_biology.content(adata),
        "markers": _sections.markers(adata),
        "truth": _sections.truth(adata),
        "account": account(adata),
        "caveats": caveats(adata),
        "settings": _reproduce.settings(adata),
        "options": _reproduce.options(adata),
        **_sections.methods(adata),
        "steps": _reproduce.steps(adata),
        "rules": _rules(adata),
    }


def _rules(adata: AnnData) -> list[dict[str, Any]]:
    table = result(adata, "filter_genes", "rules")
    return [] if table is None else _sections.rows(table)
