"""An AnnData with every slot that a figure reads, made up but plausible."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from matplotlib.figure import Figure
from matplotlib.text import Text

from tissueshap._core import slots

REGIONS = (
    "Amygdala|Anterior cingulate cortex (BA24)|Caudate (basal ganglia)|Cerebellar Hemisphere|"
    "Cerebellum|Cortex|Frontal Cortex (BA9)|Hippocampus|Hypothalamus|"
    "Nucleus accumbens (basal ganglia)|Putamen (basal ganglia)|Spinal cord (cervical c-1)|"
    "Substantia nigra"
)
TISSUES = [
    *("Adipose - Subcutaneous", "Adipose - Visceral (Omentum)", "Adrenal Gland"),
    *("Artery - Aorta", "Artery - Coronary", "Artery - Tibial", "Bladder"),
    *(f"Brain - {region}" for region in REGIONS.split("|")),
    *("Breast - Mammary Tissue", "Cells - Cultured fibroblasts"),
    *("Cells - EBV-transformed lymphocytes", "Cervix - Ectocervix", "Cervix - Endocervix"),
    *("Colon - Sigmoid", "Colon - Transverse", "Fallopian Tube"),
    *("Esophagus - Gastroesophageal Junction", "Esophagus - Mucosa", "Esophagus - Muscularis"),
    *("Heart - Atrial Appendage", "Heart - Left Ventricle", "Kidney - Cortex", "Liver", "Lung"),
    *("Minor Salivary Gland", "Muscle - Skeletal", "Nerve - Tibial", "Ovary", "Pancreas"),
    *("Pituitary", "Prostate", "Skin - Not Sun Exposed (Suprapubic)"),
    *("Skin - Sun Exposed (Lower leg)", "Small Intestine - Terminal Ileum", "Spleen", "Stomach"),
    *("Testis", "Thyroid", "Uterus", "Vagina", "Whole Blood"),
]
#: Names that markup, formulas or HDF5 would take for something else.
AWKWARD = ["CD8+/CD45RA+ Naive", "<b>$x^2$ & $</b>", "Ωmega 100%_\\{}"]

#: The longest names, where a figure has the least room.
LONG = ["Brain - Nucleus accumbens (basal ganglia)", "Skin - Not Sun Exposed (Suprapubic)"]

N_GENES, N_EACH, N_TEST, N_RANKS = 1200, 14, 6, 12


def made_up(names: list[str], seed: int = 5) -> AnnData:
    """Return samples of the named classes with the record of every verb."""
    rng = np.random.default_rng(seed)
    names = sorted(names)
    k = len(names)
    sizes = N_EACH + rng.integers(0, 40, k)
    codes = np.repeat(np.arange(k), sizes)
    turn = np.concatenate([np.arange(size) for size in sizes])
    genes = [f"ENSG{i:011d}" for i in range(N_GENES)]
    log2 = rng.normal(8, 2, (codes.size, N_GENES)).astype(np.float32)
    adata = AnnData(
        np.zeros((codes.size, N_GENES), dtype=np.float32),
        obs=pd.DataFrame(
            {"tissue": pd.Categorical(np.array(names, dtype=object)[codes])},
            index=[f"s{i}" for i in range(codes.size)],
        ),
        var=pd.DataFrame({"symbol": [f"GENE{i}" for i in range(N_GENES)]}, index=genes),
    )
    slots.label_name(adata, "tissue")
    test = turn < N_TEST
    write(adata, "split", {"obs": {"split": np.where(test, "test", "train")}})
    _balance(adata, codes, test, rng)
    steps = np.arange(1, 13)
    history = pd.DataFrame({"epoch": steps, "loss": 3 / steps, "val_loss": 3 / steps + 0.1})
    history["accuracy"] = 1 - 0.8 / steps
    history["val_accuracy"] = 0.95 - 0.8 / steps
    write(adata, "cnn", {"uns": {"history": history}})
    _evaluate(adata, names, codes[test], rng)
    _explain(adata, names, codes, test, log2, rng)
    _de(adata, names, rng)
    _cluster(adata, codes, test, rng)
    _enrich(adata, names, rng)
    _ppi(adata, names, rng)
    _modules(adata, names, rng)
    _balancing(adata, names, codes[~test], rng)
    _another_cohort(adata, names, codes, test, rng)
    _trust(adata, names, rng)
    _calibrate(adata, rng)
    return adata


def _calibrate(adata, rng):
    bins = pd.DataFrame({"low": np.arange(0, 1, 0.1), "high": np.arange(0.1, 1.1, 0.1)})
    bins["n"] = rng.integers(1, 40, len(bins))
    bins["confidence"] = (bins["low"] + bins["high"]) / 2
    bins["accuracy"] = np.minimum(1, bins["confidence"] + rng.uniform(0, 0.1, len(bins)))
    table = pd.concat([bins.assign(stage=stage) for stage in ("before", "after")])
    found = {"reliability": table.reset_index(drop=True), "measured_on": "test"}
    write(adata, "calibrate", {"uns": {**found, "ece_before": 0.1, "ece_after": 0.02}})


def write(adata, verb, found, **params):
    slots.write(adata, verb, found, params=params)


def _balance(adata, codes, test, rng):
    train = np.flatnonzero(~test)
    largest = np.bincount(codes[train]).max()
    drawn = [rng.choice(train[codes[train] == c], largest) for c in np.unique(codes)]
    rows = np.concatenate(drawn)
    table = pd.DataFrame({"sample": rows, "neighbour": rows, "mix": 0.0, "weight": 1.0})
    write(adata, "oversample", {"uns": {"table": table}})


def _balancing(adata, names, train, rng):
    methods = ["none", "class_weight", "undersample", "random", "smote"]
    k = len(names)
    tables = [
        pd.DataFrame(
            {
                "method": method,
                "class": names,
                "n_train": np.bincount(train, minlength=k),
                "f1": rng.uniform(0.6, 1, k),
            }
        )
        for method in methods
    ]
    table = pd.concat(tables, ignore_index=True)
    summary = table.groupby("method", sort=False)["f1"].mean().reset_index(name="macro_f1")
    summary = summary.assign(accuracy=0.9, n_train=len(train))
    write(adata, "compare_balancing", {"uns": {"summary": summary, "per_class": table}})


def _another_cohort(adata, names, codes, test, rng):
    """The samples as if they were another cohort's, whose last class is not known."""
    known = names[: max(1, len(names) - 1)]
    true = np.array(names, dtype=object)[codes]
    found = np.array(known, dtype=object)[np.minimum(codes, len(known) - 1)]
    swapped = rng.uniform(size=codes.size) < 0.1
    found[swapped] = known[0]
    adata.obs["predicted"] = pd.Categorical(found)
    pairs = pd.DataFrame({"true": true, "predicted": found})
    pairs = pairs.groupby(["true", "predicted"], as_index=False).size()
    pairs = pairs.rename(columns={"size": "n"})
    inside = pairs["true"].isin(known)
    kept = np.isin(true, known)
    uns = {
        "confusion": pairs[inside].reset_index(drop=True),
        "unknown": pairs[~inside].rename(columns={"true": "class"}).reset_index(drop=True),
        "map": pd.DataFrame({"other": known, "class": known}),
        "n_correct": int((true == found)[kept].sum()),
        "n_scored": int(kept.sum()),
    }
    write(adata, "transfer", {"uns": uns})
    tables = [
        pd.DataFrame(
            {
                "gene_set": name,
                "sample": adata.obs_names[test],
                "class": true[test],
                "umap_1": adata.obsm[f"X_umap_{name}"][test, 0],
                "umap_2": adata.obsm[f"X_umap_{name}"][test, 1],
            }
        )
        for name in ("shap", "de", "all", "random")
    ]
    write(adata, "project", {"uns": {"reference": pd.concat(tables, ignore_index=True)}})
    n_both = rng.integers(0, N_RANKS + 1, len(known))
    per_class = pd.DataFrame(
        {
            "class": known,
            "other": [name.lower() if i % 2 else name for i, name in enumerate(known)],
            "n_both": n_both,
            "fraction": n_both / N_RANKS,
            "expected": N_RANKS**2 / N_GENES,
            "fdr": np.where(n_both > 2, 1e-4, 0.5),
            "rbo": n_both / N_RANKS * 0.8,
            "rbo_expected": 0.05,
        }
    )
    write(adata, "stability", {"uns": {"per_class": per_class, "n_top": N_RANKS}})


