"""Each check is declared once; what is written of them names the same ones."""

import inspect
import re
from pathlib import Path
from typing import get_args

import pytest

from tissueshap import tl
from tissueshap._core.errors import DataError
from tissueshap.trust import CHECKS, LEVELS, names_of
from tissueshap.workflow._config import types

ROOT = Path(__file__).resolve().parents[3]


def test_a_check_says_what_it_asks_and_why_its_threshold():
    for check in CHECKS.values():
        for asked in filter(None, (check, check.also)):
            assert asked.question.endswith("?")
            assert asked.measure
            assert 0 < asked.threshold < 1
            assert asked.why.endswith(".")


def test_levels_are_those_of_a_run():
    assert get_args(types()["trust"]) == ("none", *LEVELS)


def test_the_verb_describes_every_check():
    # Without the indentation, which Python 3.13 takes away itself.
    text = inspect.getdoc(tl.trust)
    described = re.search(r"\nchecks\n(.*?)\nfold\n", text, flags=re.DOTALL)
    names = re.findall(r"``([a-z]+)``", described[1])
    # Each once; by what they are about, not in the order of the table.
    assert sorted(name for name in names if name in CHECKS) == sorted(CHECKS)


def test_the_page_has_a_row_a_check():
    page = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    rows = page[page.index("## The rows") : page.index("## How to read them")]
    assert re.findall(r"^\| `(\w+)`", rows, flags=re.MULTILINE) == list(CHECKS)


def test_checks_are_chosen_by_level_or_name():
    on_request = {"necessity", "permutations", "knockoffs"}
    assert set(names_of("full")) == {*CHECKS} - on_request
    assert names_of(["use", "completeness"]) == ("completeness", "use")
    with pytest.raises(DataError, match="must be 'quick', 'full' or a list of names"):
        names_of("slow")
    with pytest.raises(DataError, match=r"no checks \['usage'\]"):
        names_of(["usage"])
