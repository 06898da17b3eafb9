import gzip

import pytest

from tissueshap import errors
from tissueshap.enrichment._gene_sets import gene_sets


def test_reads_gmt_files_as_they_come(tmp_path):
    path = tmp_path / "sets.gmt.gz"
    with gzip.open(path, "wt") as file:
        file.write("R-HSA-1\tOne\tA\tB\tA\nTwo\tR-HSA-2\tC\n\nTHREE\thttp://x\tD,1.0\tE\r\n")
    found = gene_sets(path)
    assert found.genes == {"R-HSA-1": ["A", "B"], "R-HSA-2": ["C"], "THREE": ["D", "E"]}
    assert found.descriptions == {"R-HSA-1": "One", "R-HSA-2": "Two", "THREE": "THREE"}


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "bad.gmt"
    path.write_text("only a name\n")
    with pytest.raises(errors.DataError, match=r"bad\.gmt, line 1"):
        gene_sets(path)
    with pytest.raises(errors.DataError, match="does not exist"):
        gene_sets(tmp_path / "absent.gmt")
