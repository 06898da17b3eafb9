import gzip

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import errors
from tissueshap.enrichment._gene_sets import cleaned, gene_sets, matching_ids


def test_reads_gmt_files_as_they_come(tmp_path):
    path = tmp_path / "sets.gmt.gz"
    with gzip.open(path, "wt") as file:
        file.write("R-HSA-1\tOne\tA\tB\tA\nTwo\tR-HSA-2\tC\n\nTHREE\thttp://x\tD,1.0\tE\r\n")
    found = gene_sets(path)
    assert found.genes == {"R-HSA-1": ["A", "B"], "R-HSA-2": ["C"], "THREE": ["D", "E"]}
    assert found.descriptions == {"R-HSA-1": "One", "R-HSA-2": "Two", "THREE": "THREE"}


def test_one_word_for_several_sets_does_not_describe_them(tmp_path):
    path = tmp_path / "sets.gmt"
    path.write_text("ONE\tx\tA\nTWO\tx\tB\nTHREE\tthe third\tC\n")
    described = gene_sets(path).descriptions
    assert described == {"ONE": "ONE", "TWO": "TWO", "THREE": "the third"}


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "bad.gmt"
    path.write_text("only a name\n")
    with pytest.raises(errors.DataError, match=r"bad\.gmt, line 1"):
        gene_sets(path)
    with pytest.raises(errors.DataError, match="does not exist"):
        gene_sets(tmp_path / "absent.gmt")


HUMAN = [f"GENE{number}A" for number in range(200)]


def with_symbols(symbols):
    adata = ad.AnnData(np.ones((2, len(symbols))))
    adata.var["symbol"] = symbols
    return adata


def test_symbols_of_another_species_are_refused():
    mouse = with_symbols([name if at < 8 else name.capitalize() for at, name in enumerate(HUMAN)])
    with pytest.raises(errors.DataError) as caught:
        matching_ids(mouse, HUMAN, None)
    assert "only 8 of 200 genes, by symbol (GENE0A, GENE1A, GENE2A)" in str(caught.value)
    assert "less than 10% of either" in str(caught.value)
    assert "200 match without regard to case: are they of another species?" in str(caught.value)


def test_a_few_genes_of_many_are_enough_on_either_side():
    """A short list of markers, and a small panel against all of Reactome."""
    column, ids = matching_ids(with_symbols(HUMAN), HUMAN[:5], None)
    assert column == "symbol"
    assert list(ids) == HUMAN
    assert matching_ids(with_symbols(HUMAN[:10]), HUMAN, None)[0] == "symbol"
    few = with_symbols([*HUMAN[:21], *(f"x{n}" for n in range(179))])
    assert matching_ids(few, [*HUMAN[:21], *(f"y{n}" for n in range(179))], None)[0] == "symbol"


def test_identifiers_are_clean():
    ids = pd.Series([7157.0, "7157.0", "ENSG00000141510.16_3", " TP53 ", "NA", None, "none"])
    expected = ["7157", "7157", "ENSG00000141510", "TP53", None, None, "none"]
    found = cleaned(ids)
    assert [None if pd.isna(name) else name for name in found] == expected
