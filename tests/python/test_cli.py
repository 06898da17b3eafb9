from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import tissueshap
from tissueshap import cli
from tissueshap.cli import _finish, app
from tissueshap.model import MIN_OVERLAP
from tissueshap.workflow._config import PANELS, options

N_GENES = 20
Cohort = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture
def cohort() -> Cohort:
    """Counts, genes x samples, and the table of 60 samples of three classes."""
    rng = np.random.default_rng(1)
    ids = [f"S{number:02d}" for number in range(60)]
    genes = [f"G{number:02d}" for number in range(N_GENES)]
    counts = pd.DataFrame(rng.poisson(50, (N_GENES, 60)) + 1, index=genes, columns=ids)
    counts.index.name = "gene"
    samples = pd.DataFrame({"tissue": np.repeat(["a", "b", "c"], 20)}, index=ids)
    samples.index.name = "sample"
    return counts, samples


@pytest.fixture
def invoke(tmp_path: Path) -> Callable[..., Result]:
    """Write the cohort's files and run the command line on them."""

    def run(counts: pd.DataFrame, samples: pd.DataFrame, *more: str) -> Result:
        counts.to_csv(tmp_path / "counts.tsv", sep="\t")
        samples.to_csv(tmp_path / "samples.tsv", sep="\t")
        given = {
            "--counts": str(tmp_path / "counts.tsv"),
            "--samples": str(tmp_path / "samples.tsv"),
            "--label": "tissue",
            "--out": str(tmp_path / "out"),
            "--min-class-size": "7",
            "--test-per-class": "5",
        }
        given |= dict(zip(more[::2], more[1::2], strict=True))
        return CliRunner().invoke(app, ["run", *(word for pair in given.items() for word in pair)])

    return run


def _refused(result: Result, tmp_path: Path, *words: str) -> None:
    """Check for exit code 2, a message of one line with these words, and no output."""
    assert result.exit_code == 2, result.output
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith("Error: ")
    for word in words:
        assert word in message
    assert "Traceback" not in result.output
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"counts.tsv", "samples.tsv", "a.gct", "config.yml"}


