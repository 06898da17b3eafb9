"""The HTML reports of the first two cohorts of docs/cohorts, and the pages' figures.

    TISSUESHAP_DATA=... python tests/benchmarks/cohort_reports.py OUT [panel|primates ...]

runs the whole method on each, as the commands on the pages do, into OUT/NAME, and writes
the figures that the pages show to docs/cohorts/figures. tests/python/cohorts runs the same
settings with fewer draws and looks for every analysis of the paper in the report.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import anndata as ad

from tissueshap import report, workflow

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "cohorts" / "figures"

#: Every row of the paper's analyses, by the figure that shows it, in both reports.
FIGURES_OF_BOTH = (
    *("class_balance", "balancing", "confusion", "uniqueness", "exclusive", "shap"),
    *("de_counts", "overlap", "per_class", "logfc", "umap", "vmeasure", "null"),
    "ppi",
)
#: Those that need another cohort, or more genes than the panel's 59.
FIGURES_OF_ANOTHER = ("transfer", "projection", "stability", "enrichment", "processes")
#: What the page of a cohort shows of it.
SHOWN = {
    "panel": ("de_counts", "vmeasure", "null"),
    "primates": ("overlap", "processes", "ppi", "vmeasure", "null"),
}


def settings(name: str, data: Path) -> dict[str, Any]:
    """Return the settings of a cohort's report, without the folder to write."""
    annotation = data / "annotation"
    both = {
        "compare_balancing": True,
        "go": True,
        "gene_sets": [annotation / "reactome_symbols.gmt.gz"],
        "interactions": annotation / "string_edges_symbols.tsv.gz",
        "n_starts": 10_000,
        "n_null": 100,
    }
    if name == "panel":
        folder = data / "gtex_v8_panel"
        return both | {
            "title": "47 tissues by 59 genes",
            "counts": folder / "gene_reads.gct.gz",
            "samples": folder / "samples.tsv.gz",
            "label": "tissue_type_detailed",
            "donor": "donor",
            "exclude": ["Cells*"],
            "balancing_epochs": 8,
            "n_draws": 50,
            "lfc": 1.0,
            "min_set_size": 3,
        }
    first, second = data / "brawand_tetrapod", data / "blake_primates"
    return both | {
        "title": "Six organs, from ten species to three primates",
        "counts": first / "counts.tsv.gz",
        "samples": first / "samples.tsv.gz",
        "label": "tissue",
        "annotation": annotation / "genes_ensembl76.tsv.gz",
        "cohort_counts": second / "counts.tsv.gz",
        "cohort_samples": second / "samples.tsv.gz",
        "min_class_size": 10,
        "test_per_class": 5,
        "select": "top_n",
        "n_top": 100,
        "cluster_samples": "all",
    }


def draw(name: str, folder: Path) -> None:
    """Write the figures of a cohort's page, from the folder of its run."""
    other = folder / "cohort.h5ad"
    figures = report.figures(
        ad.read_h5ad(folder / "adata.h5ad"), ad.read_h5ad(other) if other.is_file() else None
    )
    FIGURES.mkdir(parents=True, exist_ok=True)
    for figure in SHOWN[name]:
        figures[figure].savefig(FIGURES / f"{name}_{figure}.png", dpi=75)


def main() -> None:
    data, out = Path(os.environ["TISSUESHAP_DATA"]), Path(sys.argv[1])
    for name in sys.argv[2:] or SHOWN:
        workflow.run(workflow.Config(**settings(name, data), out=out / name, overwrite=True))
        draw(name, out / name)


if __name__ == "__main__":
    main()
