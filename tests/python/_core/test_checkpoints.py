from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tissueshap._core import checkpoints
from tissueshap._core.checkpoints import (
    DamagedError,
    Latest,
    Store,
    continued,
    digest,
    keeping,
    latest,
    once,
    read,
    write,
)
from tissueshap._core.errors import DataError

_RNG = np.random.default_rng(0)
_FRAME = pd.DataFrame(
    {
        "number": [1, 2, 3],
        "float": [0.1, np.nan, -0.0],
        "flag": [True, False, True],
        "object": np.array(["a", None, "ü/<b>"], dtype=object),
        "class": pd.Categorical(["x", "y", "x"], categories=["z", "y", "x"], ordered=True),
        "text": pd.array(["a", pd.NA, "b"], dtype="string"),
        "maybe": pd.array([1, pd.NA, 3], dtype="Int64"),
    },
    index=pd.Index(["s1", "s2", "s3"], name="sample"),
)
_VALUES: dict[str, Any] = {
    "none": None,
    "nested": {"a": [1, 2.5, "x", None, (True, np.int32(4))], 3: {"b": np.float64("nan")}},
    "empty": {"list": [], "dict": {}, "frame": pd.DataFrame(), "array": np.empty((0, 3))},
    "surrogate": "\udcff",
    "frame": _FRAME,
    "default index": _FRAME.reset_index(drop=True),
    "no columns": pd.DataFrame(index=["a", "b"]),
    "strings": np.array(["a", "bcd"]),
    "object": np.array([["a", None], ["b", 1.5]], dtype=object),
    "scalar": np.float32(0.1),
    "zero": np.array(7),
    "record": np.rec.fromarrays([np.array(["a", "b"], dtype=object), [1.0, 2.0]], names="x,y"),
    "table": np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f8")]),
    "days": np.array(["2020-01-01"], dtype="M8[ns]"),
    "series": pd.Series([1.0, 2.0], index=["a", "b"], name="x"),
    "csr": sparse.csr_matrix(np.eye(3, dtype=np.float32)),
    "csc": sparse.csc_array(np.eye(3)),
}


def _same(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, check_exact=True)
        assert type(a.index) is type(b.index)
    elif isinstance(a, pd.Series):
        pd.testing.assert_series_equal(a, b, check_exact=True)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            _same(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            _same(one, other)
    elif isinstance(a, np.ndarray | np.generic):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_array_equal(a, b)
    elif sparse.issparse(a):
        assert (a.format, a.dtype, a.shape) == (b.format, b.dtype, b.shape)
        np.testing.assert_array_equal(a.toarray(), b.toarray())
    else:
        assert a == b


@pytest.mark.parametrize("name", _VALUES)
def test_a_value_comes_back_with_its_types(tmp_path: Path, name: str) -> None:
    checksum = write(tmp_path / "x", _VALUES[name])
    _same(_VALUES[name], read(tmp_path / "x", checksum))
    assert digest(_VALUES[name]) == checksum
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("order", ["C", "F"])
def test_values_keep_their_order_in_memory(tmp_path: Path, order: Any) -> None:
    """Sums depend on it in their last digits."""
    matrix = np.asarray(_RNG.normal(size=(50, 7)), order=order)
    frame = pd.DataFrame(matrix.copy(order), copy=False)
    write(tmp_path / "x", {"matrix": matrix, "frame": frame, "part": matrix[::2, 1:]})
    again = read(tmp_path / "x")
    assert again["matrix"].flags.f_contiguous == (order == "F")
    assert again["frame"].to_numpy().strides == frame.to_numpy().strides
    np.testing.assert_array_equal(again["part"], matrix[::2, 1:])
    again["matrix"][0, 0] = 1.0  # it can be written to


@pytest.mark.parametrize("value", [object(), {1}, pd.MultiIndex.from_tuples([(1, 2)])])
def test_what_cannot_be_kept_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        write(tmp_path / "x", value)
    assert list(tmp_path.iterdir()) == []


def test_digests_differ_where_values_or_types_do() -> None:
    values = [1, 1.0, "1", True, [1], (1,), np.array([1]), np.array([1], dtype=np.int32), {"a": 1}]
    assert len({digest(value) for value in values}) == len(values)


@pytest.mark.parametrize("place", [0, 15, 30, 200, -100, -40, -1])
def test_a_changed_byte_is_noticed(tmp_path: Path, place: int) -> None:
    path = tmp_path / "x"
    write(path, {"a": np.arange(100), "b": "text"})
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedError):
        read(path)


@pytest.mark.parametrize("size", [0, 5, 40, 300, -1])
def test_a_missing_end_is_noticed(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x"
    write(path, {"a": np.arange(100), "b": "text"})
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DamagedError):
        read(path)