def test_missing_counts_file(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    result = invoke(*cohort, "--counts", str(tmp_path / "no.tsv"))
    _refused(result, tmp_path, "no.tsv")


def test_missing_sample_file(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    _refused(invoke(*cohort, "--samples", "no.tsv"), tmp_path, "--samples", "no.tsv")


def test_missing_gene_sets(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    _refused(invoke(*cohort, "--gene-sets", "no.gmt"), tmp_path, "--gene-sets", "no.gmt")


def test_wrong_column(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    _refused(invoke(*cohort, "--label", "organ"), tmp_path, "'organ'", "tissue", "samples.tsv")


def test_other_sample_ids(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    counts, samples = cohort
    result = invoke(counts, samples.rename(index=lambda name: f"X{name}"))
    _refused(result, tmp_path, "S00", "S04", "XS00", "XS04")


def test_duplicate_genes(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    counts, samples = cohort
    result = invoke(counts.rename(index={"G01": "G00"}), samples)
    _refused(result, tmp_path, "counts.tsv", "G00")


def test_duplicate_samples(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    counts, samples = cohort
    result = invoke(counts.rename(columns={"S01": "S00"}), samples)
    _refused(result, tmp_path, "counts.tsv", "S00")


@pytest.mark.parametrize(("value", "word"), [(-3, "-3"), (1.5, "1.5"), (np.nan, "")])
def test_values_that_are_no_counts(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path, value: float, word: str
) -> None:
    counts, samples = cohort
    counts = counts.astype(object)
    counts.loc["G03", "S07"] = value
    _refused(invoke(counts, samples), tmp_path, "counts.tsv", word, "G03")


def test_a_gct_whose_header_disagrees(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    counts, samples = cohort
    body = counts.rename_axis("Name").reset_index()
    body.insert(1, "Description", body["Name"])
    text = f"#1.2\n{N_GENES + 1}\t60\n" + body.to_csv(sep="\t", index=False)
    (tmp_path / "a.gct").write_text(text)
    result = invoke(counts, samples, "--counts", str(tmp_path / "a.gct"))
    _refused(result, tmp_path, "a.gct", str(N_GENES + 1), str(N_GENES))


def test_a_class_that_is_too_small(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    _refused(invoke(*cohort, "--test-per-class", "20"), tmp_path, "20")


def test_one_class_only(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    _refused(invoke(*cohort, "--exclude", "[bc]"), tmp_path, "class")


def test_fewer_than_four_genes(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    counts, samples = cohort
    _refused(invoke(counts.iloc[:3], samples), tmp_path, "3", "4")


@pytest.mark.r
def test_a_filter_that_leaves_too_few_genes(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    _refused(invoke(*cohort, "--min-reads", "1000"), tmp_path, "min")


def test_gene_sets_of_other_identifiers(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    sets = tmp_path / "a.gct"  # any name
    sets.write_text("SET\tabout\tTP53\tBRCA1\n")
    result = invoke(*cohort, "--gene-sets", str(sets))
    _refused(result, tmp_path, "TP53", "G00", "--annotation")


def test_zero_samples_are_named_and_dropped(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    counts, samples = cohort
    counts["S05"] = 0
    # The run stops for another reason, after the file has been read.
    result = invoke(counts, samples, "--min-reads", "1000")
    assert result.exit_code == 2
    assert "Warning: 1 samples of" in result.stderr
    assert "S05" in result.stderr


def test_a_wrong_value(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    _refused(invoke(*cohort, "--balance", "smoke"), tmp_path, "balance", "'smoke'", "smote")


def test_a_number_that_is_none(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    result = invoke(*cohort, "--seed", "many")
    assert result.exit_code == 2
    assert "--seed" in result.output
    assert not (tmp_path / "out").exists()


def test_an_unknown_key(cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("n_draw: 10\n")
    _refused(invoke(*cohort, "--config", str(config)), tmp_path, "'n_draw'", "'n_draws'")


def test_nothing_is_overwritten(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = invoke(*cohort)
    assert result.exit_code == 2
    assert "out" in result.stderr
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("left_out", ["--counts", "--label", "--out"])
def test_what_is_needed(tmp_path: Path, left_out: str) -> None:
    words = ["--counts", "a.tsv", "--label", "tissue", "--out", str(tmp_path / "out")]
    where = words.index(left_out)
    result = CliRunner().invoke(app, ["run", *words[:where], *words[where + 2 :]])
    _refused(result, tmp_path, left_out)


def test_every_setting_is_an_option() -> None:
    shown = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    assert all(f"--{name.replace('_', '-')}" in shown for name in options())
    assert "[default: 42]" in shown


def test_predict_has_the_options_and_defaults_of_python() -> None:
    python = inspect.signature(tissueshap.workflow.predict).parameters
    command = inspect.signature(cli._predict).parameters
    assert set(command) == set(python)
    assert python["min_overlap"].default == MIN_OVERLAP
    for name, parameter in command.items():
        assert parameter.default == python[name].default, name
    shown = CliRunner().invoke(app, ["predict", "--help"], env={"COLUMNS": "200"}).output
    assert all(f"--{name.replace('_', '-')}" in shown for name in python)


@pytest.mark.parametrize("left_out", ["--model", "--counts", "--out"])
def test_what_predict_needs(tmp_path: Path, left_out: str) -> None:
    words = ["--model", "model", "--counts", "a.tsv", "--out", str(tmp_path / "out")]
    where = words.index(left_out)
    result = CliRunner().invoke(app, ["predict", *words[:where], *words[where + 2 :]])
    assert result.exit_code == 2
    assert left_out in result.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["not a model bundle", "bundle.json"]),
        (["--counts", "no.tsv"], ["--counts: no.tsv does not exist"]),
        (["--class-map", "no.tsv"], ["--class-map: no.tsv does not exist"]),
        (["--values", "tpm"], ["values must be one of 'counts', 'estimated' or 'log'"]),
        (["--orient", "up"], ["orient must be one of 'auto'"]),
        (["--min-overlap", "2"], ["min_overlap must be a number between 0 and 1"]),
        (["--n-draws", "1"], ["n_draws must be an integer of at least 2"]),
    ],
)
def test_predict_says_what_is_wrong(tmp_path: Path, options: list[str], words: list[str]) -> None:
    (tmp_path / "counts.tsv").write_text("gene\ts1\nA\t1\nB\t2\nC\t3\nD\t4\n")
    given = ["--model", str(tmp_path), "--counts", str(tmp_path / "counts.tsv")]
    out = ["--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["predict", *given, *out, *options])
    _refused(result, tmp_path, *words)


def test_an_unknown_demo(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    result = CliRunner().invoke(app, ["demo", "--data", "pbmc", "--out", out])
    _refused(result, tmp_path, "'pbmc'", "'pbmc68k'", "'simulated'")


def test_a_run_ends_with_what_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found: dict[str, object] = {
        "failures": [],
        **{"n_folds": None, "macro_f1_folds": None},
        "v_measure": {"shap": 0.5, "de": None},
        **dict.fromkeys(("n_classes", "n_samples", "n_test", "n_genes", "n_shap_genes"), 7),
        **dict.fromkeys(("macro_f1", "baseline_macro_f1"), 0.9),
        **{"n_ranks": 3, "overlap_fraction": 0.19, "overlap_expected": 0.2},
    }
    monkeypatch.setattr("tissueshap.report.summarise", lambda adata: found)
    _finish(ad.AnnData(), tmp_path)
    assert "!" not in capsys.readouterr().out
    found["failures"] = ["2 of 3 checks fail: Are they stable?", "The training diverged."]
    _finish(ad.AnnData(), tmp_path)
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[:2] == ["  ! 2 of 3 checks fail: Are they stable?", "  ! The training diverged."]
    assert lines[2].split() == ["classes", "7"]
    assert "  of these also found by DE         19.0% (20.0% by chance)" in lines


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_version(asked: str) -> None:
    result = CliRunner().invoke(app, [asked])
    assert (result.exit_code, result.output.strip()) == (0, tissueshap.__version__)


def _command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tissueshap.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(tissueshap.__file__).parents[1]), **environment},
    )


def test_a_process_that_fails_says_so_and_exits_with_2(tmp_path: Path) -> None:
    words = ("run", "--counts", "no.tsv", "--label", "x", "--out", str(tmp_path / "out"))
    done = _command(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: --counts: no.tsv does not exist")
    assert done.stdout == ""


def test_without_r_it_says_what_to_install(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    counts, samples = cohort
    adata = ad.AnnData(
        counts.T.to_numpy(np.int32), obs=samples, var=pd.DataFrame(index=counts.index)
    )
    adata.write_h5ad(tmp_path / "a.h5ad")
    out = tmp_path / "out"
    words = ("--counts", str(tmp_path / "a.h5ad"), "--label", "tissue", "--out", str(out))
    done = _command(
        "run", *words, "--test-per-class", "5", "--min-class-size", "7", PATH="", R_HOME=""
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "R" in done.stderr.splitlines()[-1]
    assert "install" in done.stderr.splitlines()[-1].lower()
    assert not out.exists()


def test_help_does_not_load_what_is_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from tissueshap.cli import app; "
        "assert CliRunner().invoke(app, ['run', '--help']).exit_code == 0; "
        "print(sorted({'tensorflow', 'keras', 'rpy2', 'scanpy', 'sklearn', 'matplotlib', 'shap', "
        "'anndata', 'scipy', 'umap'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(tissueshap.__file__).parents[1])},
    )
    assert done.stdout.strip() == "[]"


def test_raw_counts_are_not_logarithms(cohort, invoke, tmp_path) -> None:
    _refused(invoke(*cohort, "--values", "log"), tmp_path, "not on a log scale", "raw counts")


def test_a_dry_run_lists_classes_and_steps(
    cohort: Cohort, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    counts, samples = cohort
    counts.to_csv(tmp_path / "counts.tsv", sep="\t")
    samples.to_csv(tmp_path / "samples.tsv", sep="\t")
    words = ["--counts", str(tmp_path / "counts.tsv"), "--samples", str(tmp_path / "samples.tsv")]
    words += ["--label", "tissue", "--out", str(tmp_path / "out"), "--test-per-class", "5"]
    words += ["--dry-run", "--min-class-size", "7"]
    result = CliRunner().invoke(app, ["run", *words])
    assert result.exit_code == 0, result.output
    assert "60 samples x 20 genes, 3 classes" in result.output
    assert "20  a" in result.output
    assert "filter" in result.output
    assert re.search(r"^     1  read +(< 1|\d+) s  Read the counts", result.output, re.M)
    assert re.search(
        r"about \d+ (s|min) on \d+ cores? that are idle, without a GPU$", result.output
    )
    assert not (tmp_path / "out").exists()
    _refused(CliRunner().invoke(app, ["run", *words, "--label", "organ"]), tmp_path, "'organ'")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = CliRunner().invoke(app, ["run", *words])
    assert (result.exit_code, "is not empty" in result.stderr) == (2, True)
    assert CliRunner().invoke(app, ["run", *words, "--resume"]).exit_code == 0


def test_the_help_has_groups_choices_and_examples() -> None:
    shown = CliRunner().invoke(app, ["run", "-h"], env={"COLUMNS": "200"}).output
    assert all(f" {title} " in shown for title in PANELS.values())
    assert "[smote|random|undersample|class_weight|none]" in shown
    assert "--counts counts.tsv.gz" in shown
    assert set(PANELS) <= set(options())
    assert cli._completed(["smote", "none"])("s") == ["smote"]
