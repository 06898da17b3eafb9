"""A trained model applied to new samples: what is written, and what bad input is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import tl
from tissueshap._core.errors import DataError, DataWarning, TakenSlotError
from tissueshap.calibration import Scaling
from tissueshap.model import Classifier, load
from tissueshap.workflow import _genes_behind, predict

KNOWN = {"Brain - Cortex", "CD8+/CD45RA+ Naive", "Liver"}
FILES = {"predictions.tsv", "genes.tsv", "report.html", "adata.h5ad", "summary.json", "log.txt"}
#: Of the toy's class that the model does not know.
UNKNOWN_WORDS = "has classes that the model does not know"


@pytest.fixture
def table(arrived: ad.AnnData) -> pd.DataFrame:
    """Counts as a lab has them, genes x samples."""
    counts = np.asarray(arrived.X).T
    return pd.DataFrame(counts, index=arrived.var_names, columns=arrived.obs_names)


@pytest.fixture
def cpm(table: pd.DataFrame) -> pd.DataFrame:
    return table / table.sum() * 1e6


@pytest.fixture
def answer(tmp_path: Path, trained: Classifier) -> Iterator[Callable[..., pd.DataFrame]]:
    """Predict from a file, and check that a failure leaves nothing."""
    kept = {"counts.tsv", "samples.tsv", "map.tsv", "model"}

    def call(counts: pd.DataFrame, model: Any = trained, **options: Any) -> pd.DataFrame:
        counts.rename_axis("gene").to_csv(tmp_path / "counts.tsv", sep="\t")
        options = {"explain": False, **options}
        predict(model, tmp_path / "counts.tsv", tmp_path / "out", **options)
        kept.add("out")
        return pd.read_csv(tmp_path / "out" / "predictions.tsv", sep="\t", keep_default_na=False)

    yield call
    assert {path.name for path in tmp_path.iterdir()} <= kept


def _names(table: pd.DataFrame, names: Any, tmp_path: Path) -> Path:
    path = tmp_path / "samples.tsv"
    pd.DataFrame({"sample": table.columns, "tissue": names}).to_csv(path, sep="\t", index=False)
    return path


def test_everything_is_written(trained: Classifier, arrived: ad.AnnData, tmp_path: Path) -> None:
    before = arrived.copy()
    with pytest.warns(DataWarning, match=UNKNOWN_WORDS):
        found = predict(trained, arrived, tmp_path / "out", label="tissue", n_draws=20)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= FILES
    assert arrived.obs.equals(before.obs)
    assert not arrived.uns

    own = tl.predict(arrived, trained, copy=True)
    table = pd.read_csv(tmp_path / "out" / "predictions.tsv", sep="\t", keep_default_na=False)
    assert table.columns.tolist() == [
        *("sample", "predicted", "confidence", "prediction_set", "novelty", "novelty_pvalue"),
        *("nearest_class", "second_class", "mixture_pvalue", "verdict"),
        *("class_2", "probability_2", "class_3", "probability_3", "true_class", "correct"),
    ]
    assert table["sample"].tolist() == arrived.obs_names.tolist()
    for name in ("predicted", "verdict", "prediction_set", "nearest_class"):
        assert table[name].tolist() == own.obs[name].astype(str).tolist()
    np.testing.assert_allclose(table["confidence"], own.obs["confidence"], rtol=1e-4)
    total = table[["confidence", "probability_2", "probability_3"]].sum(axis=1)
    np.testing.assert_allclose(total, 1, atol=1e-4)
    known = table["true_class"].isin(KNOWN)
    assert (table.loc[known, "correct"] == "yes").mean() > 0.9
    assert (table.loc[~known, "correct"] == "").all()

    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert summary["n_samples"] == 19
    assert sum(summary["verdicts"].values()) == 19
    assert summary["comparison"]["n_scored"] == 15
    assert summary["comparison"]["n_unknown"] == 4
    assert summary["matched_by"] == ["var_names", "gene"]
    assert UNKNOWN_WORDS in summary["warnings"][0]
    stored = ad.read_h5ad(tmp_path / "out" / "adata.h5ad")
    assert stored.obs["verdict"].tolist() == found.obs["verdict"].tolist()
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "A model that knows 3 classes" in page


def test_the_genes_behind_a_class_are_its_markers(
    trained: Classifier, arrived: ad.AnnData, _toy: ad.AnnData, tmp_path: Path
) -> None:
    predict(trained, arrived, tmp_path / "out", n_draws=40)
    genes = pd.read_csv(tmp_path / "out" / "genes.tsv", sep="\t")
    assert (genes.groupby("sample")["rank"].agg(list).map(lambda x: x == [*range(1, 21)])).all()
    assert (genes.groupby("sample")["shap"].agg(lambda x: (x.diff().dropna() <= 0).all())).all()
    assert (genes["symbol"] == "SYM" + (genes["gene"].str[1:].astype(int) - 1).astype(str)).all()
    truth = _toy.uns["truth"].query("kind == 'exclusive'")
    marked = set(zip(truth["class"], truth["gene"], strict=True))
    known = genes[genes["sample"].isin(arrived.obs_names[:15])]
    pairs = zip(known["class"], known["gene"], strict=True)
    markers = known[[pair in marked for pair in pairs]]
    assert (markers["rank"] <= 6).sum() > 0.5 * 6 * 15  # by chance 0.03
    assert (markers["expression"] > markers["training_median"]).mean() > 0.9


def test_blocks_of_samples_make_no_difference(
    trained: Classifier, arrived: ad.AnnData, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tl.predict(arrived, trained, copy=True)
    settings = {"n_draws": 200, "min_overlap": 0.9, "seed": 1}
    whole = _genes_behind.genes_behind(own, trained, **settings)
    monkeypatch.setattr(_genes_behind, "_BLOCK", 7)
    parts = _genes_behind.genes_behind(own, trained, **settings)
    assert parts["sample"].tolist() == whole["sample"].tolist()
    one, two = (
        t.pivot_table(index="sample", columns="gene", values="shap") for t in (whole, parts)
    )
    shared = one.notna() & two.reindex_like(one).notna()
    assert shared.sum().sum() > 0.8 * len(whole)
    np.testing.assert_allclose(
        one.to_numpy()[shared], two.reindex_like(one).to_numpy()[shared], atol=0.02
    )


def test_one_sample_alone_has_the_same_answer(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, tmp_path: Path
) -> None:
    among = answer(table)
    alone = answer(table.iloc[:, [7]], overwrite=True)
    assert alone["sample"].tolist() == [table.columns[7]]
    np.testing.assert_allclose(alone["confidence"], among["confidence"][[7]], atol=1e-5)
    turned = answer(table.iloc[:, [7]].T, overwrite=True)
    assert turned.equals(alone)


def test_genes_are_found_by_symbol(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, arrived: ad.AnnData
) -> None:
    expected = answer(table)
    by_symbol = answer(table.set_axis(arrived.var["symbol"].to_numpy(), axis=0), overwrite=True)
    assert by_symbol.equals(expected)


def test_prepared_values_have_the_same_answer(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, arrived: ad.AnnData, trained: Any
) -> None:
    expected = answer(table)
    prepared = trained.preparation.of_counts(arrived.X, trained.preparation.match(arrived))
    values = pd.DataFrame(prepared.T, index=table.index, columns=table.columns)
    from_log = answer(values.iloc[::-1], values="log", overwrite=True)
    np.testing.assert_allclose(from_log["confidence"], expected["confidence"], atol=1e-4)


def test_a_model_that_is_not_calibrated_has_no_verdicts(
    trained: Classifier, arrived: ad.AnnData, tmp_path: Path
) -> None:
    plain = replace(trained, calibration=None, background=None, card={})
    with pytest.warns(DataWarning, match=r"no verdicts.*ts\.tl\.calibrate\(adata, ts\.model\.load"):
        predict(plain.save(tmp_path / "model"), arrived, tmp_path / "out")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert FILES - written == {"genes.tsv"}
    table = pd.read_csv(tmp_path / "out" / "predictions.tsv", sep="\t")
    assert "verdict" not in table
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["verdicts"] is None
    assert "not calibrated" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_classes_with_other_names_are_listed_with_the_nearest(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, arrived: ad.AnnData, tmp_path: Path
) -> None:
    own = arrived.obs["tissue"].str.lower().tolist()
    own[0] = ""  # not known
    samples = _names(table, own, tmp_path)
    with pytest.warns(DataWarning, match=r"'liver' \(similar: 'Liver'\).*--class-map"):
        found = answer(table, samples=samples, label="tissue")
    assert (found["correct"] == "").all()
    pairs = {name.lower(): name for name in KNOWN}
    path = tmp_path / "map.tsv"
    pd.DataFrame({"theirs": pairs.keys(), "ours": pairs.values()}).to_csv(
        path, sep="\t", index=False
    )
    with pytest.warns(DataWarning, match=UNKNOWN_WORDS):
        found = answer(table, samples=samples, label="tissue", class_map=path, overwrite=True)
    assert (found["correct"] != "").sum() == 14
    path.write_text("theirs\tours\nliver\tLivver\n")
    with pytest.raises(DataError, match=r"--class-map: map leads to \['Livver'\]"):
        answer(table, samples=samples, label="tissue", class_map=path, overwrite=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.set_axis([f"X{n}" for n in range(200)], axis=0), "none of the model's 200"),
        (lambda t: t.set_axis(t.index.str.lower(), axis=0), "symbols of another species"),
        (lambda t: t.iloc[30:], r"170 of the model's 200 genes.*90% are needed.*G00001 \(SYM0\)"),
        (lambda t: np.log2(t + 1), "not an integer.*values='log'"),
        (lambda t: t / t.sum() * 1e6, "not an integer.*TPM and FPKM are neither"),
        (lambda t: t.iloc[:, :0], "there are no samples"),
        (lambda t: t * 0, "zero in every gene|no sample is left"),
    ],
    ids=["genes", "species", "overlap", "logs", "tpm", "none", "zeros"],
)
def test_bad_counts_are_refused(
    answer: Callable[..., pd.DataFrame],
    table: pd.DataFrame,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    words: str,
) -> None:
    with pytest.raises((DataError, DataWarning), match=words):
        answer(change(table))


def test_counts_are_no_log_values(answer: Callable[..., pd.DataFrame], table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="not on a log scale: it looks like raw counts"):
        answer(table, values="log")


def test_rounded_tpm_are_warned_of(answer: Callable[..., pd.DataFrame], cpm: pd.DataFrame) -> None:
    rounded = cpm.round().astype(int)
    rounded.iloc[0] += 1_000_000 - rounded.sum()
    with pytest.warns(DataWarning, match="adds up to 1,000,000, as in CPM or TPM"):
        answer(rounded)


def test_missing_genes_are_filled_on_request(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, tmp_path: Path
) -> None:
    answer(table.iloc[30:], min_overlap=0.8)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert (summary["n_filled"], summary["overlap"]) == (30, 0.85)


def test_no_samples_in_memory(trained: Classifier, arrived: ad.AnnData, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there are no samples"):
        predict(trained, arrived[:0].copy(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: (d / "arrays.npz").unlink(), "arrays.npz is damaged"),
        (lambda d: (d / "model.keras").write_bytes(b"PK"), "model.keras is damaged"),
        (lambda d: _edit(d, format=9), "bundle format 9.*reads 2 and 3.*install the version"),
        (lambda d: _edit(d, label="other"), "bundle.json is damaged or was changed"),
        (lambda d: (d / "bundle.json").unlink(), "not a model bundle: bundle.json missing"),
    ],
    ids=["arrays", "network", "version", "edited", "missing"],
)
def test_bad_bundles_are_refused(
    answer: Callable[..., pd.DataFrame],
    trained: Classifier,
    table: pd.DataFrame,
    tmp_path: Path,
    damage: Callable[[Path], Any],
    words: str,
) -> None:
    damage(trained.save(tmp_path / "model"))
    with pytest.raises(DataError, match=words):
        answer(table, tmp_path / "model")


def _edit(folder: Path, **values: Any) -> None:
    path = folder / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


def test_nothing_of_a_strangers_bundle_is_executed(
    answer: Callable[..., pd.DataFrame], trained: Classifier, table: pd.DataFrame, tmp_path: Path
) -> None:
    """Its checksums are right, and its network has a function that would write a file."""
    import keras

    target = tmp_path / "executed"

    def evil(x: Any, place: str = str(target)) -> Any:
        Path(place).write_text("")
        return x

    layer = keras.layers.Lambda(evil, output_shape=(len(trained.classes),))
    network = keras.Model(trained.network.input, layer(trained.network.output))
    target.unlink(missing_ok=True)  # this process called it when it built the network
    replace(trained, network=network).save(tmp_path / "model")
    target.unlink(missing_ok=True)
    with pytest.raises(DataError, match=r"model\.keras is damaged.*cannot load it"):
        answer(table, tmp_path / "model")
    assert not target.exists()


def test_earlier_results_are_not_read(
    trained: Classifier, arrived: ad.AnnData, tmp_path: Path
) -> None:
    again = tl.predict(arrived, trained, copy=True)
    again.obs["verdict"] = "known"
    again.obs["batch"] = "b"
    found = predict(trained, again, tmp_path / "out", explain=False)
    expected = tl.predict(arrived, trained, copy=True)
    assert found.obs["verdict"].tolist() == expected.obs["verdict"].tolist()
    assert set(found.obs["batch"]) == {"b"}
    assert set(again.obs["verdict"]) == {"known"}


def test_counts_need_a_model_of_counts(
    answer: Callable[..., pd.DataFrame], trained: Classifier, table: pd.DataFrame
) -> None:
    with pytest.raises(DataError, match="does not say how counts are prepared.*--values log"):
        answer(table, replace(trained, preparation=None))
    of_log = replace(trained.preparation, reference=None, logarithm=None)
    with pytest.raises(DataError, match="trained on log-transformed values.*--values log"):
        answer(table, replace(trained, preparation=of_log))


def test_columns_of_the_user_are_not_replaced(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, tmp_path: Path
) -> None:
    samples = pd.DataFrame({"sample": table.columns, "verdict": "malignant"})
    samples.to_csv(tmp_path / "samples.tsv", sep="\t", index=False)
    with pytest.raises(TakenSlotError, match="'verdict'.*rename or delete it"):
        answer(table, samples=tmp_path / "samples.tsv")


def test_a_missing_column_is_named(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, tmp_path: Path
) -> None:
    samples = _names(table, "Liver", tmp_path)
    with pytest.raises(DataError, match=r"no column 'organ' for label=; it has \['tissue'\]"):
        answer(table, samples=samples, label="organ")


def test_a_failure_while_explaining_leaves_nothing(
    answer: Callable[..., pd.DataFrame], table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(_genes_behind, "genes_behind", fail)
    with pytest.raises(MemoryError):
        answer(table, explain=True)


def test_a_full_folder_is_left_alone(
    trained: Classifier, arrived: ad.AnnData, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="did not write"):
        predict(trained, arrived, tmp_path / "out", explain=False, overwrite=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_saved_model_gives_the_same(
    answer: Callable[..., pd.DataFrame], trained: Classifier, table: pd.DataFrame, tmp_path: Path
) -> None:
    expected = answer(table)
    folder = trained.save(tmp_path / "model")
    assert answer(table, folder, overwrite=True).equals(expected)
    assert load(folder).card["calibration"]["reliability"]
    shutil.rmtree(folder)


def test_the_command_line_starts_nothing_of_r(
    trained: Classifier, table: pd.DataFrame, tmp_path: Path
) -> None:
    """No R is found, its bridge is not imported, and no program is started."""
    trained.save(tmp_path / "model")
    table.rename_axis("gene").to_csv(tmp_path / "counts.tsv", sep="\t")
    code = (
        "import subprocess, sys\n"
        "def refuse(*words, **_): raise AssertionError(f'started {words}')\n"
        "from tissueshap.cli import app\n"
        "import keras\n"  # what its backend starts is not ours
        "subprocess.Popen.__init__ = refuse\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "loaded = [n for n in sys.modules if n.partition('.')[0] == 'rpy2']\n"
        "assert not loaded, loaded\n"
    )
    words = ["predict", "--model", "model", "--counts", "counts.tsv", "--out", "out"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--n-draws", "5"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "R_HOME": str(tmp_path / "no_r"), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "report: out/report.html" in done.stdout
    assert "19 samples:" in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} >= FILES


def test_the_class_that_is_predicted_is_explained(trained: Classifier, arrived: ad.AnnData) -> None:
    """Also where the calibration makes another class the most probable one."""
    assert trained.calibration is not None
    bias = np.where(np.array(trained.classes) == "Liver", 99.0, 0.0)
    scaling = Scaling("vector", np.ones(3), bias)
    model = replace(trained, calibration=replace(trained.calibration, scaling=scaling))
    own = tl.predict(arrived, model, copy=True)
    genes = _genes_behind.genes_behind(own, model, n_draws=2, min_overlap=0.9, seed=0)
    assert set(own.obs["predicted"]) == set(genes["class"]) == {"Liver"}
