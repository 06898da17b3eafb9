"""The tests of differential expression, and what each takes: a table of ``inst/schema.json``."""

from __future__ import annotations

from typing import Any, Literal, get_args

from tissueshap._core import schema

Method = Literal["edgeR_QL", "edgeR_LRT", "limma_voom", "limma", "wilcoxon"]


def methods_for(values: str, option: str | None = None) -> list[Method]:
    """Return the tests of ``"counts"`` or of ``"log"`` values, the default first.

    Parameters
    ----------
    values
        What is tested.
    option
        Only those that have this option.
    """
    return [
        name
        for name in get_args(Method)
        if values_of(name) == values and (option is None or accepts(name, option))
    ]


def values_of(method: str) -> str:
    """Return what a test takes: ``"counts"``, or ``"log"`` values."""
    return str(_methods()[method]["values"])


def accepts(method: str, option: str) -> bool:
    """Return whether a test has an option: ``"lfc_test"``, ``"covariates"``, ..."""
    return option in _methods()[method]["options"]


def pools(method: str) -> bool:
    """Return whether a test compares a class with all other samples, whatever ``rest`` is."""
    return bool(_methods()[method].get("pools", False))


def name_of(method: str) -> str:
    """Return what a test is called in a sentence."""
    return str(_methods()[method]["name"])


def _methods() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = schema.load()["de_methods"]
    return table
