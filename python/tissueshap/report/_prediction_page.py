"""The page about new samples: what they are, how sure that is, and why."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap import pl
from tissueshap._core import schema
from tissueshap._version import __version__
from tissueshap.calibration import FALSE_ALARMS, LEVEL
from tissueshap.report._environment import environment
from tissueshap.report._figures import embedded
from tissueshap.report._predictions import prediction_counts
from tissueshap.report._reasons import reason
from tissueshap.report._results import result
from tissueshap.report._sections import Rows, rows

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure

    from tissueshap.model import Classifier

#: Most rows of the table and most cards on the page; the files have all.
_MOST_ROWS, _MOST_CARDS = 2000, 60
#: Genes of a sample that the page shows.
_N_GENES = 8
#: Possible classes that a row of the table names.
_MOST_NAMED = 3
#: What is read first.
_ORDER = {"unfamiliar": 0, "ambiguous": 1, "known": 2}


def build_predictions(
    adata: AnnData,
    model: Classifier,
    path: str | Path,
    *,
    table: pd.DataFrame,
    genes: pd.DataFrame | None = None,
    source: str = "",
    title: str | None = None,
    warned: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Write one HTML file about new samples, which needs no other file.

    Parameters
    ----------
    adata
        New samples, after ``tl.predict``.
    model
        The classifier.
    path
        The file to write.
    table
        What was predicted, of :func:`prediction_table`.
    genes
        The genes behind each sample's class: ``sample``, ``class``, ``rank``, ``gene``,
        ``symbol``, ``shap``, ``expression``, ``training_median``.
    source
        Where the samples come from.
    title
        Title of the page.
    warned
        What looked wrong about the data, in sentences.
    settings
        Names and values of the settings.
    """
    path = Path(path)
    shown = _sorted(table)
    judged = schema.obs.verdict in table
    page = (
        environment()
        .get_template("prediction.html")
        .render(
            title=title or "Which class do these samples have?",
            today=datetime.date.today().isoformat(),
            version=__version__,
            source=source,
            label=model.label or "class",
            n_classes=len(model.classes),
            counts=prediction_counts(table),
            level=LEVEL,
            false_alarms=FALSE_ALARMS,
            judged=judged,
            rows=_listed(shown.head(_MOST_ROWS)),
            n_rows=len(table),
            named=_top_genes(genes),
            cards=_cards(shown, model, genes) if judged else [],
            n_cards=int((table["verdict"] != "known").sum()) if judged else 0,
            mistakes=_mistakes(table),
            figures=embedded(_figures(adata, model)),
            map_share=model.calibration.novelty.axes()[1] if model.calibration else None,
            few=model.calibration is not None and math.isinf(model.calibration.limit),
            warned=[words[:1].upper() + words[1:] for words in warned],
            settings=dict(settings or {}),
            facts=_facts(adata, model),
            card=model.card,
            tables=None,
        )
    )
    path.write_text(page, encoding="utf-8")
    return path


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the samples with those that need a reader's attention first."""
    if schema.obs.verdict not in table:
        return table.sort_values("confidence", kind="stable")
    order = table[schema.obs.verdict].map(_ORDER)
    return table.assign(order=order).sort_values(["order", "confidence"], kind="stable")


def _listed(shown: pd.DataFrame) -> Rows:
    """Return the rows of the table, with the possible classes in few words."""
    listed = rows(shown)
    for row in listed:
        names = str(row.get("prediction_set", "")).split("; ")
        if row.get("verdict") == "unfamiliar":
            row["possible"] = "perhaps none"
        elif row.get("mixture_pvalue", 1) <= FALSE_ALARMS:
            row["possible"] = f"between {row['nearest_class']} and {row['second_class']}"
        elif names == [row["predicted"]]:
            row["possible"] = "only this one"
        else:
            n_more = len(names) - _MOST_NAMED
            more = f" and {n_more} more" if n_more > 0 else ""
            row["possible"] = "; ".join(names[:_MOST_NAMED]) + more or "none is likely enough"
    return listed


def _top_genes(genes: pd.DataFrame | None) -> dict[str, Rows]:
    """Return the first genes of each sample, and whether they are higher than in training."""
    if genes is None:
        return {}
    first = genes[genes["rank"] <= _N_GENES]
    first = first.assign(high=first["expression"] > first["training_median"])
    return {str(sample): rows(part) for sample, part in first.groupby("sample", sort=False)}


def _cards(shown: pd.DataFrame, model: Classifier, genes: pd.DataFrame | None) -> Rows:
    """Return the uncertain samples, with the reason of each."""
    assert model.calibration is not None
    uncertain = shown[shown[schema.obs.verdict] != "known"].head(_MOST_CARDS)
    named = _top_genes(genes)
    return [
        {
            **row,
            "reason": reason(row, model.calibration.reference),
            "likely": _likely(row),
            "genes": named.get(row["sample"], []),
        }
        for row in rows(uncertain)
    ]


def _likely(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the most likely classes and their probabilities."""
    places = [n for n in (2, 3) if f"class_{n}" in row]
    others = [(str(row[f"class_{n}"]), float(row[f"probability_{n}"])) for n in places]
    return [(str(row["predicted"]), float(row["confidence"])), *others]


def _mistakes(table: pd.DataFrame) -> Rows:
    """Return the samples whose known class is another than the predicted one."""
    return rows(table[table["correct"] == "no"]) if "correct" in table else []


def _figures(adata: AnnData, model: Classifier) -> dict[str, Figure]:
    drawn = {}
    calibrated = model.card.get("calibration", {})
    measured = calibrated.get("reliability")
    if measured:
        drawn["reliability"] = pl.reliability_diagram(pd.DataFrame(measured), calibrated)
    if model.calibration is None:
        return drawn
    calibration = model.calibration
    verdicts = adata.obs[schema.obs.verdict].astype(str).to_numpy()
    distances = adata.obs[schema.obs.novelty].to_numpy()
    drawn["distances"] = pl.distances(calibration.reference, distances, verdicts, calibration.limit)
    places = calibration.novelty.map_of_classes()
    drawn["map"] = pl.class_map(model.classes, places, adata.obsm[schema.obsm.X_classes], verdicts)
    return drawn


def _facts(adata: AnnData, model: Classifier) -> dict[str, Any]:
    """Return how the samples were matched with the model."""
    by = result(adata, "predict", "matched_by")
    return {
        "n_genes": len(model.genes),
        "n_filled": int(result(adata, "predict", "n_filled")),
        "overlap": float(result(adata, "predict", "overlap")),
        "matched_by": None if by is None else [str(name) for name in by],
        "fingerprint": model.fingerprint(),
        "versions": model.versions,
        "n_calibration": model.calibration.n_samples if model.calibration else None,
        "source": model.calibration.source if model.calibration else None,
    }
