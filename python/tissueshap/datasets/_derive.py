"""Tables that are made from downloaded files, in the form that ``tissueshap run`` reads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap.datasets._contents import Contents
from tissueshap.io import gene_table, open_text

_ROOT = "GO:0008150"
_UPWARD = re.compile(r"(?:is_a:|relationship: part_of) (GO:\d{7})")


def member(archive: Path, contents: Contents, out: Path) -> None:
    """Write the file within a zip archive."""
    with contents.opened(archive) as lines, out.open("w", encoding="utf-8", newline="") as text:
        while block := lines.read(1 << 22):
            text.write(block)


def annotation(gtf: Path, out: Path) -> None:
    """Write the gene table of a GTF file: Ensembl id, symbol, biotype, length."""
    genes = gene_table(gtf)
    if genes.empty:
        raise DataError(f"{gtf} has no exons: is it a GTF file of GENCODE or Ensembl?")
    genes.to_csv(out, sep="\t", index=False)


def processes(ontology: Path, annotations: Path, out: Path) -> None:
    """Write GO's biological processes as gene sets (GMT).

    A gene is in the set of a process if it is annotated with it, or with one that is a kind
    or a part of it. Negative annotations (NOT) and those without data (ND) are left out.
    """
    names, parents, current = _ontology(ontology)
    ancestors = {term: _ancestors(term, parents) for term in names}
    genes: defaultdict[str, set[str]] = defaultdict(set)
    for symbol, term in _annotated(annotations):
        for each in ancestors.get(current.get(term, term), ()):
            genes[each].add(symbol)
    genes.pop(_ROOT, None)
    if not genes:
        raise DataError(f"{annotations} has no gene of a process of {ontology}")
    _write_sets(((names[term], term, genes[term]) for term in sorted(genes)), out)


def specific_genes(archive: Path, contents: Contents, out: Path) -> None:
    """Write the genes that HPA calls specific for a tissue as gene sets (GMT), one per tissue.

    They are those of its column of specific values: tissue enriched, group enriched and
    tissue enhanced genes, each in the set of every tissue that is named there.
    """
    column = "RNA tissue specific nTPM"
    with contents.opened(archive) as lines:
        table = pd.read_csv(lines, sep="\t", usecols=["Gene", column], dtype=str).dropna()
    genes: defaultdict[str, set[str]] = defaultdict(set)
    for symbol, values in zip(table["Gene"], table[column], strict=True):
        for entry in values.split(";"):
            tissue, _, value = entry.strip().rpartition(":")
            if tissue and re.fullmatch(r"\s*[\d.]+", value):
                # A tissue that was sampled twice has a number: "stomach 1".
                genes[re.sub(r" \d+$", "", tissue.strip())].add(symbol)
    if not genes:
        raise DataError(f"{archive}: no cell of {column!r} is of the form 'liver: 12.3;brain: 4.5'")
    _write_sets(((tissue, "na", genes[tissue]) for tissue in sorted(genes)), out)


def _write_sets(sets: Iterable[tuple[str, str, set[str]]], out: Path) -> None:
    with out.open("w", encoding="utf-8") as text:
        for name, note, genes in sets:
            text.write("\t".join([name, note, *sorted(genes)]) + "\n")


def _ontology(path: Path) -> tuple[dict[str, str], dict[str, list[str]], dict[str, str]]:
    """Return the processes' names, their parents, and the present identifiers of older ones."""
    names: dict[str, str] = {}
    parents: dict[str, list[str]] = {}
    current: dict[str, str] = {}
    with open_text(path) as lines:
        for fields in _terms(lines):
            if "namespace: biological_process" not in fields or "is_obsolete: true" in fields:
                continue
            values = dict(line.split(": ", 1) for line in reversed(fields) if ": " in line)
            term = values["id"]
            names[term] = values["name"]
            parents[term] = [found[1] for line in fields if (found := _UPWARD.match(line))]
            for line in fields:
                if line.startswith("alt_id: "):
                    current[line.removeprefix("alt_id: ")] = term
    if not names:
        raise DataError(f"{path} has no biological process: is it go-basic.obo?")
    return names, parents, current


def _terms(lines: TextIO) -> Iterable[list[str]]:
    """Return the lines of each term of an OBO file."""
    stanza: list[str] | None = None
    for line in map(str.strip, lines):
        if line.startswith("["):
            if stanza is not None:
                yield stanza
            stanza = [] if line == "[Term]" else None
        elif stanza is not None and line:
            stanza.append(line)
    if stanza is not None:
        yield stanza


def _ancestors(term: str, parents: Mapping[str, list[str]]) -> set[str]:
    """Return a term and all that it is a kind or a part of."""
    reached, waiting = set(), [term]
    while waiting:
        each = waiting.pop()
        if each in parents and each not in reached:  # parts may be of other namespaces
            reached.add(each)
            waiting += parents[each]
    return reached


def _annotated(path: Path) -> Iterable[tuple[str, str]]:
    """Return the genes and processes of a GAF file."""
    with open_text(path) as lines:
        for line in lines:
            if line.startswith("!"):
                continue
            fields = line.split("\t")
            if len(fields) < 9 or fields[8] != "P":
                continue
            symbol, qualifier, term, evidence = fields[2], fields[3], fields[4], fields[6]
            if "NOT" not in qualifier.split("|") and evidence != "ND":
                yield symbol, term
