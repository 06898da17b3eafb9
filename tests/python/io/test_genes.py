from __future__ import annotations

import pytest

from tissueshap.io._genes import strip_version, unique_names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ENSG00000002586.18", "ENSG00000002586"),
        ("ENSG00000002586", "ENSG00000002586"),
        ("ENSG00000002586.18_PAR_Y", "ENSG00000002586"),
        ("ENSMUSG00000000001.4", "ENSMUSG00000000001"),
        ("AC004.2", "AC004.2"),
        ("HLA-A", "HLA-A"),
        ("1.5", "1.5"),
    ],
)
def test_versions(name, expected):
    assert strip_version(name) == expected


def test_names_are_unique_and_as_short_as_can_be():
    names = ["ENSG00000002586.18", "ENSG00000002586.18_PAR_Y", "ENSG00000000001.1"]
    assert unique_names(names) == ["ENSG00000002586", "ENSG00000002586_PAR_Y", "ENSG00000000001"]
    twice = ["ENSG00000000001.1", "ENSG00000000001.2", "ENSG00000000002.1"]
    assert unique_names(twice) == [*twice[:2], "ENSG00000000002"]
