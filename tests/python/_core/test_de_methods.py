"""The table of tests in ``inst/schema.json`` is the one that each place follows."""

from typing import get_args

from tissueshap import tl
from tissueshap._core import de_methods as de, schema
from tissueshap._core.de_methods import Method
from tissueshap.workflow._choices import Test as Choice

TABLE = schema.load()["de_methods"]
OPTIONS = {"lfc_test", "covariates", "block", "legacy"}


def test_the_tests_are_those_of_the_table():
    assert list(get_args(Method)) == list(TABLE)
    assert get_args(Choice) == ("auto", *TABLE)


def test_each_is_described():
    for name, entry in TABLE.items():
        assert set(entry) - {"pools"} == {"values", "name", "options"}, name
        assert set(entry["options"]) <= OPTIONS, name
        assert f'"{name}"' in (tl.de.__doc__ or "") or entry["name"] in (tl.de.__doc__ or "")


def test_properties():
    assert de.values_of("limma") == "log"
    assert de.accepts("limma", "block")
    assert not de.accepts("wilcoxon", "covariates")
    assert de.pools("wilcoxon")
    assert not de.pools("limma_voom")
    assert de.name_of("edgeR_LRT") == "edgeR"


def test_the_default_of_each_kind_of_values_comes_first():
    assert de.methods_for("counts")[0] == "edgeR_QL"
    assert de.methods_for("log") == ["limma"]
    assert de.methods_for("counts", "block") == ["limma_voom"]
