"""``io.read_gmt``: gene sets."""

from __future__ import annotations

from pathlib import Path

from tissueshap._core.errors import DataError
from tissueshap.io._text import open_text


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    r"""Read gene sets from a GMT file, plain or gzip.

    Parameters
    ----------
    path
        One set per line, separated by tabs: name, description, genes.

    Returns
    -------
    Genes by set, in the file's order, each gene once.

    Raises
    ------
    DataError
        A line has fewer than three columns, or two sets have the same name.

    Examples
    --------
    >>> lines = "contraction\tabout\tMYH7\tTNNT2\nblood\tabout\tALB\tAPOB\n"
    >>> _ = Path("sets.gmt").write_text(lines)
    >>> ts.io.read_gmt("sets.gmt")
    {'contraction': ['MYH7', 'TNNT2'], 'blood': ['ALB', 'APOB']}
    """
    sets: dict[str, list[str]] = {}
    with open_text(path) as handle:
        for number, line in enumerate(handle, 1):
            if not line.strip():
                continue
            name, *rest = (cell.strip() for cell in line.rstrip("\r\n").split("\t"))
            genes = list(dict.fromkeys(gene for gene in rest[1:] if gene))
            if not genes:
                raise DataError(
                    f"{path}, line {number}: a gene set needs a name, a description and "
                    "genes, separated by tabs; is it a GMT file?"
                )
            if name in sets:
                raise DataError(f"{path}, line {number}: the set {name!r} occurs twice: rename it")
            sets[name] = genes
    return sets
