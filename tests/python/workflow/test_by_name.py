"""Options that name public data: what they become, and when a file takes precedence."""

from __future__ import annotations

from pathlib import Path

import pytest

import tissueshap as ts
from tissueshap._core.errors import DataError
from tissueshap.workflow._by_name import check_names, is_name, with_data, without_names


@pytest.fixture(autouse=True)
def fetched(small: Path, mirror: str) -> Path:
    """Have everything in the cache that the tests name."""
    for name in ("reactome", "go", "string", "gtex-v8"):
        ts.datasets.fetch(name, mirror=mirror)
    return small


def config(**options: object) -> ts.workflow.Config:
    return ts.workflow.Config(label="tissue", out="results", **options)


def test_names_become_the_files(fetched: Path) -> None:
    named = config(gene_sets=["reactome", "mine.gmt"], annotation="gtex-v8", interactions="string")
    settings = with_data(named)
    assert settings.gene_sets == (fetched / "reactome/ReactomePathways.gmt", Path("mine.gmt"))
    assert settings.annotation == fetched / "gtex-v8/gencode.v26.genes.tsv"
    assert settings.interactions == fetched / "string/9606.protein.links.v12.0.txt.gz"
    assert settings.interaction_names == fetched / "string/9606.protein.info.v12.0.txt.gz"


def test_own_names_of_proteins_are_kept() -> None:
    settings = with_data(config(interactions="string", interaction_names="mine.txt"))
    assert settings.interaction_names == Path("mine.txt")


def test_settings_without_names_are_unchanged() -> None:
    plain = config(gene_sets=["mine.gmt"], interactions="mine.txt")
    assert with_data(plain) is plain


def test_a_plan_needs_no_annotation_that_must_be_fetched() -> None:
    assert without_names(config(annotation="gtex-v8")).annotation is None
    plain = config(annotation="mine.tsv")
    assert without_names(plain) is plain


def test_a_file_of_that_name_takes_precedence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_name(Path("reactome"))
    Path("reactome").write_text("A\tna\tMYH7\n")
    plain = config(gene_sets=["reactome"])
    assert with_data(plain) is plain


@pytest.mark.parametrize(
    ("option", "name", "suited"),
    [
        ("annotation", "hpa", "gtex-v8 or gtex-v10"),
        ("gene_sets", "string", "reactome or go or tissue-specific"),
        ("interactions", "reactome", "or string"),
    ],
)
def test_data_without_what_the_option_needs(option: str, name: str, suited: str) -> None:
    flag = option.replace("_", "-")
    with pytest.raises(DataError, match=f"--{flag}: '{name}' are public data without .*{suited}"):
        check_names(config(**{option: name}))


def test_yaml_has_names_and_paths_relative_to_it(tmp_path: Path) -> None:
    path = tmp_path / "run.yml"
    path.write_text("label: tissue\ngene_sets: [reactome, mine.gmt]\ninteractions: string\n")
    read = ts.workflow.Config.from_yaml(path)
    assert read.gene_sets == (Path("reactome"), tmp_path / "mine.gmt")
    assert read.interactions == Path("string")
    (tmp_path / "string").write_text("a b\n")
    assert ts.workflow.Config.from_yaml(path).interactions == tmp_path / "string"


def test_a_run_fetches_after_its_other_files_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is downloaded for a run that cannot start."""
    calls: list[str] = []
    monkeypatch.setattr(ts.datasets, "fetch", lambda name, **_: calls.append(name))
    wanted = config(counts=tmp_path / "none.tsv", gene_sets=["reactome"])
    with pytest.raises(DataError, match=r"--counts: .*none\.tsv does not exist"):
        ts.workflow.run(wanted)
    assert calls == []


@pytest.mark.slow
@pytest.mark.r
def test_a_run_with_names(tmp_path: Path) -> None:
    adata = ts.datasets.simulate(60, 100, tissues=["Heart", "Liver"])
    symbols = ["MYH7", "TNNT2", "CASP3"]
    adata.var_names = [*symbols, *adata.var_names[3:]]
    adata.var["symbol"] = list(adata.var_names)
    settings = {"epochs": 2, "n_models": 1, "n_draws": 5, "n_starts": 2, "trust": "none"}
    result = ts.workflow.run(
        adata,
        label="tissue",
        out=tmp_path / "results",
        gene_sets=["reactome"],
        interactions="string",
        min_set_size=1,
        **settings,
    )
    recorded = result.uns["tissueshap"]["workflow"]
    assert "ReactomePathways.gmt" in str(recorded)
    assert "ppi" in result.uns["tissueshap"]
