"""The guide docs/own_model.md runs as written, and its verdicts are what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own_model.md"


@pytest.mark.slow
def test_the_guide_runs_as_written() -> None:
    names: dict[str, Any] = {}
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102
    adata, verdicts = names["adata"], names["verdicts"]
    performance = "Are held-out samples predicted better than by chance?"
    specific = "Do the genes mark their class on held-out samples?"
    for key in ("regression", "forest"):
        assert set(verdicts(adata, key).values()) == {"holds"}, key
    wrong = verdicts(adata, "wrong")
    assert wrong[performance] == "fails"
    assert wrong[specific] == "fails"
    assert verdicts(names["cells"], "celltypist")[performance] == "holds"
    assert verdicts(adata, "published") == {specific: "holds"}
