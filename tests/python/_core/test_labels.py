"""Names of genes and gene sets, alike in figures and in tables."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tissueshap._core.labels import GENE_SETS, symbols
from tissueshap.pl import _style

IDS = ["E1", "E2", "E3", "E4"]


@pytest.mark.parametrize("dtype", [object, "category"])
def test_a_gene_without_symbol_has_its_identifier(dtype):
    var = pd.DataFrame({"symbol": pd.Series(["TP53", None, "", "nan"], dtype=dtype)})
    adata = AnnData(np.zeros((1, 4), np.float32), var=var.set_axis(IDS))
    assert symbols(adata).to_dict() == {"E1": "TP53", "E2": "E2", "E3": "E3", "E4": "E4"}
    assert _style.gene_names(adata, ["E3", "E1", "unknown"]) == ["E3", "TP53", "unknown"]
    del adata.var["symbol"]
    assert symbols(adata).tolist() == IDS


def test_gene_sets_have_a_long_and_a_short_name():
    assert GENE_SETS["de"] == "DE genes"
    names = ["shap", "de", "all", "random", "my genes"]
    assert [_style.set_name(n) for n in names] == ["SHAP", "DE", "all", "random", "my genes"]
