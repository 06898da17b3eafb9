"""When a training gets worse instead of better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: An epoch's loss, of the best before it, from which on it has risen. Dropout and the order
#: of a few dozen rows move a sound loss by some hundredths from one epoch to the next.
RISE = 1.25
#: What the learning rate is multiplied by for each new attempt.
SMALLER = 0.25


def diverges(losses: Sequence[float], n_classes: int) -> bool:
    """Return whether a training has diverged: what it had learned is lost again.

    A loss that is not finite has. So has one that rises by a quarter to more than what equal
    probabilities of all classes give, the logarithm of their number: after that epoch the
    network knows less than nothing. A loss that starts above it and falls has not.

    Parameters
    ----------
    losses
        Cross-entropy of each epoch, over the training rows.
    n_classes
        Number of classes.
    """
    held = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(held).all():
        return True
    if held.size < 2:
        return False
    best = np.minimum.accumulate(held)[:-1]
    return bool(((held[1:] > RISE * best) & (held[1:] > np.log(n_classes))).any())
