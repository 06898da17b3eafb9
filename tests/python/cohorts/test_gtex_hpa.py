"""GTEx to the Human Protein Atlas: 467 genes on a log scale."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.r]

#: What logistic regression is known to reach on the 129 shared samples.
AS_THEY_ARE, HARMONISED = 0.775, 0.915


@pytest.fixture(scope="module")
def found(cohorts, data_dir):
    return cohorts.gtex_hpa(data_dir)


def test_as_they_are(found):
    runs = [run for run in found["by_seed"] if run["standardise"] != "genes"]
    assert len(runs) == 6
    for run in runs:
        assert run["log2"] / 129 >= AS_THEY_ARE, run


def test_harmonised(found):
    assert len(found["by_seed"]) == 9
    for run in found["by_seed"]:
        assert run["harmonised"] / 129 >= HARMONISED, run
    scored = found["harmonised"]["transfer"]
    assert scored["n_scored"] == 129
    assert scored["accuracy"] >= HARMONISED


def test_the_same_genes(found):
    for layer, least in (("log2", 10), ("harmonised", 18)):
        rows = found[layer]["stability"]["per_class"]
        assert len(rows) == 20
        shared = [row for row in rows if row["pvalue"] < 0.05 / 20]
        assert len(shared) >= least, layer
    assert sum(found["harmonised"]["adipose"].values()) == 7


def test_held_out(found):
    assert found["held_out"]["macro_f1"] > 0.9
    assert 0 < found["overlap_with_de"] <= 1
