from __future__ import annotations

import logging
import time
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tissueshap import io
from tissueshap._core.errors import DataError, DataWarning

TABLES = ["counts.tsv", "counts.tsv.gz", "counts.csv", "counts.csv.gz", "counts.txt"]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("orient", ["auto", "given"])
def test_tables_either_way(files, name, transpose, orient):
    given = "genes-in-columns" if transpose else "genes-in-rows"
    adata = io.read_counts(
        files.table(name, transpose=transpose),
        files.sheet(),
        label="tissue",
        orient="auto" if orient == "auto" else given,
    )
    np.testing.assert_array_equal(adata.X, files.matrix)
    assert adata.X.dtype == np.int32
    assert adata.X.flags.c_contiguous
    assert list(adata.obs_names) == files.samples
    assert list(adata.var_names) == [gene.split(".")[0] for gene in files.genes]
    assert list(adata.obs["tissue"]) == [
        "Brain - Cortex",
        "CD8+/CD45RA+",
        "Brain - Cortex",
        "CD8+/CD45RA+",
        "é",
        "é",
    ]
    assert adata.uns["tissueshap"]["label"] == "tissue"


@pytest.mark.parametrize("name", ["counts.gct", "counts.gct.gz", "renamed.txt"])
def test_gct(files, name):
    adata = io.read_counts(files.gct(name), files.sheet("samples.csv"), label="tissue", donor="who")
    np.testing.assert_array_equal(adata.X, files.matrix)
    assert list(adata.var["symbol"]) == [f"SYM{number}" for number in range(8)]
    assert list(adata.obs["donor"]) == ["D0", "D1", "D2"] * 2
    assert adata.obs["donor"].dtype == "category"


def test_gct_13_has_metadata_of_both(files):
    head = ["id", "Symbol", "chrom", *files.samples]
    tissue = ["tissue", "na", "na", *"aabbab"]
    age = ["age", "na", "na", *"123456"]
    body = [
        [gene, f"SYM{n}", "chr1", *row]
        for n, (gene, row) in enumerate(zip(files.genes, files.cells, strict=True))
    ]
    lines = ["#1.3", "8\t6\t2\t2", *("\t".join(row) for row in [head, tissue, age, *body])]
    adata = io.read_counts(files.write("a.gct", "\n".join(lines)), label="tissue")
    np.testing.assert_array_equal(adata.X, files.matrix)
    assert list(adata.obs["tissue"]) == list("aabbab")
    assert list(adata.obs["age"]) == [1, 2, 3, 4, 5, 6]
    assert list(adata.var["symbol"]) == [f"SYM{n}" for n in range(8)]
    assert set(adata.var["chrom"]) == {"chr1"}


@pytest.mark.parametrize("form", ["int", "float", "sparse"])
def test_h5ad(files, form):
    matrix = files.matrix.astype(np.int32 if form == "int" else np.float32)
    held = ad.AnnData(
        sparse.csr_matrix(matrix) if form == "sparse" else matrix,
        obs=pd.DataFrame({"tissue": list("aabbab")}, index=files.samples),
        var=pd.DataFrame({"gene_name": list("abcdefgh")}, index=files.genes),
    )
    held.write_h5ad(files.folder / "a.h5ad")
    adata = io.read_counts(files.folder / "a.h5ad", label="tissue")
    np.testing.assert_array_equal(adata.X, files.matrix)
    assert adata.X.dtype == np.int32
    assert isinstance(adata.X, np.ndarray)
    assert list(adata.var["symbol"]) == list("abcdefgh")
    assert adata.obs["tissue"].dtype == "category"
    joined = io.read_counts(files.folder / "a.h5ad", files.sheet(), label="tissue")
    assert joined.obs["tissue"].iloc[4] == "é"


def test_quotes_corner_windows_and_bom(files):
    """As R's write.csv and write.table, and as Excel write it."""
    lines = [",".join(f'"{name}"' for name in ["", *files.samples])]
    lines += [
        ",".join([f'"{gene}"', *row]) for gene, row in zip(files.genes, files.cells, strict=True)
    ]
    quoted = files.write("q.csv", "\ufeff" + "\r\n".join(lines) + "\r\n\r\n")
    np.testing.assert_array_equal(io.read_counts(quoted, files.sheet()).X, files.matrix)
    table = ["\t".join(files.samples)]
    table += ["\t".join([g, *row]) for g, row in zip(files.genes, files.cells, strict=True)]
    short = files.write("w.txt", "\n".join(table))
    adata = io.read_counts(short, files.sheet())
    np.testing.assert_array_equal(adata.X, files.matrix)
    assert list(adata.obs_names) == files.samples


