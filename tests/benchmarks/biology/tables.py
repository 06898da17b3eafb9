"""Tables of what was measured, in Markdown."""

from __future__ import annotations

import json
import re
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
        for column in ("top_10", "top_20", "chance", "misplaced", "n_terms"):
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


def marker_ranks(cells: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the median rank of textbook markers: a row a method and class.

    The middle seed and the best and worst: one good seed must not hide a bad one.
    """
    rows = [
        {"study": cell["study"], "method": cell["method"], "class": row["class"]}
        | {"rank": row["marker_rank"], "in_12": row["markers_in_12"]}
        for cell in cells
        for row in cell["classes"]
        if "marker_rank" in row
    ]
    if not rows:
        return pd.DataFrame()
    groups = pd.DataFrame(rows).groupby(["study", "method", "class"], sort=False)
    return groups.agg(
        median=("rank", "median"), low=("rank", "min"), high=("rank", "max"), in_12=("in_12", "min")
    ).reset_index()


def summarised(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the tables show, small enough to be kept."""
    tables = {"all": summary(cells), "confirmation": summary(cells, "confirmation")}
    found: dict[str, Any] = {
        name: json.loads(table.to_json(orient="records", double_precision=4))
        for name, table in tables.items()
    }
    found["markers"] = json.loads(marker_ranks(cells).to_json(orient="records"))
    found["top"] = [
        {"method": cell["method"], "seed": cell["seed"], "class": row["class"]}
        | {"genes": row["top"][:12]}
        for cell in cells
        for row in cell["classes"]
        if "marker_rank" in row
    ]
    return found


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def markdown(frame: pd.DataFrame) -> str:
    """Return a table as Markdown."""
    rows = [frame.columns, ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def _shares(found: dict[str, Any], study: str) -> pd.DataFrame:
    """Return a study's table, without columns that are empty."""
    table, half = (
        _of_study(found[name], study).astype(_NUMBERS).set_index("method")
        for name in ("all", "confirmation")
    )
    columns = {
        "seeds": table["seeds"].map(str),
        "top 10": table["top_10"].map("{:.2f}".format),
        "top 20": table["top_20"].map("{:.2f}".format),
        "top 20, confirmation half": half["top_20"].map("{:.2f}".format),
        "chance": table["chance"].map("{:.3f}".format),
        "misplaced": table["misplaced"].map("{:.2f}".format),
        "terms": table["n_terms"].map("{:.1f}".format),
        "macro F1": table["macro_f1"].map("{:.3f}".format)
        + table["macro_f1_sd"].map(" ± {:.3f}".format),
        "other cohort": _of(table),
        "other cohort, confirmation half": _of(half),
        "agreement": table["agreement"].map("{:.2f}".format),
        "CPU s": table["cpu"].map("{:.0f}".format),
    }
    shown = pd.DataFrame(columns).replace({"nan": "", "nan ± nan": ""})
    return shown.loc[:, (shown != "").any()].reset_index()


_NUMBERS = dict.fromkeys(
    (
        "top_10 top_20 chance misplaced n_terms macro_f1 macro_f1_sd other_correct other_n "
        "agreement cpu"
    ).split(),
    float,
)


def _of_study(rows: list[dict[str, Any]], study: str) -> pd.DataFrame:
    return pd.DataFrame([row for row in rows if row["study"] == study])


def _of(table: pd.DataFrame) -> pd.Series:
    share = (table["other_correct"] / table["other_n"]).map(" ({:.2f})".format)
    right, total = (
        table["other_correct"].map("{:.1f}".format),
        table["other_n"].map("{:.0f}".format),
    )
    return (right + " of " + total + share).where(table["other_n"].notna(), "")


def _markers(found: dict[str, Any], study: str) -> pd.DataFrame:
    """Return the ranks of markers of a study: a row a method, a column a class."""
    table = _of_study(found["markers"], study)
    table["text"] = [
        f"{row.median:.0f} ({row.low:.0f}-{row.high:.0f})" for row in table.itertuples(index=False)
    ]
    wide = table.pivot(index="method", columns="class", values="text")
    return wide.loc[table["method"].drop_duplicates()].rename_axis(columns=None).reset_index()


def rendered(found: dict[str, Any]) -> dict[str, str]:
    """Return the tables of :func:`summarised`, in Markdown, by name."""
    parts = {}
    for study in dict.fromkeys(row["study"] for row in found["all"]):
        parts[study] = markdown(_shares(found, study))
    for study in dict.fromkeys(row["study"] for row in found["markers"]):
        parts[f"{study} markers"] = markdown(_markers(found, study))
    return parts


def filled(page: str, parts: dict[str, str]) -> str:
    """Return a page with its tables, each between two comments that name it, renewed."""

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- table: {name} -->\n\n{parts[name]}\n\n<!-- end -->"

    return re.sub(r"<!-- table: (?P<name>.*?) -->.*?<!-- end -->", table, page, flags=re.DOTALL)
