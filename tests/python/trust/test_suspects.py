"""Families of genes, and genes of another class at a low level."""

import numpy as np
import pytest

from tissueshap.trust._suspects import family, of_another_class


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        *[(symbol, "sex-linked") for symbol in ("XIST", "RPS4Y1", "DDX3Y", "TTTY15")],
        *[(symbol, "immunoglobulin") for symbol in ("IGHG1", "IGKC", "IGLV3-21", "JCHAIN", "IGHM")],
        *[(symbol, "haemoglobin") for symbol in ("HBA1", "HBB", "HBG2")],
        *[(symbol, "mitochondrial") for symbol in ("MT-CO1", "MT-ND4L", "mt-Co1")],
        *[(symbol, "ribosomal") for symbol in ("RPL13A", "RPS27", "RPLP0", "RPS4X", "RPL36AL")],
        *[
            (symbol, "")
            for symbol in ("RPS6KA1", "HBEGF", "IGF1", "IGFBP5", "MTOR", "RPL3L", "UTRN", "HBP1")
        ],
    ],
)
def test_families_are_recognised_by_symbols(symbol, name):
    assert family(symbol, "Skin") == name


def test_tissues_that_express_a_family_may_list_it():
    assert family("HBB", "Whole Blood") == ""
    assert family("DDX3Y", "Testis") == ""
    assert family("IGHG1", "Cells - EBV-transformed lymphocytes") == ""
    assert family("HBB", "Lung") == "haemoglobin"


def test_a_gene_of_another_class_at_a_low_level_is_named():
    # PRSS1 of the pancreas, a little in the stomach; the liver and the brain have none.
    means = np.array([[16.0, 7.0, 5.0, 5.0], [16.0, 12.0, 5.0, 5.0], [16.0, 5.0, 5.0, 5.0]])
    chosen = np.array([[True, True, False, False]] * 3)
    expected = np.full((3, 4), -1)
    expected[0, 1] = 0
    # A gene that is half as high is the stomach's own; one that is absent is evidence by absence.
    np.testing.assert_array_equal(of_another_class(means, chosen), expected)
    # The pancreas does not list it: the gene marks neither.
    chosen[0, 0] = False
    assert (of_another_class(means, chosen) == -1).all()
    assert (of_another_class(means[:, :2], chosen[:, :2]) == -1).all()