def _trust(adata, names, rng):
    asked = {"question": "Does it?", "measure": "rank correlation with the values of a network"}
    rows = [
        dict(asked, value=0.01, chance=1.0, threshold=0.02, higher=False, verdict="holds"),
        dict(asked, value=-0.2, chance=0.0, threshold=0.1, higher=True, verdict="fails"),
        dict(
            asked,
            value=np.nan,
            chance=np.nan,
            threshold=np.nan,
            higher=True,
            verdict="not measured",
        ),
    ] * 5
    summary = pd.DataFrame(rows).assign(check="use", reason="why")
    numbers = np.array([1, 10, 100, N_GENES])
    curves = pd.DataFrame(
        [
            {"direction": direction, "genes": genes, "n_genes": n, "probability": rng.random()}
            for direction in ("deletion", "insertion")
            for genes in ("SHAP", "DE", "logistic regression", "TreeSHAP", "random")
            for n in numbers
        ]
    ).assign(standard_error=0.05)
    layers = [("none", 0, "none")]
    layers += [("output", n, layer) for n, layer in ((1, "logits"), (2, "dense_1"), (3, "dense"))]
    layers += [("input", n, layer) for n, layer in ((1, "dense"), (2, "dense_1"), (3, "logits"))]
    cascade = pd.DataFrame(
        [
            {"side": side, "n_layers": n, "layer": layer, "class": name}
            for side, n, layer in layers
            for name in names
        ]
    )
    cascade["correlation"] = rng.uniform(-0.1, 0.1, len(cascade))
    cascade["correlation_abs"] = rng.uniform(0.2, 0.4, len(cascade))
    n_genes = rng.integers(5, 12, len(names))
    classes = pd.DataFrame({"class": names, "n_explained": 5, "n_genes": n_genes})
    classes["n_again"] = classes["n_genes"] - 2.0
    classes["again_low"], classes["again_high"] = classes["n_again"] - 2, classes["n_again"] + 1
    classes["n_ordered"], classes["within"] = 3.0, 40.0
    classes["again"], classes["share"] = "in another training", 0.9
    classes["readable"] = np.arange(len(names)) % 3 > 0
    classes["sentence"] = [f"{name}: so many genes." for name in names]
    found = {"summary": summary, "classes": classes, "curves": curves, "randomisation": cascade}
    write(adata, "trust", {"uns": found})


