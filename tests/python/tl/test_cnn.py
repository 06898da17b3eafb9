from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.model import preset
from tissueshap.model._rows import plain_table
from tissueshap.model._source import _moments, _table
from tissueshap.tl import cnn


def test_it_learns_the_classes_and_records_how(learned, model):
    record = learned.uns["tissueshap"]["cnn"]
    assert model.classes == slots.class_names(learned) == list(record["classes"])
    assert model.genes == list(learned.var_names)
    assert (model.preset, model.label) == ("small", "tissue")
    test = (learned.obs["split"] == "test").to_numpy()
    predicted = model.predict_proba(learned.layers["log2"][test]).argmax(axis=1)
    assert (predicted == slots.class_codes(learned)[test]).mean() > 0.9
    assert record["seed"] == 42
    assert {"keras", "tensorflow", "tissueshap"} <= set(record["versions"])
    assert record["params"]["preset"] == "small"
    assert len(record["history"]) == len(model.history)


def test_rows_and_held_out_samples_add_up(learned):
    record = learned.uns["tissueshap"]["cnn"]
    # A tenth of 140 training samples is too little to hold out in the small preset.
    assert record["n_validation"] == 0
    assert record["n_rows"] == len(learned.uns["tissueshap"]["oversample"]["table"])


@pytest.fixture
def spy(monkeypatch):
    """Catch what tl.cnn would train on."""
    import tissueshap.model._source as module

    caught = {}

    def train(rows, settings, **options):
        caught.update(rows=rows, settings=settings, **options)
        raise InterruptedError

    monkeypatch.setattr(module, "train", train)

    def run(adata, **options):
        with pytest.raises(InterruptedError):
            cnn(adata, **options)
        return caught

    return run


def test_held_out_samples_are_training_samples_that_no_row_touches(prepared, spy):
    caught = spy(prepared, preset="paper")
    rows = caught["rows"]
    # 50, 40, 30 and 20 training samples a class: a tenth of each is held out.
    assert np.bincount(rows.codes_validation).tolist() == [5, 4, 3, 2]
    train = np.flatnonzero(prepared.obs["split"] == "train")
    held = [
        int(np.flatnonzero((prepared.layers["log2"] == x).all(axis=1))[0])
        for x in rows.x_validation
    ]
    assert set(held) <= set(train)
    np.testing.assert_array_equal(slots.class_codes(prepared)[held], rows.codes_validation)
    assert not set(held) & set(rows.table["sample"])
    assert not set(held) & set(rows.table["neighbour"][rows.table["mix"] > 0])
    assert set(rows.table["sample"]) <= set(train)


def test_rows_are_expanded_from_the_linear_layer(prepared, spy):
    rows = spy(prepared, preset="small")["rows"]
    mixed = rows.table[rows.table["mix"] > 0].iloc[:5]
    cpm = prepared.layers["tmm"].astype(np.float64)
    mix = mixed["mix"].to_numpy()[:, None]
    linear = (1 - mix) * cpm[mixed["sample"]] + mix * cpm[mixed["neighbour"]]
    np.testing.assert_allclose(rows.expand(mixed), np.log2(linear + 20), rtol=1e-4)
    real = rows.table[rows.table["mix"] == 0].iloc[:5]
    np.testing.assert_array_equal(rows.expand(real), prepared.layers["log2"][real["sample"]])


def test_rows_follow_the_scale_of_log2(prepared, spy):
    from tissueshap.pp import log2

    log2(prepared, offset=1.0, shift=0.0)
    rows = spy(prepared, preset="small")["rows"]
    real = rows.table[rows.table["mix"] == 0].iloc[:5]
    np.testing.assert_array_equal(rows.expand(real), prepared.layers["log2"][real["sample"]])


