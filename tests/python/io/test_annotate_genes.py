from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError, DataWarning

TABLE = pd.DataFrame(
    {
        "ensembl_gene_id": ["ENSG00000000003.9", "ENSG00000000005", "ENSG00000000419", None],
        "gene_name": ["TSPAN6", "TNMD", "DPM1", "LOST"],
        "entrez_id": [7105.0, 64102.0, np.nan, 1.0],
        "protein_coding": ["TRUE", "FALSE", "TRUE", "TRUE"],
        "length": [4535, 1610, 1207, 5],
    }
)


def with_genes(*genes: str, **columns: list[str]) -> ad.AnnData:
    var = pd.DataFrame(columns, index=list(genes))
    return ad.AnnData(np.ones((2, len(genes)), dtype=np.int32), var=var)


@pytest.mark.parametrize(
    ("genes", "by"),
    [
        (["ENSG00000000419", "ENSG00000000003", "ENSG00000000005"], "gene_id"),
        (["ENSG00000000419.1", "ENSG00000000003.2", "ENSG00000000005.3"], "gene_id"),
        (["DPM1", "TSPAN6", "TNMD"], "symbol"),
    ],
)
def test_by_the_identifier_that_fits(genes, by):
    adata = with_genes(*genes)
    io.annotate_genes(adata, TABLE)
    assert list(adata.var["symbol"]) == ["DPM1", "TSPAN6", "TNMD"]
    assert list(adata.var["entrez_id"]) == ["", "7105", "64102"]
    assert list(adata.var["biotype"]) == ["protein_coding", "protein_coding", "other"]
    assert list(adata.var["length"]) == [1207.0, 4535.0, 1610.0]
    entry = adata.uns["tissueshap"]["annotate_genes"]
    assert entry["n_matched"] == 3
    assert entry["matched_by"] == by
    assert list(adata.var_names) == genes


def test_by_entrez():
    adata = with_genes("64102", "7105")
    io.annotate_genes(adata, TABLE)
    assert list(adata.var["symbol"]) == ["TNMD", "TSPAN6"]
    assert adata.uns["tissueshap"]["annotate_genes"]["matched_by"] == "entrez_id"


def test_most_matches_decide():
    adata = with_genes("TSPAN6", "DPM1", "?", symbol=["x", "y", "TNMD"])
    io.annotate_genes(adata, TABLE)
    assert adata.uns["tissueshap"]["annotate_genes"]["n_matched"] == 2


def test_what_is_there_stays_where_the_table_is_silent():
    adata = with_genes(
        "ENSG00000000003", "ENSG00000000419", "ENSG99999999999", symbol=["old", "old", "kept"]
    )
    adata.var["length"] = [1.0, 2.0, 3.0]
    io.annotate_genes(adata, TABLE)
    assert list(adata.var["symbol"]) == ["TSPAN6", "DPM1", "kept"]
    assert list(adata.var["length"]) == [4535.0, 1207.0, 3.0]
    assert list(adata.var["biotype"]) == ["protein_coding", "protein_coding", ""]


def test_few_matches_are_told():
    adata = with_genes("ENSG00000000003", "a", "b", "c")
    with pytest.warns(DataWarning, match=r"1 of 4 genes, by gene_id; it lacks 'a', 'b', 'c'"):
        io.annotate_genes(adata, TABLE)


@pytest.mark.parametrize("name", ["genes.tsv", "genes.csv.gz"])
def test_from_a_file(tmp_path, name):
    TABLE.to_csv(tmp_path / name, sep="," if "csv" in name else "\t", index=False)
    adata = with_genes("TNMD", "TSPAN6")
    io.annotate_genes(adata, tmp_path / name)
    assert list(adata.var["entrez_id"]) == ["64102", "7105"]
    assert list(adata.var["length"]) == [1610.0, 4535.0]


def test_biotype_column_goes_before_protein_coding():
    adata = with_genes("TNMD", "TSPAN6")
    io.annotate_genes(adata, TABLE.assign(biotype=["lncRNA", "TR_gene", "x", "y"]))
    assert list(adata.var["biotype"]) == ["TR_gene", "lncRNA"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE[["length"]], "needs a column of gene identifiers"),
        (TABLE[["gene_name"]], "needs a column of gene identifiers .* and one to add"),
        (["genes.tsv"], "annotation must be the path .* not of type list"),
        (TABLE, r"none of the genes \('x', 'y'\) is in the annotation"),
    ],
)
def test_tables_of_no_use(table, message):
    adata = with_genes("x", "y")
    with pytest.raises(DataError, match=message):
        io.annotate_genes(adata, table)
    assert list(adata.var.columns) == []


def test_real_annotation(panel, data_dir):
    table = data_dir / "annotation" / "genes_ensembl76.tsv.gz"
    before = panel.var["symbol"].copy()
    io.annotate_genes(panel, table)
    assert panel.uns["tissueshap"]["annotate_genes"]["n_matched"] == 59
    assert (panel.var["symbol"] == before).mean() > 0.9
    assert (panel.var["biotype"] == "protein_coding").all()
    assert panel.var.loc["ENSG00000117118", "entrez_id"] == "6390"