def _evaluate(adata, names, true, rng):
    """A third of the classes lose samples to their neighbour in the alphabet."""
    k = len(names)
    wrong = (rng.uniform(size=true.size) < 0.3) & (true % 3 == 0) & (true + 1 < k)
    predicted = true + wrong
    square = np.zeros((k, k), dtype=int)
    np.add.at(square, (true, predicted), 1)
    right = np.diag(square)
    recall = right / square.sum(axis=1)
    precision = right / np.maximum(square.sum(axis=0), 1)
    per_class = pd.DataFrame(
        {
            "class": names,
            "n": square.sum(axis=1),
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / np.maximum(precision + recall, 1e-9),
            "baseline_f1": 0.9,
        }
    )
    rows, columns = np.nonzero(square)
    confusion = pd.DataFrame(
        {
            "true": np.array(names, dtype=object)[rows],
            "predicted": np.array(names, dtype=object)[columns],
            "n": square[rows, columns],
        }
    )
    write(adata, "evaluate", {"uns": {"per_class": per_class, "confusion": confusion}})


def _explain(adata, names, codes, test, log2, rng):
    from tissueshap.tl._select_genes import by_share, unique_curve

    k = len(names)
    medians = rng.normal(0, 0.002, (N_GENES, k))
    markers = np.arange(k * 20).reshape(k, 20) % N_GENES
    for code in range(k):
        medians[markers[code], code] += np.linspace(0.05, 0.01, 20)
        log2[np.ix_(codes == code, markers[code])] += 4
    ranks = (-medians).argsort(axis=0).argsort(axis=0) + 1
    values = np.full(log2.shape, np.nan, dtype=np.float32)
    values[test] = medians.T[codes[test]] * rng.uniform(0.5, 1.5, (test.sum(), 1))
    values[test] += rng.normal(0, 0.001, values[test].shape)
    samples = pd.DataFrame(
        {
            "sample": adata.obs_names[test],
            "explained": np.array(names, dtype=object)[codes[test]],
            "output": 0.9,
            "base": 1 / k,
            "completeness": 0.0,
        }
    )
    frames = {
        "shap_median": pd.DataFrame(medians, columns=names),
        "shap_rank": pd.DataFrame(ranks, columns=names),
    }
    # A gene moves its own class most, and every other one a little.
    moved = pd.DataFrame(np.abs(medians) + 0.001 * rng.random(medians.shape), columns=names)
    found = {
        "layers": {"log2": log2, "shap": values},
        "varm": {"shap_mean_abs": moved},
        "uns": {"samples": samples},
    }
    write(adata, "shap", found)
    write(adata, "rank_genes", {"varm": frames})
    chosen = ranks <= N_RANKS
    own = chosen.sum(axis=1) == 1
    gene, code = np.nonzero(chosen)
    table = pd.DataFrame(
        {
            "class": np.array(names, dtype=object)[code],
            "gene": adata.var_names[gene],
            "rank": ranks[gene, code],
            "value": medians[gene, code],
            "exclusive": own[gene],
        }
    )
    tops = np.unique(np.geomspace(1, N_GENES, 60).astype(int))
    counts = [(ranks <= n).sum(axis=1) for n in tops]
    curve = pd.DataFrame({"n_ranks": tops, "n_unique": [(c > 0).sum() for c in counts]})
    curve["n_total"] = tops * k
    curve["unique_fraction"] = curve["n_unique"] / curve["n_total"]
    curve["exclusive_fraction"] = [(c == 1).sum() for c in counts] / curve["n_total"]
    found = {"n_ranks": N_RANKS, "n_genes": int(chosen.any(axis=1).sum())}
    found |= {"unique_fraction": 0.6, "curve": curve, "genes": table}
    found["by_share"] = by_share(unique_curve(ranks.astype(float)))
    write(
        adata,
        "select_genes",
        {"var": {"shap_selected": chosen.any(axis=1)}, "uns": found},
        method="unique_fraction",
        threshold=0.5,
    )


