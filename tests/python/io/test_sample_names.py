"""featureCounts names samples by the paths of their alignments."""

from __future__ import annotations

import pytest

from tissueshap import io
from tissueshap.io._sample_names import sample_names

PATHS = {
    "files": "/data/run 1/{}.bam",
    "sorted": "out/{}.sorted.bam",
    "STAR's": "star/{}_Aligned.sortedByCoord.out.bam",
    "folders": "star/{}/Aligned.sortedByCoord.out.bam",
    "Windows": "C:\\data\\{}.BAM",
    "bare": "{}.bam",
}


@pytest.mark.parametrize("form", PATHS)
def test_paths_are_the_samples_that_they_are_of(files, form):
    names = list(files.samples)
    files.samples = [PATHS[form].format(name) for name in names]
    lines = ['# Program:featureCounts v2.0.1; Command:"featureCounts" "-a" "g.gtf"']
    lines.append("\t".join(["Geneid", "Chr", "Start", "End", "Strand", "Length", *files.samples]))
    for gene, row in zip(files.genes, files.cells, strict=True):
        lines.append("\t".join([gene, "chr1", "1", "9", "+", "1234", *row]))
    adata = io.read_counts(files.write("fc.txt", "\n".join(lines)), files.sheet(), label="tissue")
    assert list(adata.obs_names) == names
    assert (adata.X == files.matrix).all()


def test_the_longest_name_in_a_path_is_the_sample():
    ids = {"S1": None, "S1_rep2": None, "liver": None}
    header = ["id", "liver/S1.bam", "liver/S1_rep2.bam"]
    assert sample_names(header, ids) == ["id", "S1", "S1_rep2"]


def test_names_that_are_no_paths_or_would_be_one_stay():
    for header, ids in (
        (["id", "a/b", "c/d"], {"a/b": None, "c/d": None}),
        (["id", "x/liver.bam", "y/liver.bam"], {"liver": None}),
        (["id", "x/1.bam", "y/2.bam"], {"S1": None}),
        (["id", "a/b", "c"], None),
    ):
        assert sample_names(header, ids) == header


def test_without_a_samples_table_the_file_names_the_sample():
    assert sample_names(["id", "x/S1.bam", "y/S2.cram"], None) == ["id", "S1", "S2"]


def test_a_path_without_a_row_in_the_samples_table_keeps_its_files_name():
    assert sample_names(["id", "x/S1.bam", "x/S9.bam"], {"S1": None}) == ["id", "S1", "S9"]
