import os
import time

import numpy as np
import pytest

import tissueshap as ts
from tissueshap import _parallel
from tissueshap._parallel import in_order
from tissueshap.tl._null_test import null_test


def _slowly(n):
    time.sleep(0.05)
    return (str(n),)


def test_workers_are_started_where_they_pay(monkeypatch):
    monkeypatch.setattr(_parallel, "START", 0.1)
    with ts.settings.override(n_jobs=2):
        here = list(in_order(lambda n: _slowly(n)[1:], os.getpid, range(12)))
        found = list(in_order(_slowly, float, range(12)))
    assert here[:2] == [os.getpid()] * 2
    assert os.getpid() not in here[2:]
    assert found == list(map(float, range(12)))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_worker_for_little_work(n_jobs):
    with ts.settings.override(n_jobs=n_jobs):
        assert set(in_order(lambda _: (), os.getpid, range(5))) == {os.getpid()}
    assert list(in_order(_slowly, float, [])) == []


@pytest.mark.slow
def test_workers_find_the_same(toy, monkeypatch):
    toy.layers["log2"] = np.log2(toy.X + 1.0).astype(np.float32)
    tables = []
    for n_jobs in (1, 2):
        monkeypatch.setattr(_parallel, "START", 0.0)
        mine = {"mine": list(toy.var_names[:6])}
        with ts.settings.override(n_jobs=n_jobs):
            null_test(toy, gene_set=mine, n_sets=5, n_starts=2, samples="all")
        tables.append(toy.uns["tissueshap"]["null_test"]["v_measure"])
    assert tables[0].equals(tables[1])


def test_a_worker_imports_umap_without_tensorflow():
    from joblib import Parallel, delayed

    def imported():
        import sys

        from tissueshap._umap import import_umap

        return import_umap().UMAP.__name__, "tensorflow" in sys.modules

    assert Parallel(n_jobs=2)([delayed(imported)()]) == [("UMAP", False)]
