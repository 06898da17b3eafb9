"""Tables of what was measured, in Markdown."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def read(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a file, none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def summary(cells: list[dict[str, Any]], half: str | None = None) -> pd.DataFrame:
    """Return one row per study and method: means over classes, and over seeds.

    Parameters
    ----------
    cells
        As :func:`read` returns them.
    half
        Classes that count; None takes all.
    """
    rows = []
    for (study, method), group in pd.DataFrame(cells).groupby(["study", "method"], sort=False):
        held = [
            pd.DataFrame([row for row in classes if half in (None, row["half"])])
            for classes in group["classes"]
        ]
        row: dict[str, Any] = {"study": study, "method": method, "seeds": len(held)}
        for column in ("top_10", "top_20", "chance", "n_terms"):
            row[column] = _mean([each[column].mean() for each in held if column in each])
        scores = [macro_f1(each) for each in held if "n" in each]
        row["macro_f1"], row["macro_f1_sd"] = _mean(scores), np.std(scores) if scores else np.nan
        right = [each["other_correct"].sum() for each in held if "other_n" in each]
        total = [each["other_n"].sum() for each in held if "other_n" in each]
        row["other_correct"], row["other_n"] = _mean(right), _mean(total)
        row["agreement"] = agreement(held)
        row["cpu_training"], row["cpu"] = group["cpu_training"].mean(), group["cpu"].mean()
        rows.append(row)
    return pd.DataFrame(rows)


def macro_f1(classes: pd.DataFrame) -> float:
    """Return the mean over classes of 2 TP / (2 TP + FP + FN)."""
    correct = 2 * classes["correct"]
    either = correct + classes["wrong"] + (classes["n"] - classes["correct"])
    return float((correct / either).where(either > 0, 0.0).mean())


def agreement(held: list[pd.DataFrame]) -> float:
    """Return the mean share of a class's first 20 genes that two seeds have in common."""
    tops = [each.set_index("class")["top"] for each in held]
    shares = [
        len(set(first[name]) & set(second[name])) / 20
        for first, second in combinations(tops, 2)
        for name in first.index
    ]
    return _mean(shares)


def markers(cells: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the median rank of textbook markers: a row a method, a column a class."""
    rows = [
        {"method": cell["method"], "class": row["class"], "rank": row["marker_rank"]}
        for cell in cells
        for row in cell["classes"]
        if "marker_rank" in row
    ]
    if not rows:
        return pd.DataFrame()
    table = pd.DataFrame(rows).groupby(["method", "class"], sort=False)["rank"]
    # the middle seed, and all of them: one good seed must not hide a bad one
    text = table.agg(lambda ranks: f"{ranks.median():.0f} ({ranks.min():.0f}-{ranks.max():.0f})")
    return text.unstack().reset_index()


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def markdown(frame: pd.DataFrame) -> str:
    """Return a table as Markdown."""
    rows = [frame.columns, ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return a summary with its numbers as text, without columns that are empty."""
    number = {
        "top 10": table["top_10"].map("{:.2f}".format),
        "top 20": table["top_20"].map("{:.2f}".format),
        "chance": table["chance"].map("{:.3f}".format),
        "terms": table["n_terms"].map("{:.1f}".format),
        "macro F1": [
            f"{mean:.3f} ± {sd:.3f}" for mean, sd in table[["macro_f1", "macro_f1_sd"]].to_numpy()
        ],
        "other cohort": [
            f"{right:.1f} of {total:.0f} ({right / total:.2f})" if total else "nan"
            for right, total in table[["other_correct", "other_n"]].fillna(0).to_numpy()
        ],
        "agreement": table["agreement"].map("{:.2f}".format),
        "CPU s, training": table["cpu_training"].map("{:.0f}".format),
        "CPU s": table["cpu"].map("{:.0f}".format),
    }
    found = pd.DataFrame({"method": table["method"], "seeds": table["seeds"], **number})
    found = found.replace({"nan": "", "nan ± nan": ""})
    return found.loc[:, (found != "").any()]


def rendered(cells: list[dict[str, Any]]) -> str:
    """Return all tables: per study, over the confirmation half of the classes and over all."""
    parts = []
    for study in dict.fromkeys(cell["study"] for cell in cells):
        own = [cell for cell in cells if cell["study"] == study]
        parts.append(f"### {study}\n")
        if len(ranks := markers(own)):
            parts.append("Median rank of the textbook markers:\n\n" + markdown(ranks) + "\n")
        halves = {row["half"] for cell in own for row in cell["classes"]}
        for half in (*sorted(halves), None) if len(halves) > 1 else (None,):
            table = shown(summary(own, half))
            parts.append(f"{half or 'All'} classes:\n\n" + markdown(table) + "\n")
    return "\n".join(parts)
