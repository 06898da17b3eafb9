"""Make inst/extdata/paper, the tables that the vignette on the paper draws.

    TISSUESHAP_DATA=... .venv/bin/python inst/scripts/paper_results.py [--out inst/extdata/paper]

TISSUESHAP_DATA names the folder of two public data sets, and NAME.tsv is what it makes:

gtex_v8_panel   GTEx v8's reads of 59 genes in the paper's 16,651 samples of 47 tissues: `scores`,
                `classes`, `confusion`, `genes`, `overlap`, `clusters`
gtex_hpa_entrez GTEx and the Human Protein Atlas on 467 genes: `transfer`, `shared`

It takes some ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap import io, pp, tl

NETWORKS = ("paper", "default")
HPA_MAP = Path(__file__).parents[2] / "docs" / "cohorts" / "hpa_to_gtex.tsv"


def panel(data: Path) -> dict[str, pd.DataFrame]:
    """Run the paper's method, with its network and with the default one."""
    adata = io.read_counts(
        data / "gtex_v8_panel" / "gene_reads.gct.gz",
        data / "gtex_v8_panel" / "samples.tsv.gz",
        label="tissue_type_detailed",
        donor="donor",
        exclude=("Cells*",),
        min_class_size=25,
    )
    pp.tmm(adata)
    pp.split(adata, n_test=50)
    pp.log2(adata)
    pp.oversample(adata)
    tl.de(adata, lfc=1.0)
    runs = {network: explained(adata, network) for network in NETWORKS}
    tl.cluster(adata, n_starts=20, n_random=10)
    tl.null_test(adata, n_sets=40, n_starts=5)
    tables = {
        name: pd.concat([run[name].assign(network=network) for network, run in runs.items()])
        for name in ("scores", "classes", "confusion", "genes", "overlap")
    }
    null = adata.uns["tissueshap"]["null_test"]
    numbers = ("observed", "null_mean", "null_sd", "empirical_pvalue", "t_pvalue", "n_sets")
    tables["clusters"] = adata.uns["tissueshap"]["cluster"]["summary"]
    tables["null"] = pd.DataFrame([{name: null[name] for name in numbers}])
    return tables


def explained(adata: AnnData, network: str) -> dict[str, pd.DataFrame]:
    """Train a network, explain it and compare its genes; the slots are those of the last one."""
    started = time.monotonic()
    model = tl.cnn(adata, preset=network)
    minutes = (time.monotonic() - started) / 60
    tl.predict(adata, model)
    tl.evaluate(adata, baseline=network == NETWORKS[0])
    tl.shap(adata, model, n_draws=50)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="unique_fraction")
    tl.compare(adata)
    record = adata.uns["tissueshap"]
    scores = {
        name: record["evaluate"].get(name)
        for name in ("macro_f1", "accuracy", "baseline_macro_f1", "n_test", "n_shared_donors")
    }
    scores |= {"minutes": minutes, "completeness": record["shap"]["median_completeness"]}
    chosen = record["select_genes"]
    scores |= {"n_ranks": chosen["n_ranks"], "n_genes": chosen["n_genes"]}
    first = first_genes(adata, n=3)
    return {
        "scores": pd.DataFrame([scores]),
        "classes": record["evaluate"]["per_class"],
        "confusion": record["evaluate"]["confusion"],
        "genes": first,
        "overlap": record["compare"]["by_rank"],
    }


def first_genes(adata: AnnData, n: int) -> pd.DataFrame:
    """Return the first genes of each class, by symbol."""
    ranks = adata.varm["shap_rank"].assign(symbol=adata.var["symbol"].astype(str))
    long = ranks.melt("symbol", var_name="class", value_name="rank")
    return long[long["rank"] <= n].sort_values(["class", "rank"])[["class", "rank", "symbol"]]


def hpa(data: Path) -> dict[str, pd.DataFrame]:
    """Predict the Human Protein Atlas with what GTEx taught, and compare the genes."""
    adata, other = (
        io.read_counts(
            data / "gtex_hpa_entrez" / f"{name}_log_expression.tsv.gz",
            data / "gtex_hpa_entrez" / f"{name}_samples.tsv.gz",
            label="tissue",
            values="log",
        )
        for name in ("gtex", "hpa")
    )
    names = dict(pd.read_csv(HPA_MAP, sep="\t").to_numpy())
    pp.split(adata, n_test=4)
    pp.oversample(adata, layer="log2")
    pp.harmonise(other, adata)
    model = tl.cnn(adata, preset="small")
    tl.predict(adata, model)
    tl.shap(adata, model, n_draws=100)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="unique_fraction")
    background = np.asarray(adata.layers["log2"][(adata.obs["split"] == "train").to_numpy()])
    transfer, shared = [], []
    for layer in ("log2", "harmonised"):
        tl.predict(other, model, layer=layer)
        tl.transfer(other, map=names)
        transfer.append(other.uns["tissueshap"]["transfer"]["per_class"].assign(layer=layer))
        tl.shap(other, model, samples="all", background=background, n_draws=100, layer=layer)
        tl.rank_genes(other, by="label")
        tl.stability(adata, other, map=names)
        shared.append(adata.uns["tissueshap"]["stability"]["per_class"].assign(layer=layer))
    return {"transfer": pd.concat(transfer), "shared": pd.concat(shared)}


def main() -> None:
    """Run both and store the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("inst/extdata/paper"))
    out = parser.parse_args().out
    data = Path(os.environ["TISSUESHAP_DATA"])
    out.mkdir(parents=True, exist_ok=True)
    tables: dict[str, Any] = panel(data) | hpa(data)
    for name, table in tables.items():
        table.to_csv(out / f"{name}.tsv", sep="\t", index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
