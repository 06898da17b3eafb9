"""Genes that a class's list should not have: of sex, blood or quality, or of another class."""

from __future__ import annotations

import re

import numpy as np

#: Families of genes by their symbols (human), and words of the classes that express them.
FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "sex-linked": (
        r"XIST|TSIX|RPS4Y[12]|DDX3Y|KDM5D|UTY|EIF1AY|USP9Y|ZFY|TXLNGY|NLGN4Y|TMSB4Y|PRKY|TTTY\d+",
        ("testis", "ovar", "prostate", "uter", "vagin", "fallopian", "cervi", "breast", "placenta"),
    ),
    "immunoglobulin": (
        r"IG[HKL](?:V|D|J|C)\S*|IGH(?:A|E|G|M)\d?P?|JCHAIN|IGJ|IGLL\d",
        ("blood", "spleen", "lymph", "b cell", "plasma", "marrow", "tonsil", "appendix",
         "intestin", "colon", "cd19", "cd20"),
    ),
    "haemoglobin": (r"HB(?:A[12]|B|D|E1|G[12]|M|Q1|Z)", ("blood", "marrow", "spleen", "erythr")),
    "mitochondrial": (r"MT-\S+", ("heart", "muscle", "kidney", "brain", "liver")),
    "ribosomal": (r"RP[SL](?:\d+(?:AL?|[XY])?\d?|P[0-2]|A)(?:P\d+)?", ("ovar", "lymph")),
}  # fmt: skip
#: A gene is at a low level in a class if it is at most this share of the way from the other
#: classes' median to the highest class.
LOW = 0.25


def family(symbol: str, class_name: str) -> str:
    """Return the family of a gene, or nothing if the class is one that expresses it.

    Parameters
    ----------
    symbol
        Of the gene.
    class_name
        The class whose list has it.
    """
    for name, (pattern, words) in FAMILIES.items():
        if re.fullmatch(pattern, symbol, flags=re.IGNORECASE):
            return "" if any(word in class_name.casefold() for word in words) else name
    return ""


def of_another_class(means: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the class that each chosen gene comes from, if it is another one; -1 otherwise.

    Samples that are processed together take a little of each other's RNA, so that the genes of
    one tissue appear in another at a low level (Nieuwenhuis et al., Nature Communications
    11:1933, 2020). A gene of a class's list counts as one of those if the class with the
    highest mean lists it as well, and if the own mean is above the median of the other classes,
    but at most a quarter of the way from there to the highest.

    Parameters
    ----------
    means
        Mean input of each class, genes x classes.
    chosen
        Which genes are selected for which class, booleans of the same shape.

    Returns
    -------
    Genes x classes.
    """
    n_genes, n_classes = means.shape
    source = np.full(means.shape, -1)
    if n_classes < 3:
        return source
    highest = means.argmax(axis=1)
    listed = chosen[np.arange(n_genes), highest]
    for code in range(n_classes):
        others = np.arange(n_classes) != code
        rest = np.median(means[:, others], axis=1)
        reach = means.max(axis=1) - rest
        share = np.divide(means[:, code] - rest, reach, out=np.ones(n_genes), where=reach > 0)
        low = (share > 0) & (share <= LOW)
        found = chosen[:, code] & (highest != code) & listed & low
        source[found, code] = highest[found]
    return source
