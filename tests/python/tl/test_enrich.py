import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.stats import hypergeom

from tissueshap import errors
from tissueshap._bridge import r
from tissueshap._core import slots
from tissueshap.enrichment import _over_representation
from tissueshap.enrichment._gene_sets import gene_sets
from tissueshap.tl._enrich import enrich

SETS = {
    "muscle": [f"g{i}" for i in range(12)],
    "spread": [f"g{i}" for i in range(5, 100, 6)],
    "small": ["g0", "g1"],
    "elsewhere": [f"h{i}" for i in range(20)],
}


@pytest.fixture
def selected():
    """A hundred genes of two classes; class A's SHAP genes are mostly muscle."""
    names = [f"g{i}" for i in range(100)]
    adata = AnnData(
        np.zeros((4, 100), dtype=np.float32),
        obs=pd.DataFrame({"kind": ["A", "B", "A", "B"]}, index=list("wxyz")),
        var=pd.DataFrame({"symbol": [n.upper() for n in names]}, index=names),
    )
    slots.label_name(adata, "kind")
    rows = [("A", f"g{i}", r, True) for r, i in enumerate((9, 3, 1, 0, 50), start=1)]
    rows += [("B", "g9", 1, False), ("B", "g80", 2, True)]
    rows[0] = ("A", "g9", 1, False)
    genes = pd.DataFrame(rows, columns=["class", "gene", "rank", "exclusive"])
    fdr = pd.DataFrame(1.0, index=names, columns=["A", "B"])
    fdr.iloc[:6, 0] = 0.001
    fdr.iloc[4:8, 1] = 0.001
    found = {
        "var": {
            "shap_selected": np.isin(names, genes["gene"]),
            "de_significant": (fdr < 0.01).any(axis=1).to_numpy(),
        },
        "varm": {"de_fdr": fdr, "de_logfc": pd.DataFrame(-5.0, index=names, columns=["A", "B"])},
    }
    slots.write(adata, "select_genes", found | {"uns": {"genes": genes}}, params={})
    slots.write(adata, "de", {}, params={"fdr": 0.01, "lfc": 4.0})
    return adata


def record(adata):
    return adata.uns["tissueshap"]["enrich"]


@pytest.fixture
def golden(data_dir):
    """Genes, universe and gene sets that the golden tables were made from."""
    folder = data_dir / "enrichment_golden"
    lists = [
        (folder / name).read_text().split()
        for name in ("heart_genes_entrez.txt", "universe_entrez.txt")
    ]
    return folder, *lists, data_dir / "annotation" / "reactome_entrez.gmt.gz"


