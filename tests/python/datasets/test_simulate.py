from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from tissueshap import datasets
from tissueshap._core.errors import DataError
from tissueshap.datasets._tissues import class_sizes, gtex_tissues


@pytest.fixture(scope="module")
def made():
    return datasets.simulate(1200, 1500, min_class_size=15)


def class_means(adata) -> pd.DataFrame:
    cpm = adata.X / adata.X.sum(axis=1, keepdims=True) * 1e6
    frame = pd.DataFrame(cpm, columns=adata.var_names)
    return frame.groupby(adata.obs["tissue"].to_numpy()).mean()


def realised(adata) -> pd.DataFrame:
    """Return the truth with the log2 fold change that the counts have."""
    means, truth = class_means(adata), adata.uns["truth"]
    raised = truth.groupby("gene")["class"].agg(list)
    found = [
        np.log2(means.loc[row[1], row[0]] / means[row[0]].drop(raised[row[0]]).mean())
        for row in truth[["gene", "class"]].itertuples(index=False)
    ]
    return truth.assign(found=found)


def test_shape_and_slots(made):
    assert made.shape == (1200, 1500)
    assert made.X.dtype == np.int32
    assert made.X.flags.c_contiguous
    assert made.X.min() == 0
    assert made.var_names.is_unique
    assert made.obs_names.is_unique
    assert {"gene_id", "symbol", "biotype", "length"} <= set(made.var)
    assert (made.var["length"] >= 200).all()
    assert made.uns["tissueshap"]["label"] == "tissue"
    assert made.uns["tissueshap"]["simulate"]["seed"] == 42


def test_the_committed_table_is_the_published_one(data_dir):
    published = pd.read_csv(data_dir / "gtex_v8_panel" / "paper_class_sizes.tsv", sep="\t")
    table = gtex_tissues()
    assert table["n_total"].to_dict() == published.set_index("tissue")["n_total"].to_dict()
    assert table["n_total"].sum() == 16_651


def test_relatives_are_of_one_organ():
    sizes = gtex_tissues().groupby("relatives").size()
    assert sizes[sizes > 1].to_dict() == {
        "adipose": 2,
        "artery": 3,
        "brain": 13,
        "colon": 2,
        "esophagus": 3,
        "heart": 2,
        "skin": 2,
    }


def test_class_sizes_follow_the_published_ones(made):
    sizes = made.obs["tissue"].value_counts()
    assert sizes.sum() == 1200
    assert sizes.min() == 15
    published = gtex_tissues()["n_total"]
    large = sizes[sizes > 15].index
    ratio = sizes[large] / published[large]
    assert ratio.max() / ratio.min() < 1.1


def test_full_size_is_the_published_cohort():
    published = gtex_tissues()["n_total"]
    np.testing.assert_array_equal(class_sizes(published.to_numpy(float), 16_651, 25), published)


@pytest.mark.parametrize(
    ("shares", "n", "floor", "expected"),
    [
        ([1, 1, 1], 10, 1, [4, 3, 3]),
        ([100, 1, 1], 30, 10, [10, 10, 10]),
        ([90, 9, 1], 100, 5, [86, 9, 5]),
    ],
)
def test_class_sizes(shares, n, floor, expected):
    np.testing.assert_array_equal(class_sizes(np.array(shares, float), n, floor), expected)


def test_mean_of_classes_gives_the_markers_back(made):
    table = realised(made)
    off = (table["found"] - table["log2fc"]).groupby(table["kind"])
    assert (off.median().abs() < 0.2).all()
    assert (off.std() < 0.35).all()
    exclusive = table[table["kind"] == "exclusive"]
    means = class_means(made)[exclusive["gene"]]
    assert (means.idxmax().to_numpy() == exclusive["class"].to_numpy()).all()


