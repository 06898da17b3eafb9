"""GTEx's files to AnnData: what is downloaded, what is read, what is done once only."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tissueshap as ts

SCRIPT = Path(__file__).resolve().parents[3] / "inst" / "scripts" / "gtex_v8.py"

GENES = {
    "ENSG00000000003.14": ("TSPAN6", "protein_coding", 401),
    "ENSG00000000419.12": ("DPM1", "protein_coding", 250),
    "ENSG00000227232.5": ("WASH7P", "unprocessed_pseudogene", 100),
    "ENSG00000002586.18": ("CD99", "protein_coding", 300),
    "ENSG00000002586.18_PAR_Y": ("CD99", "protein_coding", 300),
}
TISSUES = {
    "GTEX-1117F-0226-SM-5GZZ7": "Adipose - Subcutaneous",
    "GTEX-1117F-0426-SM-5EGHI": "Muscle - Skeletal",
    "GTEX-111CU-0326-SM-5GZXO": "Muscle - Skeletal",
    "GTEX-111FC-0126-SM-5N9DL": "Liver",
}
COUNTS = np.arange(20).reshape(4, 5) * 7 + 1
TPM = (COUNTS / 3).round(3)


@pytest.fixture
def script(small: Path) -> ModuleType:
    """Return the script as a module, for files that are smaller than GTEx's."""
    spec = importlib.util.spec_from_file_location("gtex_v8", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gct(values: np.ndarray) -> bytes:
    lines = ["#1.2", f"{len(GENES)}\t{len(TISSUES)}", "\t".join(["Name", "Description", *TISSUES])]
    for gene, row in zip(GENES, values.T, strict=True):
        lines.append("\t".join([gene, GENES[gene][0], *map(str, row)]))
    return gzip.compress(("\n".join(lines) + "\n").encode())


def gtf() -> str:
    """Genes of two overlapping exons that cover the length announced."""
    lines = ["##description: a comment"]
    for gene, (symbol, kind, length) in GENES.items():
        named = f'gene_id "{gene}"; gene_type "{kind}"; gene_name "{symbol}";'
        middle = 1000 + length // 2
        for feature, start, end in (
            ("gene", 1000, 5000),
            ("exon", middle - 20, 999 + length),
            ("exon", 1000, middle),
        ):
            lines.append(f"chr1\tHAVANA\t{feature}\t{start}\t{end}\t.\t+\t.\t{named}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def portal(tmp_path: Path, script: ModuleType) -> Path:
    """A folder laid out as the portal's bucket is."""
    attributes = [("SAMPID", "SMATSSCR", "SMPTHNTS", "SMRIN", "SMTSD", "SMEMPTY")]
    attributes += [
        (sample, "", f'"fat {number}, 2 pieces', f"{6 + number / 10}", tissue, "")
        for number, (sample, tissue) in enumerate(TISSUES.items())
    ]
    attributes.append(("GTEX-1117F-0003-SM-58Q7G", "1", "blood DNA", "", "Whole Blood", ""))
    contents = {
        "reads": gct(COUNTS),
        "tpm": gct(TPM),
        "samples": "".join("\t".join(row) + "\n" for row in attributes).encode(),
        "genes": gtf().encode(),
    }
    for file in ts.datasets.SOURCES["gtex-v8"].files:
        target = tmp_path / "portal" / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(contents[file.role])
    return tmp_path / "portal"


@pytest.fixture
def run(script: ModuleType, portal: Path, tmp_path: Path) -> Callable[..., int]:
    """Run the script's command line on the portal's files."""

    def call(*arguments: object, base: str | None = None) -> int:
        options = ["--dir", str(tmp_path / "gtex"), "--base", base or portal.as_uri()]
        return int(script.main([*map(str, arguments), *options]))

    return call


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "gtex" / "gtex_v8.h5ad"


def test_counts_tpm_samples_and_genes_arrive(run: Callable[..., int], out: Path) -> None:
    assert run() == 0
    adata = ts.io.read_h5ad(out)
    assert adata.obs_names.tolist() == list(TISSUES)
    np.testing.assert_array_equal(adata.X, COUNTS)
    np.testing.assert_allclose(adata.layers["tpm"], TPM, rtol=1e-6)
    assert adata.obs["SMTSD"].astype(str).tolist() == list(TISSUES.values())
    assert adata.obs["donor"].tolist() == ["GTEX-1117F", "GTEX-1117F", "GTEX-111CU", "GTEX-111FC"]
    assert adata.obs["SMPTHNTS"].astype(str).iloc[1] == '"fat 1, 2 pieces'
    assert adata.obs["SMRIN"].tolist() == [6.0, 6.1, 6.2, 6.3]
    assert "SMEMPTY" not in adata.obs
    assert adata.var_names.tolist()[:1] == ["ENSG00000000003"]
    assert adata.var_names.is_unique
    assert adata.var["symbol"].astype(str).tolist() == [symbol for symbol, _, _ in GENES.values()]
    assert adata.var["biotype"].astype(str).tolist() == [kind for _, kind, _ in GENES.values()]
    assert adata.var["length"].tolist() == [length for _, _, length in GENES.values()]


def test_what_it_writes_is_what_a_run_reads(run: Callable[..., int], out: Path) -> None:
    run()
    adata = ts.io.read_counts(out, label="SMTSD", donor="donor", exclude=["Adipose*"])
    np.testing.assert_array_equal(adata.X, COUNTS[1:])
    np.testing.assert_allclose(adata.layers["tpm"], TPM[1:], rtol=1e-6)
    assert adata.var["biotype"].tolist().count("protein_coding") == 4


def test_only_genes_of_a_biotype(run: Callable[..., int], out: Path) -> None:
    assert run("--biotype", "protein_coding") == 0
    adata = ts.io.read_h5ad(out)
    np.testing.assert_array_equal(adata.X, COUNTS[:, [0, 1, 3, 4]])
    np.testing.assert_allclose(adata.layers["tpm"], TPM[:, [0, 1, 3, 4]], rtol=1e-6)
    hidden = [path.name for path in out.parent.iterdir() if path.name.startswith(".")]
    assert sorted(hidden) == [".tissueshap-data.json", ".tissueshap-data.lock"]


def test_without_tpm_it_is_neither_fetched_nor_needed(run: Callable[..., int], out: Path) -> None:
    assert run("--no-tpm") == 0
    assert not list(out.parent.glob("*tpm*"))
    assert "tpm" not in ts.io.read_h5ad(out).layers


def test_what_is_done_is_not_done_again(
    run: Callable[..., int], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    made = out.stat().st_mtime_ns
    capsys.readouterr()
    assert run(base="file:///nowhere") == 0
    said = capsys.readouterr().err
    assert said.count("is there already") == 4
    assert "is made from these files already" in said
    assert out.stat().st_mtime_ns == made


def test_another_input_or_option_is_done_again(run: Callable[..., int], out: Path) -> None:
    run()
    reads = next(out.parent.glob("*gene_reads*"))
    reads.write_bytes(gct(COUNTS + 1))
    assert run("convert") == 0
    np.testing.assert_array_equal(ts.io.read_h5ad(out).X, COUNTS + 1)
    run("convert", "--biotype", "protein_coding")
    assert ts.io.read_h5ad(out).n_vars == 4


def test_it_records_what_it_was_made_from(run: Callable[..., int], out: Path) -> None:
    run()
    recorded = json.loads(ts.io.read_h5ad(out).uns["gtex_v8"])
    reads = next(out.parent.glob("*gene_reads*"))
    assert recorded["files"][reads.name] == hashlib.sha256(reads.read_bytes()).hexdigest()
    assert recorded["tissueshap"] == ts.__version__


def test_conversion_alone_names_what_is_missing(
    run: Callable[..., int], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("download")
    assert not out.exists()
    next(out.parent.glob("*gene_tpm*")).unlink()
    assert run("convert") == 2
    said = capsys.readouterr().err
    assert "gene_tpm.gct.gz: run the step download" in said
    assert "gene_reads" not in said.partition("missing")[2]


@pytest.mark.parametrize(
    ("role", "damage", "message"),
    [
        ("reads", lambda held: held[: len(held) // 2], "fetch it again"),
        ("reads", lambda _: b"not gzip", "is not a gzip file"),
        ("reads", lambda _: gzip.compress(b"#1.3\n1\t1\t0\t0\n"), "not a GCT 1.2 file"),
        ("samples", lambda held: held.replace(b"SMTSD", b"SMTS"), "has no column SMTSD"),
        ("genes", lambda _: b"chr1\n", "has no exons"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--biotype", "protein_coding"]])
def test_a_damaged_file_is_named_and_nothing_written(
    run: Callable[..., int],
    script: ModuleType,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    role: str,
    damage: Callable[[bytes], bytes],
    message: str,
    options: list[str],
) -> None:
    run("download")
    path = out.parent / script.FILES[role]
    path.write_bytes(damage(path.read_bytes()))
    assert run("convert", *options) == 2
    said = capsys.readouterr().err
    assert path.name in said
    assert message in said
    assert not list(out.parent.glob("*h5ad*"))


def test_a_biotype_that_is_not_there(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--biotype", "coding") == 2
    assert "has no gene of that biotype" in capsys.readouterr().err


def test_matrices_that_do_not_fit_are_refused(script: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "large.gct"
    path.write_text("#1.2\n56200\t17382000\n")
    with pytest.raises(ValueError, match=r"need 11722\.4 GB of memory .* --biotype"):
        script.check_memory(path, tpm=True)
    path.write_text("#1.2\n562\t1738\n")
    script.check_memory(path, tpm=True)


def test_an_address_that_does_not_answer(
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tissueshap.datasets._transfer.PAUSE", 0.0)
    assert run("download", base="http://127.0.0.1:1") == 2
    said = capsys.readouterr().err
    assert "was not downloaded" in said
    assert "or put the file at" in said


def test_a_file_put_there_that_is_not_gtex_is_refused(
    run: Callable[..., int], out: Path, script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    out.parent.mkdir()
    (out.parent / script.FILES["reads"]).write_bytes(gct(COUNTS)[:-40])
    assert run("download") == 2
    assert "move it away and run again" in capsys.readouterr().err
