"""Downloads from a server that cuts, lies, answers 503 and 404, leads elsewhere and changes its file."""

from __future__ import annotations

import errno
import hashlib
import io
import random
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from faulty_server import Fault, FaultyServer, Held, serving

from reference.download import fetch as fetching
from reference.download.checks import check_file
from reference.download.fetch import Fetched, fetch
from reference.errors import DownloadError

DATA = random.Random(0).randbytes(300_000)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with serving({"/a.zip": Held(DATA)}) as told:
        yield told


def _fetch(server: FaultyServer, folder: Path, waits: list[float] | None = None, name: str = "/a.zip") -> Fetched:
    with requests.Session() as session:
        session.trust_env = False
        pause = [].append if waits is None else waits.append
        return fetch(f"{server.url}{name}", folder / "a.zip", session, pause=pause)


def _is_clean(folder: Path) -> bool:
    return sorted(path.name for path in folder.iterdir()) == ["a.zip", "a.zip.got.json"]


def test_a_file_comes_whole(server: FaultyServer, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with requests.Session() as session:
        got = fetch(f"{server.url}/a.zip", tmp_path / "new" / "a.zip", session, lambda *each: told.append(each))
    assert got.path.read_bytes() == DATA
    assert (got.bytes, got.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert got.modified == "Mon, 02 Nov 2026 08:00:00 GMT"
    assert told[-1] == (len(DATA), len(DATA))
    assert _is_clean(tmp_path / "new")


def test_two_hundred_cuts_at_random_places(server: FaultyServer, tmp_path: Path) -> None:
    places = random.Random(1)
    server.fault = lambda number, path: Fault(cut=places.randrange(1, 2000)) if number < 200 else None
    assert _fetch(server, tmp_path).path.read_bytes() == DATA
    assert len(server.asked) == 201
    assert {asked["If-Range"] for _, asked in server.asked[1:]} == {'"1"'}


@pytest.mark.parametrize("seed", range(20))
def test_cuts_changes_and_pauses_together(server: FaultyServer, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    newer = random.Random(seed + 1000).randbytes(200_000)

    def change() -> None:
        server.files["/a.zip"] = Held(newer, '"2"')

    faults = [Fault(cut=chance.randrange(150_000)), Fault(status=503), Fault(cut=100, before=change)]
    chance.shuffle(faults)
    server.fault = lambda number, path: faults[number] if number < 3 else None
    assert _fetch(server, tmp_path).path.read_bytes() == newer


def test_a_stopped_download_goes_on_in_the_next_call(server: FaultyServer, tmp_path: Path) -> None:
    server.fault = lambda number, path: Fault(cut=1000) if number == 0 else Fault(status=503) if number < 10 else None
    with pytest.raises(DownloadError, match=r"1,000 of 300,000 bytes came and are kept; run the same command again"):
        _fetch(server, tmp_path)
    server.asked.clear()
    server.fault = lambda number, path: None
    assert _fetch(server, tmp_path).path.read_bytes() == DATA
    assert server.asked[0][1]["Range"] == "bytes=1000-"


@pytest.mark.parametrize(
    ("cut", "told"),
    [(None, "nothing came yet; run the same command again$"), (1000, "; 1,000 bytes came and are kept; run the same")],
)
def test_what_came_of_a_file_of_unknown_length_is_told(
    server: FaultyServer, tmp_path: Path, cut: int | None, told: str
) -> None:
    first = Fault(status=503) if cut is None else Fault(cut=cut, chunked=True)
    server.fault = lambda number, path: first if number == 0 else Fault(status=503)
    with pytest.raises(DownloadError, match=told):
        _fetch(server, tmp_path)


def test_what_is_left_of_another_address_is_not_joined(server: FaultyServer, tmp_path: Path) -> None:
    server.files["/b.zip"] = Held(DATA[::-1])
    server.fault = lambda number, path: Fault(cut=1000) if number == 0 else Fault(status=503) if number < 10 else None
    with pytest.raises(DownloadError):
        _fetch(server, tmp_path)
    server.fault = lambda number, path: None
    assert _fetch(server, tmp_path, name="/b.zip").path.read_bytes() == DATA[::-1]


def test_a_file_that_changes_in_between_is_begun_again(server: FaultyServer, tmp_path: Path) -> None:
    newer = DATA[::-1]

    def change() -> None:
        server.files["/a.zip"] = Held(newer, '"2"')

    server.fault = lambda number, path: [Fault(cut=200_000), Fault(before=change)][number] if number < 2 else None
    assert _fetch(server, tmp_path).path.read_bytes() == newer


def test_a_file_that_always_changes_is_given_up(server: FaultyServer, tmp_path: Path) -> None:
    def change(number: int) -> Fault:
        server.files["/a.zip"] = Held(DATA, f'"{number}"')
        return Fault(cut=1000 + number)

    server.fault = lambda number, path: change(number)
    with pytest.raises(DownloadError, match="the file changes while it is downloaded"):
        _fetch(server, tmp_path)


def test_without_a_version_parts_are_never_joined(server: FaultyServer, tmp_path: Path) -> None:
    server.files["/a.zip"] = Held(DATA, "", "")
    server.fault = lambda number, path: Fault(cut=200_000) if number < 3 else None
    assert _fetch(server, tmp_path).path.read_bytes() == DATA
    assert not any("Range" in asked for _, asked in server.asked)


def test_a_weak_etag_is_no_version_but_a_date_is(server: FaultyServer, tmp_path: Path) -> None:
    server.files["/a.zip"] = Held(DATA, 'W/"1"')
    server.fault = lambda number, path: Fault(cut=200_000) if number == 0 else None
    assert _fetch(server, tmp_path).path.read_bytes() == DATA
    assert server.asked[1][1]["If-Range"] == server.files["/a.zip"].modified


def test_a_server_without_ranges_sends_it_whole_again(server: FaultyServer, tmp_path: Path) -> None:
    server.ranges = False
    server.fault = lambda number, path: Fault(cut=200_000) if number < 2 else None
    assert _fetch(server, tmp_path).path.read_bytes() == DATA


def test_a_wrong_range_is_not_joined(server: FaultyServer, tmp_path: Path) -> None:
    wrong = Fault(headers={"Content-Range": "bytes 5-299999/300000"})
    server.fault = lambda number, path: [Fault(cut=1000), wrong][number] if number < 2 else None
    assert _fetch(server, tmp_path).path.read_bytes() == DATA


@pytest.mark.parametrize("seed", range(20))
def test_a_length_too_great(server: FaultyServer, tmp_path: Path, seed: int) -> None:
    """The server says more than it has, then owns to its size when it is asked to go on."""
    length = len(DATA) + random.Random(seed).randrange(1, 10**6)
    server.fault = lambda number, path: Fault(length=length) if number == 0 else None
    assert _fetch(server, tmp_path).path.read_bytes() == DATA


def test_a_length_too_great_that_is_kept_up(server: FaultyServer, tmp_path: Path) -> None:
    server.ranges = False
    server.fault = lambda number, path: Fault(length=len(DATA) + 7)
    with pytest.raises(DownloadError, match="300,000 of 300,007 bytes"):
        _fetch(server, tmp_path)


def test_a_length_too_small_is_found_by_the_zip_test(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", DATA)
    with serving({"/a.zip": Held(packed.getvalue())}) as server:
        server.fault = lambda number, path: Fault(length=250_000)
        got = _fetch(server, tmp_path)
    with pytest.raises(DownloadError, match="zip is damaged"):
        check_file(got.path, is_zip=True)


def test_a_body_without_length(server: FaultyServer, tmp_path: Path) -> None:
    faults = [Fault(chunked=True, cut=200_000), Fault(chunked=True)]
    server.fault = lambda number, path: faults[number]
    assert _fetch(server, tmp_path).path.read_bytes() == DATA


def test_busy_servers_are_given_the_time_they_ask_for(server: FaultyServer, tmp_path: Path) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    told = ["7", later, "soon", ""]
    server.fault = lambda number, path: Fault(status=503, headers={"Retry-After": told[number]}) if number < 4 else None
    waits: list[float] = []
    assert _fetch(server, tmp_path, waits).path.read_bytes() == DATA
    assert waits[0] == 7.0
    assert 80 < waits[1] <= 90
    assert waits[2:] == [8.0, 16.0]


def test_who_asks_for_an_hour_is_left_alone(server: FaultyServer, tmp_path: Path) -> None:
    server.fault = lambda number, path: Fault(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(DownloadError, match="come back in 60 minutes"):
        _fetch(server, tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "told"), [(404, "no such file any more.*--url.*--from"), (403, "a key may be wrong"), (418, "try later")]
)
def test_what_will_not_change_is_not_tried_again(server: FaultyServer, tmp_path: Path, status: int, told: str) -> None:
    server.fault = lambda number, path: Fault(status=status)
    with pytest.raises(DownloadError, match=f"answers {status}.*{told}"):
        _fetch(server, tmp_path)
    assert len(server.asked) == 1


def test_redirects_are_followed(server: FaultyServer, tmp_path: Path) -> None:
    server.fault = lambda number, path: Fault(status=302, headers={"Location": "/a.zip"}) if path == "/old" else None
    assert _fetch(server, tmp_path, name="/old").path.read_bytes() == DATA


def test_a_redirect_without_end(server: FaultyServer, tmp_path: Path) -> None:
    server.fault = lambda number, path: Fault(status=302, headers={"Location": "/a.zip"})
    with pytest.raises(DownloadError, match="no usable address"):
        _fetch(server, tmp_path)


def test_a_redirect_away_from_encryption_is_refused(tmp_path: Path) -> None:
    answer = SimpleNamespace(url="http://elsewhere.org/a.zip", status_code=200, headers={}, reason="OK")
    with pytest.raises(DownloadError, match="not encrypted"):
        fetching._check_answer("https://here.org/a.zip", answer, None)  # type: ignore[arg-type]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with serving({}) as server:
        pass
    with pytest.raises(DownloadError, match="cannot be reached"):
        _fetch(server, tmp_path)


@pytest.mark.parametrize("url", ["htp://a/b.zip", "nonsense", "http://", "http://[::1/"])
def test_what_is_no_address(tmp_path: Path, url: str) -> None:
    with requests.Session() as session, pytest.raises(DownloadError, match="no usable address"):
        fetch(url, tmp_path / "a.zip", session)


def test_a_key_in_the_address_is_never_shown_nor_kept(server: FaultyServer, tmp_path: Path) -> None:
    server.fault = lambda number, path: Fault(cut=1000) if number == 0 else Fault(status=503)
    with pytest.raises(DownloadError) as raised:
        _fetch(server, tmp_path, name="/a.zip?serviceKey=SECRET")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "SECRET" not in str(raised.value) and b"SECRET" not in kept


def test_a_full_disk_is_said_before(server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(DownloadError, match=r"0 MB are to come and 0 MB are free; free some space"):
        _fetch(server, tmp_path)


def test_a_disk_that_fills_up(server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "_receive", full)
    with pytest.raises(DownloadError, match=r"cannot write .*: No space left on device; free some space"):
        _fetch(server, tmp_path)


def test_a_place_that_is_no_folder(server: FaultyServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DownloadError, match="cannot write"):
        _fetch(server, tmp_path / "file")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty file"),
        (b" <!DOCTYPE html><html>login</html>", "web page"),
        (b"<!-- x --><HTML>", "web page"),
        (b"a,b\n1,2\n", "no zip"),
        (b"PK\3\4 damaged", "zip is damaged"),
    ],
)
def test_what_is_not_what_was_asked_for(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(DownloadError, match=told):
        check_file(path, is_zip=True)


def test_every_damaged_byte_of_a_zip_is_found(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", DATA[:700].hex())
    whole = packed.getvalue()
    start = whole.index(b"a.csv") + 5
    end = whole.index(b"PK\1\2")
    path = tmp_path / "a.zip"
    for place in range(start, end):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(DownloadError, match="zip"):
            check_file(path, is_zip=True)
    path.write_bytes(whole)
    check_file(path, is_zip=True)
