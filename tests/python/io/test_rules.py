"""One set of rules for every reader: blanks, missing values, comments, separators, names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError, DataWarning
from tissueshap.io import _rules
from tissueshap.workflow._small_files import read_map, read_markers

IDS = [f"S{number}" for number in range(1, 7)]
Cells = list[str]


def lines_of(cells: Cells, head: tuple[str, str], sep: str = "\t") -> list[str]:
    return [sep.join(head), *(sep.join(row) for row in zip(IDS, cells, strict=True))]


def write(folder: Path, name: str, lines: list[str]) -> Path:
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


def counts_file(folder: Path) -> Path:
    numbers = [["g" + str(gene), *(str(gene + at) for at in range(1, 7))] for gene in range(1, 6)]
    return write(folder, "c.tsv", ["\t".join(row) for row in [["id", *IDS], *numbers]])


def column(adata: ad.AnnData, name: str) -> list[str | None]:
    values = adata.obs[name].astype(object)
    return values.where(values.notna(), None).tolist()


def by_samples(folder: Path, cells: Cells) -> list[str | None]:
    path = write(folder, "s.tsv", lines_of(cells, ("sample", "kind")))
    return column(io.read_counts(counts_file(folder), path), "kind")


def by_samples_csv(folder: Path, cells: Cells) -> list[str | None]:
    quoted = [f'"{cell}"' for cell in cells]
    path = write(folder, "s.csv", lines_of(quoted, ("sample", "kind"), ","))
    return column(io.read_counts(counts_file(folder), path), "kind")


def by_frame(folder: Path, cells: Cells) -> list[str | None]:
    frame = pd.DataFrame({"kind": cells}, index=IDS)
    return column(io.read_counts(counts_file(folder), frame), "kind")


def by_categories(folder: Path, cells: Cells) -> list[str | None]:
    frame = pd.DataFrame({"sample": IDS, "kind": pd.Categorical(cells)})
    return column(io.read_counts(counts_file(folder), frame), "kind")


def by_gct(folder: Path, cells: Cells) -> list[str | None]:
    numbers = ["\t".join([f"g{gene}", f"N{gene}", *map(str, range(1, 7))]) for gene in range(5)]
    head = ["#1.3", "5\t6\t1\t1", "\t".join(["id", "symbol", *IDS])]
    path = write(folder, "c.gct", [*head, "\t".join(["kind", "na", *cells]), *numbers])
    return column(io.read_counts(path), "kind")


def by_gct_genes(folder: Path, cells: Cells) -> list[str | None]:
    numbers = ["\t".join([gene, cell, *"123456"]) for gene, cell in zip(IDS, cells, strict=True)]
    head = ["#1.3", "6\t6\t1\t0", "\t".join(["id", "symbol", *IDS])]
    return found_symbols(io.read_counts(write(folder, "c.gct", [*head, *numbers])))


def by_h5ad(folder: Path, cells: Cells) -> list[str | None]:
    adata = ad.AnnData(np.arange(1, 31, dtype=np.int32).reshape(6, 5))
    adata.obs_names, adata.obs["kind"] = IDS, pd.Categorical(cells)
    adata.write_h5ad(folder / "a.h5ad")
    return column(io.read_counts(folder / "a.h5ad"), "kind")


def by_zarr(folder: Path, cells: Cells) -> list[str | None]:
    adata = ad.AnnData(np.arange(1, 31, dtype=np.int32).reshape(6, 5))
    adata.obs_names, adata.obs["kind"] = IDS, pd.array(cells, dtype=object)
    io.write_zarr(adata, folder / "a.zarr")
    return column(io.read_counts(folder / "a.zarr"), "kind")


def found_symbols(adata: ad.AnnData) -> list[str | None]:
    return [text or None for text in adata.var["symbol"]]


def by_annotation(folder: Path, cells: Cells) -> list[str | None]:
    adata = ad.AnnData(np.ones((2, 6), dtype=np.int32))
    adata.var_names = IDS
    path = write(folder, "g.tsv", lines_of(cells, ("gene_name", "gene_type")))
    io.annotate_genes(adata, path)
    return [text or None for text in adata.var["biotype"]]


def by_markers(folder: Path, cells: Cells) -> list[str | None]:
    path = write(folder, "m.tsv", lines_of(cells, ("class", "gene")))
    found = read_markers(path).set_index("class")["gene"]
    return [found.get(name) for name in IDS]


def by_map(folder: Path, cells: Cells) -> list[str | None]:
    found = read_map(write(folder, "m.tsv", lines_of(cells, ("theirs", "ours"))))
    return [found.get(name) for name in IDS]


READERS: list[Callable[[Path, Cells], list[str | None]]] = [
    by_samples,
    by_samples_csv,
    by_frame,
    by_categories,
    by_gct,
    by_gct_genes,
    by_h5ad,
    by_zarr,
    by_annotation,
    by_markers,
    by_map,
]


@pytest.mark.parametrize("read", READERS)
def test_cells_mean_the_same_to_every_reader(read, tmp_path):
    """Blanks go, the same words are missing, and all else stays as it is written."""
    assert read(tmp_path, ["liver ", " liver", "liver\u00a0", "a/b", "none", "x7"]) == [
        *["liver"] * 3,
        *["a/b", "none", "x7"],
    ]
    for words in (["", "NA", "na", "NaN", "nan"], ["null", "NULL", "None", "N/A", "<NA>"]):
        assert read(tmp_path, ["liver", *words]) == ["liver", *[None] * 5]


def test_a_missing_class_is_refused_with_the_words_that_are_missing(tmp_path):
    cells = ["None", "liver", "NA", "liver", "null", "heart"]
    path = write(tmp_path, "s.tsv", lines_of(cells, ("sample", "kind")))
    frame = pd.DataFrame({"kind": cells}, index=IDS)
    by_gct(tmp_path, cells)
    by_h5ad(tmp_path, cells)
    for counts, samples in (
        (counts_file(tmp_path), path),
        (counts_file(tmp_path), frame),
        (tmp_path / "c.gct", None),
        (tmp_path / "a.h5ad", None),
    ):
        with pytest.raises(DataError, match=r"empty for 3 samples \('S1', 'S3', 'S5'\).*None"):
            io.read_counts(counts, samples, label="kind")


#: What a table of text may look like, as a change of its lines.
FORMS: dict[str, Callable[[list[str]], list[str]]] = {
    "tabs": lambda lines: lines,
    "commas": lambda lines: [line.replace("\t", ",") for line in lines],
    "semicolons": lambda lines: [line.replace("\t", ";") for line in lines],
    "quoted blanks": lambda lines: [
        " ".join(f'"{cell}"' for cell in line.split("\t")) for line in lines
    ],
    "quoted commas": lambda lines: [
        ",".join(f'"{cell}"' for cell in line.split("\t")) for line in lines
    ],
    "comment": lambda lines: ["# made on Monday, by hand; twice", "#", *lines],
    "comments between": lambda lines: [lines[0], "# note", lines[1], "#", *lines[2:], "# end"],
    "empty lines": lambda lines: ["", " ", lines[0], "", *lines[1:], "\t\t", ",,", ""],
    "byte-order mark": lambda lines: ["\ufeff" + lines[0], *lines[1:]],
    "windows": lambda lines: [line + "\r" for line in lines],
    "blanks": lambda lines: [line.replace("\t", " \t ") for line in lines],
    "header of a comment": lambda lines: ["#" + lines[0], *lines[1:]],
}


def cells_of(adata: ad.AnnData) -> list[list[int]]:
    return adata.X.T.tolist()


@pytest.mark.parametrize("form", FORMS)
def test_tables_of_every_form_are_read_alike(form, tmp_path):
    """Counts, samples, annotation, markers and maps, in the same forms."""

    def written(name: str, lines: list[str]) -> Path:
        return write(tmp_path, name, FORMS[form](lines))

    plain = counts_file(tmp_path)
    counts = written("counts.txt", plain.read_text().splitlines())
    cells = ["liver", "heart"] * 3
    samples = written("samples.txt", lines_of(cells, ("sample", "tissue")))
    genes = written("genes.txt", ["gene_id\tsymbol", *(f"g{n}\tSYM{n}" for n in range(1, 6))])
    adata = io.read_counts(counts, samples, label="tissue", annotation=genes)
    expected = pd.read_csv(plain, sep="\t", index_col=0)
    assert cells_of(adata) == expected.to_numpy().tolist()
    assert list(adata.obs["tissue"]) == cells
    assert list(adata.var["symbol"]) == [f"SYM{n}" for n in range(1, 6)]
    turned = expected.T.reset_index().astype(str)
    lines = ["\t".join(["id", *expected.index]), *map("\t".join, turned.to_numpy())]
    columns = io.read_counts(written("t.txt", lines), samples, label="tissue")
    assert cells_of(columns) == cells_of(adata)
    marked = written("markers.txt", ["class\tgene", "liver\tSYM1", "heart\tSYM2"])
    assert read_markers(marked).to_numpy().tolist() == [["liver", "SYM1"], ["heart", "SYM2"]]
    assert read_map(written("map.txt", ["theirs\tours", "L\tliver"])) == {"L": "liver"}


@pytest.mark.parametrize("sep", ["\t", ",", ";", " "])
@pytest.mark.parametrize("quote", ["", '"'])
def test_the_header_of_write_table(sep, quote, tmp_path):
    """R's write.table leaves out the name of the first column, of every kind of table."""

    def table(name: str, head: list[str], *rows: list[str]) -> Path:
        lines = [sep.join(f"{quote}{cell}{quote}" for cell in row) for row in [head, *rows]]
        return write(tmp_path, name, lines)

    counts = table("c.txt", IDS, *([f"g{n}", *"123456"] for n in range(1, 6)))
    samples = table("s.txt", ["kind"], *([name, "ab"[at % 2]] for at, name in enumerate(IDS)))
    genes = table("g.txt", ["symbol", "biotype"], *([f"g{n}", f"SYM{n}", "x"] for n in range(6)))
    adata = io.read_counts(counts, samples, label="kind", annotation=genes)
    assert list(adata.obs["kind"]) == list("ababab")
    assert list(adata.var["symbol"]) == [f"SYM{n}" for n in range(1, 6)]
    assert adata.shape == (6, 5)