def test_kinds_are_what_they_say(made):
    truth = made.uns["truth"]
    counted = truth.groupby(["kind", "gene"]).agg(n=("class", "size"), log2fc=("log2fc", "first"))
    assert (counted.loc["exclusive", "n"] == 1).all()
    assert (counted.loc["exclusive", "log2fc"] > 4).all()
    assert (counted.loc["subtle", "n"] == 1).all()
    assert (counted.loc["subtle", "log2fc"] < 4).all()
    assert (counted.loc["shared", "n"] > 1).all()
    assert counted.index.get_level_values("gene").is_unique
    per_class = truth[truth["kind"] == "exclusive"].groupby("class").size()
    assert set(per_class.index) == set(made.obs["tissue"].cat.categories)
    assert (per_class == 5).all()
    organ = gtex_tissues()["relatives"]
    shared = truth[truth["kind"] == "shared"].groupby("gene")["class"].agg(list)
    n_organs = shared.map(lambda classes: organ[classes].nunique())
    assert (n_organs == 1).any()
    assert (n_organs > 1).any()
    assert (made.var.loc[truth["gene"], "biotype"] == "protein_coding").all()


def test_relatives_are_closer_than_others(made):
    means = np.log2(class_means(made) + 1)
    between = pd.DataFrame(np.corrcoef(means), means.index, means.index)
    organ = gtex_tissues()["relatives"].reindex(means.index).to_numpy()
    same = (organ[:, None] == organ[None, :]) & ~np.eye(len(organ), dtype=bool)
    other = organ[:, None] != organ[None, :]
    assert between.to_numpy()[same].min() > between.to_numpy()[other].max()


def test_errors_fall_among_relatives(made):
    """The nearest class mean confuses relatives, and hardly ever organs."""
    cpm = made.X / made.X.sum(axis=1, keepdims=True) * 1e6
    logged = np.log2(cpm + 1)
    codes = made.obs["tissue"].cat.codes.to_numpy()
    learn = np.arange(len(codes)) % 2 == 0
    centres = np.stack([logged[learn & (codes == code)].mean(axis=0) for code in range(47)])
    test = logged[~learn]
    distance = (centres**2).sum(axis=1) - 2 * test @ centres.T
    found, true = distance.argmin(axis=1), codes[~learn]
    organ = gtex_tissues()["relatives"].reindex(made.obs["tissue"].cat.categories).to_numpy()
    wrong = found != true
    assert 0.01 < wrong.mean() < 0.2
    assert (organ[found] == organ[true])[wrong].mean() > 0.9


