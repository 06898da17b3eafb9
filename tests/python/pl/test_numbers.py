"""Each figure shows the numbers that its verb found."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Circle

from tissueshap import errors, pl
from tissueshap._core import schema, slots
from tissueshap.pl import _labels, _style, _swarm
from tissueshap.pl._rc import context


def found(adata, verb):
    return adata.uns["tissueshap"][verb]


def rows(axes):
    """Return the class of each row of an axes, top first."""
    return [label.get_text() for label in axes.get_yticklabels()]


def test_class_balance(many):
    axes = pl.class_balance(many).axes[0]
    train = many.obs.loc[many.obs["split"] == "train", "tissue"].value_counts()
    (after,), before = axes.lines, axes.collections[-1]
    assert before.get_offsets()[:, 0].tolist() == sorted(train, reverse=True)
    assert set(after.get_xdata()) == {train.max()}
    assert after.get_label() == f"after balancing: {train.max()} each"
    assert train[rows(axes)].tolist() == before.get_offsets()[:, 0].tolist()


def test_class_balance_without_a_split_or_balancing(few):
    del few.obs["split"], few.uns["tissueshap"]["oversample"]
    axes = pl.class_balance(few).axes[0]
    assert sum(axes.collections[0].get_offsets()[:, 0]) == few.n_obs


def test_class_balance_counts_weights(few):
    table = found(few, "oversample")["table"]
    table["weight"] = np.linspace(0, 1, len(table))
    axes = pl.class_balance(few).axes[0]
    after = axes.collections[-2].get_offsets()[:, 0]
    assert after.sum() == pytest.approx(len(table) / 2)


def test_class_balance_merges_many_classes_of_one_size(many):
    del many.uns["tissueshap"]["oversample"]
    sizes = many.obs["tissue"].value_counts()
    equal = sizes.index[:12]
    many.obs["split"] = "test"
    for name in sizes.index:
        n = 7 if name in equal else 20 + sizes.index.get_loc(name)
        many.obs.loc[many.obs.index[many.obs["tissue"] == name][:n], "split"] = "train"
    train = many.obs.loc[many.obs["split"] == "train", "tissue"].value_counts()
    figure = pl.class_balance(many)
    merged = train.index[train == 7]
    alone = [name for name, n in train.items() if (train == n).sum() < 10]
    assert len(merged) == 12
    assert f"{len(merged)} classes with 7 samples" in rows(figure.axes[0])
    assert set(alone) < set(rows(figure.axes[0]))
    listed = figure.get_supxlabel().replace("\n", " ")
    assert all(name in listed for name in merged)


def test_history(few):
    left, right = pl.history(few).axes
    table = found(few, "cnn")["history"]
    assert [line.get_ydata().tolist() for line in left.lines] == [
        table["loss"].tolist(),
        table["val_loss"].tolist(),
    ]
    assert right.lines[0].get_ydata().tolist() == table["accuracy"].tolist()


def test_history_without_validation(few):
    table = found(few, "cnn")["history"]
    table["val_loss"] = np.nan
    del table["val_accuracy"]
    assert [len(axes.lines) for axes in pl.history(few).axes] == [1, 1]


def test_confusion_leaves_out_and_lists_the_perfect(many):
    figure = pl.confusion(many)
    scores = found(many, "evaluate")["per_class"].set_index("class")
    perfect = scores.index[(scores["recall"] == 1) & (scores["precision"] == 1)]
    heat = figure.axes[0]
    shown = rows(heat)
    assert not set(shown) & set(perfect)
    assert len(shown) + len(perfect) == 53
    image = heat.images[0].get_array()
    np.testing.assert_allclose(np.diag(image), scores.loc[shown, "recall"])
    np.testing.assert_allclose(image.sum(axis=1), 1)
    listed = figure.get_supxlabel().replace("\n", " ")
    assert f"Without errors ({len(perfect)}" in listed
    assert all(name in listed for name in perfect)


def test_confusion_orders_many_classes_by_what_is_confused(many):
    """The sum of the shares next to the diagonal is larger than in the order of the recall."""
    image = np.array(pl.confusion(many).axes[0].images[0].get_array())
    scores = found(many, "evaluate")["per_class"].set_index("class")
    order = np.argsort(-np.diag(image), kind="stable")
    near = np.diag(image, 1).sum() + np.diag(image, -1).sum()
    by_recall = image[np.ix_(order, order)]
    assert near > 2 * (np.diag(by_recall, 1).sum() + np.diag(by_recall, -1).sum())
    assert near == pytest.approx((1 - scores["recall"]).sum())


def test_confusion_of_some_classes_is_ordered_by_recall(few):
    scores = found(few, "evaluate")["per_class"]
    scores["recall"], scores["precision"] = [0.25, 0.75, 0.5], [0.5, 0.75, 0.8]
    order = scores["class"].iloc[[1, 2, 0]]
    assert rows(pl.confusion(few).axes[0]) == [_style.text(name) for name in order]


def test_a_narrow_confusion_has_the_classes_with_most_errors(many):
    figure = pl.confusion(many, width="column")
    scores = found(many, "evaluate")["per_class"].set_index("class")
    shares = np.diag(figure.axes[0].images[0].get_array())
    listed = figure.get_supxlabel().replace("\n", " ")
    assert 5 < len(shares) < 30
    assert "With fewer errors (" in listed
    worst = scores[["recall", "precision"]].min(axis=1).nsmallest(len(shares))
    assert set(worst.index[:5]).isdisjoint(name for name in scores.index if name in listed)


def test_confusion_writes_recall_and_precision(few):
    scores = found(few, "evaluate")["per_class"]
    scores["recall"], scores["precision"] = [1.0, 0.5, 0.25], [np.nan, 0.75, 0.8]
    heat, recall, precision, *_ = pl.confusion(few).axes
    assert [text.get_text() for text in recall.texts] == ["1.00", "0.50", "0.25"]
    assert [text.get_text() for text in precision.texts] == ["–", "0.75", "0.80"]


def test_confusion_of_a_perfect_classifier_is_drawn(few):
    scores = found(few, "evaluate")["per_class"]
    scores["recall"] = scores["precision"] = 1.0
    figure = pl.confusion(few)
    assert len(rows(figure.axes[0])) == 3
    assert figure.get_supxlabel() == ""


def test_a_share_of_values_is_no_share_of_genes(few):
    """Of the rule by values no line is drawn: its threshold is of another axis."""
    found(few, "select_genes")["params"].update(method="peak", threshold=1 / 3)
    heights = [set(line.get_ydata()) for line in pl.uniqueness(few).axes[0].lines]
    assert {1 / 3} not in heights
    assert len(heights) == 3


def test_one_epoch_has_one_tick(few):
    record = found(few, "cnn")
    record["history"] = record["history"].head(1)
    axes = pl.history(few).axes[0]
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]


def test_uniqueness(few, words):
    figure = pl.uniqueness(few)
    curve = found(few, "select_genes")["curve"]
    unique, exclusive, half, chosen = figure.axes[0].lines
    np.testing.assert_array_equal(unique.get_ydata(), curve["unique_fraction"])
    np.testing.assert_array_equal(exclusive.get_ydata(), curve["exclusive_fraction"])
    assert set(half.get_ydata()) == {0.5}
    assert set(chosen.get_xdata()) == {12}
    assert f"chosen: top 12 ranks, {found(few, 'select_genes')['n_genes']} genes" in words(figure)
    shares = found(few, "select_genes")["by_share"].query("n_ranks > 0")
    marks = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(marks, shares[["n_ranks", "share"]])
    for row in shares.itertuples():
        assert f"{row.share:.0%}: top {row.n_ranks:,}" in words(figure)


def test_exclusive(few):
    genes = found(few, "select_genes")["genes"]
    genes["exclusive"] = genes["class"].eq("CD8+/CD45RA+ Naive") | (genes["rank"] <= 3)
    axes = pl.exclusive(few).axes[0]
    assert rows(axes)[0] == "CD8+/CD45RA+ Naive"
    total, own = axes.containers
    assert [bar.get_width() for bar in total] == [12, 12, 12]
    assert [bar.get_width() for bar in own] == [12, 3, 3]


def test_overlap(few, words):
    figure = pl.overlap(few)
    record = found(few, "compare")
    assert len(figure.axes) == 4
    areas = [np.pi * p.radius**2 for p in figure.axes[0].patches if isinstance(p, Circle)]
    assert sorted({round(area, 6) for area in areas}) == sorted(
        {round(float(record[key]), 6) for key in ("n_shap", "n_de")}
    )
    shown = words(figure)
    assert f"SHAP only  {record['n_shap'] - record['n_both']:,}" in shown
    assert f"both  {record['n_both']}  ({record['overlap_fraction']:.1%} of SHAP)" in shown
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


def test_overlap_at_ranks_of_ones_own(few):
    figure = pl.overlap(few, ranks=[50])
    assert [axes.get_title() for axes in figure.axes] == ["selected SHAP genes", "top 50 ranks"]


def test_overlap_without_any_gene(few, words):
    record = found(few, "compare")
    record |= {"n_shap": 0, "n_de": 0, "n_both": 0, "expected": 0.0, "pvalue": 1.0}
    assert "both  0  (no SHAP gene)" in words(pl.overlap(few, ranks=[]))


def test_per_class(many):
    axes = pl.per_class(many).axes[0]
    table = found(many, "compare")["per_class"].set_index("class").loc[rows(axes)]
    up, down = axes.containers
    np.testing.assert_allclose([bar.get_width() for bar in up], table["n_up"] / table["n_shap"])
    np.testing.assert_allclose([bar.get_width() for bar in down], table["n_down"] / table["n_shap"])
    assert table["fraction"].is_monotonic_decreasing


def test_per_class_of_a_class_without_genes(few):
    table = found(few, "compare")["per_class"]
    table.loc[0, ["n_shap", "n_up", "n_down"]] = 0
    table.loc[0, "fraction"] = np.nan
    axes = pl.per_class(few).axes[0]
    assert axes.containers[0][-1].get_width() == 0


def test_logfc(few, words):
    figure = pl.logfc(few)
    genes = found(few, "compare")["genes"]
    only = genes[genes["in_shap"] & ~genes["in_de"]]
    bars = [bar.get_height() for bar in figure.axes[1].containers[0]]
    assert bars == [(only["missed_by"] == reason).sum() for reason in ("fdr", "logfc", "both")]
    assert f"SHAP only\nn = {len(only):,}" in words(figure)
    middle = figure.axes[0].collections[2].get_offsets()[0, 1]
    assert middle == pytest.approx(only["logfc"].median())


def test_logfc_of_few_genes_shows_them(few):
    genes = found(few, "compare")["genes"]
    found(few, "compare")["genes"] = genes[genes["in_shap"]].head(4)
    axes = pl.logfc(few).axes[0]
    assert sum(len(points.get_offsets()) for points in axes.collections) == 4


def test_umap_draws_the_embedded_samples(many):
    figure = pl.umap(many)
    panels = figure.axes[:4]
    held = (many.obs["split"] == "test").to_numpy()
    for axes, name in zip(panels, ("shap", "de", "all", "random"), strict=True):
        points = axes.collections[0].get_offsets()
        np.testing.assert_allclose(points, many.obsm[f"X_umap_{name}"][held])
    assert panels[0].get_title(loc="left").startswith("SHAP (424 genes)\nV-measure 0.9")
    written = [text.get_text() for text in panels[0].texts]
    assert sorted(written) == sorted(many.obs["tissue"].cat.categories)
    frame = panels[0].get_window_extent()
    for text in panels[0].texts:
        box = text.get_window_extent()
        assert box.x1 < frame.x0 or box.x0 > frame.x1


def test_umap_greys_the_other_groups(few):
    names = slots.class_names(few)
    axes = pl.umap(few, gene_sets=["shap"], groups=names[:1]).axes[0]
    assert [text.get_text() for text in axes.texts] == [_style.text(names[0])]
    others, drawn = axes.collections
    held = (few.obs["split"] == "test") & (few.obs["tissue"] == names[0])
    assert len(drawn.get_offsets()) == held.sum()
    assert len(others.get_offsets()) == (few.obs["split"] == "test").sum() - held.sum()


def test_umap_names_few_classes_at_their_medians(few):
    axes = pl.umap(few, gene_sets=["shap"]).axes[0]
    spots = {text.get_text(): text.get_position() for text in axes.texts}
    flat, held = few.obsm["X_umap_shap"], (few.obs["split"] == "test").to_numpy()
    liver = held & (few.obs["tissue"] == "CD8+/CD45RA+ Naive").to_numpy()
    reach = np.ptp(flat[held], axis=0)
    away = np.abs(spots["CD8+/CD45RA+ Naive"] - np.median(flat[liver], axis=0)) / reach
    assert (away < 0.2).all()


def test_umap_names_the_set_that_is_missing(few):
    with pytest.raises(errors.MissingSlotError, match="X_umap_mine"):
        pl.umap(few, gene_sets=["mine"])


def test_labels_of_one_point_part():
    with context():
        figure = _style.new(3, 3)
        axes = figure.add_subplot()
        axes.set(xlim=(0, 1), ylim=(0, 1))
        anchors = np.full((8, 2), 0.5)
        labels = _labels.prepare(axes, anchors, list("abcdefgh"))
        figure.draw_without_rendering()
        _labels.place(axes, anchors, labels, anchors, ["#000000"] * 8)
    boxes = [label.get_window_extent() for label in labels]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_label_covers_no_samples_while_there_is_space_next_to_them():
    rng = np.random.default_rng(0)
    dots = rng.normal((0.5, 0.5), 0.06, (500, 2))
    with context():
        figure = _style.new(4, 4)
        axes = figure.add_subplot()
        axes.scatter(*dots.T, s=4)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        anchors = np.array([[0.5, 0.5]])
        labels = _labels.prepare(axes, anchors, ["Adipose tissue"])
        figure.draw_without_rendering()
        _labels.place(axes, anchors, labels, dots, ["#000000"])
    box = labels[0].get_window_extent()
    x, y = axes.transData.transform(dots).T
    assert not ((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).any()
    # A line says where it belongs.
    assert len(axes.lines) == 1


def test_vmeasure(few):
    axes = pl.vmeasure(few).axes[0]
    table = found(few, "cluster")["v_measure"]
    assert rows(axes) == ["SHAP", "DE", "all", "random"]
    medians = [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1]
    for name in ("shap", "de", "all", "random"):
        expected = table.loc[table["gene_set"] == name, "v_measure"].median()
        assert np.isclose(medians, expected).any()


def test_vmeasure_of_starts_that_all_agree(few):
    found(few, "cluster")["v_measure"]["v_measure"] = 1.0
    pl.vmeasure(few).draw_without_rendering()


def test_null(few, words):
    figure = pl.null(few)
    axes = figure.axes[0]
    assert sum(bar.get_height() for bar in axes.containers[0]) == 100
    assert set(axes.lines[0].get_xdata()) == {0.92}
    assert "empirical p = 0.0099; one-tailed t test p = 1e-80" in words(figure)


def test_null_of_a_single_random_set(few):
    found(few, "null_test")["null"] = found(few, "null_test")["null"].head(1)
    del found(few, "null_test")["t_pvalue"]
    pl.null(few).draw_without_rendering()


def test_shap_names_the_top_genes_of_many_classes(many):
    axes = pl.shap(many).axes[0]
    names = slots.class_names(many)
    ranks = slots.class_frame(many, "varm", "shap_rank", names)
    written = {
        (text.get_position()[1], int(text.get_position()[0])): text.get_text()
        for text in axes.texts
    }
    for row, name in enumerate(rows(axes)):
        best = ranks[name].nsmallest(5).index
        assert [written[row, column] for column in range(5)] == list(many.var.loc[best, "symbol"])
    first = [bar for bar in axes.patches if bar.get_x() < 1]
    np.testing.assert_allclose([bar.get_width() for bar in first], 0.88)


def test_shap_has_the_top_gene_of_each_of_some_classes(many):
    names = slots.class_names(many)[:12]
    axes = pl.shap(many, groups=names, n_top=1).axes[0]
    genes = [label.get_text() for label in axes.get_xticklabels()]
    ranks = slots.class_frame(many, "varm", "shap_rank", names)
    assert genes == list(many.var.loc[ranks.idxmin(), "symbol"])
    dots = axes.collections[0]
    largest = dots.get_offsets()[np.isclose(dots.get_sizes(), 60)]
    np.testing.assert_array_equal(largest[:, 0], np.arange(12))


def test_shap_of_one_class(few):
    name = "CD8+/CD45RA+ Naive"
    axes = pl.shap(few, name, n_top=4).axes[0]
    ranks = slots.class_frame(few, "varm", "shap_rank", slots.class_names(few))
    best = ranks[name].nsmallest(4).index
    assert rows(axes) == list(few.var.loc[best, "symbol"])
    chosen = ((few.obs["tissue"] == name) & (few.obs["split"] == "test")).to_numpy()
    values = few.layers["shap"][chosen, few.var_names.get_loc(best[0])]
    np.testing.assert_allclose(axes.collections[0].get_offsets()[:, 0], values)


def test_shap_draws_no_gene_of_a_class_without_ranks(few):
    names = slots.class_names(few)
    for key in ("shap_rank", "shap_median"):
        few.varm[key] = few.varm[key].astype(float)
        few.varm[key][schema.column(names[0])] = np.nan
    genes = [label.get_text() for label in pl.shap(few, n_top=2).axes[0].get_xticklabels()]
    ranks = slots.class_frame(few, "varm", "shap_rank", names)
    top = [ranks.index[ranks[name] <= 2] for name in names[1:]]
    assert set(genes) == set(few.var.loc[np.concatenate(top), "symbol"])
    with pytest.raises(errors.DataError, match=re.escape(f"'{names[0]}' has no ranked genes")):
        pl.shap(few, names[0])
    few.varm["shap_rank"][:] = np.nan
    with pytest.raises(errors.DataError, match="the classes have no ranked genes"):
        pl.shap(few)


def test_shap_bar_leaves_out_genes_that_the_model_lacks(few):
    frame = few.varm["shap_mean_abs"]
    frame.iloc[3:] = np.nan
    axes = pl.shap_bar(few, n_top=7).axes[0]
    expected = frame.iloc[:3].sum(axis=1).sort_values(ascending=False).index
    assert rows(axes) == list(few.var.loc[expected, "symbol"])


def test_shap_names_the_class_that_is_not_there(few):
    with pytest.raises(errors.DataError, match="class_name must be one of .*, not 'Spleen'"):
        pl.shap(few, "Spleen")
    table = found(few, "shap")["samples"]
    found(few, "shap")["samples"] = table[table["explained"] != "CD8+/CD45RA+ Naive"]
    with pytest.raises(errors.DataError, match="no sample was explained"):
        pl.shap(few, "CD8+/CD45RA+ Naive")


def test_dots_of_one_value_stand_beside_each_other():
    offsets = _swarm.stacked(np.array([1.0, 1.0, 1.0, 5.0]), (0.0, 5.0))
    assert len(set(offsets[:3])) == 3
    assert offsets[3] == 0
    assert np.abs(_swarm.stacked(np.zeros(500), (0.0, 1.0))).max() <= 0.4


def test_enrichment(few, words):
    table = found(few, "enrich")["table"]
    figure = pl.enrichment(few, n_top=1)
    axes = figure.axes[0]
    best = table.loc[table.groupby("class")["pvalue"].idxmin()]
    assert len(rows(axes)) == best["ID"].nunique()
    shown = table[table["ID"].isin(best["ID"])]
    dots = axes.collections[0]
    np.testing.assert_allclose(dots.get_array(), -np.log10(shown["p.adjust"]))
    np.testing.assert_allclose(
        dots.get_sizes() / dots.get_sizes().max(), shown["Count"] / shown["Count"].max()
    )


def test_enrichment_of_few_terms_in_many_long_lists(few, overlapping):
    table = found(few, "enrich")["table"].iloc[[0, 0, 0, 0, 1, 1]].copy()
    table["class"] = [f"Brain - Nucleus accumbens (basal ganglia) {i}" for i in range(6)]
    table["source"] = ["shap", "de"] * 3
    found(few, "enrich")["table"] = table
    assert overlapping(pl.enrichment(few)) == []


def test_enrichment_of_both_sources_side_by_side(few, words):
    table = found(few, "enrich")["table"]
    table["source"] = np.where(np.arange(len(table)) % 2, "shap", "de")
    table["class"] = "all"
    axes = pl.enrichment(few).axes[0]
    assert {label.get_text() for label in axes.get_xticklabels()} == {"SHAP genes", "DE genes"}


def test_enrichment_that_found_nothing_says_so(few, words):
    found(few, "enrich")["table"] = found(few, "enrich")["table"].head(0)
    assert words(pl.enrichment(few)) == ["no term passes the cut-offs"]


def test_enrichment_keeps_the_column_of_a_source_without_terms(few):
    record = found(few, "enrich")
    record["table"]["class"] = "all"
    record["lists"] = pd.DataFrame({"source": ["shap", "de"], "class": "all", "n_terms": [9, 0]})
    axes = pl.enrichment(few).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["SHAP genes", "DE genes"]


def test_enrichment_ratio_is_observed_over_background(few, overlapping):
    record = found(few, "enrich")
    record["table"]["BgRatio"] = [f"{10 * (i + 1)}/900" for i in range(len(record["table"]))]
    few.uns["tissueshap"]["again"] = record
    figure = pl.enrichment(few, key="again", size="ratio", n_top=3)
    table = record["table"]
    ratio = (table["Count"] / 40) / (10 * (np.arange(len(table)) + 1) / 900)
    sizes = figure.axes[0].collections[0].get_sizes()
    np.testing.assert_allclose(sizes / sizes.max(), ratio / ratio.max())
    assert overlapping(figure) == []


def test_ppi(few, words):
    table = found(few, "ppi")["table"]
    figure = pl.ppi(few)
    left, right = figure.axes[:2]
    own = table[table["by"] == "class"].sort_values("n_edges", ascending=False, kind="stable")
    order = list(own["class"])
    assert rows(left) == _style.texts(order)
    for axes, by in ((left, "class"), (right, "exclusive")):
        listed = table[table["by"] == by].set_index("class").loc[order]
        expected, sure, unsure = (axes.collections[i].get_offsets() for i in (1, 2, 3))
        np.testing.assert_allclose(expected[:, 0], listed["expected"])
        low = (listed["p.adjust"] < 0.05).to_numpy()
        np.testing.assert_allclose(sure[:, 0], listed["n_edges"][low])
        np.testing.assert_allclose(unsure[:, 0], listed["n_edges"][~low])
    assert "all 424 genes together: 5,210 interactions, 3,120.4 expected, p < 1e-300" in words(
        figure
    )


def test_ppi_of_one_list_of_all_genes(few):
    record = found(few, "ppi")
    record["table"] = record["table"].head(1)
    assert rows(pl.ppi(few).axes[0]) == ["all"]


def test_ppi_of_genes_that_were_not_tested(few):
    with pytest.raises(errors.DataError, match="source='de'"):
        pl.ppi(few, source="de")


def test_de_counts(few):
    names = slots.class_names(few)
    logfc, fdr = (few.varm[key].to_numpy() for key in ("de_logfc", "de_fdr"))
    called = (fdr < 0.01) & (np.abs(logfc) > 4)
    order = np.argsort(-called.sum(axis=0), kind="stable")
    axes = pl.de_counts(few).axes[0]
    assert rows(axes) == _style.texts(names[i] for i in order)
    up, own_up, down, own_down = ([bar.get_width() for bar in c] for c in axes.containers)
    alone = called & (called.sum(axis=1, keepdims=True) == 1)
    assert up == list((called & (logfc > 0)).sum(axis=0)[order])
    assert down == list(-(called & (logfc < 0)).sum(axis=0)[order])
    assert own_up == list((alone & (logfc > 0)).sum(axis=0)[order])
    assert own_down == list(-(alone & (logfc < 0)).sum(axis=0)[order])


def test_shap_bar_stacks_few_classes(few):
    axes = pl.shap_bar(few, n_top=7).axes[0]
    frame = few.varm["shap_mean_abs"]
    top = frame.sum(axis=1).nlargest(7)
    assert rows(axes) == list(few.var.loc[top.index, "symbol"])
    ends = {}
    for patch in axes.patches:
        place = round(patch.get_y() + patch.get_height() / 2)
        ends[place] = max(ends.get(place, 0), patch.get_x() + patch.get_width())
    np.testing.assert_allclose([ends[place] for place in range(7)], top)
    assert len(axes.containers) == 3


def test_shap_bar_names_the_class_that_each_gene_moves_most(many):
    figure = pl.shap_bar(many, n_top=9)
    axes = figure.axes[0]
    frame = many.varm["shap_mean_abs"]
    top = frame.loc[frame.sum(axis=1).nlargest(9).index]
    first, rest = axes.containers
    np.testing.assert_allclose([bar.get_width() for bar in first], top.max(axis=1))
    np.testing.assert_allclose([bar.get_width() for bar in rest], top.sum(axis=1) - top.max(axis=1))
    names = [text.get_text() for text in axes.texts]
    for name, said in zip(top.idxmax(axis=1), names, strict=True):
        assert said.startswith(name)


def test_shap_bar_says_what_to_explain(few):
    del few.varm["shap_mean_abs"]
    with pytest.raises(errors.MissingSlotError, match="target='all'"):
        pl.shap_bar(few)


@pytest.mark.parametrize("name", ["transfer", "modules"])
def test_a_narrow_matrix_has_the_columns_that_it_has_space_for(name, many, words):
    whole, narrow = (getattr(pl, name)(many, width=width) for width in ("page", "column"))
    n_columns = [len(figure.axes[0].get_xticks()) for figure in (whole, narrow)]
    assert 5 <= n_columns[1] < n_columns[0]
    assert any("not fit" in each or "not drawn" in each for each in words(narrow))


def test_an_unknown_class_of_shap_names_all(few):
    with pytest.raises(errors.DataError, match="class_name must be .* or 'Ωmega"):
        pl.shap(few, "x")