def test_rows_that_end_with_a_separator(tmp_path):
    lines = ["sample\tkind", *(f"{name}\t{'ab'[at % 2]}\t" for at, name in enumerate(IDS))]
    for head in ("sample\tkind", "sample\tkind\t"):
        path = write(tmp_path, "s.tsv", [head, *lines[1:]])
        assert by_label(tmp_path, path) == list("ababab")


def by_label(folder: Path, path: Path) -> list[str]:
    return list(io.read_counts(counts_file(folder), path, label="kind").obs["kind"])


def test_comments_of_a_rows_width_are_named(tmp_path):
    lines = [*lines_of(list("ababab"), ("sample", "kind"))[:-1], "#S6\tb"]
    with pytest.warns(DataWarning) as caught:
        adata = io.read_counts(counts_file(tmp_path), write(tmp_path, "s.tsv", lines))
    assert "1 lines that start with # are left out as comments" in str(caught[0].message)
    assert "line '7'" in str(caught[0].message)
    assert adata.n_obs == 5


def test_columns_of_one_name_are_refused_by_every_reader(tmp_path):
    doubled = [line + "\tx" for line in lines_of(list("ababab"), ("sample", "a/b"))]
    doubled[0] = "sample\ta/b\ta|b "
    path = write(tmp_path, "s.tsv", doubled)
    adata = ad.AnnData(np.ones((2, 6), dtype=np.int32))
    frame = pd.DataFrame([["a", "b"]] * 6, columns=["kind", "kind"], index=IDS)
    gct = ["#1.3", "5\t6\t2\t0", "\t".join(["id", "a", "a ", *IDS])]
    gct += ["\t".join([f"g{n}", "x", "y", *"123456"]) for n in range(5)]
    for read in (
        lambda: io.read_counts(counts_file(tmp_path), path),
        lambda: io.read_counts(counts_file(tmp_path), frame),
        lambda: io.annotate_genes(adata, path),
        lambda: io.annotate_genes(adata, frame),
        lambda: read_markers(path),
        lambda: io.read_counts(write(tmp_path, "c.gct", gct)),
    ):
        with pytest.raises(DataError, match="columns of the same name"):
            read()