def _de(adata, names, rng):
    from tissueshap.tl import compare

    k = len(names)
    logfc = rng.normal(0, 2.5, (N_GENES, k))
    ranks = adata.varm["shap_rank"].to_numpy()
    logfc[ranks <= N_RANKS] = rng.normal(4.5, 2, (ranks <= N_RANKS).sum())
    fdr = np.minimum(1, 10 ** -np.abs(logfc + rng.normal(0, 1, logfc.shape)))
    found = {
        "varm": {
            "de_logfc": pd.DataFrame(logfc, columns=names),
            "de_fdr": pd.DataFrame(fdr, columns=names),
        },
        "var": {"de_significant": ((fdr < 0.01) & (np.abs(logfc) > 4)).any(axis=1)},
    }
    write(adata, "de", found, fdr=0.01, lfc=4.0)
    compare(adata)


def _cluster(adata, codes, test, rng):
    centres = rng.uniform(-12, 12, (codes.max() + 1, 2))
    spreads = {"shap": 0.4, "de": 0.8, "all": 1.0, "random": 2.0}
    flats, scores = {}, []
    for name, spread in spreads.items():
        flat = (centres[codes] + rng.normal(0, spread, (codes.size, 2))).astype(np.float32)
        flat[~test] = np.nan
        flats[f"X_umap_{name}"] = flat
        v = np.clip(rng.normal(1 - spread / 5, 0.02, (50, 3)), 0, 1)
        frame = pd.DataFrame(v, columns=["v_measure", "homogeneity", "completeness"])
        scores.append(frame.assign(gene_set=name, replicate=1, start=range(1, 51)))
    table = pd.concat(scores, ignore_index=True)
    summary = table.groupby("gene_set", sort=False)["v_measure"].mean().reset_index()
    summary["n_genes"] = [424, 1101, N_GENES, 424]
    write(adata, "cluster", {"obsm": flats, "uns": {"v_measure": table, "summary": summary}})
    null = pd.DataFrame({"replicate": range(1, 101), "v_measure": rng.normal(0.6, 0.02, 100)})
    found = {"null": null, "observed": 0.92, "empirical_pvalue": 1 / 101, "t_pvalue": 1e-80}
    write(adata, "null_test", {"uns": {**found, "gene_set": "shap", "n_genes": 424}})


def _enrich(adata, names, rng):
    rows = []
    for code, name in enumerate(names):
        for term in range(3):
            count = int(rng.integers(3, 30))
            terms = (
                f"R-HSA-{code * 2 + term}",
                f"a process that {name} has, number {code * 2 + term}",
            )
            p = 10.0 ** -rng.uniform(3, 20)
            rows.append(("shap", name, *terms, f"{count}/40", "80/900", p, p, p, "1/2", count))
    columns = "source class ID Description GeneRatio BgRatio pvalue p.adjust qvalue geneID Count"
    lists = pd.DataFrame({"source": "shap", "class": names, "n_genes": 40, "n_mapped": 40})
    lists["n_terms"] = 3
    table = pd.DataFrame(rows, columns=columns.split())
    write(adata, "enrich", {"uns": {"table": table, "lists": lists}})


