"""The tutorial docs/own_model.md runs as written, and its verdicts are what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from anndata import AnnData

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own_model.md"


def in_columns(adata: AnnData, record: str) -> list[str]:
    """Return the verdicts in the order of the columns of the page's table."""
    table = adata.uns["tissueshap"][record]["summary"]
    of = {check: list(rows) for check, rows in table.groupby("check")["verdict"]}
    later = [of[check][0] for check in ("use", "specificity")]
    for check in ("bootstrap", "seeds"):  # one column for all measures
        later.append("fails" if "fails" in of[check] else of[check][0])
    return [*of["completeness"], *of["performance"], *later]


@pytest.mark.slow
def test_the_tutorial_runs_as_written() -> None:
    names: dict[str, Any] = {}
    text = PAGE.read_text(encoding="utf-8")
    cells = re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(cells) == 9
    for cell in cells:
        exec(compile(cell, str(PAGE), "exec"), names)  # noqa: S102
    adata = names["adata"]

    def verdicts(adata: AnnData, key: str) -> dict[str, str]:
        return names["verdicts"](adata, key)["verdict"].to_dict()

    performance = "Are held-out samples predicted better than by chance?"
    specific = "Do the genes mark their class on held-out samples?"
    for key in ("regression", "forest"):
        assert set(verdicts(adata, key).values()) == {"holds"}, key
    wrong = verdicts(adata, "wrong")
    assert wrong[performance] == "fails"
    assert wrong[specific] == "fails"
    assert verdicts(names["cells"], "celltypist")[performance] == "holds"
    explained = verdicts(adata, "explained")
    assert set(explained.values()) == {"holds"}
    assert "Are the selected genes those of the highest values?" in explained
    assert verdicts(adata, "published") == {specific: "holds"}
    # The table of the page.
    rows = {
        int(row[0]): [cell.strip(" *") for cell in row[1].split("|")]
        for row in re.findall(r"^\| (\d)\. [^|]*\|(.*)\|$", text, re.MULTILINE)
    }
    shown = [*((adata, name) for name in ("regression", "wrong", "forest"))]
    shown += [(names["cells"], "celltypist"), (adata, "weights")]
    found = {number: in_columns(*one) for number, one in enumerate(shown, start=1)}
    assert rows == found
