"""The demonstrations: real cells with known markers, or a compendium with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap._core.options import check_choice
from tissueshap.workflow._run import run

if TYPE_CHECKING:
    from anndata import AnnData

#: Textbook markers of blood cells (from the PBMC tutorials of Seurat and scanpy), listed
#: before the result was known; some are not among the 765 genes.
BLOOD_MARKERS = {
    "CD19+ B": "CD79A CD79B MS4A1 CD19 CD74 HLA-DRA CD37 BANK1 TCL1A",
    "CD56+ NK": "GNLY NKG7 GZMB PRF1 KLRD1 KLRF1 FGFBP2 CST7 CTSW GZMA FCGR3A",
    "CD14+ Monocyte": "LYZ S100A8 S100A9 CST3 FCN1 CD14 S100A12 VCAN LST1 AIF1 TYROBP",
    "Dendritic": "FCER1A CLEC10A CST3 HLA-DRA HLA-DPA1 HLA-DQA1 LILRA4",
    "CD8+ Cytotoxic T": "CD8A CD8B CD3D CD3E GZMA CST7 NKG7",
}

#: A cell has about 650 molecules of these 765 genes, so the thresholds for tissues (six
#: reads, sixteenfold change) would leave almost nothing. With seven classes, a unique
#: fraction of one half would select most of the genes.
_BLOOD: dict[str, Any] = {
    "title": "Which genes distinguish blood cells?",
    "min_class_size": 30,
    "test_per_class": 15,
    "min_reads": 1,
    "lfc": 1.0,
    "unique_fraction": 0.8,
}

#: Simulated genes that are not markers have independent noise in each tissue, so half of the
#: places would stay unique far below the markers.
_SIMULATED: dict[str, Any] = {
    "title": "Which genes distinguish 47 simulated tissues?",
    "min_class_size": 20,
    "test_per_class": 10,
    "donor": "donor",
    "unique_fraction": 0.9,
}


def demo(data: str = "pbmc68k", *, out: str | Path, **options: Any) -> AnnData:
    """Run the whole method on data that are part of the package.

    Parameters
    ----------
    data
        ``"pbmc68k"``: 700 real blood cells, 765 genes, 10 types, without those that are
        too small to be split. ``"simulated"``: a compendium of 47 tissues whose markers
        are known.
    out
        Folder for the results.
    options
        Settings of :class:`Config` that replace the demonstration's.

    Returns
    -------
    anndata.AnnData
        As from :func:`run`; also with ``uns["markers"]`` or ``uns["truth"]``.

    Raises
    ------
    DataError
        ``data`` is unknown, or for the reasons of :func:`run`.

    Examples
    --------
    >>> adata = ts.workflow.demo(out="demo")  # takes a minute or two  # doctest: +SKIP
    """
    from tissueshap import datasets

    check_choice("data", data, ("pbmc68k", "simulated"))
    if data == "pbmc68k":
        adata, chosen = datasets.pbmc68k(), {**_BLOOD, "label": "cell_type"}
        adata.uns["markers"] = _markers()
    else:
        adata, chosen = datasets.simulate(), {**_SIMULATED, "label": "tissue"}
    return run(adata, **{**chosen, "out": out, **options})


def _markers() -> pd.DataFrame:
    pairs = [(name, gene) for name, genes in BLOOD_MARKERS.items() for gene in genes.split()]
    return pd.DataFrame(pairs, columns=["class", "gene"])
