"""A scanpy user's day, without a detour: counts in a layer, log1p in X, raw set, "Unknown"."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pytest

import tissueshap as ts

pytestmark = [pytest.mark.r, pytest.mark.filterwarnings("ignore::FutureWarning")]


@pytest.fixture(scope="module")
def cells() -> ad.AnnData:
    """Real blood cells as scanpy's tutorials leave them."""
    sc = pytest.importorskip("scanpy")
    given = ts.datasets.pbmc68k()
    adata = ad.AnnData(given.X.astype(np.float32), obs=given.obs[["cell_type"]], var=given.var)
    adata.layers["counts"] = adata.X.copy()
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    adata.raw = adata.copy()
    types = adata.obs["cell_type"].astype(str).to_numpy()
    types[::25] = "Unknown"
    adata.obs["cell_type"] = types
    adata.obs["cell_type"] = adata.obs["cell_type"].astype("category")
    return adata


def test_from_counts_in_a_layer_to_a_figure(cells: ad.AnnData, tmp_path: Path) -> None:
    import scanpy as sc

    first, second = cells[::2].copy(), cells[1::2].copy()
    logged = first.X.copy()

    # Preparation: the layer is named once, and the classes to leave out.
    ts.pp.filter_genes(first, "cell_type", layer="counts", exclude="Unknown", min_class_size=8)
    assert "Unknown" not in set(first.obs["cell_type"])
    assert first.n_vars > 600  # not the 200 of the threshold for bulk samples
    ts.pp.tmm(first)
    ts.pp.split(first)
    ts.pp.log2(first, offset=1, key_added="lognorm")
    assert set(np.unique(first.X)) <= set(np.unique(logged))  # X is the user's

    # A model, which remembers its layer and label.
    model = ts.tl.cnn(first, layer="lognorm_log2", epochs=15, n_models=1)
    ts.tl.predict(first, model)
    ts.tl.evaluate(first)
    assert first.uns["tissueshap"]["evaluate"]["macro_f1"] > 0.4
    ts.tl.shap(first, model, n_draws=20)

    # Top genes per cell type, with the tests alongside.
    ts.tl.de(first, fdr=0.05, lfc=1)
    ts.tl.rank_genes(first)
    ts.tl.select_genes(first, method="top_n", n_top=10)
    table = ts.get.genes(first, "CD19+ B", n=10)
    assert len(set(table["gene"]) & {"CD79A", "CD79B", "CD74", "HLA-DRA", "MS4A1"}) >= 2
    assert set(table.columns) >= {"rank", "value", "direction", "exclusive", "logfc", "called"}

    # scanpy's own genes beside them, in scanpy's own functions.
    classes = first.uns["shap_genes"]["names"].dtype.names
    sc.tl.rank_genes_groups(first, "cell_type", groups=list(classes), method="wilcoxon")
    theirs = sc.get.rank_genes_groups_df(first, "CD19+ B")
    ours = sc.get.rank_genes_groups_df(first, "CD19+ B", key="shap_genes")
    assert set(ours["names"][:20]) & set(theirs["names"][:20])
    assert ours["logfoldchanges"].notna().any()
    figure = sc.pl.rank_genes_groups_dotplot(
        first, key="shap_genes", n_genes=3, dendrogram=False, show=False, return_fig=True
    )
    figure.savefig(tmp_path / "dots.png")

    # The other half of the cells, from their counts; "Unknown" cells get a class.
    ts.tl.predict(second, model)
    known = second.obs["cell_type"].isin(model.classes)
    right = second.obs["predicted"].astype(str)[known] == second.obs["cell_type"].astype(str)[known]
    assert right.mean() > 0.6

    # Figures for the paper, without tl.compare or any other step.
    ts.tl.cluster(first, gene_sets=["shap", "all"], n_starts=2)
    ts.pl.umap(first, save=tmp_path / "umap.png")
    ts.pl.shap(first, save=tmp_path / "shap.png", layer="lognorm_log2")
    assert (tmp_path / "umap.png").exists()

    # All of it in a file.
    path = ts.io.write_h5ad(first, tmp_path / "first.h5ad")
    again = ts.io.read_h5ad(path)
    assert ts.get.genes(again).equals(ts.get.genes(first))
    sc.get.rank_genes_groups_df(again, "CD19+ B", key="shap_genes")
