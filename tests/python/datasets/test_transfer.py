"""One file from a server that breaks off, stalls, refuses ranges, and changes its mind."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tissueshap._core.errors import DataError
from tissueshap.datasets import _transfer
from tissueshap.datasets._transfer import RefusedError, receive, size_of

BODY = bytes(range(256)) * 40
NAME = "file.gz"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / f"{NAME}.part"


@pytest.fixture
def get(server, part: Path) -> Callable[[], bytes]:
    server.files[NAME] = BODY

    def call() -> bytes:
        receive(f"{server.url}/{NAME}", part)
        return part.read_bytes()

    return call


def test_a_whole_file(get, server):
    assert get() == BODY
    assert server.ranges_asked() == [None]


def test_a_broken_connection_is_resumed_within_the_call(get, server):
    server.does.breaks_after = [3000, 7000]
    assert get() == BODY
    assert server.ranges_asked() == [None, "bytes=3000-", "bytes=7000-"]


def test_a_later_call_asks_for_the_rest_alone(get, server, part):
    server.does.breaks_after = [3000] * 9
    with pytest.raises(RefusedError, match=r"ended after 3,000 of 10,240 bytes"):
        get()
    assert part.read_bytes() == BODY[:3000]
    server.does.breaks_after = []
    server.asked.clear()
    assert get() == BODY
    assert server.ranges_asked() == ["bytes=3000-"]


def test_a_whole_part_is_not_asked_for_again(get, server):
    get()
    server.asked.clear()
    assert get() == BODY
    assert server.asked == []


def test_a_stalled_server_is_asked_again(get, server, monkeypatch):
    monkeypatch.setattr(_transfer, "PATIENCE", 0.3)
    server.does.stalls_after = [2000]
    assert get() == BODY
    assert server.ranges_asked() == [None, "bytes=2000-"]


def test_a_server_that_stalls_for_good_is_given_up(get, server, part, monkeypatch):
    monkeypatch.setattr(_transfer, "PATIENCE", 0.1)
    server.does.stalls_after = [100] * 9
    server.does.breaks_after = [None] * 9
    with pytest.raises(RefusedError, match="timed out"):
        get()
    assert part.read_bytes() == BODY[:100]


def test_a_server_without_ranges_sends_all_again(get, server):
    server.does.ranges = False
    server.does.breaks_after = [3000]
    assert get() == BODY
    assert server.ranges_asked() == [None, "bytes=3000-"]


def test_a_range_that_was_not_asked_for_is_not_appended(get, server, part):
    server.does.breaks_after = [3000]
    server.does.wrong_range = True
    with pytest.raises(RefusedError, match="another range"):
        get()
    assert part.read_bytes() == BODY[:3000]


def test_two_versions_are_not_put_together(get, server, part):
    server.does.breaks_after = [3000] * 9
    with pytest.raises(RefusedError):
        get()
    server.does.breaks_after = []
    server.files[NAME] = BODY[::-1]
    server.does.etag = '"2"'
    assert get() == BODY[::-1]


def test_a_shorter_version_than_the_part(get, server):
    server.does.breaks_after = [3000] * 9
    with pytest.raises(RefusedError):
        get()
    server.does.breaks_after = []
    server.files[NAME] = BODY[:1000]
    assert get() == BODY[:1000]


def test_a_part_of_unknown_origin_is_not_used(get, server, part):
    part.write_bytes(b"x" * 100)
    assert get() == BODY
    assert server.ranges_asked() == [None]


def test_redirects_keep_the_range(get, server):
    server.files["elsewhere.gz"] = BODY
    server.does.redirect = "elsewhere.gz"
    server.does.breaks_after = [3000]
    assert get() == BODY
    assert ("elsewhere.gz", "bytes=3000-") in server.asked


def test_redirects_to_nowhere(get, server):
    server.does.redirect = "elsewhere.gz"
    with pytest.raises(RefusedError, match="404"):
        get()


def test_damage_is_found_by_the_servers_md5(get, server, part):
    right = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    server.does.md5 = right
    server.does.breaks_after = [3000] * 9
    with pytest.raises(RefusedError):
        get()
    part.write_bytes(b"x" * 3000)
    server.does.breaks_after = []
    with pytest.raises(RefusedError, match="damaged"):
        get()
    assert not list(part.parent.iterdir())
    assert get() == BODY


def test_a_missing_file_is_not_asked_for_repeatedly(get, server):
    server.files.clear()
    with pytest.raises(RefusedError, match="404"):
        get()
    assert len(server.asked) == 1


def test_a_server_in_trouble_is_asked_again(get, server):
    server.does.status = 503
    with pytest.raises(RefusedError, match="503"):
        get()
    assert len(server.asked) == _transfer.ATTEMPTS


def test_without_a_size_only_compressed_files_are_accepted(get, server, part):
    server.does.lengths = False
    assert get() == BODY
    server.files["file.txt"] = BODY
    with pytest.raises(RefusedError, match="does not state the size"):
        receive(f"{server.url}/file.txt", part.with_name("file.txt.part"))


def test_an_address_that_does_not_answer(part):
    with pytest.raises(RefusedError, match="refused"):
        receive(f"http://127.0.0.1:1/{NAME}", part)


def test_a_file_of_a_disk(tmp_path, part):
    (tmp_path / "here.gz").write_bytes(BODY)
    receive((tmp_path / "here.gz").as_uri(), part)
    assert part.read_bytes() == BODY
    with pytest.raises(RefusedError, match="nowhere"):
        receive((tmp_path / "nowhere.gz").as_uri(), tmp_path / "other.part")


def test_a_full_disk_is_seen_before(get, server, part, monkeypatch):
    full = shutil.disk_usage(part.parent)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(DataError, match=r"needs 10,240 bytes .* 1,000 free: make room"):
        get()
    assert not part.exists()


def test_an_error_of_the_disk_is_not_taken_for_one_of_the_server(get, part):
    part.mkdir()
    with pytest.raises(IsADirectoryError):
        get()


def test_the_size_as_the_server_states_it(get, server):
    assert size_of(f"{server.url}/{NAME}") == len(BODY)
    assert size_of(f"{server.url}/other") is None
    server.does.lengths = False
    assert size_of(f"{server.url}/{NAME}") is None
