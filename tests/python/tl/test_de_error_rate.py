"""Error rates of differential expression: what R counts, and what is refused."""

from __future__ import annotations

import anndata as ad
import pytest

from tissueshap import pp
from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.tl import de, de_error_rate

pytestmark = pytest.mark.r


def test_given_and_permuted_labels_are_counted(toy: ad.AnnData) -> None:
    pp.tmm(toy)
    options = {"fdr": 0.05, "lfc": 1}
    assert (
        de_error_rate(toy, methods=["wilcoxon", "limma_voom"], n_permutations=2, **options) is None
    )
    calls, rates = (slots.table(toy, "de_error_rate", name) for name in ("calls", "rates"))
    classes = toy.obs["tissue"].cat.categories
    assert set(calls["class"]) == set(classes)
    assert rates["n_tests"].tolist() == [2 * len(classes)] * 2
    # Planted markers are called with the given labels, and hardly any with permuted ones.
    assert (rates["n_false"] < 0.2 * rates["n_called"]).all()
    de(toy, method="wilcoxon", **options)
    called = toy.varm["de_called"].to_numpy().sum()
    assert rates.set_index("method").loc["wilcoxon", "n_called"] == called
    again = de_error_rate(
        toy, methods=["wilcoxon"], n_permutations=2, key_added="again", copy=True, **options
    )
    first = calls[calls["method"] == "wilcoxon"].reset_index(drop=True)
    assert slots.table(again, "again", "calls").equals(first)


def test_halves_of_each_class_are_compared(toy: ad.AnnData) -> None:
    pp.tmm(toy)
    de_error_rate(toy, methods="wilcoxon", null="within_class", n_permutations=1)
    rates = slots.table(toy, "de_error_rate", "rates")
    assert rates["n_tests"].tolist() == [toy.obs["tissue"].nunique()]
    assert rates["realised_fdr"].iloc[0] <= 0.5


def test_wrong_arguments_say_what_is_right(toy: ad.AnnData) -> None:
    with pytest.raises(DataError, match="methods must be"):
        de_error_rate(toy, methods=["t"])
    with pytest.raises(DataError, match="methods= is empty"):
        de_error_rate(toy, methods=[])
    with pytest.raises(DataError, match="null must be 'permuted' or 'within_class'"):
        de_error_rate(toy, null="none")
    with pytest.raises(MissingSlotError):
        de_error_rate(toy)
