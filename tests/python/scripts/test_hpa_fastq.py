"""FASTQ to counts: the real tools where they are, stand-ins for them everywhere.

The aligners are optional: nobody's set-up installs them, CI's neither. There the stand-ins,
which count read names, show that the script's own work is right: what runs, in what order,
what is done again, what fails. ``apt-get install cutadapt rna-star rsem`` adds the rest.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from .conftest import GENES, PAIRS, SAMPLES, SCRIPTS, Study

SCRIPT = SCRIPTS / "hpa_fastq.sh"
TOOLS = ("cutadapt", "STAR", "rsem-prepare-reference", "rsem-calculate-expression")
ABSENT = [name for name in TOOLS if shutil.which(name) is None]

Run = Callable[..., subprocess.CompletedProcess[str]]

STAND_INS = {
    "cutadapt": """
[ "$1" != --version ] || { echo 4.2; exit; }
if [ -f "$here/break" ] && [[ "$*" == *"$(cat "$here/break")"* ]]; then echo broken >&2; exit 1; fi
while [ $# -gt 2 ]; do case $1 in -o) one=$2 ;; -p) two=$2 ;; esac; shift; done
cp "$1" "$one" && cp "$2" "$two"
""",
    "STAR": """
[ "$1" != --version ] || { cat "$here/star-version" 2>/dev/null || echo 2.7.10b; exit; }
while [ $# -gt 1 ]; do case $1 in
    --readFilesIn) reads=$2 ;;
    --genomeDir) index=$2 ;;
    --outFileNamePrefix) prefix=$2 ;;
