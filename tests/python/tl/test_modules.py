"""``tl.modules`` on a toy with two groups of genes that vary together."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import get, tl
from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError

GROUP = [f"G{number:05d}" for number in range(1, 7)]  # markers of the first class


@pytest.fixture(scope="module")
def _explained(_learned):
    adata, model = _learned[0].copy(), _learned[1]
    tl.shap(adata, model, n_draws=40)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="top_n", n_top=5)
    # A factor that all six markers share; the values stay those of before.
    rng = np.random.default_rng(5)
    columns = adata.var_names.get_indexer(GROUP)
    adata.layers["together"] = adata.layers["log2"].copy()
    adata.layers["together"][:, columns] += 5 * rng.normal(size=(adata.n_obs, 1)).astype(np.float32)
    return adata


@pytest.fixture
def explained(_explained):
    return _explained.copy()


def test_markers_that_vary_together_are_the_first_module(explained, tmp_path):
    tl.modules(explained, layer="together")
    record = slots.record(explained)["modules"]
    assert record["kind"] == "co-expression"
    assert set(explained.var_names[explained.var["module"] != ""]) == set(GROUP)
    module = record["modules"].iloc[0]
    assert len(record["modules"]) == 1
    assert (module["n_genes"], module["correlation"] > 0.7) == (6, True)
    assert set(record["genes"]["gene"]) == set(GROUP)
    # Called after the genes of the highest ranks.
    ranks = slots.class_frame(explained, "varm", "shap_rank", [slots.class_names(explained)[0]])
    by_rank = sorted(GROUP, key=lambda gene: ranks.loc[gene].iloc[0])
    assert module["module"] in GROUP
    assert module["name"].endswith(" + 3")
    first = record["values"][record["values"]["class"] == slots.class_names(explained)[0]]
    assert first.iloc[0]["module"] == module["module"]
    assert first["rank"].tolist() == list(range(1, 51))
    # The value is the median of the samples' sums.
    samples = slots.table(explained, "shap", "samples")
    rows = explained.obs_names.get_indexer(
        samples.loc[samples["explained"] == first["class"].iloc[0], "sample"]
    )
    sums = explained[:, by_rank].layers["shap"][rows].sum(axis=1)
    assert first.iloc[0]["value"] == pytest.approx(np.median(sums), rel=1e-4)
    explained.write_h5ad(tmp_path / "a.h5ad")
    again = ad.read_h5ad(tmp_path / "a.h5ad")
    pd.testing.assert_frame_equal(get.modules(again), get.modules(explained), check_dtype=False)


def test_without_modules_their_stability_is_that_of_the_genes(explained):
    tl.modules(explained, min_correlation=0.99, n_boot=5)
    table = slots.table(explained, "modules", "stability")
    assert table["class"].tolist() == slots.class_names(explained)
    np.testing.assert_allclose(table["genes"], table["modules"])
    assert (table["genes"] > table["genes_by_chance"]).all()
    assert slots.table(explained, "modules", "modules").empty
    assert slots.table(explained, "modules", "genes").empty
    tl.modules(explained, n_boot=0)
    assert "stability" not in slots.record(explained)["modules"]


def test_gene_sets_are_modules_ranked_against_random_sets(explained, tmp_path):
    names = slots.class_names(explained)
    (tmp_path / "sets.gmt").write_text(
        "markers\tR-HSA-1\t" + "\t".join(GROUP) + "\nothers\tR-HSA-2\t"
        "" + "\t".join(explained.var_names[100:180]) + "\nfew\tR-HSA-3\tG00001\n"
    )
    tl.modules(explained, gene_sets=tmp_path / "sets.gmt")
    assert "module" not in explained.var
    record = slots.record(explained)["modules"]
    assert record["kind"] == "gene sets"
    assert record["modules"]["module"].tolist() == ["R-HSA-1", "R-HSA-2"]
    assert record["modules"]["n_genes"].tolist() == [6, 80]
    table = get.modules(explained, names[0])
    assert table["name"].tolist() == ["markers", "others"]
    assert table["z"].iloc[0] > 5 > table["z"].iloc[1]
    symbols = set(explained.var.loc[GROUP, "symbol"])
    assert set(table["genes"].iloc[0].split("/")) == symbols
    with pytest.raises(DataError, match=r"no gene set has 7 to 9 of the genes .* has 6"):
        tl.modules(explained, gene_sets={"markers": GROUP}, min_size=7, max_size=9)


def test_owen_values_count_genes_together(explained, model):
    from tissueshap.adapters import adapt

    linear = _Linear(explained, model)
    tl.modules(explained, model=adapt(linear, genes=explained.var_names, classes=model.classes),
               values="owen", layer="together", n_top=3, n_boot=0)  # fmt: skip
    table = slots.table(explained, "modules", "values")
    # Of a function that is a sum over the genes, a module's value is the sum of its terms.
    x = explained.layers["together"]
    for _, row in table.iterrows():
        code = model.classes.index(row["class"])
        genes = slots.table(explained, "modules", "genes")
        own = genes.loc[genes["module"] == row["module"], "gene"].tolist() or [row["module"]]
        columns = explained.var_names.get_indexer(own)
        samples = slots.table(explained, "shap", "samples")
        rows = explained.obs_names.get_indexer(
            samples.loc[samples["explained"] == row["class"], "sample"]
        )[:3]
        terms = linear.weights[columns, code] @ x[rows][:, columns].mean(axis=0)
        reach = np.abs(linear.weights[columns, code]) @ x[:, columns].std(axis=0)
        # Each of ten draws compares with another background sample.
        background = linear.weights[columns, code] @ x[:, columns].mean(axis=0)
        assert abs(row["owen"] - (terms - background)) < 2 * reach, row["module"]


class _Linear:
    """Outputs that are sums over the genes, between 0 and 1."""

    def __init__(self, adata, model):
        rng = np.random.default_rng(0)
        weights = 1e-4 * rng.normal(size=(adata.n_vars, len(model.classes)))
        self.weights = weights - weights.mean(axis=1, keepdims=True)
        self.classes_ = np.asarray(model.classes)

    def predict_proba(self, x):
        return 1 / self.classes_.size + np.asarray(x) @ self.weights


def test_what_does_not_fit_is_refused(explained, model):
    with pytest.raises(DataError, match="needs the model"):
        tl.modules(explained, values="owen")
    with pytest.raises(DataError, match="do not overlap"):
        tl.modules(explained, gene_sets={"a": GROUP}, model=model, values="owen")
    with pytest.raises(DataError, match="values must be 'sum' or 'owen'"):
        tl.modules(explained, values="product")
    tl.modules(explained)
    with pytest.raises(DataError, match="group must be one of"):
        get.modules(explained, "elsewhere")
    del explained.uns["tissueshap"]["rank_genes"]
    with pytest.raises(MissingSlotError, match="rank_genes"):
        tl.modules(explained)
