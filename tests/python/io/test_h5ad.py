"""Everything that the contract names goes through .h5ad and .zarr and comes back."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tissueshap import io
from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError

CLASSES = ["CD8+/CD45RA+ Naïve", "Brain - Cortex (BA9)", "a|b", "<b>骨</b>", "é"]
SLOTS = [
    (group, key)
    for group in ("obs", "var", "layers", "obsm", "varm")
    for key in schema.load()[group]
]
ROUTES = {
    "h5ad": (io.write_h5ad, io.read_h5ad, "a.h5ad"),
    "zarr": (io.write_zarr, io.read_zarr, "a.zarr"),
}


def value(group: str, key: str, adata: ad.AnnData):
    """Return something for a slot, of the type that the contract gives it."""
    rng = np.random.default_rng(len(key))
    dtype = schema.load()[group][key]["dtype"]
    n = adata.n_obs if group in ("obs", "obsm") else adata.n_vars
    if group == "layers":
        held = rng.normal(size=adata.shape)
        held[0] = np.nan
        return held
    if dtype == "frame":
        return pd.DataFrame(rng.random((n, len(CLASSES))), columns=CLASSES)
    if group == "obsm":
        return rng.normal(size=(n, 2))
    if dtype == "category":
        return pd.Categorical(np.resize(CLASSES, n))
    if dtype == "str":
        return np.array([f"{key} {'é/|'[i % 3]} {i}" for i in range(n)], dtype=object)
    return rng.integers(0, 2, n) if dtype == "bool" else rng.random(n)


def full(toy: ad.AnnData) -> ad.AnnData:
    toy.obs["tissue"] = pd.Categorical(np.resize(CLASSES, toy.n_obs))
    found: dict = {group: {} for group, _ in SLOTS}
    for group, key in SLOTS:
        found[group][key] = value(group, key, toy)
    found["uns"] = {
        "n_ranks": 12,
        "unique_fraction": 0.5,
        "genes": pd.DataFrame(
            {"class": CLASSES, "gene": list("abcde"), "rank": [1, 2, 3, 4, 5], "exclusive": True}
        ),
    }
    params = {
        "label": "tissue",
        "classes": CLASSES,
        "none": None,
        "empty": (),
        "on": True,
        "x": 1.5,
    }
    slots.write(toy, "everything", found, params=params, seed=1, versions=("pandas",))
    return toy


@pytest.fixture(scope="module")
def written(_toy, tmp_path_factory) -> dict[str, tuple[ad.AnnData, ad.AnnData]]:
    folder = tmp_path_factory.mktemp("round")
    held = {}
    for route, (write, read, name) in ROUTES.items():
        adata = full(_toy.copy())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            write(adata, folder / name)
            held[route] = (adata, read(folder / name))
    return held


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("group", "key"), SLOTS)
def test_every_slot_comes_back(written, route, group, key):
    before, after = (getattr(adata, group)[key] for adata in written[route])
    if isinstance(before, pd.DataFrame):
        pd.testing.assert_frame_equal(before, after, check_names=False)
        frame = slots.class_frame(written[route][1], group, key, CLASSES)
        assert list(frame.columns) == CLASSES
    elif isinstance(before, pd.Series):
        assert list(before) == list(after)
        assert (before.dtype == "category") == (after.dtype == "category")
        assert (before.dtype.kind == "f") == (after.dtype.kind == "f")
    else:
        np.testing.assert_array_equal(before, after)
        assert before.dtype == after.dtype == np.float32


@pytest.mark.parametrize("route", ROUTES)
def test_counts_and_names_come_back(written, route):
    before, after = written[route]
    np.testing.assert_array_equal(before.X, after.X)
    assert after.X.dtype == np.int32
    assert after.X.flags.c_contiguous
    assert list(after.obs_names) == list(before.obs_names)
    assert list(after.var_names) == list(before.var_names)
    assert list(after.obs["tissue"]) == list(before.obs["tissue"])
    assert sorted(after.obs["tissue"].cat.categories) == sorted(CLASSES)


@pytest.mark.parametrize("route", ROUTES)
def test_records_come_back(written, route):
    before, after = written[route]
    assert after.uns[schema.UNS]["label"] == "tissue"
    entry = after.uns[schema.UNS]["everything"]
    assert entry["n_ranks"] == 12
    assert entry["unique_fraction"] == 0.5
    assert entry["seed"] == 1
    params = entry["params"]
    assert list(params["classes"]) == CLASSES
    assert "none" not in params
    assert len(params["empty"]) == 0
    assert bool(params["on"]) is True
    assert entry["versions"]["pandas"] == pd.__version__
    table = slots.table(after, "everything", "genes")
    assert list(table["class"]) == CLASSES
    assert list(table["rank"]) == [1, 2, 3, 4, 5]
    assert table["exclusive"].all()
    pd.testing.assert_frame_equal(
        before.uns["truth"], after.uns["truth"].astype(before.uns["truth"].dtypes), check_dtype=True
    )


@pytest.mark.parametrize("route", ROUTES)
def test_read_again_and_written_again(written, route, tmp_path):
    write, read, name = ROUTES[route]
    once = written[route][1]
    write(once, tmp_path / name)
    twice = read(tmp_path / name)
    np.testing.assert_array_equal(once.layers["shap"], twice.layers["shap"])
    assert list(once.obs.columns) == list(twice.obs.columns)


@pytest.mark.parametrize("route", ROUTES)
def test_what_was_there_is_replaced(toy, route, tmp_path):
    write, read, name = ROUTES[route]
    write(toy, tmp_path / name)
    write(toy[:10].copy(), tmp_path / name)
    assert read(tmp_path / name).n_obs == 10
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("route", ROUTES)
def test_a_failed_write_leaves_the_old_file(toy, route, tmp_path):
    write, read, name = ROUTES[route]
    write(toy, tmp_path / name)
    toy.uns["cannot be stored"] = object()
    with pytest.raises(Exception, match="object"):
        write(toy[:10].copy(), tmp_path / name)
    assert read(tmp_path / name).n_obs == toy.n_obs
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("route", ROUTES)
def test_a_folder_that_is_not_there(toy, route, tmp_path):
    write, _, name = ROUTES[route]
    with pytest.raises(DataError, match="create the folder"):
        write(toy, tmp_path / "no" / name)


@pytest.mark.parametrize("route", ROUTES)
def test_a_folder_of_somebody_else_is_not_deleted(toy, route, tmp_path):
    write, _, name = ROUTES[route]
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.docx").write_text("years of work")
    with pytest.raises(DataError, match=r"thesis\.docx|is a folder: name a file"):
        write(toy, tmp_path / name)
    assert [path.name for path in (tmp_path / name).iterdir()] == ["thesis.docx"]


def test_a_zarr_folder_that_was_added_to_is_not_deleted(toy, tmp_path):
    io.write_zarr(toy, tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"notes\.txt"):
        io.write_zarr(toy, tmp_path / "a.zarr")
    assert io.read_zarr(tmp_path / "a.zarr").shape == toy.shape


def test_a_link_to_an_h5ad_stays_a_link(toy, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "a.h5ad").symlink_to(tmp_path / "disk" / "a.h5ad")
    io.write_h5ad(toy, tmp_path / "a.h5ad")
    assert (tmp_path / "a.h5ad").is_symlink()
    assert io.read_h5ad(tmp_path / "disk" / "a.h5ad").shape == toy.shape


def test_h5ad_is_compressed(toy, tmp_path):
    import h5py

    io.write_h5ad(toy, tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad") as file:
        assert file["X"].compression == "gzip"


@pytest.mark.parametrize("read", [io.read_h5ad, io.read_zarr])
def test_what_is_neither(read, tmp_path):
    (tmp_path / "a").write_text("text")
    with pytest.raises(DataError, match="is not"):
        read(tmp_path / "a")
    with pytest.raises(DataError, match="check the path"):
        read(tmp_path / "b")


def test_hdf5_of_another_kind(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        file["x"] = 1
    with pytest.raises(DataError, match="no obs and var"):
        io.read_h5ad(tmp_path / "a.h5ad")


def replaced(group, name, change):
    """Replace an array of a sparse matrix in a file."""
    attributes, values = dict(group[name].attrs), change(group[name][:])
    del group[name]
    group[name] = values
    group[name].attrs.update(attributes)


def changed(at, value):
    def change(values):
        values = values.astype(np.int64)
        values[at] = value
        return values

    return change


SPARSE_DAMAGE = {
    "index beyond": ("indices", changed(3, 10)),
    "index far beyond": ("indices", changed(3, 2**40)),
    "negative index": ("indices", changed(3, -1)),
    "fractional index": ("indices", lambda values: values + 0.5),
    "index twice": ("indices", lambda values: changed(1, values[0])(values)),
    "too few indices": ("indices", lambda values: values[:-1]),
    "falling indptr": ("indptr", changed(2, 0)),
    "indptr beyond": ("indptr", changed(2, 10**6)),
    "last indptr beyond": ("indptr", changed(-1, 10**6)),
    "last indptr short": ("indptr", lambda values: changed(-1, values[-2])(values)),
    "first indptr": ("indptr", changed(0, 1)),
    "negative indptr": ("indptr", changed(1, -5)),
    "short indptr": ("indptr", lambda values: values[:-1]),
    "no indptr": ("indptr", lambda values: values[:0]),
    "short data": ("data", lambda values: values[:-2]),
}


@pytest.mark.parametrize(
    ("damage", "place", "form"),
    [
        *((damage, "X", form) for damage in SPARSE_DAMAGE for form in ("csr", "csc")),
        *(("index beyond", place, "csr") for place in ("layers/counts", "raw/X", "obsp/graph")),
    ],
)
def test_damaged_sparse_matrices_are_refused(damage, place, form, tmp_path):
    import h5py

    rng = np.random.default_rng(0)
    values = np.where(rng.random((8, 8)) < 0.6, rng.random((8, 8)), 0)
    matrix = sparse.csr_matrix(values) if form == "csr" else sparse.csc_matrix(values)
    adata = ad.AnnData(np.ones((8, 8)))
    match place:
        case "X":
            adata.X = matrix
        case "layers/counts":
            adata.layers["counts"] = matrix
        case "raw/X":
            adata.raw = ad.AnnData(matrix, obs=adata.obs, var=adata.var)
        case _:
            adata.obsp["graph"] = matrix
    path = tmp_path / "a.h5ad"
    adata.write_h5ad(path)
    io.read_h5ad(path)
    with h5py.File(path, "r+") as file:
        replaced(file[place], *SPARSE_DAMAGE[damage])
    for read in (io.read_h5ad, io.read_counts):
        with pytest.raises(DataError, match=r"a\.h5ad"):
            read(path)


def test_unsorted_indices_are_no_damage(tmp_path):
    matrix = sparse.csr_matrix(
        (np.array([2.0, 1.0, 3.0]), np.array([3, 0, 1]), np.array([0, 2, 3])), shape=(2, 4)
    )
    ad.AnnData(matrix).write_h5ad(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(io.read_h5ad(tmp_path / "a.h5ad").X.toarray(), matrix.toarray())