def test_featurecounts(files):
    lines = ["# Program:featureCounts v2.0.1"]
    lines.append("\t".join(["Geneid", "Chr", "Start", "End", "Strand", "Length", *files.samples]))
    for gene, row in zip(files.genes, files.cells, strict=True):
        lines.append("\t".join([gene, "chr1;chr1", "1;5", "3;9", "+;+", "1234", *row]))
    adata = io.read_counts(files.write("fc.txt", "\n".join(lines)), files.sheet(), label="tissue")
    np.testing.assert_array_equal(adata.X, files.matrix)
    assert set(adata.var["length"]) == {1234.0}
    assert set(adata.var["Chr"]) == {"chr1;chr1"}


def test_whole_numbers_written_with_a_point(files):
    expected = files.matrix
    files.cells = [[f"{cell}.0" for cell in row] for row in files.cells]
    np.testing.assert_array_equal(io.read_counts(files.gct()).X, expected)


def test_many_blocks_and_dropped_samples(files, monkeypatch):
    monkeypatch.setattr("tissueshap.io._matrix._BLOCK_VALUES", 13)
    sheet = files.sheet(
        rows=[("S2", "a", "x"), ("S6", "b", "x"), ("S3", "a", "x"), ("S5", "b", "y")]
    )
    for path in (files.table(), files.table("t.csv", transpose=True), files.gct()):
        with pytest.warns(DataWarning, match=r"2 of 6 samples .* dropped: 'S1', 'S4'"):
            adata = io.read_counts(path, sheet, label="tissue")
        assert list(adata.obs_names) == ["S2", "S3", "S5", "S6"]
        np.testing.assert_array_equal(adata.X, files.matrix[[1, 2, 4, 5]])
        assert list(adata.obs["who"]) == ["x", "x", "y", "x"]


def test_id_column_is_found_by_its_values(files):
    rows = [(f"{number}", "ab"[number % 2], name) for number, name in enumerate(files.samples)]
    sheet = files.sheet(rows=rows, head=("number", "tissue", "sample"))
    adata = io.read_counts(files.table(), sheet, label="tissue")
    assert list(adata.obs["number"]) == list(range(6))
    frame = pd.DataFrame({"tissue": list("ababab")}, index=files.samples)
    adata = io.read_counts(files.table(), frame, label="tissue")
    assert list(adata.obs["tissue"]) == list("ababab")


@pytest.mark.parametrize("closed", [False, True])
def test_a_quote_that_opens_a_cell_swallows_no_rows(files, closed):
    notes = ["plain"] * len(files.samples)
    notes[1] = '"frozen'
    notes[3] = '"thawed' if closed else '5" needle'
    rows = zip(files.samples, notes, strict=True)
    text = "id\tnote\n" + "".join(f"{sample}\t{note}\n" for sample, note in rows)
    adata = io.read_counts(files.table("counts.tsv"), files.write("samples.tsv", text))
    assert list(adata.obs["note"]) == notes


def test_samples_table_may_have_more(files):
    rows = [(f"S{number}", "ab"[number % 2], "D") for number in range(50)]
    adata = io.read_counts(files.gct(), files.sheet(rows=rows), label="tissue")
    assert adata.n_obs == 6


def test_gene_on_x_and_y_keep_apart(files):
    files.genes[0], files.genes[1] = "ENSG00000002586.18", "ENSG00000002586.18_PAR_Y"
    adata = io.read_counts(files.gct())
    assert list(adata.var_names[:3]) == [
        "ENSG00000002586",
        "ENSG00000002586_PAR_Y",
        "ENSG00000000003",
    ]
    assert list(adata.var["gene_id"][:2]) == ["ENSG00000002586"] * 2


def test_two_versions_keep_their_version(files):
    files.genes[0], files.genes[1] = "ENSG00000002586.18", "ENSG00000002586.19"
    assert list(io.read_counts(files.gct()).var_names[:2]) == files.genes[:2]


def test_other_names_stay(files):
    files.genes = ["A.1", "HLA-A", "7SK", "b/c", "é", "1.5", "x y", "AC004.2"]
    adata = io.read_counts(files.gct())
    assert list(adata.var_names) == files.genes
    assert list(adata.var["gene_id"]) == files.genes


def test_classes_are_excluded_and_small_ones_dropped_by_name(files, caplog):
    classes = ["Cells - A", "b", "b", "c [x]", "c [x]", "d"]
    rows = list(zip(files.samples, classes, "uvwxyz", strict=True))
    sheet = files.sheet(rows=rows)
    with caplog.at_level(logging.INFO, logger="tissueshap"):
        adata = io.read_counts(
            files.gct(), sheet, label="tissue", exclude=["Cells - *"], min_class_size=2
        )
    assert list(adata.obs_names) == ["S2", "S3", "S4", "S5"]
    np.testing.assert_array_equal(adata.X, files.matrix[1:5])
    assert list(adata.obs["tissue"].cat.categories) == ["b", "c [x]"]
    assert "excluded 1 samples of 1 classes: 'Cells - A'" in caplog.text
    assert "dropped classes of fewer than 2 samples: 'd' (1)" in caplog.text
    with pytest.warns(DataWarning, match=r"'Cell\*x' matches no class; they are"):
        io.read_counts(files.gct(), sheet, label="tissue", exclude="Cell*x")


