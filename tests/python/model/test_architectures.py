from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.model import build, preset
from tissueshap.model._architectures import centred_on, image_side


def _built(name="paper", n_genes=59, n_classes=47, **options):
    settings = preset(name)
    if settings.standardise != "none":
        options = {"mean": np.ones(n_genes), "variance": np.full(n_genes, 4.0), **options}
    return build(settings, n_genes=n_genes, n_classes=n_classes, **options)


@pytest.mark.parametrize(("n_genes", "side"), [(18_884, 138), (64, 8), (65, 9), (59, 8), (1, 1)])
def test_the_image_is_the_smallest_square(n_genes, side):
    assert image_side(n_genes) == side


def test_the_paper_network_has_the_papers_layers():
    network = _built()
    kinds = [type(layer).__name__ for layer in network.layers]
    block = ["Conv2D", "BatchNormalization", "ReLU"]
    assert kinds == [
        *("InputLayer", "Reshape", "ZeroPadding1D", "Reshape"),
        *(block + block + ["MaxPooling2D"]) * 2,
        *("Flatten", "Dropout", "Dense", "BatchNormalization", "ReLU", "Dropout"),
        *("Dense", "Activation"),
    ]
    convolutions = [layer for layer in network.layers if type(layer).__name__ == "Conv2D"]
    assert [layer.filters for layer in convolutions] == [32, 64, 128, 256]
    assert {(*layer.kernel_size, layer.padding) for layer in convolutions} == {(3, 3, "same")}
    dropped = [layer.rate for layer in network.layers if type(layer).__name__ == "Dropout"]
    assert dropped == [0.2, 0.2]
    assert [layer.units for layer in network.layers if type(layer).__name__ == "Dense"] == [512, 47]
    assert network.layers[4].input.shape == (None, 8, 8, 1)
    assert network.layers[17].output.shape == (None, 2, 2, 256)


def test_genes_lie_row_by_row_and_zeros_fill_the_square():
    network = _built(n_genes=20, n_classes=2)
    from tissueshap.model._backend import keras

    image = keras().Model(network.input, network.layers[3].output)
    found = np.asarray(image(np.arange(1, 21, dtype=np.float32)[None]))[0, :, :, 0]
    np.testing.assert_array_equal(found.ravel(), [*range(1, 21), 0, 0, 0, 0, 0])


@pytest.mark.parametrize("arch", ["cnn", "mlp", "linear"])
def test_outputs_are_probabilities_and_logits_lie_before_them(arch):
    from tissueshap.model._backend import keras

    settings = preset("small").changed(arch=arch)
    network = build(settings, n_genes=30, n_classes=4, mean=np.ones(30), variance=np.full(30, 2.0))
    x = np.random.default_rng(0).normal(size=(5, 30)).astype(np.float32)
    found = np.asarray(network(x, training=False))
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    logits = np.asarray(keras().Model(network.input, network.layers[-1].input)(x, training=False))
    raised = np.exp(logits)
    np.testing.assert_allclose(found, raised / raised.sum(axis=1, keepdims=True), rtol=1e-4)


def test_inputs_are_standardised_inside_and_a_constant_gene_is_zero():
    from tissueshap.model._backend import keras

    settings = preset("default").changed(standardise="genes")
    moments = {"mean": np.array([1, 2, 3.0]), "variance": np.array([4, 1, 0.0])}
    network = build(settings, n_genes=3, n_classes=2, **moments)
    standard = keras().Model(network.input, network.layers[1].output)
    x = np.array([[3, 2, 3], [1, 0, 3]], dtype=np.float32)
    np.testing.assert_allclose(np.asarray(standard(x)), [[1, 0, 0], [0, -2, 0]], atol=1e-6)


def test_samples_are_standardised_over_their_genes_whatever_their_scale():
    settings = preset("small")
    network = build(settings, n_genes=20, n_classes=3, mean=np.zeros(20))
    x = np.random.default_rng(0).normal(10, 3, size=(4, 20)).astype(np.float32)
    found = np.asarray(network(x, training=False))
    np.testing.assert_allclose(np.asarray(network(1.3 * x + 2, training=False)), found, atol=1e-5)
    with pytest.raises(DataError, match="standardise must be one of .*, not 'cohorts'"):
        preset("small").changed(standardise="cohorts")


def test_a_share_of_each_genes_mean_is_taken_from_standardised_samples():
    from tissueshap.model._backend import keras

    settings = replace(preset("small"), centring=0.25)
    x = np.random.default_rng(3).normal(5, 2, size=(7, 30)).astype(np.float32)
    seen = centred_on(settings, x)
    np.testing.assert_allclose(seen.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(seen.std(axis=1), 1, rtol=1e-5)
    network = build(settings, n_genes=30, n_classes=2, mean=seen.mean(axis=0))
    inputs = keras().Model(network.input, network.layers[2].output)
    expected = seen - 0.25 * seen.mean(axis=0)
    np.testing.assert_allclose(np.asarray(inputs(x)), expected, atol=1e-5)
    with pytest.raises(DataError, match="centres genes needs each gene's mean"):
        build(settings, n_genes=30, n_classes=2)
    assert centred_on(preset("paper"), x) is x


def test_the_seed_decides_the_weights():
    first, same, other = (_built("small", seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_an_image_too_small_to_pool_is_refused():
    with pytest.raises(DataError, match="use arch='mlp'"):
        _built(n_genes=9)


def test_standardising_needs_moments():
    with pytest.raises(DataError, match="mean and variance"):
        build(preset("default").changed(standardise="genes"), n_genes=5, n_classes=2)


def test_a_gene_of_which_only_rounding_varies_does_not_drown_the_others():
    values = np.full((99, 5), 0.0342, dtype=np.float32)
    values[:, 1:] += np.random.default_rng(1).normal(size=(99, 4)).astype(np.float32)
    settings = preset("default").changed(arch="linear")
    moments = {"mean": values.mean(axis=0), "variance": values.var(axis=0) + 1e-17}
    network = build(settings, n_genes=5, n_classes=2, **moments)
    new = values[:1].copy()
    new[0, 0] = 10
    standardised = np.asarray(network.layers[1](new))
    assert np.abs(standardised).max() < 20
