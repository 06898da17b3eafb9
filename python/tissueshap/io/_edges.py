"""Interaction networks from files: ``io.read_edges``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap._core.options import check_number
from tissueshap.io._delimited import read_delimited

#: Columns of the two partners, most specific first.
_PARTNERS = (("protein1", "protein2"), ("preferredName_A", "preferredName_B"), ("a", "b"))
_SCORES = ("combined_score", "score")


def read_edges(
    edges: str | Path, *, score: float = 0.4, aliases: str | Path | None = None
) -> pd.DataFrame:
    r"""Read an interaction network, one edge per row.

    Parameters
    ----------
    edges
        STRING's ``protein.links`` (separated by spaces, scores of 0 to 1,000), its
        interactive download (tabs, scores of 0 to 1), or a table with the columns
        ``a`` and ``b``; plain or gzip.
    score
        Smallest combined score to keep, 0 to 1; STRING calls 0.4 medium confidence. Of a
        table without scores every row is kept.
    aliases
        STRING's ``protein.info`` file, which has each protein's gene symbol. Without it
        the partners keep their names in the file.

    Returns
    -------
    Columns ``a``, ``b`` and, if the file has it, ``score`` (0 to 1). Every pair occurs
    once, in alphabetical order; self-interactions are dropped.

    Raises
    ------
    DataError
        If the file is missing, has no two columns of partners, or no interaction is left.

    Notes
    -----
    The format is that of STRING (Szklarczyk et al., Nucleic Acids Research 51:D638,
    2023).

    Examples
    --------
    >>> edges = "protein1 protein2 combined_score\nMYH7 TNNT2 900\nALB MYH7 150\n"
    >>> _ = Path("edges.txt").write_text(edges)
    >>> ts.io.read_edges("edges.txt", score=0.4)
          a      b  score
    0  MYH7  TNNT2    0.9
    """
    check_number("score", score, low=0, high=1)
    path = Path(edges)
    frame = read_delimited(path, "interactions")
    partners = next((pair for pair in _PARTNERS if set(pair) <= set(frame.columns)), None)
    if partners is None:
        raise DataError(
            f"{path} has the columns {list(frame.columns)[:8]} and none of the pairs "
            f"{_PARTNERS}: rename the two columns of partners to 'a' and 'b'"
        )
    network = frame[list(partners)].set_axis(["a", "b"], axis=1).dropna()
    column = next((name for name in _SCORES if name in frame.columns), None)
    if column is not None:
        network["score"] = _scores(frame.loc[network.index, column], path)
        network = network[network["score"] >= score]
    if aliases is not None:
        names = _aliases(aliases)
        network[["a", "b"]] = network[["a", "b"]].apply(lambda ids: ids.map(names))
        network = network.dropna(subset=["a", "b"])
    swap = network["a"] > network["b"]
    network.loc[swap, ["a", "b"]] = network.loc[swap, ["b", "a"]].to_numpy()
    network = network[network["a"] != network["b"]]
    if "score" in network:
        network = network.sort_values("score", ascending=False, kind="stable")
    network = network.drop_duplicates(["a", "b"]).sort_values(["a", "b"], ignore_index=True)
    if network.empty:
        raise DataError(f"{path} has no interaction of score {score} or more: lower score=")
    return network


def _scores(text: pd.Series, path: Path) -> pd.Series:
    scores = pd.to_numeric(text, errors="coerce").astype(float)
    if scores.isna().any():
        row = int(scores.isna().to_numpy().argmax()) + 2
        raise DataError(f"{path}, line {row}: the score {text.iloc[row - 2]!r} is not a number")
    return scores / 1000 if scores.max() > 1 else scores


def _aliases(path: str | Path) -> dict[str, str]:
    frame = read_delimited(path, "protein names")
    wanted = ["string_protein_id", "preferred_name"]
    if not set(wanted) <= set(frame.columns):
        raise DataError(
            f"{path} has the columns {list(frame.columns)[:8]}, not {wanted}: give STRING's "
            "protein.info file"
        )
    return dict(zip(frame[wanted[0]], frame[wanted[1]], strict=True))
