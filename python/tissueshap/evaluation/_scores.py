"""Scores of predictions against the true classes."""

from __future__ import annotations

import numpy as np
import pandas as pd


def scores(
    true: np.ndarray, predicted: np.ndarray, classes: list[str]
) -> tuple[pd.DataFrame, float]:
    """Return the scores of each class, and the mean F1 of those with test samples."""
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, number = precision_recall_fscore_support(
        true, predicted, labels=classes, zero_division=0.0
    )
    table = pd.DataFrame(
        {"class": classes, "n": number, "precision": precision, "recall": recall, "f1": f1}
    )
    return table, float(f1[number > 0].mean())


def confusion(true: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Return how often each pair of true and predicted class occurs."""
    pairs = pd.DataFrame({"true": true, "predicted": predicted})
    return pairs.groupby(["true", "predicted"], as_index=False).size().rename(columns={"size": "n"})