@pytest.mark.parametrize(
    "name", ["reactomepa_enrichPathway.tsv", "clusterprofiler_enricher_reactome.tsv"]
)
def test_offline_gives_what_bioconductor_gave(golden, name):
    folder, genes, universe, gmt = golden
    expected = pd.read_csv(folder / name, sep="\t")
    adata = AnnData(
        np.zeros((2, len(universe)), dtype=np.float32),
        obs=pd.DataFrame(index=["a", "b"]),
        var=pd.DataFrame(
            {"entrez_id": universe}, index=[f"ENSG{i:011d}" for i in range(len(universe))]
        ),
    )
    adata.var["shap_selected"] = adata.var["entrez_id"].isin(genes)
    enrich(adata, gmt, qvalue_cutoff=0.2)
    table = record(adata)["table"]
    assert record(adata)["ids"] == "entrez_id"
    exact = ["ID", "Description", "GeneRatio", "BgRatio", "Count"]
    pd.testing.assert_frame_equal(table[exact], expected[exact])
    np.testing.assert_allclose(table["pvalue"], expected["pvalue"], rtol=1e-9)
    np.testing.assert_allclose(table["p.adjust"], expected["p.adjust"], rtol=1e-9)
    np.testing.assert_allclose(table["qvalue"], expected["qvalue"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(table["qvalue"], expected["qvalue"], rtol=1e-6)
    for ours, theirs in zip(table["geneID"], expected["geneID"], strict=True):
        assert set(ours.split("/")) == set(theirs.split("/"))


def test_genes_keep_the_order_of_the_list(golden):
    folder, genes, universe, gmt = golden
    expected = pd.read_csv(folder / "reactomepa_enrichPathway.tsv", sep="\t")
    sets = gene_sets(gmt)
    found = _over_representation.over_representation(
        genes, sets, set(universe) & sets.universe, min_size=10, max_size=500
    )
    assert found["geneID"][: len(expected)].tolist() == expected["geneID"].tolist()


def test_gseapy_agrees_with_offline(golden):
    _, genes, universe, gmt = golden
    adata = AnnData(np.zeros((2, len(universe)), dtype=np.float32))
    adata.var_names = universe
    adata.var["shap_selected"] = adata.var_names.isin(genes)
    ours = record(enrich(adata, gmt, copy=True))["table"]
    theirs = record(enrich(adata, gmt, engine="gseapy", copy=True))["table"]
    assert ours.columns.tolist() == theirs.columns.tolist()
    exact = ["ID", "Description", "GeneRatio", "BgRatio", "geneID", "Count"]
    pd.testing.assert_frame_equal(ours[exact], theirs[exact])
    for column in ("pvalue", "p.adjust", "qvalue"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-6)


def test_p_value_by_hand(selected):
    enrich(selected, SETS, pvalue_cutoff=1, qvalue_cutoff=1)
    table = record(selected)["table"].set_index("ID")
    in_a_set = set(SETS["muscle"]) | set(SETS["spread"]) | {"g0", "g1"}
    drawn = {"g9", "g3", "g1", "g0", "g80", "g50"} & in_a_set
    n, total = len(drawn), len(in_a_set)
    row = table.loc["muscle"]
    assert row["GeneRatio"] == f"4/{n}"
    assert row["BgRatio"] == f"12/{total}"
    assert row["pvalue"] == pytest.approx(hypergeom.sf(3, total, 12, n))
    assert "small" not in table.index  # below min_size
    assert "elsewhere" not in table.index  # not in the universe
    assert record(selected)["n_universe"] == total


def test_a_list_a_class_and_exclusive(selected):
    options = {"min_size": 1, "pvalue_cutoff": 1, "qvalue_cutoff": 1}
    by_class = record(enrich(selected, SETS, by="class", copy=True, **options))
    muscle = by_class["table"].query("ID == 'muscle'").set_index("class")["geneID"]
    assert muscle.to_dict() == {"A": "g9/g3/g1/g0", "B": "g9"}
    assert by_class["lists"]["n_genes"].tolist() == [5, 2]
    alone = record(enrich(selected, SETS, by="exclusive", copy=True, **options))
    muscle = alone["table"].query("ID == 'muscle'").set_index("class")["geneID"]
    assert muscle.to_dict() == {"A": "g3/g1/g0"}


def test_de_lists_and_both_sources(selected):
    options = {"min_size": 1, "pvalue_cutoff": 1, "qvalue_cutoff": 1}
    enrich(selected, SETS, source=("shap", "de"), by="exclusive", **options)
    table = record(selected)["table"]
    muscle = table.query("ID == 'muscle' and source == 'de'").set_index("class")["geneID"]
    # g4 and g5 are called in both classes.
    assert muscle.to_dict() == {"A": "g0/g1/g2/g3", "B": "g6/g7"}
    assert set(table["source"]) == {"shap", "de"}


def test_symbols_are_found_and_the_unmapped_counted(selected):
    upper = {name: [gene.upper() for gene in genes] for name, genes in SETS.items()}
    enrich(selected, upper)
    assert record(selected)["ids"] == "symbol"
    row = record(selected)["lists"].iloc[0]
    assert (row["n_genes"], row["n_mapped"]) == (6, 4)


def test_a_universe_of_ones_own(selected):
    options = {"min_size": 1, "pvalue_cutoff": 1, "qvalue_cutoff": 1}
    enrich(selected, SETS, universe=[f"g{i}" for i in range(8)], **options)
    table = record(selected)["table"].set_index("ID")
    assert table.loc["muscle", "BgRatio"] == "8/8"
    assert table.loc["muscle", "GeneRatio"] == "3/3"  # g9 could not have been chosen


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "foo"}, "choose among"),
        ({"by": "tissue"}, "by must be one of"),
        ({"engine": "david"}, "engine must be one of"),
        ({"gene_sets": None}, "which gene sets"),
        ({"gene_sets": {"a": ["absent"]}}, "io.annotate_genes"),
        ({"ids": "nowhere"}, "no column 'nowhere'"),
        ({"engine": "reactomepa"}, "brings its own"),
        ({"universe": ["absent"]}, "no gene of the universe"),
    ],
)
def test_refuses_what_makes_no_sense(selected, options, message):
    with pytest.raises(errors.DataError, match=message):
        enrich(selected, **({"gene_sets": SETS} | options))


def test_nothing_found_is_an_empty_table_that_can_be_written(selected, tmp_path):
    selected.var["shap_selected"] = False
    enrich(selected, SETS)
    assert record(selected)["table"].empty
    selected.write_h5ad(tmp_path / "a.h5ad")


