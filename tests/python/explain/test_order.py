from __future__ import annotations

import numpy as np

from tissueshap.explain._order import likeness_order


def test_the_order_is_a_permutation_with_classes_and_relatives_together():
    rng = np.random.default_rng(0)
    # Classes 0 and 2 are confused with each other, 1 and 3 too.
    centres = np.log([[0.7, 0.02, 0.26, 0.02], [0.02, 0.7, 0.02, 0.26]])
    centres = np.vstack([centres, centres[:, [2, 3, 0, 1]]])
    true = rng.integers(0, 4, 200)
    logits = centres[true] + rng.normal(0, 0.1, (200, 4))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    order = likeness_order(probabilities)
    assert sorted(order) == list(range(200))
    runs = true[order][np.flatnonzero(np.diff(true[order], prepend=-1))]
    assert len(runs) == 4
    assert {runs[0], runs[1]} in ({0, 2}, {1, 3})


def test_one_class_and_one_sample_have_an_order():
    assert likeness_order(np.array([[0.9, 0.1]])).tolist() == [0]
    assert sorted(likeness_order(np.full((3, 2), 0.5))) == [0, 1, 2]