def test_a_slash_in_a_name_of_an_h5ad(tmp_path):
    adata = ad.AnnData(np.arange(1, 31, dtype=np.int32).reshape(6, 5))
    adata.obs_names, adata.obs["cell_type"] = IDS, list("ababab")
    adata.obs["don_or"] = list("uvwuvw")
    adata.write_h5ad(tmp_path / "a.h5ad")
    # As anndata wrote it before 0.13, which refuses such names.
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        obs = file["obs"]
        for name in ("cell_type", "don_or"):
            obs.move(name, name.replace("_", "/"))
        obs.attrs["column-order"] = ["cell/type", "don/or"]
    found = io.read_counts(tmp_path / "a.h5ad", label="cell/type", donor="don/or")
    assert list(found.obs["cell|type"]) == list("ababab")
    assert list(found.obs["donor"]) == list("uvwuvw")
    assert found.uns["tissueshap"]["label"] == "cell|type"


def test_labels_that_mix_numbers_and_text(tmp_path):
    frame = pd.DataFrame({"kind": [1, "1", 1.0, "x", " x", "x"]}, index=IDS)
    adata = io.read_counts(counts_file(tmp_path), frame, label="kind")
    assert list(adata.obs["kind"]) == ["1", "1", "1", "x", "x", "x"]


