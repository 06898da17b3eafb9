from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from tissueshap._core.errors import DataError
from tissueshap._core.folders import MANIFEST
from tissueshap.model import load
from tissueshap.model._bundle import _content_sum
from tissueshap.model._input_scale import InputScale


def test_a_bundle_comes_back_as_it_was(classifier, data, tmp_path):
    where = classifier.save(tmp_path / "there" / "model")
    assert {path.name for path in where.iterdir()} == {
        MANIFEST,
        "README.md",
        "arrays.npz",
        "bundle.json",
        "model.keras",
    }
    back = load(where)
    np.testing.assert_array_equal(back.predict_proba(data.x), classifier.predict_proba(data.x))
    assert (back.classes, back.genes) == (classifier.classes, classifier.genes)
    assert (back.preset, back.label) == ("small", "tissue")
    assert back.versions == classifier.versions
    pd.testing.assert_frame_equal(back.history, classifier.history)


def test_the_bundle_holds_no_pickle_and_its_text_is_readable(classifier, tmp_path):
    where = classifier.save(tmp_path / "model")
    text = (where / "bundle.json").read_text(encoding="utf-8")
    assert "Peau <b>é</b>" in text
    assert {"preset", "genes", "history", "versions"} < set(json.loads(text))


def test_it_shows_sizes_not_thousands_of_names(classifier):
    assert repr(classifier).startswith(
        "Classifier: 3 classes of obs['tissue'] from 20 genes, preset 'small', "
    )
    assert "G7" not in repr(classifier)


def test_a_runs_folder_is_told_from_its_model(classifier, tmp_path):
    classifier.save(tmp_path / "model")
    with pytest.raises(DataError, match=r"missing; pass .*model$"):
        load(tmp_path)


def test_missing_numbers_of_a_history_survive(classifier, tmp_path):
    history = classifier.history.assign(val_loss=np.nan)
    back = load(replace(classifier, history=history).save(tmp_path / "model"))
    pd.testing.assert_frame_equal(back.history, history)


def test_saving_replaces_a_bundle_and_nothing_else(classifier, tmp_path):
    where = classifier.save(tmp_path / "model")
    classifier.save(where)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years")
    with pytest.raises(DataError, match="did not write"):
        classifier.save(other)
    assert (other / "thesis.txt").read_text() == "years"


