from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tissueshap._core.errors import DataError
from tissueshap.workflow._config import Config, options


def test_defaults_are_those_of_the_paper() -> None:
    config = Config()
    assert (config.smallest_class, config.seed) == (25, 42)
    assert (config.fdr, config.lfc, config.select) == (0.01, 4.0, "auto")
    assert config.balance == "smote"


def test_the_papers_preset_holds_out_as_the_paper_did() -> None:
    assert (Config().n_test, Config(preset="paper").n_test) == (None, 50)
    assert Config(preset="paper").smallest_class == 52
    assert Config(preset="paper", min_class_size=25).smallest_class == 25
    assert Config(preset="paper", test_per_class=10).n_test == 10
    assert Config(preset="paper", test_fraction=0.1).n_test is None
    assert Config(preset="paper", folds=5).n_test is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"min_class_size": 25, "test_per_class": 50},
            "min_class_size 25 .* test_per_class 50, which needs 52 samples",
        ),
        ({"min_class_size": 3}, "min_class_size 3 .* needs 4 samples"),
        ({"min_class_size": 2, "folds": 5}, "min_class_size 2 .* folds 5, which needs 3 samples"),
        ({"test_per_class": 5, "test_fraction": 0.2}, "pass one of them"),
        ({"folds": 5, "test_fraction": 0.2}, "leave test_per_class and test_fraction out"),
        ({"folds": 5, "test_per_class": 2}, "leave test_per_class and test_fraction out"),
        ({"folds": 5, "compare_balancing": True}, "leave folds out"),
        ({"folds": 1}, "at least 2"),
    ],
)
def test_splits_that_contradict_each_other(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        Config(**given)


def test_what_is_held_out_decides_which_classes_are_kept() -> None:
    assert Config(test_per_class=20).smallest_class == 25
    assert Config(test_per_class=50).smallest_class == 52
    assert Config(min_class_size=3, folds=5).smallest_class == 3


def test_every_option_is_described() -> None:
    assert all(item.metadata["doc"].endswith(".") for item in options().values())


def test_values_take_their_type() -> None:
    config = Config(counts="a.tsv", exclude="Cells*", gene_sets=["a.gmt", "b.gmt"], seed="7")
    assert config.counts == Path("a.tsv")
    assert config.exclude == ("Cells*",)
    assert config.gene_sets == (Path("a.gmt"), Path("b.gmt"))
    assert config.seed == 7


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"seed": -1}, "seed must be an integer between 0 and 4294967295, not -1"),
        ({"seed": 1.5}, "an integer"),
        ({"seed": True}, "an integer"),
        ({"epochs": float("inf")}, "epochs must be an integer of at least 1, not inf"),
        ({"fdr": "low"}, "fdr must be a number between 0 and 1, not 'low'"),
        ({"fdr": 2}, "fdr must be a number between 0 and 1, not 2.0"),
        ({"fdr": float("nan")}, "between 0 and 1, not nan"),
        ({"lfc": -1}, "lfc must be a number of at least 0, not -1.0"),
        ({"lfc": float("inf")}, "lfc must be a number of at least 0, not inf"),
        ({"min_set_size": 9, "max_set_size": 8}, "min_set_size must be at most max_set_size"),
        ({"exclude": "[z"}, r"exclude must be patterns.*not '\[z': its \[ is not closed"),
        ({"label": ["a"]}, "label must be text"),
        ({"counts": "~no-such-user-here/a.tsv"}, "counts is"),
        ({"test_per_class": 0}, "at least 1"),
        ({"protein_coding": "yes"}, "true or false"),
        ({"balance": "smoke"}, "balance must be one of 'smote', .*, not 'smoke'"),
        ({"preset": "big"}, "one of .*paper"),
        ({"seed": None}, "seed has no value"),
        ({"counts": 3}, "a path"),
    ],
)
def test_wrong_values_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        Config(**given)


