"""Make shap_gradient_explainer.npz: what shap.GradientExplainer says of a small network.

The network has fixed weights, which are kept in the file, so that the test builds the
same one. shap is run directly, with many draws, local_smoothing 0, for the class of the
highest output of each sample, in runs of different seeds, whose spread gives the standard
error of their mean.

Run from the root of the checkout: python tests/golden/shap_gradient_explainer.py
"""

from pathlib import Path

import keras
import numpy as np
import shap

N_GENES, N_HIDDEN, N_CLASSES = 24, 16, 5
N_BACKGROUND, N_SAMPLES, N_DRAWS, N_RUNS = 60, 8, 20_000, 40


def network(weights, *, probability):
    """Return the network of some weights, as probabilities or as logits."""
    inputs = keras.Input((N_GENES,))
    hidden = keras.layers.Dense(N_HIDDEN, activation="tanh")(inputs)
    logits = keras.layers.Dense(N_CLASSES)(hidden)
    outputs = keras.layers.Activation("softmax")(logits) if probability else logits
    model = keras.Model(inputs, outputs)
    model.set_weights(weights)
    return model


def main():
    rng = np.random.default_rng(11)
    weights = [
        rng.normal(0, 0.25, (N_GENES, N_HIDDEN)).astype(np.float32),
        rng.normal(0, 0.2, N_HIDDEN).astype(np.float32),
        rng.normal(0, 0.8, (N_HIDDEN, N_CLASSES)).astype(np.float32),
        rng.normal(0, 0.2, N_CLASSES).astype(np.float32),
    ]
    background = rng.normal(0, 1, (N_BACKGROUND, N_GENES)).astype(np.float32)
    x = rng.normal(0, 1.5, (N_SAMPLES, N_GENES)).astype(np.float32)
    kept = {f"weight_{number}": weight for number, weight in enumerate(weights)}
    for output in ("probability", "logit"):
        model = network(weights, probability=output == "probability")
        targets = model.predict(x, verbose=0).argmax(axis=1)
        explainer = shap.GradientExplainer(model, background, batch_size=1000, local_smoothing=0)
        runs = [
            explainer.shap_values(x, nsamples=N_DRAWS // N_RUNS, ranked_outputs=1, rseed=run)[0]
            for run in range(N_RUNS)
        ]
        runs = np.stack(runs).reshape(N_RUNS, *x.shape).astype(np.float64)
        kept[f"{output}_values"] = runs.mean(axis=0)
        kept[f"{output}_standard_error"] = runs.std(axis=0, ddof=1) / np.sqrt(N_RUNS)
        kept["targets"] = targets
    out = Path(__file__).with_suffix(".npz")
    np.savez_compressed(
        out, background=background, x=x, n_draws=N_DRAWS, shap_version=shap.__version__, **kept
    )


if __name__ == "__main__":
    main()
