"""Bad input: each error names the file, the place and the remedy, and leaves nothing behind."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError


def missing_file(files):
    return {"counts": files.folder / "no.gct"}, ["no.gct does not exist", "check the path"]


def missing_samples(files):
    files.gct()
    return {"samples": files.folder / "no.tsv"}, ["no.tsv does not exist"]


def a_folder(files):
    return {"counts": files.folder}, ["is a folder", "name the file"]


def empty_file(files):
    return {"counts": files.write("e.tsv", "")}, ["e.tsv is empty", "fetch it again"]


def empty_gzip(files):
    return {"counts": files.write("e.gct.gz", "")}, ["e.gct.gz, line 1 is ''", "#1.2 or #1.3"]


def only_a_header(files):
    text = "\t".join(["id", *files.samples]) + "\n"
    return {"counts": files.write("h.tsv", text)}, ["h.tsv has a header but no rows"]


def not_a_gzip(files):
    path = files.folder / "c.gct.gz"
    path.write_text("#1.2\n")
    return {"counts": path}, ["c.gct.gz ends in .gz but is not a gzip file", "rename it"]


def cut_gzip(files):
    files.cells = [[str(hash((i, j)) % 10**6) for j in range(6)] for i in range(8)]
    path = files.gct("c.gct.gz")
    path.write_bytes(path.read_bytes()[:-30])
    return {"counts": path}, ["c.gct.gz is a damaged gzip file", "fetch it again"]


def not_text(files):
    path = files.folder / "c.tsv"
    path.write_bytes("gène\tS1\n".encode("latin-1"))
    return {"counts": path}, ["c.tsv is not UTF-8 text (byte 0xe8)", "save it as UTF-8"]


def not_an_h5ad(files):
    return {"counts": files.write("c.h5ad", "text")}, ["c.h5ad is not an HDF5 file"]


def wrong_label(files):
    return {"label": "tisue"}, ["samples.tsv has no column 'tisue'", "'tissue', 'who'"]


def wrong_donor(files):
    return {"donor": "whom"}, ["samples.tsv has no column 'whom' for donor="]


def label_without_samples(files):
    return {"samples": None}, ["counts.gct has no column 'tissue'", "pass samples="]


def missing_label(files):
    rows = [
        (name, "" if name == "S3" else "ab"[n % 2], "D") for n, name in enumerate(files.samples)
    ]
    return {"samples": files.sheet(rows=rows)}, ["column 'tissue': empty for 1 samples ('S3')"]


def other_ids(files):
    sheet = files.sheet(rows=[(f"X{number}", "a", "D") for number in range(9)])
    return {"samples": sheet}, [
        "no sample of",
        "('S1', 'S2', 'S3', 'S4', 'S5' and 1 more)",
        "('X0', 'X1', 'X2', 'X3', 'X4' and 4 more)",
        "make the sample ids the same",
    ]


def other_ids_in_a_table(files):
    sheet = files.sheet(rows=[(f"X{number}", "a", "D") for number in range(9)])
    return {"counts": files.table(), "samples": sheet}, [
        "'S1', 'S2', 'S3', 'S4', 'S5' and 1 more",
        "'X0', 'X1', 'X2', 'X3', 'X4'",
        "Make the sample ids the same",
    ]


def unknown_orientation(files):
    arguments = {"counts": files.table(), "samples": None, "label": None}
    return arguments, ["are genes in rows or in columns?", "orient='genes-in-rows'"]


def duplicate_genes(files):
    files.genes[5] = files.genes[2]
    return {"counts": files.gct()}, [
        "has 1 genes more than once",
        repr(files.genes[2]),
        "add them up",
    ]


def duplicate_samples(files):
    files.samples[3] = "S1"
    return {"counts": files.gct()}, ["has 1 samples more than once ('S1')"]


def duplicate_samples_in_the_table(files):
    rows = [(name, "a", "D") for name in [*files.samples, "S2"]]
    sheet = files.sheet(rows=rows)
    return {"samples": sheet}, ["samples.tsv, column 'sample'", "('S2')", "keep one row"]


def negative_count(files):
    files.cells[4][2] = "-7"
    return {"counts": files.gct()}, [cell(files, 4, 2), "is negative (-7)", "raw counts"]


def fractional_count(files):
    files.cells[4][2] = "7.25"
    return {"counts": files.gct()}, [cell(files, 4, 2), "is 7.25, not an integer", "'log'"]


def fractional_count_in_columns(files):
    files.cells[4][2] = "7.25"
    table = files.table(transpose=True)
    return {"counts": table}, [cell(files, 4, 2), "is 7.25, not an integer"]


def missing_count(files):
    files.cells[1][5] = "NA"
    return {"counts": files.gct()}, [cell(files, 1, 5), "is missing", "fill it in"]


def blank_count(files):
    files.cells[1][3] = ""
    return {"counts": files.table()}, [cell(files, 1, 3), "is missing"]


def infinite_count(files):
    files.cells[1][3] = "inf"
    return {"counts": files.table()}, [cell(files, 1, 3), "is infinite"]


def missing_log_value(files):
    files.cells[1][3] = "nan"
    return {"counts": files.table(), "values": "log"}, [cell(files, 1, 3), "is missing"]


def too_large_count(files):
    files.cells[0][0] = "99999999999"
    return {"counts": files.table()}, [cell(files, 0, 0), "too large for a count"]


def text_cell(files):
    files.cells[6][1] = "12b"
    return {"counts": files.gct()}, [cell(files, 6, 1), "is '12b', not a number", "correct it"]


def two_numbers_in_a_cell(files):
    files.cells[6][1] = "1 2"
    return {"counts": files.gct()}, [cell(files, 6, 1), "is '1 2', not a number"]


def ragged_row(files):
    files.cells[3].pop()
    # line 1 the version, 2 the size, 3 the names: gene 4 is in line 7
    return {"counts": files.gct()}, ["counts.gct, line 7: 7 columns where the header has 8"]


def ragged_row_in_a_table(files):
    files.cells[3].append("5")
    return {"counts": files.table()}, ["counts.tsv, line 5: 8 columns where the header has 7"]


def gene_without_name(files):
    files.genes[3] = ""
    return {"counts": files.gct()}, ["counts.gct, line 7: the first column has no gene id"]


def gct_with_fewer_genes(files):
    return {"counts": files.gct(dims="9\t6")}, [
        "counts.gct, line 2 announces 9 genes but the body has 8"
    ]


def gct_with_more_genes(files):
    return {"counts": files.gct(dims="5\t6")}, ["announces 5 genes but the body has 8"]


def gct_with_other_samples(files):
    return {"counts": files.gct(dims="8\t7")}, ["announces 7 samples but line 3 names 6"]


def gct_with_an_absurd_size(files):
    return {"counts": files.gct(dims=f"{10**15}\t6")}, ["GB of memory", "correct the numbers"]


def gct_beyond_any_memory(files):
    return {"counts": files.gct(dims=f"{2**62}\t6")}, ["GB of memory", "correct the numbers"]


def gct_without_size(files):
    return {"counts": files.gct(dims="eight\t6")}, ["line 2 must have 2 integers", "eight"]


def gct_of_another_version(files):
    return {"counts": files.write("c.gct", "#1.1\n")}, ["c.gct, line 1 is '#1.1'", "#1.2 or #1.3"]


def gct_13_cut_in_its_metadata(files):
    text = "#1.3\n8\t6\t0\t1\n" + "\t".join(["id", *files.samples]) + "\ntissue\ta\tb\n"
    return {"counts": files.write("c.gct", text)}, ["line 4: 3 columns of sample metadata"]


def one_column(files):
    return {"counts": files.write("c.tsv", "gene\nA\nB\n")}, ["has only one column", "tabs"]


def class_too_small(files):
    return {"min_class_size": 3}, ["0 class(es) left", "min_class_size=3", "'Brain - Cortex': 2"]


def one_class(files):
    rows = [(name, "liver", "D") for name in files.samples]
    return {"samples": files.sheet(rows=rows)}, ["1 class(es) left ('liver')", "two are needed"]


def all_excluded(files):
    return {"exclude": ["*"]}, ["0 class(es) left", "exclude="]


def three_genes(files):
    files.genes, files.cells = files.genes[:3], files.cells[:3]
    return {"counts": files.gct()}, ["has 3 genes", "at least 4 are needed", "right file"]


def classes_without_label(files):
    return {"label": None, "exclude": ["a"]}, ["pass label="]


def wrong_orient(files):
    return {"orient": "rows"}, ["orient must be one of", "genes-in-rows", "not 'rows'"]


def wrong_values(files):
    return {"values": "tpm"}, ["values must be one of 'counts', 'estimated' or 'log', not 'tpm'"]


def samples_table_with_two_columns_of_a_name(files):
    sheet = files.sheet(head=("sample", "a/b", "a|b"))
    return {"samples": sheet}, ["columns of the same name ('a|b')"]


def ragged_samples_table(files):
    return {"samples": files.write("s.tsv", "sample\ttissue\nS1\ta\nS2\tb\tc\td\n")}, [
        "s.tsv, line 3 is not a row of the table of samples: 4 columns"
    ]


def samples_table_without_rows(files):
    return {"samples": files.write("s.tsv", "sample\ttissue\n")}, ["s.tsv has no rows"]


def fractional_h5ad(files):
    matrix = files.matrix.astype(np.float32)
    matrix[2, 4] = 0.5
    path = files.folder / "c.h5ad"
    held = ad.AnnData(matrix)
    held.obs_names, held.var_names = files.samples, files.genes
    held.write_h5ad(path)
    return {"counts": path}, [cell(files, 4, 2), "is 0.5", "values='estimated'"]


def tpm_of_other_genes(files):
    counts = files.gct()
    files.genes[3] = "ENSG09999999999.1"
    return {"counts": counts, "tpm": files.gct("tpm.gct")}, [
        "tpm.gct lacks 1 genes of",
        "('ENSG00000000004')",
        "the same samples and genes",
    ]


def negative_tpm(files):
    counts = files.gct()
    files.cells[3][3] = "-0.5"
    return {"counts": counts, "tpm": files.gct("tpm.gct")}, ["tpm.gct has negative values"]


def cell(files, gene: int, sample: int) -> str:
    return f"gene {files.genes[gene]!r} in sample {files.samples[sample]!r}"


CASES = [
    missing_file,
    missing_samples,
    a_folder,
    empty_file,
    empty_gzip,
    only_a_header,
    not_a_gzip,
    cut_gzip,
    not_text,
    not_an_h5ad,
    wrong_label,
    wrong_donor,
    label_without_samples,
    missing_label,
    other_ids,
    other_ids_in_a_table,
    unknown_orientation,
    duplicate_genes,
    duplicate_samples,
    duplicate_samples_in_the_table,
    negative_count,
    fractional_count,
    fractional_count_in_columns,
    missing_count,
    blank_count,
    infinite_count,
    missing_log_value,
    too_large_count,
    text_cell,
    two_numbers_in_a_cell,
    ragged_row,
    ragged_row_in_a_table,
    gene_without_name,
    gct_with_fewer_genes,
    gct_with_more_genes,
    gct_with_other_samples,
    gct_with_an_absurd_size,
    gct_beyond_any_memory,
    gct_without_size,
    gct_of_another_version,
    gct_13_cut_in_its_metadata,
    one_column,
    class_too_small,
    one_class,
    all_excluded,
    three_genes,
    classes_without_label,
    wrong_orient,
    wrong_values,
    samples_table_with_two_columns_of_a_name,
    ragged_samples_table,
    samples_table_without_rows,
    fractional_h5ad,
    tpm_of_other_genes,
    negative_tpm,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_bad_input(files, case: Callable):
    arguments, expected = case(files)
    arguments = {"label": "tissue", **arguments}
    if "counts" not in arguments:
        arguments["counts"] = files.gct()
    if "samples" not in arguments:
        arguments["samples"] = files.sheet()
    before = sorted(files.folder.iterdir())
    with pytest.raises(DataError) as caught:
        io.read_counts(**arguments)
    for part in expected:
        assert part in str(caught.value)
    assert sorted(files.folder.iterdir()) == before


def test_the_good_file_is_good(files):
    """What the cases spoil can be read, so that they fail for their own reason."""
    for counts in (files.gct(), files.table(), files.gct("z.gct.gz")):
        assert io.read_counts(counts, files.sheet(), label="tissue", donor="who").shape == (6, 8)


def test_damage_in_the_middle_of_a_gzip(files):
    files.cells = [[str(abs(hash((i, j))) % 10**9) for j in range(6)] for i in range(8)]
    path = files.gct("c.gct.gz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=re.escape(str(path))):
        io.read_counts(path)
    assert gzip.decompress(files.gct("d.gct.gz").read_bytes())


def test_a_frame_is_told_from_a_file():
    with pytest.raises(DataError, match=r"type DataFrame: .*anndata\.AnnData\(frame\)"):
        io.read_counts(pd.DataFrame([[1]]), label="tissue")
