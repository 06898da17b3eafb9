"""Tables of docs/prediction.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from biology.tables import filled, markdown, read

#: The scores of left_out, the default one first.
SCORES = (
    "distance to the nearest class",
    "distance to the nearest sample",
    "maximum softmax",
    "disagreement",
    "energy",
    "logistic regression",
)


def renew(cells: Path, summary: Path, page: Path) -> None:
    """Keep what was measured, and renew the tables of the page."""
    found = read(cells)
    summary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    page.write_text(filled(page.read_text("utf-8"), rendered(found)), encoding="utf-8")


def rendered(found: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the tables by name."""
    reliable = [cell for cell in found if cell["key"]["what"] == "reliability"]
    trials = [cell for cell in found if cell["key"]["what"] == "left_out"]
    return {
        "calibration": _by_study(reliable, _calibration),
        "coverage": _coverage(reliable),
        "verdicts": _by_study([cell for cell in reliable if "other" in cell], _verdicts),
        "mixtures": _by_study(reliable, _mixtures),
        "left_out": _left_out(trials),
    }


def _by_study(
    cells: Sequence[dict[str, Any]], row: Callable[[list[dict[str, Any]]], dict[str, str]]
) -> str:
    """Return a table with a row per study, of its seeds."""
    rows = []
    for study in dict.fromkeys(cell["key"]["study"] for cell in cells):
        own = [cell for cell in cells if cell["key"]["study"] == study]
        seeds = ", ".join(str(cell["key"]["seed"]) for cell in own)
        rows.append({"study": study, "seeds": seeds, **row(own)})
    return markdown(pd.DataFrame(rows))


def _calibration(own: list[dict[str, Any]]) -> dict[str, str]:
    def each(name: str) -> str:
        return " / ".join(f"{cell[name]:.3f}" for cell in own)

    return {
        "held-out samples": f"{own[0]['n_test']:,}",
        "error before": each("ece_before"),
        "after": each("ece_after"),
        "logistic regression": each("ece_logistic"),
        "macro F1 before": each("macro_f1_before"),
        "after ": each("macro_f1_after"),
        "scaling": ", ".join(dict.fromkeys(cell["method"] for cell in own)),
        "fitted on": own[0]["source"],
    }


def _coverage(cells: Sequence[dict[str, Any]]) -> str:
    rows = []
    for cell in cells:
        for one in cell["coverage"]:
            rows.append(
                {
                    "study": cell["key"]["study"],
                    "sets": "by class" if one["by_class"] else "all classes together",
                    "level": f"{one['level']:.0%}",
                    **{name: one[name] for name in ("covered", "enough", "classes_enough")},
                    "size": one["size"],
                    "empty": one["empty"],
                }
            )
    table = pd.DataFrame(rows).groupby(["study", "sets", "level"], sort=False)
    shown = pd.DataFrame(
        {
            "covered, by seed": table["covered"].agg(_joined),
            "within the binomial interval": table["enough"].agg(lambda x: f"{x.sum()} of {len(x)}"),
            "classes within theirs": table["classes_enough"].mean().map("{:.0%}".format),
            "classes in a set": table["size"].mean().map("{:.2f}".format),
            "empty sets": table["empty"].mean().map("{:.1%}".format),
        }
    )
    return markdown(shown.reset_index())


def _verdicts(own: list[dict[str, Any]]) -> dict[str, str]:
    others = [cell["other"] for cell in own]

    adjusted = [other.get("harmonised", {}) for other in others]

    def each(text: str, counts: list[dict[str, Any]] = others) -> str:
        return " / ".join(text.format(**one) if one else "not run" for one in counts)

    return {
        "samples of known classes": f"{others[0]['n_known']}",
        "correct": each("{correct}"),
        "answered (known)": each("{answered}"),
        "wrong answers": each("{wrong_answers}"),
        "harmonised: correct": each("{correct}", adjusted),
        "answered ": each("{answered}", adjusted),
        "wrong ": each("{wrong_answers}", adjusted),
        "of unknown classes": f"{others[0]['n_unknown']}",
        "answered all the same": each("{unknown_answered}"),
        "harmonised": each("{unknown_answered}", adjusted),
    }


def _mixtures(own: list[dict[str, Any]]) -> dict[str, str]:
    def each(of: str, verdict: str) -> str:
        return " / ".join(f"{cell[of].get(verdict, 0):.0%}" for cell in own)

    verdicts = ("known", "ambiguous", "unfamiliar")
    return {
        **{f"1 : 1, {name}": each("mixtures", name) for name in verdicts},
        **{f"3 : 1, {name}": each("mixtures_3_to_1", name) for name in verdicts[:2]},
        **{f"held out, {name}": each("verdicts", name) for name in verdicts[:2]},
    }


def _left_out(trials: Sequence[dict[str, Any]]) -> str:
    rows = []
    for study in dict.fromkeys(cell["key"]["study"] for cell in trials):
        own = [cell for cell in trials if cell["key"]["study"] == study]
        areas = pd.DataFrame([cell["auroc"] for cell in own])
        seeds = sorted({cell["key"]["seed"] for cell in own})
        rows.append(
            {
                "study": study,
                "trials": f"{len(own)} (seeds {', '.join(map(str, seeds))})",
                **{name: f"{areas[name].mean():.3f} ({areas[name].min():.2f})" for name in SCORES},
            }
        )
    return markdown(pd.DataFrame(rows))


def _joined(values: pd.Series) -> str:
    return " / ".join(f"{value:.3f}" for value in np.asarray(values))