def test_empty_samples_are_named_and_dropped(files):
    for row in files.cells:
        row[1] = row[4] = "0"
    with pytest.warns(DataWarning, match=r"2 samples of .* are dropped: S2, S5$") as caught:
        adata = io.read_counts(files.gct(), files.sheet(), label="tissue")
    assert list(adata.obs_names) == ["S1", "S3", "S4", "S6"]
    assert caught[0].filename == __file__


def test_small_classes_are_counted_without_empty_samples(files, caplog):
    for row in files.cells:
        row[4] = "0"
    with caplog.at_level(logging.INFO, logger="tissueshap"), pytest.warns(DataWarning):
        adata = io.read_counts(files.gct(), files.sheet(), label="tissue", min_class_size=2)
    assert "'é' (1)" in caplog.text
    assert list(adata.obs["tissue"].cat.categories) == ["Brain - Cortex", "CD8+/CD45RA+"]


def test_numbers_as_class_names_stay_text(files):
    rows = [(name, str(number % 2), "007") for number, name in enumerate(files.samples)]
    adata = io.read_counts(files.gct(), files.sheet(rows=rows), label="tissue", donor="who")
    assert list(adata.obs["tissue"].cat.categories) == ["0", "1"]
    assert list(adata.obs["donor"].cat.categories) == ["007"]


def test_log_values(files):
    files.cells = [[f"{row}.5"] * 6 for row in range(len(files.cells))]
    files.cells[0] = ["-1.5", "2.25", "0.1", "1e1", "3", "4"]
    adata = io.read_counts(files.table(), files.sheet(), label="tissue", values="log")
    assert adata.X.dtype == np.float32
    np.testing.assert_array_equal(adata.X[:, 0], np.float32([-1.5, 2.25, 0.1, 10, 3, 4]))
    np.testing.assert_array_equal(adata.layers["log2"], adata.X)


def test_tpm_in_another_order(files):
    counts, sheet = files.gct(), files.sheet(rows=[("S5", "a", "D"), ("S2", "b", "D")])
    expected = files.matrix[[1, 4]] / 8
    files.cells = [[str(int(cell) / 8) for cell in row[::-1]] for row in files.cells[::-1]]
    files.samples, files.genes = files.samples[::-1], [g.split(".")[0] for g in files.genes[::-1]]
    with pytest.warns(DataWarning, match="4 of 6 samples"):
        adata = io.read_counts(counts, sheet, label="tissue", tpm=files.table("tpm.tsv"))
    np.testing.assert_array_equal(adata.layers["tpm"], expected.astype(np.float32))
    assert adata.layers["tpm"].dtype == np.float32
    io.write_h5ad(adata, files.folder / "b.h5ad")
    again = io.read_counts(files.folder / "b.h5ad", label="tissue")
    np.testing.assert_array_equal(again.layers["tpm"], adata.layers["tpm"])


def test_h5ad_keeps_only_categories_in_use(files):
    obs = pd.DataFrame({"tissue": list("aabbcc"), "batch": list("xyxyzz")}, index=files.samples)
    held = ad.AnnData(files.matrix.astype(np.int32), obs=obs.astype("category"))
    held.var_names = files.genes
    io.write_h5ad(held, files.folder / "a.h5ad")
    adata = io.read_counts(files.folder / "a.h5ad", label="tissue", exclude="c")
    np.testing.assert_array_equal(adata.X, files.matrix[:4])
    assert list(adata.obs["tissue"].cat.categories) == ["a", "b"]
    assert list(adata.obs["batch"].cat.categories) == ["x", "y"]


def test_annotation_and_record(files):
    annotation = pd.DataFrame({"ensembl_gene_id": [g.split(".")[0] for g in files.genes]})
    annotation["gene_name"] = list("abcdefgh")
    adata = io.read_counts(files.table(), files.sheet(), label="tissue", annotation=annotation)
    assert list(adata.var["symbol"]) == list("abcdefgh")
    entry = adata.uns["tissueshap"]["read_counts"]
    assert entry["params"]["counts"] == str(files.folder / "counts.tsv")
    assert entry["params"]["min_class_size"] == 0


