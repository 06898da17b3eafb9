from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.model import build, load, preset
from tissueshap.model._layouts import LAYOUTS, cells, image_side, on_grid
from tissueshap.model._path import square_path


def modules(n_genes=100, n_modules=5, n_samples=80):
    """Samples of genes that go together in modules, and each gene's module."""
    rng = np.random.default_rng(0)
    module = rng.permutation(np.arange(n_genes) % n_modules)
    shared = rng.normal(size=(n_samples, n_modules))
    return 8 + shared[:, module] + 0.4 * rng.normal(size=(n_samples, n_genes)), module


def alike(places, module):
    """Share of neighbouring cells whose genes are of one module."""
    side = image_side(len(module))
    image = np.full(side * side, -1)
    image[places] = module
    image = image.reshape(side, side)
    pairs = np.concatenate(
        [(image[1:] == image[:-1]).ravel(), (image[:, 1:] == image[:, :-1]).ravel()]
    )
    return pairs.mean()


@pytest.mark.parametrize("side", [*range(1, 14), 76, 138])
def test_the_path_visits_every_cell_and_never_jumps(side):
    path = square_path(side)
    assert sorted(path) == list(range(side * side))
    row, column = np.divmod(path, side)
    assert (np.maximum(abs(np.diff(row)), abs(np.diff(column))) <= 1).all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n_genes", [16, 59])
def test_every_gene_has_a_cell_of_its_own(layout, n_genes):
    x, _ = modules(n_genes)
    found = cells(x, layout, seed=1)
    assert len(set(found)) == n_genes
    assert 0 <= found.min() <= found.max() < image_side(n_genes) ** 2
    np.testing.assert_array_equal(found, cells(x, layout, seed=1))


def test_genes_that_go_together_lie_together():
    x, module = modules()
    shares = {layout: alike(cells(x, layout), module) for layout in LAYOUTS}
    # Of 5 modules, chance is a fifth.
    assert shares["input"] < 0.3
    assert shares["permuted"] < 0.3
    assert shares["clustered"] > 0.7
    assert shares["umap"] > 0.6


def test_genes_that_never_vary_have_a_place_too():
    x, _ = modules(30)
    x[:, [3, 7, 8]] = 5.0
    for layout in LAYOUTS:
        assert len(set(cells(x, layout))) == 30


def test_a_grid_keeps_the_order_of_points_that_lie_on_one():
    row, column = np.divmod(np.random.default_rng(0).permutation(64), 8)
    points = np.column_stack([row, column]).astype(float)
    np.testing.assert_array_equal(on_grid(points, 8), row * 8 + column)


def test_the_image_has_each_gene_in_its_cell_and_the_bundle_keeps_it(tmp_path):
    from tissueshap.model import Classifier
    from tissueshap.model._backend import keras

    settings = preset("paper").changed(layout="permuted")
    places = cells(np.zeros((1, 20)), "permuted", seed=3)
    network = build(settings, n_genes=20, n_classes=2, cells=places)
    x = np.random.default_rng(0).normal(size=(3, 20)).astype(np.float32)
    layer = next(layer for layer in network.layers if type(layer).__name__ == "Layout")
    image = np.asarray(keras().Model(network.input, layer.output)(x)).reshape(3, -1)
    np.testing.assert_array_equal(image[:, places], x)
    assert (np.delete(image, places, axis=1) == 0).all()
    genes = [f"G{number}" for number in range(20)]
    import pandas as pd

    history = pd.DataFrame({"epoch": [1], "loss": [0.5]})
    saved = Classifier(network, ["a", "b"], genes, "paper", history).save(tmp_path / "model")
    np.testing.assert_array_equal(load(saved).predict_proba(x), np.asarray(network(x)))


def test_a_layout_that_there_is_not_is_named():
    with pytest.raises(DataError, match="layout must be one of .*, not 'spiral'"):
        cells(np.zeros((3, 9)), "spiral")
    with pytest.raises(DataError, match="layout must be one of .*, not 'spiral'"):
        preset("paper").changed(layout="spiral")


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["clustered", "umap"])
def test_the_papers_genes_find_their_places_in_minutes(layout):
    import time

    rng = np.random.default_rng(0)
    x = (rng.normal(size=(200, 30)) @ rng.normal(size=(30, 18_884))).astype(np.float32)
    started = time.process_time()
    assert len(set(cells(x, layout))) == 18_884
    assert time.process_time() - started < 300
