import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from tissueshap import errors
from tissueshap._core import slots
from tissueshap._core.checkpoints import Store, keeping
from tissueshap.clustering import _vmeasure
from tissueshap.tl._null_test import null_test


@pytest.fixture
def marked(toy):
    """Two markers a class as the SHAP set, among 110 genes that mark nothing."""
    exclusive = toy.uns["truth"].query("kind == 'exclusive'")
    markers = exclusive.groupby("class")["gene"].head(2)
    adata = toy[:, [*markers, *toy.var_names[90:]]].copy()
    depth = adata.X.sum(axis=1, keepdims=True)
    found = {
        "layers": {"log2": np.log2(adata.X / depth * 1e6 + 0.001) + 10},
        "var": {
            "shap_selected": np.arange(adata.n_vars) < 8,
            "de_significant": np.arange(adata.n_vars) >= 110,
        },
    }
    slots.write(adata, "made", found, params={})
    return adata


def test_markers_beat_every_random_set(marked):
    null_test(marked, n_sets=9, n_starts=3, on="expression")
    found = marked.uns["tissueshap"]["null_test"]
    assert found["observed"] > found["null"]["v_measure"].max()
    assert found["empirical_pvalue"] == pytest.approx(1 / 10)
    assert found["t_pvalue"] < 0.01
    assert found["n_genes"] == 8
    assert len(found["v_measure"]) == 3 * 10


def test_the_tests_are_what_they_say(marked):
    null_test(marked, gene_set="de", n_sets=12, n_starts=4, on="expression")
    found = marked.uns["tissueshap"]["null_test"]
    table = found["v_measure"]
    ours = table.loc[table["gene_set"] == "de", "v_measure"]
    theirs = table[table["gene_set"] == "random"]
    means = theirs.groupby("replicate")["v_measure"].mean()
    assert found["empirical_pvalue"] == pytest.approx((1 + (means >= ours.mean()).sum()) / 13)
    t = ttest_ind(ours, theirs["v_measure"], alternative="greater", equal_var=False)
    assert found["t_pvalue"] == pytest.approx(t.pvalue)
    assert found["t_statistic"] == pytest.approx(t.statistic)
    # Genes without any class in them are no better than others.
    assert found["empirical_pvalue"] > 0.1


def test_on_the_embedding(marked):
    null_test(marked, n_sets=2, n_starts=2)
    found = marked.uns["tissueshap"]["null_test"]
    assert found["observed"] > found["null_mean"]


def test_a_set_of_ones_own_and_copy(marked):
    mine = {"mine": list(marked.var_names[:6])}
    changed = null_test(marked, gene_set=mine, n_sets=2, n_starts=1, on="expression", copy=True)
    found = changed.uns["tissueshap"]["null_test"]
    assert found["gene_set"] == "mine"
    assert found["n_genes"] == 6
    assert "t_pvalue" not in found
    assert "null_test" not in marked.uns["tissueshap"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gene_set": "all"}, "there is no null"),
        ({"n_sets": 0}, "at least 1"),
        ({"gene_set": {"a": ["G00091"], "b": ["G00092"]}}, "one gene set, not 2"),
    ],
)
def test_refuses_what_has_no_null(marked, options, message):
    with pytest.raises(errors.DataError, match=message):
        null_test(marked, **options)


def test_a_stopped_test_continues_with_the_same_sets(marked, tmp_path, monkeypatch):
    options = {"n_sets": 6, "n_starts": 2, "on": "expression"}
    whole = null_test(marked, copy=True, **options).uns["tissueshap"]["null_test"]
    score, scored = _vmeasure.score, []

    def stop_at_the_fourth(*words, **more):
        scored.append(words)
        if len(scored) == 4:
            raise RuntimeError("killed")
        return score(*words, **more)

    with keeping(Store(tmp_path)):
        monkeypatch.setattr(_vmeasure, "score", stop_at_the_fourth)
        with pytest.raises(RuntimeError, match="killed"):
            null_test(marked, copy=True, **options)
        scored.clear()
        monkeypatch.setattr(_vmeasure, "score", lambda *w, **m: scored.append(w) or score(*w, **m))
        again = null_test(marked, copy=True, **options).uns["tissueshap"]["null_test"]
    assert len(scored) == 7 - 3
    for name in ("v_measure", "null"):
        pd.testing.assert_frame_equal(again[name], whole[name], check_exact=True)
    assert again["empirical_pvalue"] == whole["empirical_pvalue"]
