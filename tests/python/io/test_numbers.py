"""Cells become the numbers that they say, or an error that names them."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError
from tissueshap.io._numbers import is_number, plain_numbers

#: What NumPy, Python or Excel take for a number, or for the end of one.
NO_NUMBERS = (
    *("-", "+", ".", "e", "1_000", "1 000", "1e", "--1", "1.2.3", "0x10", "1,5", "5-", "1'000"),
    *("٣", "１", "½", "1\u00a0000", "TRUE", "#DIV/0!"),
)
MISSING = ("", " ", "  ", "\u00a0", "NA", "nan", "None", "none", "null", ".", "#N/A", "<NA>")


@pytest.mark.parametrize("sep", ["\t", ",", ";", " "])
def test_every_short_cell_is_read_as_written_or_not_at_all(sep):
    """The fast way gives what each cell says, beside cells that are fine."""
    for length in range(5):
        for letters in itertools.product("01.e+-_ ", repeat=length):
            text = "".join(letters)
            if sep in text:
                continue
            for row in ([text, "5", "7"], ["5", text, "7"], ["5", "7", text], [text, "", "1.2.3"]):
                found = plain_numbers(sep.join(row), sep, 3)
                if found is not None:
                    assert all(map(is_number, row)), row
                    assert found.tolist() == [float(Fraction(cell)) for cell in row]


@pytest.mark.parametrize("form", ["tsv", "csv", "gct", "quoted", "turned", "semicolons", "blanks"])
@pytest.mark.parametrize("values", ["counts", "estimated", "log"])
def test_a_cell_that_is_no_number_is_named(files, form, values):
    if values == "log":
        files.cells = [[str(int(cell) / 8) for cell in row] for row in files.cells]
    good = files.cells[2][3]
    for cell in (*NO_NUMBERS, *MISSING):
        files.cells[2][3] = cell
        if form == "blanks" and (not cell or " " in cell):
            continue
        if form == "csv" and "," in cell:
            continue
        where = rf"gene '{files.genes[2]}' in sample 'S4' is "
        what = "missing" if cell in MISSING else ".*not a number"
        with pytest.raises(DataError, match=where + what):
            io.read_counts(written(files, form), orient=given(form), values=values)
    files.cells[2][3] = good
    adata = io.read_counts(written(files, form), orient=given(form), values=values)
    np.testing.assert_array_equal(adata.X, np.array(files.cells, dtype=float).T)


def given(form: str) -> str:
    return "genes-in-columns" if form == "turned" else "genes-in-rows"


def written(files, form: str):
    if form in ("tsv", "csv"):
        return files.table(f"c.{form}")
    if form == "gct":
        return files.gct()
    if form == "turned":
        return files.table(transpose=True)
    sep, quote = {"quoted": (",", '"'), "semicolons": (";", ""), "blanks": (" ", "")}[form]
    rows = [["id", *files.samples]]
    rows += [[gene, *row] for gene, row in zip(files.genes, files.cells, strict=True)]
    text = "\n".join(sep.join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    return files.write("c.txt", text + "\n")


def test_two_numbers_do_not_stand_for_an_empty_cell(files):
    """A blank in one cell and nothing in the next are three numbers of three, shifted."""
    files.cells[2][3], files.cells[2][4] = "1 2", ""
    with pytest.raises(DataError, match=r"'S4' is '1 2', not a number"):
        io.read_counts(files.table(), files.sheet())
    files.cells[2][3], files.cells[2][4] = "1.2.3", ""
    with pytest.raises(DataError, match=r"'S4' is '1\.2\.3', not a number"):
        io.read_counts(files.table(), files.sheet(), values="log")


def test_numbers_of_every_spelling(files):
    files.cells[2] = ["007", " 12", "3.0", "1e2", "+4", "5."]
    adata = io.read_counts(files.table(), files.sheet())
    assert adata.X[:, 2].tolist() == [7, 12, 3, 100, 4, 5]
    files.cells = [[str(int(float(cell)) / 8) for cell in row] for row in files.cells]
    files.cells[2] = ["-0.5", ".5", "1E-3", "-1e+1", "0", "12.25"]
    adata = io.read_counts(files.table(), files.sheet(), values="log")
    np.testing.assert_array_equal(adata.X[:, 2], np.float32([-0.5, 0.5, 0.001, -10, 0, 12.25]))


def test_infinite_and_huge_numbers(files):
    for cell, what in (("inf", "infinite"), ("-Infinity", "infinite"), ("1e999", "infinite")):
        files.cells[2][3] = cell
        with pytest.raises(DataError, match=f"'S4' is {what}"):
            io.read_counts(files.table(), files.sheet(), values="log")
    for cell in ("99999999999999999999", "2147483648", "3e9"):
        files.cells[2][3] = cell
        with pytest.raises(DataError, match="too large for a count"):
            io.read_counts(files.table(), files.sheet())


@pytest.mark.parametrize("sep", ["\t", ",", ";", " "])
def test_integers_of_every_length_are_read_in_any_order(sep):
    values = [0, 7, 10**17, 3, 42, 999, 1000, 2**31, 5, 10**9 - 1]
    for turned in (values, values[::-1], sorted(values), [8], list(range(3000))):
        found = plain_numbers(sep.join(map(str, turned)), sep, len(turned))
        assert found.dtype == np.int64
        assert found.tolist() == turned
    assert plain_numbers(sep.join(["007", "00"]), sep, 2).tolist() == [7, 0]


def test_integers_that_do_not_fit_are_fractions_and_never_wrap_around():
    found = plain_numbers("1\t" + "9" * 19 + "\t" + "9" * 30, "\t", 3)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [1, 1e19, 1e30])