def test_without_ambiguous_samples_tissues_can_be_told_apart():
    tissues = ["Brain - Cortex", "Brain - Hippocampus", "Brain - Amygdala"]
    for ambiguous, expected in ((0.0, 0), (1.0, 1)):
        adata = datasets.simulate(300, 500, tissues=tissues, ambiguous=ambiguous)
        cpm = np.log2(adata.X / adata.X.sum(axis=1, keepdims=True) * 1e6 + 1)
        codes = adata.obs["tissue"].cat.codes.to_numpy()
        centres = np.stack([cpm[codes == code].mean(axis=0) for code in range(3)])
        found = ((cpm[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        assert int((found != codes).mean() > 0.02) == expected


def test_variance_follows_the_negative_binomial():
    bcv = 0.35
    adata = datasets.simulate(
        2000, 1000, tissues=["a", "b"], donors=False, n_subtle=0, n_shared=0, n_exclusive=0, bcv=bcv
    )
    one = (adata.obs["tissue"] == "a").to_numpy()
    counts = adata.X[one].astype(float)
    scaled = counts / counts.sum(axis=1, keepdims=True) * counts.sum(axis=1).mean()
    mean, variance = scaled.mean(axis=0), scaled.var(axis=0, ddof=1)
    dispersion = (variance - mean) / mean**2
    abundant = mean > 1000
    assert abundant.sum() > 40
    assert np.median(dispersion[abundant]) == pytest.approx(bcv**2, rel=0.15)
    rare = (mean > 5) & (mean < 50)
    assert rare.sum() > 40
    assert np.median(dispersion[rare]) == pytest.approx(
        bcv**2 + 2 / np.median(mean[rare]), rel=0.35
    )


def test_library_sizes_and_abundances_are_spread_as_in_real_data(made):
    totals = np.log(made.X.sum(axis=1))
    assert np.std(totals) == pytest.approx(0.35, abs=0.03)
    assert made.X.mean() == pytest.approx(1000, rel=0.1)
    assert np.std(np.log(made.X.mean(axis=0) + 0.5)) > 1.2


def test_donors_give_several_tissues_each_once(made):
    donors = made.obs.groupby("donor", observed=True)["tissue"]
    assert (donors.agg(lambda held: held.is_unique)).all()
    assert donors.size().mean() > 8


def test_samples_of_a_donor_are_alike(made):
    logged = np.log2(made.X / made.X.sum(axis=1, keepdims=True) * 1e6 + 1)
    frame = pd.DataFrame(logged)
    rest = (frame - frame.groupby(made.obs["tissue"].to_numpy()).transform("mean")).to_numpy()
    between = np.corrcoef(rest)
    donor = made.obs["donor"].cat.codes.to_numpy()
    same = (donor[:, None] == donor[None, :]) & ~np.eye(len(donor), dtype=bool)
    assert between[same].mean() > between[~same].mean() + 0.1


def test_without_donors():
    adata = datasets.simulate(100, 100, tissues=["a", "b"], donors=False)
    assert "donor" not in adata.obs


def test_seed_decides():
    arguments = {"n_samples": 120, "n_genes": 200, "tissues": ["Liver", "Lung", "Spleen"]}
    first, again = datasets.simulate(**arguments, seed=1), datasets.simulate(**arguments, seed=1)
    other = datasets.simulate(**arguments, seed=2)
    np.testing.assert_array_equal(first.X, again.X)
    pd.testing.assert_frame_equal(first.uns["truth"], again.uns["truth"])
    pd.testing.assert_frame_equal(first.obs, again.obs)
    assert (first.X != other.X).mean() > 0.5


def test_global_chance_is_left_alone():
    np.random.seed(3)
    expected = np.random.random(5)
    np.random.seed(3)
    datasets.simulate(60, 100, tissues=["a", "b"])
    np.testing.assert_array_equal(np.random.random(5), expected)


def test_it_is_quick():
    """Two seconds of a processor, whatever else the machine does."""
    start = time.process_time()
    assert datasets.simulate(2000, 5000).shape == (2000, 5000)
    assert time.process_time() - start < 2


def test_sizes_by_name():
    adata = datasets.simulate(100, 100, tissues={"x/y": 3, "é": 1})
    assert adata.obs["tissue"].value_counts().to_dict() == {"x/y": 75, "é": 25}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 100}, "ask for 940"),
        ({"n_genes": 200}, "ask for 564"),
        ({"n_genes": 3}, "at least 4"),
        ({"tissues": ["Liver"]}, "name two tissues or more"),
        ({"tissues": ["Liver", "Liver"]}, "each once"),
        ({"tissues": "Liver"}, "name two tissues or more"),
        ({"tissues": {"a": 1, "b": 0}}, "above 0"),
        ({"ambiguous": 2}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        datasets.simulate(**arguments)


@pytest.fixture(scope="module")
def tpm():
    """Four classes on 3,000 genes, of which each class has 50 that are silent elsewhere."""
    rng = np.random.default_rng(5)
    base = rng.lognormal(1.0, 2.0, 3000)
    frame = pd.DataFrame({name: base for name in ("Heart", "Liver", "Lung", "Skin")})
    for code, name in enumerate(frame):
        own = slice(50 * code, 50 * code + 50)
        frame.iloc[own] = 0.0
        frame.loc[frame.index[own], name] = 200.0
    frame.index = [f"ENSG{number:011d}" for number in range(3000)]
    return frame * 1e6 / frame.sum()


def test_around_profiles_shape_and_slots(tpm):
    adata = datasets.simulate(profiles=tpm, n_per_class=6, seed=3)
    assert adata.shape == (24, 3000)
    assert adata.X.dtype == np.int32
    assert adata.X.flags.c_contiguous
    assert list(adata.var_names) == list(tpm.index)
    assert (adata.var["gene_id"] == tpm.index).all()
    assert adata.uns["tissueshap"]["label"] == "tissue"
    record = adata.uns["tissueshap"]["simulate"]
    assert record["seed"] == 3
    assert record["classes"]["n"].tolist() == [6, 6, 6, 6]
    assert adata.obs["tissue"].value_counts().to_dict() == dict.fromkeys(tpm, 6)
    donors = adata.obs.groupby("donor", observed=True)["tissue"]
    assert donors.agg(lambda held: held.is_unique).all()
    assert (adata.obs["contaminant"].astype(str) != adata.obs["tissue"].astype(str)).all()


def test_around_profiles_the_mean_is_the_profile(tpm):
    adata = datasets.simulate(profiles=tpm, n_per_class=200, contamination=0.0)
    cpm = adata.X / adata.X.sum(axis=1, keepdims=True) * 1e6
    means = pd.DataFrame(cpm).groupby(adata.obs["tissue"].to_numpy(), observed=True).mean()
    expected = tpm.T.to_numpy()
    abundant = expected > 10
    ratio = np.log2(means.loc[list(tpm)].to_numpy()[abundant] / expected[abundant])
    assert abs(np.median(ratio)) < 0.05
    assert np.std(ratio) < 0.15
    assert (means.loc[list(tpm)].to_numpy()[expected == 0] == 0).all()


def test_around_profiles_libraries_and_zeros(tpm):
    """Rare genes are 0 more often than Poisson counts of one mean would be."""
    adata = datasets.simulate(
        profiles=tpm, n_per_class={"Liver": 2000}, depth=1e6, contamination=0.0, donors=False
    )
    totals = adata.X.sum(axis=1)
    assert totals.mean() == pytest.approx(1e6, rel=0.03)
    assert np.std(np.log(totals)) == pytest.approx(0.35, abs=0.03)
    mean, zeros = adata.X.mean(axis=0), (adata.X == 0).mean(axis=0)
    rare = (mean > 0.5) & (mean < 2)
    assert rare.sum() > 100
    assert (zeros[rare] - np.exp(-mean[rare])).mean() > 0.15
    dispersion = (adata.X.var(axis=0) - mean) / mean.clip(1e-9) ** 2
    abundant = mean > 2000
    assert abundant.sum() > 20
    # library sizes, RNA quality and the biology of each gene, which scatters over genes
    assert 0.15 < np.median(dispersion[abundant]) < 0.5
    assert np.std(np.log(dispersion[abundant])) > 0.2


def dispersions(counts: np.ndarray) -> dict[int, np.ndarray]:
    """Return quartiles of the moment estimate over genes, by abundance."""
    common = (counts > 20).all(axis=0)
    logged = np.log(counts[:, common])
    sizes = np.exp(np.median(logged - logged.mean(axis=0), axis=1))
    scaled = counts / sizes[:, None]
    mean = scaled.mean(axis=0)
    found = (scaled.var(axis=0, ddof=1) - mean * (1 / sizes).mean()) / np.maximum(mean, 1e-9) ** 2
    return {
        low: np.quantile(found[(mean > low) & (mean < 3 * low)], [0.25, 0.5, 0.75])
        for low in (2, 7, 30, 300)
    }


def test_around_profiles_dispersions_are_those_of_real_samples(data_dir):
    folder = data_dir / "gtex_mosaic"
    counts = pd.read_csv(folder / "counts.tsv.gz", sep="\t", index_col=0).T
    labels = pd.read_csv(folder / "samples.tsv.gz", sep="\t", index_col=0)["label"]
    real = dispersions(counts[labels[counts.index] == "Bladder"].to_numpy(dtype=float))
    path = data_dir / "tissue_profiles" / "gtex_mean_tpm.tsv.gz"
    profiles = pd.read_csv(path, sep="\t", index_col=0)
    adata = datasets.simulate(profiles=profiles, n_per_class={"Bladder": 11}, contamination=0)
    drawn = dispersions(adata.X.astype(float))
    for low, quartiles in real.items():
        np.testing.assert_array_less(np.abs(np.log2(drawn[low] / quartiles)[1:]), 1.2)
        assert drawn[low][2] / drawn[low][0] > 2


def test_around_profiles_contamination_is_what_obs_says(tpm):
    adata = datasets.simulate(profiles=tpm, n_per_class=100, contamination=0.1)
    own = adata.obs["contaminant"] == "Heart"
    found = adata.X[own.to_numpy()][:, :50].sum(axis=1) / adata.X[own.to_numpy()].sum(axis=1)
    share = adata.obs.loc[own, "contamination"].to_numpy()
    pure = tpm["Heart"].iloc[:50].sum() / 1e6
    np.testing.assert_allclose(np.median(found / (pure * share)), 1, atol=0.1)
    assert share.max() <= np.float32(0.4)
    assert share.mean() == pytest.approx(0.1, abs=0.03)


def test_around_profiles_quality_changes_genes_the_same_way(tpm):
    adata = datasets.simulate(profiles=tpm, n_per_class=100, degradation=2.0, donors=False)
    quality = adata.obs["rna_quality"].to_numpy()
    assert 0 < quality.min() < 0.5 < quality.mean() < quality.max() < 1
    assert quality.mean() == pytest.approx(5 / 7, abs=0.03)
    logged = np.log2(adata.X / adata.X.sum(axis=1, keepdims=True) * 1e6 + 1)
    abundant = logged.min(axis=0) > 6
    centred = logged[:, abundant] - logged[:, abundant].mean(axis=0)
    slope = (quality - quality.mean()) @ centred / (len(quality) * quality.var())
    assert np.std(slope) == pytest.approx(2.0, rel=0.2)


def test_around_profiles_of_another_laboratory(tpm):
    other = tpm.rename(columns={"Heart": "Heart.Muscle", "Liver": "liver"})
    names = {"Heart.Muscle": "Heart", "liver": "Liver"}
    adata = datasets.simulate(profiles=other, map=names, n_per_class={"Heart": 4, "Liver": 2})
    assert adata.obs["tissue"].value_counts().to_dict() == {"Heart": 4, "Liver": 2}
    classes = adata.uns["tissueshap"]["simulate"]["classes"]
    assert dict(zip(classes["profile"], classes["class"], strict=True)) == names
    heart = (adata.obs["tissue"] == "Heart").to_numpy()
    assert adata.X[heart, :50].sum() > 10 * adata.X[~heart, :50].sum()


def test_classes_without_samples_contaminate(tpm):
    adata = datasets.simulate(profiles=tpm, n_per_class={"Heart": 40})
    assert list(adata.obs["tissue"].cat.categories) == ["Heart"]
    assert set(adata.obs["contaminant"]) == {"Liver", "Lung", "Skin"}


def test_around_profiles_seed_decides(tpm):
    first, again, other = (
        datasets.simulate(profiles=tpm, n_per_class=5, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.X, again.X)
    pd.testing.assert_frame_equal(first.obs, again.obs)
    assert (first.X != other.X).mean() > 0.5


def test_around_profiles_without_donors(tpm):
    assert "donor" not in datasets.simulate(profiles=tpm, n_per_class=2, donors=False).obs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_samples": 100}, "n_samples=100 is for samples with planted markers"),
        ({"n_exclusive": 1}, "n_exclusive=1 is for samples with planted markers"),
        ({"map": {"Kidney": "Kidney"}}, "map names .'Kidney'., which profiles do not have"),
        ({"map": {"Heart": "a", "Liver": "a"}}, "classes of the profiles repeat: .'a'."),
        ({"map": {"Heart": "a"}}, "at least two"),
        ({"n_per_class": 0}, "1 sample or more"),
        ({"n_per_class": {"Heart": 2.5}}, "an integer"),
        ({"n_per_class": {"Kidney": 3}}, "n_per_class names .'Kidney'."),
        ({"n_per_class": {}}, "names no class"),
        ({"depth": 0}, "depth=0"),
        ({"contamination": 0.5}, "contamination=0.5: .* below 0.4"),
        ({"degradation": -1}, "degradation=-1"),
        ({"bcv": -1}, "bcv must be a number of at least 0, not -1"),
    ],
)
def test_profiles_with_what_does_not_go_are_refused(tpm, change, message):
    with pytest.raises(DataError, match=message):
        datasets.simulate(profiles=tpm, **{"n_per_class": 2, **change})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda tpm: tpm.to_numpy(), "is a ndarray: give a data frame"),
        (lambda tpm: -tpm, "'Heart'. is .* for 'ENSG00000000000': .* at least 0"),
        (lambda tpm: tpm.where(tpm > 0), "is nan for"),
        (lambda tpm: tpm.assign(Heart="x"), "something other than numbers"),
        (lambda tpm: tpm.assign(Heart=0.0), "'Heart'. are 0 for all genes"),
        (lambda tpm: pd.concat([tpm, tpm]), "genes of the profiles repeat"),
        (lambda tpm: tpm.iloc[:3], "have 3 genes"),
    ],
)
def test_profiles_that_are_none_are_refused(tpm, spoil, message):
    with pytest.raises(DataError, match=message):
        datasets.simulate(profiles=spoil(tpm), n_per_class=2)


def test_profiles_settings_need_profiles():
    with pytest.raises(DataError, match="n_per_class=3 is for samples drawn around profiles"):
        datasets.simulate(n_per_class=3)