def test_another_intact_file_is_noticed(tmp_path: Path) -> None:
    first, second = write(tmp_path / "x", 1), write(tmp_path / "y", 2)
    assert first != second
    with pytest.raises(DamagedError, match="another checksum"):
        read(tmp_path / "x", second)
    with pytest.raises(DamagedError, match="No such file"):
        read(tmp_path / "z")


def test_an_interrupted_write_leaves_the_file_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "x", "before")
    monkeypatch.setattr("os.fsync", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "x", "after")
    assert read(tmp_path / "x") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def _interrupt(_: Any) -> None:
    raise KeyboardInterrupt


def test_a_full_disk_leaves_the_file_before(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    try:
        write(place / "x", "before")
        with pytest.raises(DataError, match="the disk is full: .*x could not be written"):
            write(place / "x", np.zeros(2**20))
        assert read(place / "x") == "before"
        assert [path.name for path in place.iterdir()] == ["x"]
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_once_makes_a_result_once(tmp_path: Path) -> None:
    calls: list[int] = []

    def make(number: int) -> int:
        calls.append(number)
        return 10 * number

    for _ in range(2):
        with keeping(Store(tmp_path / "kept")):
            assert [once("ten", {"n": n}, lambda n=n: make(n)) for n in (1, 2)] == [10, 20]
    assert calls == [1, 2]
    assert once("ten", {"n": 1}, lambda: make(1)) == 10  # nothing is kept here
    assert calls == [1, 2, 1]


def test_once_can_keep_what_is_no_plain_value(tmp_path: Path) -> None:
    for _ in range(2):
        with keeping(Store(tmp_path)):
            path = once("path", {}, lambda: Path("a"), pack=str, unpack=Path)
        assert path == Path("a")


def test_a_damaged_result_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with keeping(Store(tmp_path)) as store:
        assert once("x", {}, lambda: 1) == 1
        place = store.place("x", {})
        place.write_bytes(place.read_bytes()[:-1])
        assert once("x", {}, lambda: 2) == 2
        assert once("x", {}, lambda: 3) == 2
    assert f"{place} is damaged" in caplog.text


def _squares(start: int, made: list[int], stop: int) -> Iterator[np.ndarray]:
    for number in range(start, stop):
        made.append(number)
        yield np.array([number**2])


def test_continued_makes_what_is_missing(tmp_path: Path) -> None:
    made: list[int] = []
    for stop in (5, 10):
        made.clear()
        with keeping(Store(tmp_path)):
            squares = list(continued("squares", {}, lambda start: _squares(start, made, stop)))  # noqa: B023
        assert [int(one[0]) for one in squares] == [n**2 for n in range(stop)]
    assert made == list(range(5, 10))


@pytest.mark.parametrize("cut", [-1, -200])
def test_continued_makes_a_damaged_end_again(tmp_path: Path, cut: int) -> None:
    made: list[int] = []
    with keeping(Store(tmp_path)) as store:
        list(continued("squares", {}, lambda start: _squares(start, made, 6)))
        place = store.place("squares", {})
        place.write_bytes(place.read_bytes()[:cut])
        made.clear()
        squares = list(continued("squares", {}, lambda start: _squares(start, made, 6)))
    assert [int(one[0]) for one in squares] == [n**2 for n in range(6)]
    assert made == ([5] if cut == -1 else [4, 5])


def test_continued_keeps_what_was_made_before_an_interrupt(tmp_path: Path) -> None:
    def stopped(start: int) -> Iterator[int]:
        yield from range(start, 3)
        raise KeyboardInterrupt

    with keeping(Store(tmp_path)):
        with pytest.raises(KeyboardInterrupt):
            list(continued("numbers", {}, stopped))
        starts: list[int] = []
        list(continued("numbers", {}, lambda start: iter(starts.append(start) or range(start, 4))))
    assert starts == [3]
    assert list(continued("numbers", {}, lambda start: iter(range(start, 2)))) == [0, 1]


def test_the_latest_state_replaces_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert latest("epoch", {}) is None
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with keeping(Store(tmp_path)):
        state = latest("epoch", {"seed": 1})
        assert isinstance(state, Latest)
        assert state.get() is None

        def slow(value: int) -> int:
            now[0] += 1.0
            return value

        state.put(lambda: slow(1))
        now[0] += 10.0
        state.put(lambda: slow(2))  # not yet: a twentieth of the time would be exceeded
        assert state.get() == 1
        now[0] += 10.0
        state.put(lambda: slow(3))
        assert latest("epoch", {"seed": 1}).get() == 3  # type: ignore[union-attr]
        state.remove()
        assert state.get() is None


def test_the_interface_is_complete() -> None:
    assert all(hasattr(checkpoints, name) for name in checkpoints.__all__)
