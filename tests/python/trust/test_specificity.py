"""Selected genes are held to what random genes of similar expression do."""

import numpy as np
import pytest

from tissueshap.trust._specificity import standing_out

N_GENES, N_CLASSES = 600, 3


@pytest.fixture
def drawn():
    """Genes 0 to 9 are high in class 0, genes 10 to 19 low; all differ a little."""
    rng = np.random.default_rng(5)
    level = rng.uniform(2, 10, N_GENES)
    change = rng.normal(0, 0.5, (N_CLASSES, N_GENES))
    change[0, :10] += 4
    change[0, 10:20] -= 4

    def samples(n):
        codes = np.repeat(np.arange(N_CLASSES), n)
        noise = rng.normal(0, 1, (codes.size, N_GENES))
        return (level + change[codes] + noise).astype(np.float32), codes

    return (*samples(20), *samples(4))


def chosen(genes, code=0):
    mask = np.zeros((N_GENES, N_CLASSES), dtype=bool)
    mask[genes, code] = True
    return mask


@pytest.mark.parametrize("genes", [slice(0, 10), slice(10, 20)], ids=["present", "absent"])
def test_genes_of_a_class_stand_out_whether_high_or_low(drawn, genes):
    found = standing_out(*drawn, chosen(genes))
    assert (found[genes, 0] > 0.95).all()
    assert np.isnan(found[:, 1:]).all()
    assert np.isnan(found[20:, 0]).all()


def test_random_genes_stand_out_as_often_as_others(drawn):
    rng = np.random.default_rng(1)
    means = []
    for _ in range(20):
        genes = 20 + rng.choice(N_GENES - 20, 50, replace=False)
        found = standing_out(*drawn, chosen(genes, code=1))
        means.append(np.nanmean(found))
    assert np.mean(means) == pytest.approx(0.5, abs=0.02)


def test_an_accident_of_the_training_samples_does_not_stand_out(drawn):
    x, codes, x_test, codes_test = drawn
    # A difference in the training samples alone, as an overfitted network would find it.
    x = x.copy()
    x[codes == 2, 300:340] += 3
    found = standing_out(x, codes, x_test, codes_test, chosen(slice(300, 340), code=2))
    assert np.nanmean(found) < 0.65


def test_one_by_hand():
    # One bin of four genes, two classes; gene 0 is chosen and has the largest difference.
    x = np.array([[4.0, 1, 1, 1], [6, 3, 3, 3], [0, 1, 1, 0], [2, 3, 3, 2]])
    codes = np.array([0, 0, 1, 1])
    x_test = np.array([[5.0, 2, 3, 1.5], [1, 2, 2, 1.5]])
    mask = np.zeros((4, 2), dtype=bool)
    mask[0, 0] = mask[2, 1] = True
    found = standing_out(x, codes, x_test, np.array([0, 1]), mask)
    assert found[0, 0] == 1
    # Gene 2 does not differ in training, so it has no direction: as much as genes 1 and 3's
    # ties allow, and less than gene 0.
    assert found[2, 1] == pytest.approx(1 / 3)


def test_high_genes_are_compared_with_high_ones():
    # Two genes are high in class 0, and two low ones differ more.
    x = np.array([[4.0, 3, 0, 0], [6, 5, 1, 1], [0, 0, 6, 6], [2, 2, 7, 7]])
    codes, codes_test = np.array([0, 0, 1, 1]), np.array([0, 1])
    x_test = np.array([[5.0, 4, 0, 0], [1, 1, 9, 9]])
    mask = np.zeros((4, 2), dtype=bool)
    mask[0, 0] = mask[3, 1] = True
    both = standing_out(x, codes, x_test, codes_test, mask)
    same = standing_out(x, codes, x_test, codes_test, mask, one_direction=True)
    assert both[0, 0] == pytest.approx(1 / 3)
    assert same[0, 0] == 1
    assert same[3, 1] == pytest.approx(5 / 6)  # gene 2 is as high


def test_random_genes_stand_out_in_either_direction(drawn):
    rng = np.random.default_rng(1)
    above = []
    for _ in range(20):
        genes = 20 + rng.choice(N_GENES - 20, 50, replace=False)
        found = standing_out(*drawn, chosen(genes, code=1), one_direction=True)
        above.append((found[genes, 1] > 0.9).mean())
    assert np.mean(above) == pytest.approx(0.2, abs=0.04)


def test_what_cannot_be_compared_is_missing(drawn):
    x, codes, x_test, codes_test = drawn
    held = codes_test != 0
    found = standing_out(x, codes, x_test[held], codes_test[held], chosen(slice(0, 10)))
    assert np.isnan(found).all()
    everything = np.ones((N_GENES, N_CLASSES), dtype=bool)
    assert np.isnan(standing_out(*drawn, everything)).all()
