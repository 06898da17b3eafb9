"""The bridge to R: values, messages, errors, hosts, and what is missing."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import tissueshap as ts
from tissueshap import errors
from tissueshap._bridge import host, r
from tissueshap._bridge.convert import Matrix, from_r, to_r

pytestmark = pytest.mark.r

SOURCE = Path(ts.__file__).parents[1]


def in_r(code: str) -> Any:
    """Return what R makes of some code."""
    with r._session() as ri:
        return from_r(ri.evalr(code))


def as_r_sees(value: Any) -> str:
    """Return R's own text for a value of Python."""
    with r._session() as ri:
        return "".join(ri.baseenv["deparse"](to_r(ri, value)))


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run_r(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    library = os.pathsep.join(filter(None, [str(host.library() or ""), os.environ.get("R_LIBS")]))
    return subprocess.run(
        ["Rscript", "-e", code],
        env={
            **os.environ,
            "R_LIBS": library,
            "RETICULATE_PYTHON": sys.executable,
            "PYTHONPATH": str(SOURCE),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class TestToR:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (1, "1L"),
            (2**40, "1099511627776"),
            (-(2**31), "-2147483648"),  # R's integers have no such value: it is their NA
            (1.5, "1.5"),
            (True, "TRUE"),
            (None, "NULL"),
            ("CD8+/CD45RA+ <b>é</b>", '"CD8+/CD45RA+ <b>é</b>"'),
            (["a", "b"], 'c("a", "b")'),
            ([1.5, 2.0], "c(1.5, 2)"),
            ([], "character(0)"),
            (np.float32(0.5), "0.5"),
            (np.arange(3, dtype=np.uint8), "0:2"),
            (np.array([0.5, np.nan]), "c(0.5, NaN)"),
            (np.array([True, False]), "c(TRUE, FALSE)"),
            (np.array(["a", None], dtype=object), 'c("a", NA)'),
            ({"a": 1, "b": {"c": "x"}}, 'list(a = 1L, b = list(c = "x"))'),
            ({}, "structure(list(), names = character(0))"),
        ],
    )
    def test_scalars_and_vectors(self, value: Any, expected: str) -> None:
        assert as_r_sees(value) == expected

    def test_categorical(self) -> None:
        value = pd.Categorical(["b", None, "a"], categories=["b", "a", "c"])
        expected = 'structure(c(1L, NA, 2L), levels = c("b", "a", "c"), class = "factor")'
        assert as_r_sees(value) == expected
        assert as_r_sees(pd.Series(value)) == expected

    def test_data_frame_keeps_names_and_types(self) -> None:
        frame = pd.DataFrame({"a b": [1, 2], "x": ["u", "v"]}, index=["left", "out"])
        assert as_r_sees(frame) == (
            'structure(list(`a b` = 1:2, x = c("u", "v")), '
            'class = "data.frame", row.names = c(NA, -2L))'
        ).replace("`a b`", '"a b"')

    @pytest.mark.parametrize(
        ("dtype", "kind"),
        [
            (np.int64, "1:6"),
            (np.uint16, "1:6"),
            (np.float32, "c(1, 2, 3, 4, 5, 6)"),
            (np.float64, "c(1, 2, 3, 4, 5, 6)"),
        ],
    )
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_matrix_is_turned(self, dtype: type, kind: str, order: str) -> None:
        value = np.array([[1, 2, 3], [4, 5, 6]], dtype=dtype, order=order)  # type: ignore[call-overload]
        assert as_r_sees(value) == f"structure({kind}, dim = 3:2)"

    def test_matrix_of_truth_values(self) -> None:
        assert as_r_sees(np.array([[True, False]])) == "structure(c(TRUE, FALSE), dim = 2:1)"

    def test_integers_beyond_r_become_doubles(self) -> None:
        assert as_r_sees(np.array([[1, 2**31]])) == "structure(c(1, 2147483648), dim = 2:1)"

    @pytest.mark.parametrize("form", [sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.csr_array])
    def test_sparse(self, form: Any) -> None:
        value = form(np.array([[0, 2, 0], [4, 0, 6]], dtype=np.int32))
        expected = "structure(c(0L, 2L, 0L, 4L, 0L, 6L), dim = 3:2)"
        assert as_r_sees(value) == expected

    def test_named_matrix_of_whole_floats(self) -> None:
        value = Matrix(np.array([[1.0, 2.0]], np.float32), ["s/1"], ["g1", "gé"], integer=True)
        assert as_r_sees(value) == (
            'structure(1:2, dim = 2:1, dimnames = list(c("g1", "gé"), "s/1"))'
        )

    def test_many_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tissueshap._core.dense._BLOCK", 10)
        value = np.arange(100.0).reshape(20, 5)
        with r._session() as ri:
            assert np.array_equal(from_r(to_r(ri, value)), value.T)

    @pytest.mark.parametrize("value", [np.zeros((2, 2, 2)), [1, "a", None, {}], 1j])
    def test_what_has_no_counterpart(self, value: Any) -> None:
        with r._session() as ri, pytest.raises((TypeError, ValueError)):
            to_r(ri, value)


class TestFromR:
    def test_scalars(self) -> None:
        found = in_r("list(i = 1L, d = 1.5, s = 'é', b = TRUE, n = NULL, u = list(1, 'x'))")
        assert found == {"i": 1, "d": 1.5, "s": "é", "b": True, "n": None, "u": [1.0, "x"]}

    def test_vectors(self) -> None:
        assert in_r("1:3").dtype == np.int32
        assert in_r("c(1, 2)").dtype == np.float64
        assert in_r("c(TRUE, FALSE)").dtype == np.bool_
        assert list(in_r("c('a', 'b')")) == ["a", "b"]
        assert len(in_r("integer()")) == 0

    def test_missing_values(self) -> None:
        assert np.array_equal(in_r("c(1L, NA)"), [1.0, np.nan], equal_nan=True)
        assert np.isnan(in_r("c(1, NA)")[1])
        assert list(in_r("c('a', NA)")) == ["a", None]
        assert list(in_r("c(TRUE, NA)"))[1] is pd.NA
        assert np.isnan(in_r("matrix(c(1L, NA), 1)")[0, 1])

    def test_factor(self) -> None:
        found = in_r("factor(c('x', NA, 'z'), levels = c('z', 'x'))")
        assert list(found.categories) == ["z", "x"]
        assert list(found.codes) == [1, -1, 0]

    def test_matrix_has_the_shape_of_r(self) -> None:
        found = in_r("matrix(c(1, 2, 3, 4, 5, 6), nrow = 2)")
        assert found.tolist() == [[1, 3, 5], [2, 4, 6]]
        assert found.flags.f_contiguous

    def test_matrix_with_names_is_a_frame(self) -> None:
        found = in_r("matrix(c(1, 2), 1, dimnames = list('g1', c('CD8+/x', 'é<b>')))")
        assert list(found.columns) == ["CD8+/x", "é<b>"]
        assert list(found.index) == ["g1"]

    def test_matrix_lives_as_long_as_its_array(self) -> None:
        found = in_r("matrix(as.double(1:1e6), 1000)")
        in_r("{ for (i in 1:5) x <- matrix(0, 1000, 1000); gc(); NULL }")
        assert np.array_equal(found.ravel(order="F"), np.arange(1, 1e6 + 1))
        assert not found.flags.writeable

    def test_data_frame(self) -> None:
        found = in_r("data.frame(`a b` = 1, s = NA_character_, check.names = FALSE)")
        assert list(found.columns) == ["a b", "s"]
        assert found["a b"].tolist() == [1.0]
        assert found["s"].isna().all()

    def test_a_function_is_refused(self) -> None:
        with pytest.raises(TypeError, match="CLOSXP"):
            in_r("function(x) x")

    def test_there_and_back(self) -> None:
        value = np.random.default_rng(1).normal(size=(7, 5))
        with r._session() as ri:
            assert np.array_equal(from_r(to_r(ri, value)).T, value)


class TestCall:
    def test_result_by_slot(self) -> None:
        counts = np.random.default_rng(1).poisson(50, (6, 30))
        found = r.call("core_tmm", counts=counts)
        assert sorted(found) == ["layers", "obs", "uns"]
        assert np.array_equal(found["obs"]["lib_size"], counts.sum(axis=1))
        assert found["layers"]["tmm"].shape == (30, 6)

    def test_error_is_that_of_r(self) -> None:
        with pytest.raises(errors.RError, match="needs one for each"):
            r.call("core_de", counts=np.ones((4, 5)), label=["a"], lib_size=1, norm_factor=1)

    def test_error_has_the_call_of_r(self) -> None:
        with pytest.raises(errors.RError, match=r"unused argument.*core_tmm\(") as caught:
            r.call("core_tmm", counts=np.ones((400, 500)), nonsense=1)
        assert len(str(caught.value)) < 300

    def test_unknown_function(self) -> None:
        with pytest.raises(errors.RError, match="core_nothing"):
            r.call("core_nothing")

    def test_nothing_is_left_in_the_global_environment(self) -> None:
        code = (
            "from tissueshap._bridge import r; import numpy as np\n"
            "from tissueshap._bridge.convert import from_r\n"
            "r.call('core_tmm', counts=np.ones((4, 9)) * range(1, 10))\n"
            "with r._session() as ri:\n"
            "    print(from_r(ri.evalr('ls(globalenv(), all.names = TRUE)')))\n"
        )
        found = run_python(code)
        # R itself keeps the state of its random numbers there once a package drew any.
        assert found.stdout.strip() in ("[]", ".Random.seed"), found.stderr

    def test_messages_and_warnings_reach_the_log(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        script = tmp_path / "noisy.R"
        script.write_text("message('said ', 'so'); print(1:2); warning('beware'); 7")
        with caplog.at_level(logging.INFO, logger="tissueshap"), r._session() as ri:
            found = r._evaluate(ri, "source", {"file": str(script)}, ri.baseenv)
            assert from_r(found)["value"] == 7
        records = {(record.levelname, record.getMessage()) for record in caplog.records}
        assert records == {
            ("INFO", "R: said so"),
            ("INFO", "R: [1] 1 2"),
            ("WARNING", "R: beware"),
        }

    def test_callbacks_of_rpy2_are_put_back(self) -> None:
        r.available()
        from rpy2.rinterface_lib import callbacks

        before = (callbacks.consolewrite_print, callbacks.consolewrite_warnerror)
        with pytest.raises(errors.RError):
            r.call("core_tmm", counts=None)
        assert (callbacks.consolewrite_print, callbacks.consolewrite_warnerror) == before
        assert all(function.__module__.startswith("rpy2") for function in before)

    def test_large_matrices_are_freed(self) -> None:
        counts = np.ones((20_000, 2_000), np.int32)
        small = {"label": ["a"] * len(counts), "min_samples": 1}

        def resident() -> int:
            fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
            return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

        r.call("core_filter_genes", counts=counts[:10], label=["a"] * 10, min_samples=1)
        before = resident()
        r.call("core_filter_genes", counts=counts, **small)
        assert resident() - before < counts.nbytes / 2

    def test_no_converter_is_switched_on(self) -> None:
        code = (
            "from tissueshap._bridge import r; import numpy as np, sys\n"
            "r.call('core_tmm', counts=np.ones((4, 9)) * range(1, 10))\n"
            "print('rpy2.robjects' in sys.modules)"
        )
        assert run_python(code).stdout.strip() == "False"

    def test_threads_take_turns(self) -> None:
        counts = [np.random.default_rng(seed).poisson(50, (6, 200)) for seed in range(8)]
        alone = [r.call("core_tmm", counts=item)["obs"]["norm_factor"] for item in counts]
        together: dict[int, np.ndarray] = {}

        def work(place: int) -> None:
            together[place] = r.call("core_tmm", counts=counts[place])["obs"]["norm_factor"]

        threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(np.array_equal(together[place], alone[place]) for place in range(8))


class TestMemory:
    def test_a_matrix_crosses_once(self) -> None:
        value = np.ones((2000, 2000), np.float32)
        with r._session() as ri:
            to_r(ri, np.ones((2, 2)))  # what is loaded on first use
            tracemalloc.start()
            held = to_r(ri, value)
            back = from_r(held)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert back.shape == (2000, 2000)
            # R's copy is R's; Python makes none, neither of 16 MB nor of 32.
            assert peak < 1e6


class TestInterrupt:
    def test_control_c_stops_r_and_leaves_it_usable(self) -> None:
        code = (
            "import os, signal, threading\n"
            "from tissueshap._bridge import r\n"
            "with r._session() as ri:\n"
            "    stop = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
            "    threading.Timer(0.5, stop).start()\n"
            "    try: r._evaluate(ri, 'Sys.sleep', {'time': 60}, ri.baseenv)\n"
            "    except KeyboardInterrupt: print('stopped')\n"
            "    print(r._evaluate(ri, 'sum', {'x': [1, 2]}, ri.baseenv)[0])\n"
        )
        assert run_python(code).stdout.split() == ["stopped", "3"]


class TestPackages:
    def test_versions(self) -> None:
        found = r.versions("R", "edgeR", "tissueshap")
        assert found["tissueshap"] == ts.__version__
        assert found["R"].startswith("4.")

    def test_has_package(self) -> None:
        assert r.has_package("edgeR")
        assert not r.has_package("noSuchPackage")

    def test_missing_package_names_the_command(self) -> None:
        with pytest.raises(errors.MissingPackageError, match=r"BiocManager::install\(\"noSuch\"\)"):
            r.versions("noSuch")

    def test_versions_must_agree(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(r, "__version__", "99.1")
        r._namespace.cache_clear()
        with pytest.raises(errors.RError, match=r"99\.1 and the R package is 0\..*--install-r"):
            r.call("core_tmm", counts=np.ones((2, 2)))
        r._namespace.cache_clear()

    def test_an_r_above_may_have_attached_no_packages(self) -> None:
        code = (
            "import os; from tissueshap._bridge import r; version = r.versions('stats')['stats']\n"
            "print(version, os.environ['R_DEFAULT_PACKAGES'])"
        )
        found = run_python(code, R_DEFAULT_PACKAGES="NULL")
        assert found.stdout.endswith(" NULL\n"), found.stderr

    def test_r_package_missing(self, tmp_path: Path) -> None:
        code = (
            "from tissueshap import errors\nfrom tissueshap._bridge import r\n"
            "print(r.available())\n"
            "try: r.call('core_tmm', counts=None)\n"
            "except errors.MissingPackageError as error: print(error)\n"
        )
        found = run_python(code, TISSUESHAP_RLIB=str(tmp_path), R_LIBS="")
        assert found.stdout.splitlines() == [
            "False",
            "the R package tissueshap is missing: run `tissueshap doctor --install-r`",
        ]

    def test_r_missing(self, tmp_path: Path) -> None:
        code = (
            "from tissueshap import errors\nfrom tissueshap._bridge import r\n"
            "print(r.available())\n"
            "try: r.call('core_tmm', counts=None)\n"
            "except errors.MissingPackageError as error: print(error)\n"
        )
        environment = {"PATH": str(tmp_path), "R_HOME": ""}
        found = run_python(code, **environment)
        assert found.stdout.startswith("False\nR was found neither on the PATH"), found.stderr
        assert "apt-get install r-base-core" in found.stdout

    def test_rpy2_missing(self, tmp_path: Path) -> None:
        (tmp_path / "rpy2.py").write_text("raise ImportError('no rpy2')")
        code = (
            "from tissueshap import errors\nfrom tissueshap._bridge import r\n"
            "try: r.call('core_tmm', counts=None)\n"
            "except errors.MissingPackageError as error: print(error)\n"
        )
        found = run_python(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{SOURCE}")
        assert (
            found.stdout.strip()
            == "the bridge to R needs the package rpy2, which is not installed: "
            "run `pip install rpy2`"
        ), found.stderr

    def test_library_is_searched_in_order(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second, third = (tmp_path / name for name in ("first", "second", "venv/../.Rlib"))
        for folder in (first, second, tmp_path / "venv", third):
            folder.mkdir()
        monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
        monkeypatch.delenv("TISSUESHAP_RLIB", raising=False)
        assert host.library() == tmp_path / ".Rlib"
        monkeypatch.setenv("TISSUESHAP_RLIB", str(second))
        assert host.library() == second
        monkeypatch.setattr(ts.settings, "rlib", first)
        assert host.library() == first
        monkeypatch.setattr(ts.settings, "rlib", tmp_path / "nowhere")
        with pytest.raises(errors.DataError, match="settings.rlib names .*nowhere"):
            host.library()

    def test_import_is_cheap(self) -> None:
        code = (
            "import sys, tissueshap._bridge.r; "
            "print([m for m in sys.modules if m.startswith('rpy2')])"
        )
        assert run_python(code).stdout.strip() == "[]"


class TestHosts:
    def test_python_inside_r_names_the_verb_of_r(self) -> None:
        found = run_r(
            """
            ts <- reticulate::import("tissueshap")
            data <- reticulate::import("anndata")$AnnData(matrix(1, 3, 4))
            said <- tryCatch(ts$pp$tmm(data), error = conditionMessage)
            modules <- reticulate::import("sys")$modules
            loaded <- reticulate::py_eval("'rpy2' in __import__('sys').modules")
            bridge <- reticulate::import("tissueshap._bridge.r")
            cat(jsonlite::toJSON(list(said = said, loaded = loaded,
                available = bridge$available()), auto_unbox = TRUE))
            """
        )
        assert found.returncode == 0, found.stderr
        told = json.loads(found.stdout.splitlines()[-1])
        assert "tissueshap::run_tmm(adata)" in told["said"]
        assert "RHostError" in told["said"]
        assert not told["loaded"]
        assert not told["available"]

    def test_r_inside_python_names_the_verb_of_python(self, toy: Any, tmp_path: Path) -> None:
        toy.write_h5ad(tmp_path / "toy.h5ad")
        code = (
            "from tissueshap import errors\nfrom tissueshap._bridge import r\n"
            f"try: r.call('run_split', adata={str(tmp_path / 'toy.h5ad')!r})\n"
            "except errors.RError as error: print(type(error).__name__, error)\n"
        )
        found = run_python(code)
        assert found.returncode == 0, found.stderr
        assert found.stdout.startswith("RError ")
        assert "from Python" in found.stdout

    def test_a_child_of_r_is_not_inside_r(self) -> None:
        code = "from tissueshap._bridge import host; print(host.inside_r())"
        found = run_r(
            f"""
            reticulate::py_run_string("1")
            child <- system2({json.dumps(sys.executable)}, c("-c", shQuote({json.dumps(code)})),
                stdout = TRUE)
            here <- reticulate::import("tissueshap._bridge.host")$inside_r()
            cat(Sys.getenv("R_SESSION_INITIALIZED") != "", child, here)
            """
        )
        assert found.stdout.split() == ["TRUE", "False", "TRUE"], found.stderr

    def test_python_that_started_r_stays_the_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        here = os.getpid()
        monkeypatch.setenv("R_SESSION_INITIALIZED", f'PID={here}:NAME="reticulate"')
        monkeypatch.setenv("PYTHON_SESSION_INITIALIZED", f"current_pid={here}:sys.executable=x")
        assert not host.inside_r()
        monkeypatch.setenv("PYTHON_SESSION_INITIALIZED", f"current_pid={here + 1}")
        assert host.inside_r()

    def test_rscript_is_there(self) -> None:
        assert shutil.which("Rscript"), "these tests run R"


def test_a_python_that_is_started_after_r_finds_its_own_library() -> None:
    code = (
        "import os, subprocess, sys; from tissueshap._bridge import r; "
        "before = os.environ.get('LD_LIBRARY_PATH'); r.versions('stats'); "
        "there = subprocess.run([sys.executable, '-c', 'import sys; print(sys.version)'], "
        "capture_output=True, text=True, check=True); "
        "print(os.environ.get('LD_LIBRARY_PATH') == before, there.stdout.strip() == sys.version)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
