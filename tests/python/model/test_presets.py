from __future__ import annotations

import pytest

from tissueshap._core.errors import DataError
from tissueshap.model import PRESETS, preset
from tissueshap.model._presets import for_size


def test_the_paper_preset_is_what_the_paper_says():
    paper = preset("paper")
    assert paper.arch == "cnn"
    assert paper.standardise == "none"
    assert paper.filters == (32, 64, 128, 256)
    assert (paper.widths, paper.dropout, paper.input_dropout) == ((512,), 0.2, 0.0)
    assert (paper.optimizer, paper.learning_rate) == ("rmsprop", 1e-4)
    assert (paper.batch_size, paper.epochs, paper.min_steps) == (128, 11, 0)
    assert (paper.validation, paper.patience, paper.label_smoothing) == (0.1, None, 0.0)


def test_presets_know_their_names():
    assert {name: found.name for name, found in PRESETS.items()} == {n: n for n in PRESETS}


def test_a_preset_is_changed_without_changing_the_preset():
    changed = preset("small").changed(arch="linear", epochs=3)
    assert (changed.arch, changed.epochs, changed.min_steps) == ("linear", 3, 0)
    assert preset("small").changed() == PRESETS["small"]


def test_the_default_is_sized_by_samples_and_genes():
    default, small = PRESETS["default"], PRESETS["small"]
    assert for_size(default, 14_301, 59) == default
    for n_samples, n_genes, n_models in ((600, 59, 3), (600, 18_000, 3), (14_301, 18_000, 1)):
        sized = for_size(default, n_samples, n_genes)
        assert (sized.name, sized.widths) == ("default", small.widths)
        assert sized.n_models == n_models
    own = default.changed(epochs=3)
    assert for_size(own, 600, 59) == own
    assert for_size(PRESETS["paper"], 600, 59) == PRESETS["paper"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: preset("huge"), "preset must be one of .*, not 'huge'"),
        (
            lambda: preset("small").changed(arch="transformer"),
            "arch must be one of .*, not 'transformer'",
        ),
        (lambda: preset("small").changed(epochs=0), "integer of at least 1, not 0"),
        (lambda: preset("small").changed(n_models=0), "integer of at least 1, not 0"),
        (lambda: preset("small").changed(epochs=2.5), "integer of at least 1, not 2.5"),  # type: ignore[arg-type]
    ],
)
def test_what_there_is_not_is_named(wrong, message):
    with pytest.raises(DataError, match=message):
        wrong()