def test_a_save_that_fails_leaves_the_old_bundle(classifier, data, tmp_path, monkeypatch):
    where = classifier.save(tmp_path / "model")

    def full(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr("tissueshap.model._bundle._content", full)
    with pytest.raises(OSError, match="no space"):
        classifier.save(where)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    np.testing.assert_array_equal(
        load(where).predict_proba(data.x), classifier.predict_proba(data.x)
    )


def test_what_is_no_bundle_is_named(classifier, tmp_path):
    with pytest.raises(DataError, match=r"model\.keras and bundle\.json missing"):
        load(tmp_path)
    where = classifier.save(tmp_path / "model")
    bundle = json.loads((where / "bundle.json").read_text())
    (where / "bundle.json").write_text(json.dumps({**bundle, "format": 99}))
    with pytest.raises(DataError, match="bundle format 99"):
        load(where)


def test_probabilities_of_many_rows_frames_and_sparse_matrices(classifier, data):
    expected = classifier.predict_proba(data.x)
    assert expected.dtype == np.float32
    many = classifier.predict_proba(np.tile(data.x, (15, 1)))
    np.testing.assert_allclose(many[-300:], expected, atol=1e-6)
    frame = pd.DataFrame(data.x, columns=classifier.genes)
    np.testing.assert_array_equal(classifier.predict_proba(frame), expected)
    sparse = scipy.sparse.csr_matrix(data.x)
    np.testing.assert_allclose(classifier.predict_proba(sparse), expected, atol=1e-6)
    assert classifier.predict_proba(data.x[:0]).shape == (0, 3)


def test_genes_in_another_order_are_refused(classifier, data):
    genes = [*classifier.genes[:3], "other", *classifier.genes[4:]]
    with pytest.raises(DataError, match="gene 4 is 'other', the model's is 'G3'"):
        classifier.predict_proba(data.x, genes=genes)
    with pytest.raises(DataError, match="needs 20 genes, the matrix has 19"):
        classifier.predict_proba(data.x[:, 1:])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_have_no_class(classifier, data, bad):
    x = data.x[:5].copy()
    x[3, 7] = bad
    with pytest.raises(DataError, match=r"for gene 'G7' in sample '4'"):
        classifier.predict_proba(x)
    frame = pd.DataFrame(x, index=list("abcde"), columns=classifier.genes)
    with pytest.raises(DataError, match=r"for gene 'G7' in sample 'd'"):
        classifier.predict_proba(frame)


def test_the_training_distribution_comes_back(classifier, data, tmp_path):
    given = {"layer": "tmm", "offset": 1.0, "shift": 0.0}
    scale = InputScale.of(data.x, made=given)
    back = load(replace(classifier, scale=scale).save(tmp_path / "model")).scale
    assert (back.made, back.n_samples, back.by_sample) == (given, 300, False)
    np.testing.assert_allclose(back.mean, data.x.mean(axis=0), rtol=1e-5)
    assert load(classifier.save(tmp_path / "model")).scale is None


@pytest.fixture
def bundle(classifier, data, tmp_path):
    scaled = replace(classifier, scale=InputScale.of(data.x))
    return scaled.save(tmp_path / "model")


def rewrite(bundle, change, *, seal: bool) -> None:
    """Change what bundle.json says; sealed it has the right checksum again."""
    path = bundle / "bundle.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    change(held)
    if seal:
        held["sha256"]["bundle.json"] = _content_sum(held)
    path.write_text(json.dumps(held), encoding="utf-8")


CHANGES = {
    "reversed classes": lambda held: held["classes"].reverse(),
    "another gene": lambda held: held["genes"].__setitem__(0, "other"),
    "two genes exchanged": lambda held: held["genes"].insert(0, held["genes"].pop(1)),
    "another shift": lambda held: held["scale"].update(made={"shift": 10}),
    "another history": lambda held: held["history"]["loss"].reverse(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_since_it_was_saved_is_refused(bundle, change):
    rewrite(bundle, change, seal=False)
    with pytest.raises(DataError, match=r"bundle\.json is damaged or was changed.*checksum"):
        load(bundle)


WRONG = {
    "'genes' is missing": lambda held: held.pop("genes"),
    "'classes' is missing, or of another type": lambda held: held.update(classes="abc"),
    "genes are not unique": lambda held: held["genes"].__setitem__(1, held["genes"][0]),
    "classes are not unique, or not strings": lambda held: held["classes"].__setitem__(0, 3),
    "different lengths": lambda held: held["history"]["loss"].pop(),
    "it has 20 genes and 3 classes, but bundle.json names 20 and 4": (
        lambda held: held["classes"].append("fourth")
    ),
    "distribution of the training data": lambda held: held["scale"].update(low=[1.0]),
}


@pytest.mark.parametrize("says", WRONG)
def test_content_that_makes_no_sense_is_refused_with_any_checksum(bundle, says):
    rewrite(bundle, WRONG[says], seal=True)
    with pytest.raises(DataError, match=says):
        load(bundle)


TEXTS = {
    "truncated": b'{"format": 2, "genes": ["a',
    "empty": b"",
    "not UTF-8": b'{"format": "\xff"}',
    "NaN": b'{"format": NaN}',
    "nested": b"[" * 100_000,
    "a list": b"[1, 2]",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_that_is_no_bundle_is_one_clear_error(bundle, text):
    (bundle / "bundle.json").write_bytes(text)
    with pytest.raises(DataError, match=r"bundle\.json is damaged or was changed: it "):
        load(bundle)


def test_bundles_of_the_first_format_name_it(bundle):
    rewrite(bundle, lambda held: held.update(format=1), seal=True)
    with pytest.raises(DataError, match=r"bundle format 1, .* reads 2 and 3: install the version"):
        load(bundle)


def reseal(bundle) -> None:
    """Give a network that was put in place of the saved one the checksum that it needs."""
    found = hashlib.sha256((bundle / "model.keras").read_bytes()).hexdigest()
    rewrite(bundle, lambda held: held["sha256"].update({"model.keras": found}), seal=True)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_network_is_refused(bundle, share):
    path = bundle / "model.keras"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"model\.keras is damaged or was changed.*checksum"):
        load(bundle)
    reseal(bundle)
    with pytest.raises(DataError, match=r"model\.keras is damaged or was changed: Keras .* cannot"):
        load(bundle)


def test_a_zip_that_unpacks_to_far_more_is_refused(bundle, monkeypatch):
    monkeypatch.setattr("tissueshap.model._bundle._MOST_UNPACKED", 10_000)
    with zipfile.ZipFile(bundle / "model.keras", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("config.json", bytes(10_000_000))
    reseal(bundle)
    with pytest.raises(DataError, match="it would unpack to"):
        load(bundle)


def test_weights_that_are_not_finite_are_refused(classifier, data, tmp_path):
    from tissueshap.model._backend import keras

    broken = keras().models.clone_model(classifier.network)
    weights = [array.copy() for array in classifier.network.get_weights()]
    weights[-1][0] = np.nan
    broken.set_weights(weights)
    where = replace(classifier, network=broken).save(tmp_path / "model")
    with pytest.raises(DataError, match=r"model\.keras .*weights are missing or infinite"):
        load(where)


def test_code_in_a_network_is_not_run(bundle):
    from tissueshap.model._backend import keras

    inputs = keras().Input((20,))
    outputs = keras().layers.Lambda(lambda x: x[:, :3])(inputs)
    keras().Model(inputs, outputs).save(bundle / "model.keras")
    reseal(bundle)
    with pytest.raises(DataError, match=r"model\.keras .*cannot load it"):
        load(bundle)
