from __future__ import annotations

import numpy as np
import pytest

from tissueshap.adapters import adapt
from tissueshap.explain import expected_gradients
from tissueshap.model import load, preset
from tissueshap.model._ensemble import average
from tissueshap.model._members import is_average, members


def test_the_mean_of_networks_is_one_network(data, tmp_path):
    settings = preset("small").changed(epochs=2)
    members = [data.train(settings, seed=seed) for seed in (1, 2)]
    both = average(members)
    mean = np.mean([one.predict_proba(data.x) for one in members], axis=0)
    found = both.predict_proba(data.x)
    np.testing.assert_allclose(found, mean, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert both.history["model"].tolist() == [1, 1, 2, 2]
    assert (both.classes, both.genes) == (members[0].classes, members[0].genes)
    back = load(both.save(tmp_path / "model"))
    np.testing.assert_array_equal(back.predict_proba(data.x), found)
    assert back.history.dtypes.astype(str).to_dict()["model"] == "int64"
    # The members are as they were.
    assert [layer.name for layer in members[0].network.layers][-1] == "probability"


def test_its_logits_are_the_logarithms_of_its_probabilities(data):
    from tissueshap.explain._network import outputs

    both = average([data.train(preset("small").changed(epochs=2), seed=seed) for seed in (1, 2)])
    logits = outputs(both.network, "logit", data.x[:9])
    np.testing.assert_allclose(np.exp(logits), both.predict_proba(data.x[:9]), rtol=1e-4)


def test_its_values_are_the_means_of_its_members(data):
    settings = preset("small").changed(epochs=2)
    members = [data.train(settings, seed=seed) for seed in (1, 2)]
    x, targets = data.x[:4], data.codes[:4]

    def values(network):
        found = expected_gradients(network, x, data.x, targets, n_draws=64, method="monte_carlo")
        return found.values

    # With the same draws: a probability that is a mean has the mean of the gradients.
    expected = np.mean([values(one.network) for one in members], axis=0)
    np.testing.assert_allclose(values(average(members).network), expected, atol=1e-5)


def test_its_members_are_found_again(data, tmp_path):
    settings = preset("small").changed(epochs=2)
    own = [data.train(settings, seed=seed) for seed in (1, 2, 3)]
    network = load(average(own).save(tmp_path / "model")).network
    assert is_average(network)
    found = members(network)
    assert len(found) == 3
    for one, member in zip(own, found, strict=True):
        np.testing.assert_allclose(member(data.x[:5]), one.predict_proba(data.x[:5]), atol=1e-6)
    assert not is_average(own[0].network)
    assert members(own[0].network) == []


@pytest.mark.parametrize("layouts", [("input", "input"), ("permuted", "permuted")])
def test_each_member_is_a_model_and_the_average_stays_as_it_is(data, layouts):
    settings = preset("small").changed(epochs=1)
    if layouts[0] == "permuted":  # another place of each gene for each seed
        settings = settings.changed(arch="cnn", layout="permuted")
    own = [data.train(settings, seed=seed) for seed in (1, 2)]
    both = average(own)
    before, x = both.predict_proba(data.x[:5]), data.x[:5]
    found = [np.asarray(one.probabilities(x)) for one in adapt(both).members()]
    for values, member in zip(found, own, strict=True):
        np.testing.assert_allclose(values, member.predict_proba(x), atol=1e-6)
    np.testing.assert_array_equal(both.predict_proba(x), before)
    assert adapt(own[0]).members is None
