"""The page about new samples on real data: half of GTEx's mosaic, and tissue left out.

    TISSUESHAP_DATA=... python tests/benchmarks/prediction_page.py OUT

trains a model on half of the samples of six tissues and applies it to the other half, to the
bladder, which it does not know, and to a mixture of heart and skeletal muscle. OUT/new has the
results; with Chromium, the examples that docs/run.md shows are written to docs/figures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from biology.studies import _MOSAIC

import tissueshap as ts

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures"
UNKNOWN, MIXED = "bladder", ("heart", "muscle")
#: Reads of each part of the mixture.
_DEPTH = 2e7
#: Of each example: what of the page it shows, and the picture's size.
_CARD = (
    "const card = Array.from(document.querySelectorAll('article.card'))"
    ".find((one) => one.querySelector('h3').textContent.includes('{}'));"
    "document.body.replaceChildren(card);"
)
_TABLE = (
    "const table = document.getElementById('sample-table');"
    "const [body] = table.tBodies;"
    "body.replaceChildren(...Array.from(body.rows)"
    ".filter((row) => row.dataset.group === 'known').slice(-5));"
    "document.body.replaceChildren(table);"
)
EXAMPLES = {
    "known": (_TABLE, "1250,240"),
    "mixture": (_CARD.format("MIX_"), "600,350"),
    "unseen": (_CARD.format("U3ZM"), "600,400"),
}


def read(data: Path) -> ad.AnnData:
    """Return the mosaic, its two kinds of skin as one class."""
    folder = data / "gtex_mosaic"
    adata = ts.io.read_counts(
        folder / "counts.tsv.gz",
        folder / "samples.tsv.gz",
        label="label",
        annotation=data / "annotation" / "genes_ensembl76.tsv.gz",
    )
    adata.obs["label"] = adata.obs["label"].astype(str).map(_MOSAIC).astype("category")
    return adata


def halves(adata: ad.AnnData, seed: int = 0) -> tuple[ad.AnnData, ad.AnnData]:
    """Return the samples to train on, and all others with a mixture of two of them."""
    tissue = adata.obs["label"].astype(str)
    rng = np.random.default_rng(seed)
    train = np.zeros(adata.n_obs, dtype=bool)
    for name in tissue.unique():
        if name != UNKNOWN:
            rows = rng.permutation(np.flatnonzero(tissue == name))
            # Two are held out, and calibration needs three.
            train[rows[: max(5, rows.size // 2 + 1)]] = True
    parts = [adata.X[np.flatnonzero(~train & (tissue == name))[0]] for name in MIXED]
    mixture = np.rint(sum(part / part.sum() * _DEPTH for part in parts))
    names = [*adata.obs_names[~train], "MIX_heart_muscle"]
    table = pd.DataFrame({"tissue": [*tissue[~train], "+".join(MIXED)]}, index=names)
    counts = np.vstack([adata.X[~train], mixture]).astype(np.int32)
    known = adata[train].copy()
    known.obs["label"] = known.obs["label"].cat.remove_unused_categories()
    return known, ad.AnnData(counts, obs=table, var=adata.var)


def trained(adata: ad.AnnData) -> ts.model.Classifier:
    """Return a calibrated model, with its scores in its card."""
    ts.pp.filter_genes(adata, "label", subset=True)
    ts.pp.tmm(adata)
    ts.pp.split(adata, n_test=2)
    ts.pp.log2(adata)
    ts.pp.oversample(adata)
    model = ts.tl.cnn(adata)
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata)
    return ts.model.describe(adata, ts.tl.calibrate(adata, model), origin="GTEx, several releases")


def draw(page: Path, folder: Path) -> None:
    """Write the examples as pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: the examples are not drawn")
        return
    folder.mkdir(exist_ok=True)
    text, part = page.read_text("utf-8"), page.with_name("part.html")
    for name, (script, size) in EXAMPLES.items():
        part.write_text(text.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
        options = ["--headless=new", "--no-sandbox", "--hide-scrollbars", f"--window-size={size}"]
        target = f"--screenshot={folder / f'predict_{name}.png'}"
        subprocess.run(
            [chromium, *options, "--virtual-time-budget=3000", target, part.as_uri()],
            check=True,
            capture_output=True,
        )
    part.unlink()


def main(out: Path) -> None:
    """Train, predict and draw."""
    known, new = halves(read(Path(os.environ["TISSUESHAP_DATA"])))
    model = trained(known).save(out / "model")
    ts.workflow.predict(model, new, out / "new", label="tissue", overwrite=True)
    draw(out / "new" / "report.html", FIGURES)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