esac; shift; done
if [ -z "${reads:-}" ]; then touch "$index/SA"; exit; fi
[ -f "$index/SA" ] && gzip -dc ${reads//,/ } | grep ^@ >"${prefix}Aligned.toTranscriptome.out.bam"
""",
    "rsem-prepare-reference": 'touch "${@: -1}.grp"',
    "rsem-calculate-expression": """
[ "$1" != --version ] || { echo "Current version: RSEM v1.3.1"; exit; }
bam=${*: -3:1} reference=${*: -2:1} results=${*: -1}
[ -f "$reference.grp" ]
{
    echo "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM"
    for gene in GENES; do
        n=$(grep -c "$gene" "$bam" || true)
        echo "$gene\tT\t903\t700\t$n.4\t2.5\t1"
    done
} >"$results.genes.results"
""".replace("GENES", " ".join(GENES)).replace('echo "', 'echo -e "'),
}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder of stand-ins for the tools, which write into `calls`."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "calls").touch()
    for name, code in STAND_INS.items():
        script = folder / name
        noted = '[ "${1:-}" = --version ] || echo "${0##*/} $*" >>"$here/calls"'
        script.write_text(f"#!/bin/bash\nset -eu\nhere={folder}\n{noted}\n{code}")
        script.chmod(0o755)
    return folder


@pytest.fixture
def run(study: Study, tools: Path, tmp_path: Path) -> Run:
    """Run the script on the simulated study with the stand-ins."""

    def call(*options: object, **other: object) -> subprocess.CompletedProcess[str]:
        return hpa(study, tmp_path / "out", *options, tools=tools, **other)

    return call


def hpa(
    study: Study,
    out: Path,
    *options: object,
    tools: Path | None = None,
    **given: object,
) -> subprocess.CompletedProcess[str]:
    settings = {"reference": study.reference, "runs": study.runs, "sample-column": "sample_title"}
    settings |= {name.replace("_", "-"): value for name, value in given.items()}
    words = [
        f"{word}" for pair in settings.items() if pair[1] for word in (f"--{pair[0]}", pair[1])
    ]
    path = os.environ["PATH"] if tools is None else f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        [SCRIPT, "--out", out, "--threads", "1", *words, *map(str, options)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "PYTHON": sys.executable},
    )


def expected_counts() -> pd.DataFrame:
    """Return how many pairs each gene has in each sample."""
    totals: dict[str, Counter[str]] = {name: Counter() for name in SAMPLES.values()}
    for name, pairs in PAIRS.items():
        totals[SAMPLES[name]].update(pairs)
    return pd.DataFrame(totals, index=GENES).fillna(0).astype(int)


def calls(tools: Path) -> list[str]:
    return (tools / "calls").read_text().splitlines()


# --- the whole chain ----------------------------------------------------------------


@pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}")
def test_the_real_tools_recover_the_simulated_counts(study: Study, tmp_path: Path) -> None:
    done = hpa(study, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    counts = pd.read_csv(tmp_path / "out" / "counts.tsv.gz", sep="\t", index_col="gene_id")
    expected = expected_counts()
    assert counts.index.tolist() == GENES
    np.testing.assert_allclose(counts, expected, rtol=0.05, atol=0)
    assert counts.to_numpy().sum() >= 0.98 * expected.to_numpy().sum()
    tpm = pd.read_csv(tmp_path / "out" / "tpm.tsv.gz", sep="\t", index_col="gene_id")
    np.testing.assert_allclose(tpm.sum(), 1e6, rtol=1e-4)
    # every fifth fragment is shorter than a read: Cutadapt takes the adapter off
    log = (tmp_path / "out" / "samples" / "heart_1" / "trim.log").read_text()
    found = re.search(r"Read 1 with adapter:\s+([\d,]+)", log)
    assert found is not None
    assert int(found[1].replace(",", "")) >= sum(PAIRS["RUN1"].values()) / 5


def test_the_chain_brings_counts_tpm_samples_and_genes(
    run: Run, study: Study, tools: Path, tmp_path: Path
) -> None:
    done = run()
    assert done.returncode == 0, done.stderr
    adata = ad.read_h5ad(tmp_path / "out" / "counts.h5ad")
    expected = expected_counts()
    assert adata.obs_names.tolist() == list(expected.columns)
    np.testing.assert_array_equal(adata.X, expected.T)  # of counts and 0.4
    np.testing.assert_array_equal(adata.layers["tpm"], np.full((2, 6), 2.5))
    assert adata.obs["tissue"].tolist() == ["heart", "liver"]
    assert adata.obs["run_accession"].tolist() == ["RUN1", "RUN2;RUN3"]
    assert adata.var["gene_id"].tolist() == [gene.partition(".")[0] for gene in GENES]
    assert adata.var["symbol"].tolist() == [f"GENE{number}" for number in range(6)]
    assert adata.var["biotype"].tolist() == ["lincRNA"] + ["protein_coding"] * 5
    assert adata.var["length"].tolist() == [903.0] * 6
    assert adata.uns["hpa_fastq"]["STAR"] == "2.7.10b"
    assert adata.uns["hpa_fastq"]["rsem-calculate-expression"] == "1.3.1"
    left = {path.name for path in (tmp_path / "out" / "samples" / "liver_1").iterdir()}
    assert "trimmed" not in left
    assert "fastq" in left

    # the study is done: nothing runs again, whatever the number of threads
    before = calls(tools)
    again = run("--threads", "3")
    assert again.returncode == 0, again.stderr
    assert calls(tools) == before
    assert "2 samples done" in again.stderr
    assert "collect" not in again.stderr

    # a column more in the run table: only the tables are made again
    text = study.runs.read_text().splitlines()
    study.runs.write_text(
        "\n".join(
            f"{line}\t{word}" for line, word in zip(text, ["donor", "D1", "D2", "D2"], strict=True)
        )
        + "\n"
    )
    assert run().returncode == 0
    assert calls(tools) == before
    assert ad.read_h5ad(tmp_path / "out" / "counts.h5ad").obs["donor"].tolist() == ["D1", "D2"]


def test_the_dry_run_is_a_script_that_does_the_same(run: Run, tools: Path, tmp_path: Path) -> None:
    printed = run("--dry-run")
    assert printed.returncode == 0, printed.stderr
    assert not (tmp_path / "out").exists()
    assert calls(tools) == []
    done = subprocess.run(
        ["bash", "-c", printed.stdout],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stderr
    adata = ad.read_h5ad(tmp_path / "out" / "counts.h5ad")
    np.testing.assert_array_equal(adata.X, expected_counts().T)


# --- what is printed ----------------------------------------------------------------


def test_the_dry_run_prints_each_command(run: Run, study: Study, tmp_path: Path) -> None:
    lines = run("--dry-run", threads="8").stdout.splitlines()
    fasta, gtf = study.reference / "genome.fa", study.reference / "genes.gtf"
    expected = [
        "export THREADS=8 DELETE_FASTQ=''",
        f"cd {tmp_path}/out",
        f"rsem-prepare-reference --gtf {gtf} {fasta} index/rsem/ref",
        'STAR --runMode genomeGenerate --runThreadN "$THREADS" --genomeDir index/star '
        f"--genomeFastaFiles {fasta} --sjdbGTFfile {gtf} --genomeSAindexNbases 6 "
        "--outFileNamePrefix index/star/",
        'cutadapt -j "$THREADS" -a AGATCGGAAGAGCACACGTCTGAACTCCAGTCA -A '
        "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT --minimum-length 25 "
        "-o samples/liver_1/trimmed/RUN3_1.fastq.gz -p samples/liver_1/trimmed/RUN3_2.fastq.gz "
        "samples/liver_1/fastq/RUN3_1.fastq.gz samples/liver_1/fastq/RUN3_2.fastq.gz",
        "rsem-calculate-expression --alignments --paired-end --no-bam-output --num-threads "
        '"$THREADS" samples/heart_1/star/Aligned.toTranscriptome.out.bam index/rsem/ref '
        "samples/heart_1/rsem/heart_1",
    ]
    assert [line for line in expected if line not in lines] == []
    star = [line for line in lines if line.startswith("STAR --runThreadN")]
    assert len(star) == 2
    assert (
        "--readFilesIn samples/liver_1/trimmed/RUN2_1.fastq.gz,samples/liver_1/trimmed/RUN3_1.fastq"
        ".gz samples/liver_1/trimmed/RUN2_2.fastq.gz,samples/liver_1/trimmed/RUN3_2.fastq.gz "
    ) in star[1]
    assert "--outSAMtype None --quantMode TranscriptomeSAM" in star[1]
    assert sum(line.startswith("fetch file:///") for line in lines) == 6
    order = [line.split()[-1] for line in lines if line.startswith("# --- samples/liver_1")]
    assert order == ["download", "trim", "align", "quantify"]


def test_the_dry_run_needs_no_tool(run: Run, tools: Path) -> None:
    for name in ("STAR", "cutadapt"):
        (tools / name).write_text("#!/bin/sh\nexit 127\n")
    done = run("--dry-run")
    assert done.returncode == 0
    assert "STAR is not installed: apt-get install rna-star" in done.stderr
    assert "# STAR (not installed)" in done.stdout


def test_without_a_run_table_it_is_enas(run: Run, tmp_path: Path) -> None:
    done = run("--dry-run", runs=None, accession="PRJEB6971")
    assert done.returncode == 0
    assert (
        r"ebi.ac.uk/ena/portal/api/filereport\?accession=PRJEB6971\&result=read_run" in done.stdout
    )
    assert "can be told once" in done.stderr
    refused = run("--step", "index", runs=None)
    assert refused.returncode == 2
    assert "runs.tsv is not there: --step runs makes it" in refused.stderr


def test_addresses_without_a_scheme_are_ftp(run: Run, study: Study) -> None:
    study.runs.write_text(study.runs.read_text().replace("file:///", "ftp.sra.ebi.ac.uk/"))
    fetched = [line for line in run("--dry-run").stdout.splitlines() if line.startswith("fetch f")]
    assert len(fetched) == 6
    assert all(line.startswith("fetch ftp://ftp.sra.ebi.ac.uk/") for line in fetched)


# --- going on -----------------------------------------------------------------------


def test_a_sample_that_fails_is_named_and_the_others_stay(
    run: Run, tools: Path, tmp_path: Path
) -> None:
    (tools / "break").write_text("RUN1")
    done = run()
    assert done.returncode == 1
    assert "FAILED: samples/heart_1 trim; the end of" in done.stderr
    assert "broken" in done.stderr
    assert "FAILED: 1 of 2 samples: heart_1" in done.stderr
    assert (tmp_path / "out/samples/liver_1/rsem/liver_1.genes.results").exists()
    assert not (tmp_path / "out/counts.h5ad").exists()
    (tools / "break").unlink()
    before = len(calls(tools))
    assert run("--step", "trim").returncode == 0
    assert run("--step", "align").returncode == 0
    assert run("--step", "quantify").returncode == 0
    new = calls(tools)[before:]
    assert [line.split()[0] for line in new] == ["cutadapt", "STAR", "rsem-calculate-expression"]
    assert all("heart_1" in line for line in new)


def test_a_new_version_of_a_tool_does_its_step_and_the_later_ones_again(
    run: Run, tools: Path
) -> None:
    assert run("--step", "index").returncode == 0
    assert run("--step", "download").returncode == 0
    assert run("--step", "trim").returncode == 0
    before = len(calls(tools))
    (tools / "star-version").write_text("2.7.11a\n")
    refused = run("--step", "align")
    assert refused.returncode == 2
    assert "--step index has to be done first" in refused.stderr
    assert run("--step", "index").returncode == 0
    assert run("--step", "align").returncode == 0
    assert [line.split()[0] for line in calls(tools)[before:]] == [
        "rsem-prepare-reference",
        "STAR",
        "STAR",
        "STAR",
    ]


def test_a_step_whose_input_is_not_there_is_refused(run: Run, tools: Path) -> None:
    done = run("--step", "trim")
    assert done.returncode == 1
    assert "samples/heart_1 trim: --step download has to be done first" in done.stderr
    assert "FAILED: 2 of 2 samples: heart_1 liver_1" in done.stderr
    done = run("--step", "collect")
    assert done.returncode == 1
    assert "samples/heart_1 is not quantified" in done.stderr
    assert calls(tools) == []


def test_downloads_go_on_and_are_checked(run: Run, study: Study, tmp_path: Path) -> None:
    (study.reads / "RUN3_2.fastq.gz").write_bytes(b"other bytes")
    folder = tmp_path / "out" / "samples" / "heart_1" / "fastq"
    folder.mkdir(parents=True)
    whole = (study.reads / "RUN1_1.fastq.gz").read_bytes()
    (folder / "RUN1_1.fastq.gz.part").write_bytes(whole[:100])  # broken off
    (folder / "RUN1_2.fastq.gz.part").write_bytes((study.reads / "RUN1_2.fastq.gz").read_bytes())
    done = run("--step", "download")
    assert done.returncode == 1
    assert (folder / "RUN1_1.fastq.gz").read_bytes() == whole
    assert {path.suffix for path in folder.iterdir()} == {".gz"}
    assert "RUN3_2.fastq.gz: what arrived is damaged and was removed" in done.stderr
    assert "FAILED: 1 of 2 samples: liver_1" in done.stderr
    left = sorted(path.name for path in (tmp_path / "out/samples/liver_1/fastq").iterdir())
    assert left == ["RUN2_1.fastq.gz", "RUN2_2.fastq.gz", "RUN3_1.fastq.gz"]


def test_reads_put_there_by_hand_are_checked(run: Run, study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "samples" / "heart_1" / "fastq"
    shutil.copytree(study.reads, folder, ignore=shutil.ignore_patterns("RUN[23]*"))
    (folder / "RUN1_2.fastq.gz").write_bytes(b"not these")
    (study.reads / "RUN1_1.fastq.gz").unlink()
    assert run("--step", "download").returncode == 0
    right = (study.reads / "RUN1_2.fastq.gz").read_bytes()
    assert (folder / "RUN1_2.fastq.gz").read_bytes() == right


def test_without_md5_a_download_has_to_be_whole_gzip(run: Run, study: Study) -> None:
    table = pd.read_csv(study.runs, sep="\t").drop(columns="fastq_md5")
    table.to_csv(study.runs, sep="\t", index=False)
    path = study.reads / "RUN3_2.fastq.gz"
    path.write_bytes(path.read_bytes()[:-20])
    done = run("--step", "download")
    assert done.returncode == 1
    assert "FAILED: 1 of 2 samples: liver_1" in done.stderr
    assert "RUN3_2.fastq.gz: what arrived is damaged" in done.stderr


def test_reads_can_be_removed_once_they_are_quantified(
    run: Run, tools: Path, tmp_path: Path
) -> None:
    for step in ("index", "download", "trim", "align"):
        assert run("--step", step, "--delete-fastq").returncode == 0
    assert run("--step", "quantify", "--delete-fastq").returncode == 0
    assert not (tmp_path / "out/samples/heart_1/fastq").exists()
    before = calls(tools)
    assert run("--step", "download").returncode == 0
    assert run("--step", "quantify").returncode == 0
    assert calls(tools) == before
    assert not (tmp_path / "out/samples/heart_1/fastq").exists()


# --- what is wrong is said ----------------------------------------------------------


def test_a_tool_that_is_missing_or_old(run: Run, tools: Path) -> None:
    (tools / "star-version").write_text("2.5.2b\n")
    done = run()
    assert done.returncode == 2
    assert "STAR 2.5.2b is too old, 2.7.0 is the oldest that will do: apt-get" in done.stderr
    (tools / "STAR").write_text("#!/bin/sh\nexit 127\n")
    done = run()
    assert done.returncode == 2
    assert "STAR is not on PATH or does not run: apt-get install rna-star" in done.stderr
    assert "conda install -c bioconda -c conda-forge star" in done.stderr
    assert calls(tools) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fastq_ftp", "fastq", "has no column fastq_ftp"),
        ("run_accession", "run", "has no column run_accession"),
        ("sample_title", "title", "has no column sample_title (--sample-column)"),
        ("RUN2\t", "RUN1\t", "line 3: run RUN1 is there twice"),
        ("heart_1", "heart/../1", 'line 2: run "RUN1" and sample "heart/../1" have to be'),
        ("RUN1_2", "RUN1", "line 2: run RUN1 has no pair of _1.fastq.gz and _2.fastq.gz"),
    ],
)
def test_a_run_table_that_will_not_do(
    run: Run, study: Study, old: str, new: str, message: str
) -> None:
    study.runs.write_text(study.runs.read_text().replace(old, new))
    done = run("--dry-run")
    assert done.returncode == 2
    assert message in done.stderr
    assert str(study.runs) in done.stderr


@pytest.mark.parametrize(
    ("name", "action", "message"),
    [
        ("genome.fa", "unlink", "has no .fasta: put one there, not compressed"),
        ("genes.gtf", "unlink", "has no .gtf: put one there"),
        ("more.gtf", "touch", "has more than one .gtf"),
    ],
)
def test_a_reference_that_will_not_do(
    run: Run, study: Study, name: str, action: str, message: str
) -> None:
    getattr(study.reference / name, action)()
    done = run("--dry-run")
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--step", "sort"], "--step sort: it is one of"),
        (["--threads", "0"], "--threads 0 is not a number above 0"),
        (["--colour"], "unknown option --colour"),
        (["--out"], "--out needs a value"),
        (["--runs", "nowhere.tsv"], "--runs nowhere.tsv does not exist"),
    ],
)
def test_options_that_will_not_do(run: Run, options: list[str], message: str) -> None:
    done = run(*options)
    assert done.returncode == 2
    assert message in done.stderr


def test_help_tells_every_option(run: Run) -> None:
    text = SCRIPT.read_text()
    known = set(re.findall(r"--[a-z-]+", re.search(r"case \$1 in\n(.*?)esac", text, re.S)[1]))
    done = run("--help")
    assert done.returncode == 0
    assert known - {"--help"} <= set(re.findall(r"--[a-z-]+", done.stdout))
    assert "set -euo" not in done.stdout


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(["shellcheck", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_two_runs_at_once_in_one_folder_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run("--step", "index")
    assert done.returncode == 2
    assert "another run works in" in done.stderr