def test_the_papers_cohort(data_dir):
    folder = data_dir / "gtex_v8_panel"
    start = time.process_time()
    adata = io.read_counts(
        folder / "gene_reads.gct.gz",
        folder / "samples.tsv.gz",
        label="tissue_type_detailed",
        donor="donor",
        exclude=["Cells - *"],
        min_class_size=25,
    )
    assert time.process_time() - start < 2
    assert adata.shape == (16_651, 59)
    assert adata.obs["donor"].nunique() == 948
    published = pd.read_csv(folder / "paper_class_sizes.tsv", sep="\t", index_col="tissue")
    sizes = adata.obs["tissue_type_detailed"].value_counts().to_dict()
    assert sizes == published["n_total"].to_dict()
    with_pandas = pd.read_csv(folder / "gene_reads.gct.gz", sep="\t", skiprows=2, index_col=0)
    np.testing.assert_array_equal(adata.X, with_pandas[adata.obs_names].to_numpy().T)
    assert list(adata.var["symbol"]) == list(with_pandas["Description"])


def test_brawand_names_its_two_empty_samples(data_dir):
    folder = data_dir / "brawand_tetrapod"
    with pytest.warns(DataWarning, match=r": Macaque_Brain_Male1, Macaque_Testis_Male1$"):
        adata = io.read_counts(
            folder / "counts.tsv.gz", folder / "samples.tsv.gz", label="tissue", donor="individual"
        )
    assert adata.shape == (130, 5636)
    assert adata.obs["tissue"].nunique() == 6


@pytest.mark.parametrize(
    ("counts", "samples", "arguments", "shape"),
    [
        ("blake_primates/counts.tsv.gz", "blake_primates/samples.tsv.gz", {}, (47, 12_184)),
        ("gtex_brain_pair/counts.tsv.gz", "gtex_brain_pair/samples.tsv.gz", {}, (40, 21_363)),
        (
            "tmm_golden/gtex_lung.first30.chr21.csv.gz",
            None,
            {"orient": "genes-in-columns"},
            (30, 818),
        ),
        (
            "gtex_hpa_entrez/hpa_log_expression.tsv.gz",
            "gtex_hpa_entrez/hpa_samples.tsv.gz",
            {"values": "log"},
            (200, 467),
        ),
    ],
)
def test_other_real_files(data_dir, counts, samples, arguments, shape):
    adata = io.read_counts(
        data_dir / counts, None if samples is None else data_dir / samples, **arguments
    )
    assert adata.shape == shape
    sep = "," if ".csv" in counts else "\t"
    held = pd.read_csv(data_dir / counts, sep=sep, index_col=0)
    expected = held.to_numpy() if arguments.get("orient") else held.to_numpy().T
    np.testing.assert_allclose(adata.X, expected, rtol=1e-6)


def _primates(data_dir: Path, folder: Path, write) -> dict:
    source = data_dir / "blake_primates"
    counts = pd.read_csv(source / "counts.tsv.gz", sep="\t", index_col=0).iloc[:, :20]
    path = folder / "values.tsv"
    write(counts).to_csv(path, sep="\t")
    return {"counts": path, "samples": source / "samples.tsv.gz", "label": "tissue"}


def _cpm(counts: pd.DataFrame) -> pd.DataFrame:
    return counts / counts.sum() * 1e6


@pytest.mark.filterwarnings("ignore:.*have no row:tissueshap._core.errors.DataWarning")
@pytest.mark.parametrize(
    ("write", "says"),
    [(lambda x: x, "raw counts"), (_cpm, "CPM or TPM on a linear scale")],
    ids=["counts", "cpm"],
)
def test_what_is_no_logarithm_is_not_read_as_one(data_dir, tmp_path, write, says):
    given = _primates(data_dir, tmp_path, write)
    with pytest.raises(DataError, match=rf"values\.tsv is not on a log scale.*{says}"):
        io.read_counts(**given, values="log")
    with pytest.warns(DataWarning, match=says):
        adata = io.read_counts(**given, values="log", check_scale=False)
    assert adata.uns["tissueshap"]["read_counts"]["params"]["check_scale"] == False  # noqa: E712


def test_logarithms_to_another_base_and_flat_samples_are_warned_of(data_dir, tmp_path):
    given = _primates(data_dir, tmp_path, lambda x: np.log1p(_cpm(x) / 100))
    with pytest.warns(DataWarning, match=r"natural log1p of CP10k.*ln\(2\)"):
        io.read_counts(**given, values="log")
    given = _primates(
        data_dir, tmp_path, lambda x: np.log2(_cpm(x) + 1).assign(**{x.columns[2]: 3.0})
    )
    with pytest.warns(DataWarning, match="nothing was measured"):
        io.read_counts(**given, values="log")


def test_rounded_tpm_are_no_counts(data_dir, tmp_path):
    given = _primates(data_dir, tmp_path, lambda x: _cpm(x).round().astype(int))
    with pytest.warns(DataWarning, match="adds up to 1,000,000, as in CPM or TPM"):
        io.read_counts(**given)
