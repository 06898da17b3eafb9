import io
import logging
import subprocess
import sys

import pytest

import tissueshap as ts
from tissueshap import errors
from tissueshap._core.progress import progress
from tissueshap._core.settings import Settings


@pytest.fixture(autouse=True)
def restored():
    with ts.settings.override(verbosity=None):
        yield


def _said(capsys):
    logger = ts.logging.logger
    for level in (logging.ERROR, logging.WARNING, logging.INFO, ts.logging.HINT, logging.DEBUG):
        logger.log(level, logging.getLevelName(level))
    return capsys.readouterr().err.split("\n")[:-1]


@pytest.mark.parametrize(
    ("verbosity", "n"), [("error", 1), ("warning", 2), (2, 3), ("hint", 4), (4, 5)]
)
def test_verbosity_prints_what_is_as_important(verbosity, n, capsys):
    ts.settings.verbosity = verbosity
    assert len(_said(capsys)) == n
    ts.settings.verbosity = verbosity  # set again, not printed twice
    assert len(_said(capsys)) == n


def test_without_verbosity_the_users_logging_decides(caplog, capsys):
    with caplog.at_level(logging.INFO, "tissueshap"):
        ts.logging.logger.info("heard")
    assert caplog.messages == ["heard"]
    assert capsys.readouterr().err == ""


def test_warnings_are_printed_when_nobody_configured_anything():
    code = "import tissueshap as ts; [f('text') for f in (ts.logging.logger.%s,)]"
    said = {
        level: subprocess.run(
            [sys.executable, "-c", code % level], capture_output=True, text=True, check=True
        ).stderr
        for level in ("warning", "info")
    }
    assert said == {"warning": "text\n", "info": ""}


@pytest.mark.parametrize("wrong", ["loud", 5, -1, True])
def test_unknown_verbosity(wrong):
    with pytest.raises(errors.DataError, match="verbosity must be"):
        ts.settings.verbosity = wrong


def test_workers(monkeypatch):
    settings = Settings()
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    found = {}
    for n in (-1, -2, -9, 1, 3):
        settings.n_jobs = n
        found[n] = settings.cores
    assert found == {-1: 8, -2: 7, -9: 1, 1: 1, 3: 3}


@pytest.mark.parametrize("wrong", [0, 1.5, True])
def test_wrong_number_of_workers(wrong):
    with pytest.raises(errors.DataError, match="n_jobs must be"):
        ts.settings.n_jobs = wrong


def test_a_misspelt_setting_is_no_new_one():
    with pytest.raises(AttributeError):
        ts.settings.njobs = 1


def test_folders_may_be_text():
    with ts.settings.override(figdir="here", rlib="there"):
        assert ts.settings.figdir.name == "here"
        assert ts.settings.rlib is not None
        assert "figdir = " in repr(ts.settings)
    assert ts.settings.figdir.name == "figures"


@pytest.mark.parametrize("wrong", ["wide", 0, -3, True])
def test_a_width_is_a_journals_or_millimetres(wrong):
    with ts.settings.override(figwidth="page"):
        assert ts.settings.figwidth == "page"
        with pytest.raises(errors.DataError, match="width must be"):
            ts.settings.figwidth = wrong
    assert ts.settings.figwidth is None


def test_override_restores_after_an_error():
    with pytest.raises(ZeroDivisionError), ts.settings.override(progress=False, n_jobs=1):
        raise ZeroDivisionError
    assert ts.settings.progress
    assert ts.settings.n_jobs == -1


def test_header_names_versions(capsys):
    ts.logging.print_header()
    assert f"tissueshap=={ts.__version__} " in capsys.readouterr().out
    file = io.StringIO()
    ts.logging.print_header(file=file)
    assert " numpy==" in file.getvalue()


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("stream", [io.StringIO, _Terminal])
def test_bars_are_for_terminals(stream, shown):
    out = stream()
    with ts.settings.override(progress=shown):
        assert list(progress(range(3), desc="counting", delay=0, file=out)) == [0, 1, 2]
    assert bool(out.getvalue()) == (shown and out.isatty())
