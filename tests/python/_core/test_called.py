"""Which genes DE calls, as stored, and of data from earlier versions."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tissueshap._core import slots
from tissueshap._core.called import called, rule, thresholds_passed
from tissueshap._core.errors import MissingSlotError

CLASSES = ["a/b", "c"]
FDR = pd.DataFrame([[0.001, 0.5], [0.001, 0.001], [0.01, np.nan]], columns=CLASSES)
LOGFC = pd.DataFrame([[5.0, 5.0], [-5.0, 4.0], [5.0, np.nan]], columns=CLASSES)
EXPECTED = [[True, False], [True, False], [False, False]]


def with_values(**frames: pd.DataFrame) -> AnnData:
    adata = AnnData(np.ones((2, 3), dtype=np.float32))
    values = {"varm": {"de_fdr": FDR, "de_logfc": LOGFC, **frames}}
    slots.write(adata, "de", values, params={"fdr": 0.01, "lfc": 4.0})
    return adata


def test_it_is_derived_from_the_values_of_earlier_versions():
    adata = with_values()
    assert called(adata, CLASSES).to_numpy().tolist() == EXPECTED
    assert called(adata, ["c"]).columns.tolist() == ["c"]
    passed = thresholds_passed(adata, CLASSES)
    assert passed.fdr.to_numpy().tolist() == [[True, False], [True, True], [False, False]]
    assert passed.lfc.to_numpy().tolist() == [[True, True], [True, False], [True, False]]


def test_what_is_stored_is_read():
    other = pd.DataFrame(~np.array(EXPECTED), columns=CLASSES)
    found = called(with_values(de_called=other), CLASSES)
    assert found.to_numpy().tolist() == other.to_numpy().tolist()
    assert found.columns.tolist() == CLASSES


def test_the_rule_in_words():
    assert rule({"fdr": 0.01, "lfc": 4.0}) == "FDR < 0.01 and |log2FC| > 4"


def test_before_de():
    with pytest.raises(MissingSlotError, match=r"ts\.tl\.de\(adata\)"):
        called(AnnData(np.ones((2, 3), dtype=np.float32)), CLASSES)