def test_moments_are_those_of_the_real_samples_that_are_trained_on(prepared, spy):
    caught = spy(prepared, preset="paper")
    rows = caught["rows"].table
    real = np.unique(rows["sample"])
    values = prepared.layers["log2"][real].astype(np.float64)
    np.testing.assert_allclose(caught["mean"], values.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(caught["variance"], values.var(axis=0), rtol=1e-4, atol=1e-6)


def test_moments_of_far_away_values_do_not_cancel(prepared):
    prepared.layers["far"] = prepared.layers["log2"] + np.float32(1000)
    rows = np.arange(prepared.n_obs)
    expected = prepared.layers["far"].astype(np.float64).var(axis=0)
    np.testing.assert_allclose(
        _moments(prepared, "far", rows, preset("paper"))[1], expected, rtol=1e-4, atol=1e-6
    )


def test_without_a_table_or_on_request_the_real_samples_are_trained_on(prepared):
    samples = np.flatnonzero(prepared.obs["split"] == "train")
    plain, _ = _table(prepared, samples, "log2", balanced=False)
    assert plain.equals(plain_table(samples))
    del prepared.uns["tissueshap"]["oversample"]
    without, expand = _table(prepared, samples, "log2", balanced=True)
    assert without.equals(plain)
    np.testing.assert_array_equal(expand(plain.iloc[:3]), prepared.layers["log2"][samples[:3]])


def test_settings_can_be_changed_or_brought(prepared, spy):
    assert spy(prepared, preset="small", arch="linear", epochs=2)["settings"].epochs == 2
    own = preset("paper").changed(epochs=1)
    assert spy(prepared, preset=own)["settings"] == own


def test_the_paper_preset_trains_on_a_real_panel(panel):
    from tissueshap.pp import log2, split

    counts = np.asarray(panel.X, dtype=np.float64)
    panel.layers["tmm"] = (counts / counts.sum(axis=1, keepdims=True) * 1e6).astype(np.float32)
    split(panel, n_test=10)
    log2(panel)
    found = cnn(panel, preset="paper", epochs=3)
    assert found.history["loss"].iloc[-1] < found.history["loss"].iloc[0]
    assert found.network.layers[4].input.shape == (None, 8, 8, 1)


def test_what_is_wrong_is_named(prepared):
    with pytest.raises(DataError, match="preset must be one of .*, not 'huge'"):
        cnn(prepared, preset="huge")
    with pytest.raises(DataError, match="at least 4"):
        cnn(prepared[:, :3].copy(), preset="small")
    with pytest.raises(DataError, match="only one class"):
        cnn(prepared[prepared.obs["tissue"] == "Liver"].copy(), preset="small")
    none = prepared.copy()
    none.obs.loc[none.obs["tissue"] == "Liver", "split"] = "test"
    with pytest.raises(DataError, match=r"no training samples: \['Liver'\]"):
        cnn(none, preset="small")
    broken = prepared.copy()
    broken.layers["log2"][5, 5] = np.nan
    broken.obs.iloc[5, broken.obs.columns.get_loc("split")] = "train"
    with pytest.raises(DataError, match=r"is missing for gene 'G00006' in sample 'S005': run"):
        cnn(broken, preset="small", balanced=False)
    del prepared.layers["log2"]
    with pytest.raises(MissingSlotError, match=r"ts\.pp\.log2"):
        cnn(prepared, preset="small")


def test_genes_are_laid_out_by_the_samples_that_the_network_learns_from(prepared, spy):
    caught = spy(prepared, preset="paper", layout="clustered")
    held = caught["rows"].x_validation
    assert sorted(caught["cells"]) == sorted(set(caught["cells"]))
    assert caught["cells"].size == prepared.n_vars
    again = prepared.copy()
    # Held-out and test samples have no say in where a gene lies.
    layer = np.array(again.layers["log2"])
    unseen = [(layer == row).all(axis=1).argmax() for row in held]
    unseen += list(np.flatnonzero(again.obs["split"] == "test"))
    layer[unseen] = np.random.default_rng(0).normal(size=(len(unseen), layer.shape[1]))
    again.layers["log2"] = layer
    np.testing.assert_array_equal(
        spy(again, preset="paper", layout="clustered")["cells"], caught["cells"]
    )
    assert spy(prepared, preset="paper")["cells"] is None
    with pytest.raises(DataError, match="use arch='cnn'"):
        cnn(prepared, preset="small", layout="umap")


def test_several_networks_are_averaged_and_explained_as_one(prepared):
    from tissueshap import tl

    both = cnn(prepared, preset="small", epochs=2, n_models=2)
    record = prepared.uns["tissueshap"]["cnn"]
    assert record["params"]["n_models"] == 2
    assert record["history"]["model"].tolist() == [1, 1, 2, 2]
    alone = [cnn(prepared, preset="small", epochs=2, n_models=1, seed=s) for s in (42, 1042)]
    x = prepared.layers["log2"]
    mean = np.mean([one.predict_proba(x) for one in alone], axis=0)
    np.testing.assert_allclose(both.predict_proba(x), mean, atol=1e-6)
    tl.predict(prepared, both)
    tl.shap(prepared, both, samples="test", target="true", n_draws=40)
    table = slots.table(prepared, "shap", "samples")
    np.testing.assert_allclose(
        table["output"],
        mean[prepared.obs_names.get_indexer(table["sample"]), :][
            np.arange(len(table)),
            [both.classes.index(name) for name in table["explained"]],
        ],
        atol=1e-5,
    )
    with pytest.raises(DataError, match="n_models must be .* not 0"):
        cnn(prepared, n_models=0)


def test_the_papers_preset_asks_for_the_papers_logarithm(prepared, spy, caplog):
    from tissueshap.pp import log2

    spy(prepared, preset="paper")
    assert "published with log2(CPM + 0.001) + 10" in caplog.text
    assert "layers['log2'] is log2(CPM + 20)" in caplog.text
    caplog.clear()
    log2(prepared, offset=0.001, shift=10)
    prepared.uns["tissueshap"].pop("oversample", None)
    spy(prepared, preset="paper")
    # A file's own logarithms have another record.
    prepared.uns["tissueshap"]["log2"]["params"] = {"layer": "X"}
    spy(prepared, preset="paper")
    assert "published with" not in caplog.text