@pytest.mark.parametrize("engine", ["clusterprofiler", "reactomepa", "go"])
def test_r_engines_get_the_list_and_give_the_same_columns(selected, monkeypatch, engine):
    asked = {}

    def call(name, **arguments):
        if name == "engine_packages":
            asked["own_sets"] = arguments["own_sets"]
            return np.array(["GO.db"])
        asked.update(arguments, name=name)
        assert arguments["id_type"] == "ENTREZID"
        row = dict.fromkeys(["ID", "Description", "GeneRatio", "BgRatio", "geneID"], "x")
        row |= {"pvalue": 0.001, "p.adjust": 0.01, "qvalue": 0.01, "Count": 3, "zScore": 1.0}
        return {"table": pd.DataFrame([row]), "unmapped": np.array(["9"])}

    monkeypatch.setattr("tissueshap._bridge.r.call", call)
    monkeypatch.setattr("tissueshap._bridge.r.versions", lambda *names: dict.fromkeys(names, "1.0"))
    selected.var["entrez_id"] = [float(i) for i in range(100)]
    given = {name: [gene[1:] for gene in genes] for name, genes in SETS.items()}
    enrich(selected, given if engine == "clusterprofiler" else None, engine=engine)
    assert asked["name"] == "core_enrich"
    assert asked["engine"] == engine
    assert set(asked["genes"]) <= {"0", "1", "3", "9", "50", "80"}
    assert "1" in asked["universe"]
    assert ("gene_sets" in asked) == asked["own_sets"] == (engine == "clusterprofiler")
    assert record(selected)["versions"]["GO.db"] == "1.0"
    table = record(selected)["table"]
    assert table.columns.tolist() == ["source", "class", *_over_representation.COLUMNS]
    row = record(selected)["lists"].iloc[0]
    assert row["n_mapped"] == len(set(asked["genes"])) - 1


@pytest.mark.r
def test_go_in_r_gives_what_bioconductor_gave(data_dir):
    """Same terms, ratios and p-values as enrichGO, from org.Hs.eg.db and GO.db alone."""
    folder = data_dir / "enrichment_golden"
    version = r.versions("GO.db")["GO.db"]
    if version != "3.16.0":
        pytest.skip(f"these are of GO.db 3.16.0, not {version}: R's tests have more")
    expected = pd.read_csv(folder / "clusterprofiler_enrichGO_BP.tsv", sep="\t")
    universe = (folder / "universe_entrez.txt").read_text().split()
    adata = AnnData(np.zeros((2, len(universe)), dtype=np.float32))
    adata.var_names = [f"G{i}" for i in range(len(universe))]
    adata.var["entrez_id"] = universe
    genes = (folder / "heart_genes_entrez.txt").read_text().split()
    adata.var["shap_selected"] = np.isin(universe, genes)
    enrich(adata, engine="go")
    table = record(adata)["table"].set_index("ID")
    assert record(adata)["ids"] == "entrez_id"
    assert record(adata)["versions"].keys() >= {"org.Hs.eg.db", "GO.db"}
    assert set(table.index) == set(expected["ID"])
    table = table.loc[expected["ID"]]
    assert table["GeneRatio"].tolist() == expected["GeneRatio"].tolist()
    assert table["BgRatio"].tolist() == expected["BgRatio"].tolist()
    np.testing.assert_allclose(table["pvalue"], expected["pvalue"], rtol=1e-9)
    np.testing.assert_allclose(table["qvalue"], expected["qvalue"], rtol=1e-6)


@pytest.mark.parametrize(
    ("names", "kind"),
    [("ENSG0000000{:04d}.2", "ENSEMBL"), ("GENE{}", "SYMBOL"), ("{}", "ENTREZID")],
)
def test_r_is_told_what_the_identifiers_are(monkeypatch, names, kind):
    asked = {}

    def call(name, **arguments):
        if name == "engine_packages":
            return np.array([])
        asked.update(arguments)
        return {"table": pd.DataFrame(columns=_over_representation.COLUMNS), "unmapped": []}

    monkeypatch.setattr("tissueshap._bridge.r.call", call)
    monkeypatch.setattr("tissueshap._bridge.r.versions", lambda *names: dict.fromkeys(names, "1.0"))
    adata = AnnData(np.zeros((2, 9), dtype=np.float32))
    adata.var_names = [names.format(i) for i in range(9)]
    adata.var["shap_selected"] = True
    enrich(adata, engine="go")
    assert asked["id_type"] == kind
    assert asked["genes"][0] == names.format(0).removesuffix(".2")