def _ppi(adata, names, rng):
    k = len(names)
    rows = [("shap", "all", "all", 424, 5210, 3120.4, 0.0, 0.0)]
    for by, size in (("class", 400), ("exclusive", 9)):
        edges = rng.poisson(rng.uniform(0, size, k))
        expected = rng.uniform(0, size, k)
        p = 10.0 ** -rng.uniform(0, 40, k)
        rows += [
            ("shap", by, name, 40, *one)
            for name, *one in zip(names, edges, expected, p, p, strict=True)
        ]
    columns = "source by class n_genes n_edges expected pvalue p.adjust".split()
    write(adata, "ppi", {"uns": {"table": pd.DataFrame(rows, columns=columns)}})


def _modules(adata, names, rng):
    shared = [("G1", "G1, G2, G3 + 400", 403), ("G7", "a gene of its own", 1)]
    rows = []
    for code, name in enumerate(names):
        own = (f"M{code}", f"genes that {name} has, G5, and G6 + {code}", code + 3)
        for rank, (module, title, n_genes) in enumerate([*shared, own], start=1):
            rows.append((name, module, title, rank, n_genes, 0.3 / rank, rng.normal(9, 5)))
    columns = "class module name rank n_genes value z".split()
    write(adata, "modules", {"uns": {"values": pd.DataFrame(rows, columns=columns)}})


@pytest.fixture(scope="session")
def _made() -> dict[str, AnnData]:
    return {
        "many": made_up(TISSUES),
        "few": made_up(AWKWARD),
        "two": made_up(LONG),
    }


@pytest.fixture(params=["many", "few", "two"])
def drawn_from(request, _made) -> AnnData:
    """Each of 53 tissues, three classes with awkward names, and two classes."""
    return _made[request.param].copy()


@pytest.fixture
def many(_made) -> AnnData:
    return _made["many"].copy()


@pytest.fixture
def few(_made) -> AnnData:
    return _made["few"].copy()


@pytest.fixture
def words() -> Callable[[Figure], list[str]]:
    """All texts that a figure shows."""

    def shown(figure: Figure) -> list[str]:
        figure.draw_without_rendering()
        found = figure.findobj(lambda a: isinstance(a, Text) and a.get_visible() and a.get_text())
        return [text.get_text() for text in found]

    return shown


def _drawn_texts(figure):
    """Return the texts that appear: ticks beyond the limits of an axis do not."""
    hidden = set()
    for axes in figure.axes:
        if not axes.axison:
            hidden.update(axes.findobj(Text))
            hidden.difference_update(axes.texts, [axes.title, axes._left_title])
        for axis in (axes.xaxis, axes.yaxis):
            ticks = axis.get_major_ticks() + axis.get_minor_ticks()
            shown = set(axis._update_ticks())
            for tick in ticks:
                if tick not in shown:
                    hidden.update((tick.label1, tick.label2))
    return [
        text
        for text in figure.findobj(Text)
        if text not in hidden and text.get_visible() and text.get_text().strip()
    ]


def _overlapping(figure):
    """Return the pairs of texts that cover each other, and the texts that are cut off."""
    figure.draw_without_rendering()
    texts = _drawn_texts(figure)
    boxes = [text.get_window_extent() for text in texts]
    edges = np.array([(b.x0, b.y0, b.x1, b.y1) for b in boxes])
    low = np.maximum(edges[:, None, :2], edges[None, :, :2])
    high = np.minimum(edges[:, None, 2:], edges[None, :, 2:])
    clash = np.triu((high - low > 1).all(axis=2), 1)
    pairs = [
        (texts[i].get_text(), texts[j].get_text()) for i, j in zip(*np.nonzero(clash), strict=True)
    ]
    frame = figure.bbox
    cut = [
        text.get_text()
        for text, box in zip(texts, boxes, strict=True)
        if box.x0 < -1 or box.y0 < -1 or box.x1 > frame.x1 + 1 or box.y1 > frame.y1 + 1
    ]
    return pairs + cut


@pytest.fixture
def drawn_texts() -> Callable[[Figure], list[Text]]:
    return _drawn_texts


@pytest.fixture
def overlapping() -> Callable[[Figure], list]:
    return _overlapping
