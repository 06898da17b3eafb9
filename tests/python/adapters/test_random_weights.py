"""Forgetting the weights, a layer at a time."""

import numpy as np
import pytest

from tissueshap.adapters._random_weights import randomised
from tissueshap.model import build, preset


@pytest.fixture(scope="module")
def network():
    return build(
        preset("default"), n_genes=20, n_classes=3, mean=np.zeros(20), variance=np.ones(20)
    )


def kernels(model):
    return [layer.get_weights()[0] for layer in model.layers if hasattr(layer, "kernel")]


def test_layers_are_forgotten_from_the_output_down_and_the_model_is_left_alone(network):
    before = network.get_weights()
    original, names = kernels(network), []
    for number, name, copy in randomised(network, seed=1):
        names.append(name)
        changed = [
            not np.allclose(new, old) for new, old in zip(kernels(copy), original, strict=True)
        ]
        assert changed == [False] * (3 - number) + [True] * number
    assert names[0] == "logits"
    assert len(names) == 3
    for new, old in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(new, old)


def test_from_the_input_up_the_first_layer_is_forgotten_first(network):
    original = kernels(network)
    for number, _, copy in randomised(network, seed=1, side="input"):
        changed = [
            not np.allclose(new, old) for new, old in zip(kernels(copy), original, strict=True)
        ]
        assert changed == [True] * number + [False] * (3 - number)


def test_new_weights_have_glorot_s_size_and_standardisation_stays(network):
    *_, (_, _, copy) = randomised(network, seed=2)
    first = kernels(copy)[0]
    limit = np.sqrt(6 / (20 + 512))
    assert np.abs(first).max() <= limit
    assert first.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert copy.layers[1].get_config() == network.layers[1].get_config()
    norm = next(layer for layer in copy.layers if type(layer).__name__ == "BatchNormalization")
    np.testing.assert_array_equal(norm.moving_variance, 1)
    np.testing.assert_array_equal(norm.moving_mean, 0)


def test_other_seeds_make_other_weights(network):
    first, second = ([*randomised(network, seed=seed)][-1][2] for seed in (1, 2))
    assert not np.allclose(kernels(first)[0], kernels(second)[0])
