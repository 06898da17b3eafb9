from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from tissueshap._errors import DataError
from tissueshap.model import load


def test_a_bundle_comes_back_as_it_was(classifier, data, tmp_path):
    where = classifier.save(tmp_path / "there" / "model")
    assert sorted(path.name for path in where.iterdir()) == ["bundle.json", "model.keras"]
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
    with pytest.raises(DataError, match=r"missing; give .*model$"):
        load(tmp_path)


def test_missing_numbers_of_a_history_survive(classifier, tmp_path):
    from dataclasses import replace

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
    with pytest.raises(DataError, match="no model bundle"):
        classifier.save(other)
    assert (other / "thesis.txt").read_text() == "years"


def test_a_save_that_fails_leaves_the_old_bundle(classifier, data, tmp_path, monkeypatch):
    where = classifier.save(tmp_path / "model")

    def full(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr(type(classifier), "_bundle", full)
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
    with pytest.raises(DataError, match="takes 20 genes, the matrix has 19"):
        classifier.predict_proba(data.x[:, 1:])
