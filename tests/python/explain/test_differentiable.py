"""A gradient that is a plain function gives what Keras' own gives."""

import numpy as np

from tissueshap.explain import GradientFunction, expected_gradients, explanation
from tissueshap.explain._engine import Explainer


def test_the_engine_takes_a_function_instead_of_a_network(network, golden):
    import tensorflow as tf

    def gradient(points, targets):
        points = tf.constant(points)
        with tf.GradientTape() as tape:
            tape.watch(points)
            chosen = tf.gather(network(points, training=False), targets, axis=1, batch_dims=1)
        return tape.gradient(chosen, points).numpy()

    model = GradientFunction(
        lambda x: network(x, training=False).numpy(), gradient, n_genes=golden["x"].shape[1]
    )
    explainer = Explainer(model, golden["background"], n_draws=60)
    here = explanation(explainer, golden["x"], golden["targets"])
    theirs = expected_gradients(
        network, golden["x"], golden["background"], golden["targets"], n_draws=60
    )
    np.testing.assert_allclose(here.values, theirs.values, atol=1e-5)
    np.testing.assert_allclose(here.standard_error, theirs.standard_error, atol=1e-5)
    np.testing.assert_allclose(here.base, theirs.base, atol=1e-6)