def test_yaml_takes_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "run.yml"
    path.write_text(
        "counts: data/counts.tsv\nlabel: tissue\nmin-class-size: 30\nexclude: [Cells*]\n"
        "gene_sets:\n  - sets.gmt\n  - /elsewhere/more.gmt\nlfc: 2\n"
    )
    config = Config.from_yaml(path)
    assert config.counts == tmp_path / "data" / "counts.tsv"
    assert config.gene_sets == (tmp_path / "sets.gmt", Path("/elsewhere/more.gmt"))
    assert (config.label, config.min_class_size, config.lfc) == ("tissue", 30, 2.0)
    assert config.exclude == ("Cells*",)


def test_arguments_go_before_yaml(tmp_path: Path) -> None:
    path = tmp_path / "run.yml"
    path.write_text("seed: 1\nlabel: tissue\n")
    config = Config.from_yaml(path, seed=2)
    assert (config.seed, config.label) == (2, "tissue")


def test_an_empty_yaml_is_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "run.yml"
    path.write_text("# nothing\n")
    assert Config.from_yaml(path) == Config()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("test_per_clas: 5\n", "unknown option 'test_per_clas'.*nearest known one is 'test_per_"),
        ("zzz: 5\n", "unknown option 'zzz'.*nearest known one is '"),
        ("- a\n- b\n", "must have one option per line"),
        ("a: [1\n", "not valid YAML"),
        ("seed: many\n", "seed must be an integer .* not 'many'"),
        ("epochs: .inf\n", "epochs must be an integer of at least 1, not inf"),
        ("lfc: 1\nlfc: 2\n", "the key 'lfc' occurs twice"),
        ("min-reads: 1\nmin_reads: 2\n", "option 'min_reads' twice"),
        ("[" * 3000 + "]" * 3000, "nested too deeply"),
        ("label: " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ("? [a]\n: b\n? [a]\n: c\n", "not valid YAML"),
        ("a: &a [x, x, x, x, x, x, x, x, x, x]\nlabel: [*a, *a, *a, *a]\n", "unknown option 'a'"),
        ("label: &a [" + "long, " * 500 + "]\n", r"label must be text, not \['long', .* \.\.\."),
    ],
)
def test_wrong_yaml_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "run.yml"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        Config.from_yaml(path)


def test_a_missing_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read the configuration .*no\.yml"):
        Config.from_yaml(tmp_path / "no.yml")


def test_to_dict_is_plain() -> None:
    plain = Config(counts="a.tsv", exclude=["x"]).to_dict()
    assert plain["counts"] == "a.tsv"
    assert plain["exclude"] == ["x"]
    assert set(plain) == set(options())


def test_donors_need_a_test_that_knows_them() -> None:
    assert Config(de_method="limma_voom", de_block="giver").de_block == "giver"
    with pytest.raises(DataError, match="edgeR_QL does not support de_block: use limma_voom"):
        Config(de_block="giver")


@pytest.mark.parametrize("option", [{"de_lfc_test": 1}, {"de_covariates": ["age"]}])
def test_options_need_a_test_that_has_them(option) -> None:
    name = next(iter(option))
    assert Config(**option).test == "edgeR_QL"
    others = "edgeR_QL or edgeR_LRT or limma_voom"
    with pytest.raises(DataError, match=f"wilcoxon does not support {name}: use {others}"):
        Config(de_method="wilcoxon", **option)


def test_a_share_of_unique_genes_is_not_lost_on_another_rule():
    with pytest.raises(DataError, match="unique_fraction is not for select 'peak'"):
        Config(select="peak", unique_fraction=0.8)


def test_yaml_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.yml"
    path.write_bytes("label: Gewebe\xe4\n".encode("latin-1"))
    with pytest.raises(DataError, match="is not UTF-8 text"):
        Config.from_yaml(path)


def test_brackets_that_are_closed_are_patterns() -> None:
    patterns = ("[ab]*", "[!c]?", "[]]x", "[[]z", "x]")
    assert Config(exclude=patterns).exclude == patterns