def test_numbers_with_leading_zeros_stay_text(tmp_path):
    path = write(tmp_path, "s.tsv", lines_of(["007", "01", "2", "3", "4", "5"], ("s", "plate")))
    assert column(io.read_counts(counts_file(tmp_path), path), "plate")[:2] == ["007", "01"]
    path = write(tmp_path, "s.tsv", lines_of(["0", "0.5", "NA", "3", "-4", "1e3"], ("s", "age")))
    ages = io.read_counts(counts_file(tmp_path), path).obs["age"]
    np.testing.assert_array_equal(ages, [0, 0.5, np.nan, 3, -4, 1000])
    path = write(tmp_path, "s.tsv", lines_of(["1_000", "1", "2", "3", "4", "5"], ("s", "age")))
    assert column(io.read_counts(counts_file(tmp_path), path), "age")[0] == "1_000"


def test_a_data_frame_whose_index_has_a_columns_name(tmp_path):
    frame = pd.DataFrame({"sample": list("uvwxyz"), "kind": list("ababab")}, index=IDS)
    frame.index.name = "sample"
    adata = io.read_counts(counts_file(tmp_path), frame, label="kind")
    assert list(adata.obs["sample"]) == list("uvwxyz")


@pytest.mark.parametrize(
    ("header", "body", "sep"),
    [
        ("a\tb", ["1\tx, y; z"], "\t"),
        ("a,b", ["1,x"], ","),
        ("a;b;c", ["1;2,5;3"], ";"),
        ("tissue", ["S1\tliver"], "\t"),
        ('"tissue"', ['"S1" "a, b"'], " "),
        ('"a;b",c', ["1,2"], ","),
        ("a\tb", [], "\t"),
        ("a,b", ["1,2,3,4"], ","),
    ],
)
def test_what_separates_the_columns(header, body, sep):
    assert _rules.separator(header, body) == sep
