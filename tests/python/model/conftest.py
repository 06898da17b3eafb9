"""Samples of three classes that a network can tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from tissueshap.model._classifier import Classifier
from tissueshap.model._presets import Preset, preset
from tissueshap.model._rows import TrainingRows, plain_table
from tissueshap.model._train import train

CLASSES = ["Brain - Cortex", "CD8+/CD45RA+", "Peau <b>é</b>"]


@dataclass(frozen=True)
class Data:
    x: np.ndarray
    codes: np.ndarray

    def rows(self, n_validation: int = 30) -> TrainingRows:
        n_train = len(self.x) - n_validation
        table = plain_table(np.arange(n_train))
        return TrainingRows(
            table=table,
            codes=self.codes[:n_train],
            expand=lambda part: self.x[part["sample"]],
            x_validation=self.x[n_train:],
            codes_validation=self.codes[n_train:],
        )

    def train(
        self, settings: Preset | None = None, *, n_validation: int = 30, seed: int = 42
    ) -> Classifier:
        return train(
            self.rows(n_validation),
            settings or preset("small").changed(epochs=8),
            genes=[f"G{number}" for number in range(self.x.shape[1])],
            classes=CLASSES,
            mean=self.x.mean(axis=0),
            variance=self.x.var(axis=0),
            label="tissue",
            seed=seed,
        )


def make_data() -> Data:
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.repeat([0, 1, 2], 100))
    x = rng.normal(8, 1, size=(300, 20)).astype(np.float32)
    for code in range(3):
        x[np.ix_(codes == code, np.arange(4) + 4 * code)] += 2
    return Data(x, codes)


@pytest.fixture(scope="session")
def data() -> Data:
    return make_data()


@pytest.fixture(scope="session")
def classifier(data: Data) -> Classifier:
    return data.train()
