"""When a training diverges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Ratio of an epoch's loss to the best before it above which it has risen. Dropout and the
#: order of a few dozen rows change a normal loss by a few hundredths between epochs.
RISE = 1.25
#: What the learning rate is multiplied by for each new attempt.
SMALLER = 0.25


def diverges(losses: Sequence[float], n_classes: int) -> bool:
    """Return whether a training has diverged, so that what it had learned is lost.

    It has if the loss is not finite, or if it rises by a quarter to more than the logarithm
    of the number of classes, the loss of equal probabilities for all classes: the network is
    then worse than chance. A loss that starts above this value and falls has not diverged.

    Parameters
    ----------
    losses
        Cross-entropy of each epoch, over the training rows.
    n_classes
        Number of classes.
    """
    values = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(values).all():
        return True
    if values.size < 2:
        return False
    best = np.minimum.accumulate(values)[:-1]
    return bool(((values[1:] > RISE * best) & (values[1:] > np.log(n_classes))).any())
