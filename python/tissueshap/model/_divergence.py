"""When a training diverges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: A loss that rises by this share of that of guessing, and in more than this share of the epochs
#: has not fallen by it, diverges. Trainings of 35 to 90 samples whose genes were as good as those
#: of a quarter of the learning rate had not fallen in up to 0.07 of the epochs; the others in 0.39
#: and more (docs/classifier.md).
QUARTER = 0.25
#: What the learning rate is multiplied by for each new attempt.
SMALLER = 0.25


def diverges(
    losses: Sequence[float], n_classes: int, *, start: float = 0.0, epochs: int = 0
) -> bool:
    """Return whether a training diverges: its loss is not finite, or rises and does not come back.

    It is compared with that of equal probabilities for all classes, which is the logarithm of
    their number, or with that before the training, where this is higher. First steps that are
    too large and are undone within a few epochs are not a divergence, nor are classes that
    cannot be learned; and neither is a rising loss of samples that do not train, which early
    stopping deals with.

    Parameters
    ----------
    losses
        Cross-entropy of each epoch so far, over the training rows.
    n_classes
        Number of classes.
    start
        Cross-entropy before the first step.
    epochs
        Number of epochs that the training is to have, if it is not over: the answer is yes
        once the others cannot change it.
    """
    values = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(values).all():
        return True
    relative = values / max(start, float(np.log(n_classes)))
    risen = bool((relative > 1 + QUARTER).any())
    return risen and bool((relative > 1 - QUARTER).sum() > QUARTER * max(epochs, values.size))
