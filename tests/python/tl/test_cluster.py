import numpy as np
import pandas as pd
import pytest

from tissueshap import errors
from tissueshap._core import embedding, slots
from tissueshap.clustering._k_means import k_means_scores
from tissueshap.tl._cluster import cluster


@pytest.fixture
def marked(toy):
    """The toy with a log2 layer, a split, and its markers as the SHAP set."""
    depth = toy.X.sum(axis=1, keepdims=True)
    markers = set(toy.uns["truth"]["gene"])
    noise = toy.var_names[100:120]
    # Every third sample of a class is held out.
    turn = toy.obs.groupby("tissue", observed=True).cumcount().to_numpy()
    found = {
        "layers": {"log2": np.log2(toy.X / depth * 1e6 + 0.001) + 10},
        "obs": {"split": np.where(turn % 3 == 0, "test", "train")},
        "var": {
            "shap_selected": toy.var_names.isin(markers),
            "de_significant": toy.var_names.isin(noise),
        },
    }
    slots.write(toy, "made", found, params={})
    return toy


def table(adata, key="cluster"):
    return adata.uns["tissueshap"][key]["v_measure"]


def test_markers_cluster_and_noise_does_not(marked):
    cluster(marked, n_starts=5, n_random=2)
    found = marked.uns["tissueshap"]["cluster"]
    assert found["n_clusters"] == 4
    summary = found["summary"].set_index("gene_set")
    assert summary.loc["shap", "v_measure"] > 0.95
    assert summary.loc["de", "v_measure"] < 0.5
    assert summary.loc["random", ["n_genes", "n_sets"]].tolist() == [
        marked.var["shap_selected"].sum(),
        2,
    ]
    assert len(table(marked)) == 5 * (3 + 2)


def test_embeds_the_test_samples_only(marked):
    cluster(marked, gene_sets="shap", n_starts=1)
    flat = marked.obsm["X_umap_shap"]
    held = marked.obs["split"] == "test"
    assert flat.dtype == np.float32
    assert flat.shape == (180, 2)
    assert np.isfinite(flat[held]).all()
    assert np.isnan(flat[~held]).all()


def test_all_samples_without_a_split(marked):
    del marked.obs["split"]
    cluster(marked, gene_sets="shap", n_starts=1)
    assert np.isfinite(marked.obsm["X_umap_shap"]).all()


def test_same_seed_same_numbers(marked):
    one = cluster(marked, gene_sets=("shap", "random"), n_starts=3, n_random=2, copy=True)
    two = cluster(marked, gene_sets=("shap", "random"), n_starts=3, n_random=2, copy=True)
    pd.testing.assert_frame_equal(table(one), table(two))
    np.testing.assert_array_equal(one.obsm["X_umap_shap"], two.obsm["X_umap_shap"])
    assert "cluster" not in marked.uns["tissueshap"]


def test_each_start_has_its_own_seed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    codes = np.repeat(np.arange(20), 10)
    scores = k_means_scores(X, codes, n_starts=8, seed=3)
    assert scores["v_measure"].nunique() > 4


def test_a_mapping_names_its_own_sets(marked):
    genes = marked.var_names[marked.var["shap_selected"]]
    sets = {"CD8+/mine": [*genes, "absent"], "few": list(genes[:5])}
    cluster(marked, gene_sets=sets, n_starts=1, key_added="own")
    summary = marked.uns["tissueshap"]["own"]["summary"].set_index("gene_set")
    assert summary.loc["CD8+/mine", "n_genes"] == len(genes)
    # HDF5 takes a slash for a path.
    assert {"own_X_umap_CD8+|mine", "own_X_umap_few"} <= set(marked.obsm)


def test_on_expression_scores_the_values_themselves(marked):
    cluster(marked, gene_sets="shap", n_starts=4, on="expression")
    rows = np.flatnonzero(marked.obs["split"] == "test")
    X = marked.layers["log2"][np.ix_(rows, np.flatnonzero(marked.var["shap_selected"]))]
    codes = slots.class_codes(marked)[rows]
    expected = k_means_scores(X, codes, n_starts=4, seed=42)
    np.testing.assert_allclose(table(marked)["v_measure"], expected["v_measure"], atol=1e-12)
    assert "X_umap_shap" in marked.obsm


def test_principal_components_on_request(marked):
    cluster(marked, gene_sets="shap", n_starts=2, n_pcs=5)
    assert table(marked)["v_measure"].mean() > 0.9


def test_an_empty_set_is_left_out_with_a_warning(marked, caplog):
    marked.var["de_significant"] = False
    cluster(marked, gene_sets=("shap", "de"), n_starts=1)
    assert set(table(marked)["gene_set"]) == {"shap"}
    assert "'de' is empty" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gene_sets": "nonsense"}, "gene_sets must be one of"),
        ({"gene_sets": {"mine": ["absent"]}}, "none of the genes"),
        ({"samples": "some"}, "samples must be one of"),
        ({"n_starts": 0}, "at least 1"),
        ({"on": "tsne"}, "on must be .umap. or"),
    ],
)
def test_refuses_what_makes_no_sense(marked, options, message):
    with pytest.raises(errors.DataError, match=message):
        cluster(marked, **options)


def test_one_class_cannot_be_clustered(marked):
    liver = marked[marked.obs["tissue"] == "Liver"].copy()
    with pytest.raises(errors.DataError, match="two classes"):
        cluster(liver, gene_sets="shap")


def test_few_samples_draw_no_warning(marked):
    few = marked[::12].copy()
    cluster(few, gene_sets="shap", n_starts=1, samples="all")
    assert np.isfinite(few.obsm["X_umap_shap"]).all()


def test_scaled_genes_weigh_the_same(marked):
    cluster(marked, gene_sets="all", n_starts=2, on="expression", scale=True)
    rows = np.flatnonzero(marked.obs["split"] == "test")
    X = marked.layers["log2"][rows]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    codes = slots.class_codes(marked)[rows]
    expected = k_means_scores(Z, codes, n_starts=2, seed=42)
    np.testing.assert_allclose(table(marked)["v_measure"], expected["v_measure"], atol=1e-12)


def test_classes_far_apart_draw_no_warning():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(0, 50, (12, 30)), 25, axis=0) + rng.normal(0, 0.1, (300, 30))
    flat = embedding.embed(X, n_pcs=None, n_neighbors=15, seed=1)
    codes = np.repeat(np.arange(12), 25)
    assert k_means_scores(flat, codes, n_starts=5, seed=1)["v_measure"].max() > 0.9
