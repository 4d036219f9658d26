"""Photos in archives: each has a row, whatever else the archive holds; nothing is unpacked or led astray by it."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeVar

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend import Pretender, inline

from pipeline.batch import BatchSettings, Summary, open_photos, run_batch
from pipeline.batch.kinds import NO_PHOTO, SIDE_FOLDER
from pipeline.batch.rows import Row
from pipeline.batch.sources import archives, store
from pipeline.batch.sources.archives import Archive, file_archive, is_archive, parted
from pipeline.batch.sources.files import FileStore
from pipeline.batch.sources.members import DOUBLE, NESTED
from pipeline.errors import PhotoError, PhotoSetError
from pipeline.identifier import Identifier
from pipeline.load import display_name, load
from pipeline.load import sources as loading

SAMPLES = Path(__file__).parents[1] / "samples"
ONE = BatchSettings(workers=1, shard_size=3, timeout_seconds=30)


Closed = TypeVar("Closed", FileStore, Archive)


class Opened(Protocol):
    def __call__(self, what: Closed) -> Closed: ...


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Closes what it was given when the test has ended."""
    with ExitStack() as stack:

        def keep(what: Closed) -> Closed:
            stack.callback(what.close)
            return what

        yield keep


def packed(file: Path, members: dict[str, bytes], way: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(file, "w", way) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def taped(file: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file


def run(folder: Path, out: Path, log: Path | None = None) -> tuple[Summary, dict[str, Row]]:
    summary = run_batch(folder, out, Pretender(log), {}, ONE, execute=inline)
    lines = (out / "results.jsonl").read_text().splitlines()
    return summary, {row["photo"]: row for row in map(json.loads, lines)}


def errors(rows: dict[str, Row]) -> dict[str, str]:
    return {name: row["error"] for name, row in rows.items() if row["error"]}


def test_names_of_archives_and_members() -> None:
    assert all(map(is_archive, ("a.zip", "A.ZIP", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.b.zip")))
    assert not any(map(is_archive, ("zip", ".zip", "a.zip.jpg", "a.docx", "a.tar.xz", "a.gz")))
    assert list(parted("x/a.zip/b.tar/c.jpg")) == [("x/a.zip", "b.tar/c.jpg"), ("x/a.zip/b.tar", "c.jpg")]
    assert list(parted("a.jpg")) == []


def test_the_photos_of_all_archives_in_a_folder_have_rows(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    packed(folder / "b.zip", {"in/x.jpg": b"1", "notes.txt": b"", "__MACOSX/x.jpg": b"", "more.zip": b"PK"})
    packed(folder / "stored.zip", {"x.jpg": b"2"}, zipfile.ZIP_STORED)
    taped(folder / "c.tar", {"./y.jpg": b"3", "z/y.jpg": b"4"})
    taped(folder / "d.tar.gz", {"y.jpg": b"5"}, "w:gz")
    taped(folder / "e.tbz2", {"y.jpg": b"6"}, "w:bz2")
    (folder / "a.jpg").write_bytes(b"7")
    (folder / "f.zip").mkdir()
    (folder / "f.zip" / "g.jpg").write_bytes(b"8")
    summary, rows = run(folder, tmp_path / "out")
    names = ["a.jpg", "b.zip/in/x.jpg", "c.tar/y.jpg", "c.tar/z/y.jpg", "d.tar.gz/y.jpg", "e.tbz2/y.jpg"]
    assert list(rows) == [*names, "f.zip/g.jpg", "stored.zip/x.jpg"]
    assert (summary.photos, summary.errors) == (8, 0)
    assert summary.passed_over == {NO_PHOTO: 1, SIDE_FOLDER: 1, NESTED: 1}
    assert len({row["sha256"] for row in rows.values()}) == 8
    assert run(folder, tmp_path / "out")[0].photos_this_run == 0


def test_an_archive_may_be_named_itself(tmp_path: Path) -> None:
    file = packed(tmp_path / "photos.zip", {"b.jpg": b"1", "a.jpg": b"2"})
    (tmp_path / "other.jpg").write_bytes(b"3")
    _, rows = run(file, tmp_path / "out")
    assert list(rows) == ["photos.zip/a.jpg", "photos.zip/b.jpg"]
    with pytest.raises(PhotoSetError, match=r"other.jpg: is no folder and no archive"):
        open_photos(tmp_path / "other.jpg")
    with pytest.raises(PhotoSetError, match=r"none: there is no such folder or archive; check the name"):
        open_photos(tmp_path / "none")


def test_a_photo_in_an_archive_is_known_by_its_bytes(tmp_path: Path) -> None:
    folder, log = tmp_path / "photos", tmp_path / "log"
    folder.mkdir()
    file = packed(folder / "a.zip", {"a.jpg": b"same", "b.jpg": b"other"})
    (folder / "z.jpg").write_bytes(b"same")
    _, rows = run(folder, tmp_path / "out", log)
    assert rows["z.jpg"]["same_as"] == "a.zip/a.jpg"
    assert rows["a.zip/a.jpg"]["size_bytes"] == 4 and rows["a.zip/a.jpg"]["mtime_ns"] == file.stat().st_mtime_ns
    os.utime(file, ns=(1, 1))
    assert run(folder, tmp_path / "out", log)[0].photos_this_run == 0, "only touched"
    log.unlink()
    packed(file, {"a.jpg": b"same", "b.jpg": b"changed", "c.jpg": b"new"})
    _, rows = run(folder, tmp_path / "out", log)
    assert log.read_text().split() == ["a.zip/b.jpg", "a.zip/c.jpg"] and len(rows) == 4
    packed(file, {"a.jpg": b"same"})
    assert run(folder, tmp_path / "out", log)[0].gone == 2


def test_what_cannot_be_read_of_an_archive_has_an_error_row(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "noise.zip").write_bytes(bytes(range(256)) * 10)
    (folder / "empty.tar").touch()
    os.mkfifo(folder / "pipe.zip")
    whole = packed(tmp_path / "whole.zip", {"a.jpg": bytes(1000)}).read_bytes()
    (folder / "cut.zip").write_bytes(whole[: len(whole) // 2])
    whole = taped(tmp_path / "w.tar", {"a.jpg": b"1" * 600, "b.jpg": b"2" * 600, "c.jpg": b"3" * 600}).read_bytes()
    (folder / "cut.tar").write_bytes(whole[: 2 * 1536 + 900])
    (folder / "head.tar").write_bytes(whole[:1536] + b"\xff" * 512 + whole[2048:])
    taped(tmp_path / "w.tgz", {"a.jpg": os.urandom(200_000), "b.jpg": os.urandom(200_000)}, "w:gz")
    gz = (tmp_path / "w.tgz").read_bytes()
    (folder / "cut.tgz").write_bytes(gz[: len(gz) * 3 // 4])
    summary, rows = run(folder, tmp_path / "out")
    wrong = errors(rows)
    assert set(wrong) == {
        *("noise.zip/", "empty.tar/", "pipe.zip/", "cut.zip/", "cut.tar/", "head.tar/", "cut.tgz/"),
        *("cut.tar/c.jpg", "cut.tgz/b.jpg"),
    }
    assert {"cut.tar/a.jpg", "cut.tar/b.jpg", "head.tar/a.jpg", "cut.tgz/a.jpg"} <= set(rows)
    assert all(name in text and ";" in text for name, text in wrong.items())
    assert "pipe.zip/: is no regular file" in wrong["pipe.zip/"]
    again, _ = run(folder, tmp_path / "out")
    assert (again.photos, again.photos_this_run) == (summary.photos, 0)
    packed(folder / "noise.zip", {"a.jpg": b"mended"})
    summary, rows = run(folder, tmp_path / "out")
    assert "noise.zip/a.jpg" in rows and "noise.zip/" not in rows


def test_hostile_members_have_error_rows_and_lead_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    packed(folder / "a.zip", {"../secret.jpg": b"1", "/etc/x.jpg": b"2", "ok.jpg": b"3"})
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "a.zip", "a") as archive:
        archive.writestr(link, "../../secret.jpg")
    locked = bytearray(packed(tmp_path / "locked.zip", {"a.jpg": b"1"}).read_bytes())
    for start in (locked.index(b"PK\x03\x04") + 6, locked.index(b"PK\x01\x02") + 8):
        locked[start] |= 1  # the flag that says that it is encrypted
    (folder / "locked.zip").write_bytes(locked)
    wrong = bytearray(packed(tmp_path / "crc.zip", {"a.jpg": b"12345678"}, zipfile.ZIP_STORED).read_bytes())
    wrong[wrong.index(b"12345678")] = 0
    (folder / "crc.zip").write_bytes(wrong)
    packed(folder / "lzma.zip", {"a.jpg": b"1"}, zipfile.ZIP_LZMA)
    with tarfile.open(folder / "b.tar", "w") as tape:
        for name, kind, target in (
            ("sym.jpg", tarfile.SYMTYPE, "../../secret.jpg"),
            ("hard.jpg", tarfile.LNKTYPE, "ok.jpg"),
            ("fifo.jpg", tarfile.FIFOTYPE, ""),
            ("../up.jpg", tarfile.REGTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            tape.addfile(info)
    _, rows = run(folder, tmp_path / "out")
    told = {name: text.partition(": ")[2] for name, text in errors(rows).items()}
    assert {name: text.partition(";")[0] for name, text in told.items()} == {
        "a.zip/../secret.jpg": "has a name that leads out of its archive",
        "a.zip/etc/x.jpg": "has a name that leads out of its archive",
        "a.zip/link.jpg": "is a link in an archive, which is not followed",
        "b.tar/../up.jpg": "has a name that leads out of its archive",
        "b.tar/fifo.jpg": "is no regular file in its archive",
        "b.tar/hard.jpg": "is a link in an archive, which is not followed",
        "b.tar/sym.jpg": "is a link in an archive, which is not followed",
        "crc.zip/a.jpg": "cannot be read from its archive (Bad CRC-32 for file 'a.jpg')",
        "locked.zip/a.jpg": "is encrypted",
        "lzma.zip/a.jpg": "is packed in a way that is not taken",
    }
    assert set(rows) - set(told) == {"a.zip/ok.jpg"}
    assert {row["error_kind"] for row in rows.values()} == {None, "PhotoError"}


def test_of_two_members_of_one_name_the_last_counts(tmp_path: Path, opened: Opened) -> None:
    taped(tmp_path / "a.tar", {"x.jpg": b"old"})
    with tarfile.open(tmp_path / "a.tar", "a") as tape:
        info = tarfile.TarInfo("./x.jpg")
        info.size = 3
        tape.addfile(info, io.BytesIO(b"new"))
    told: dict[str, str] = {}
    files = opened(FileStore(str(tmp_path)))
    assert list(files.members("a.tar", told.__setitem__)) == ["a.tar/x.jpg"]
    assert told == {"a.tar/x.jpg": DOUBLE}
    assert files.given("a.tar/x.jpg").source.read() == b"new"  # type: ignore[union-attr]


def test_bombs_are_cut_off(tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (archives, store):
        monkeypatch.setattr(module, "BYTES_MAX", 10_000)
    monkeypatch.setattr(archives, "_UNPACKED_FREE_BYTES", 100_000)
    packed(tmp_path / "a.zip", {"a.jpg": bytes(10_000_000)})
    archive = opened(file_archive(str(tmp_path / "a.zip")))
    assert len(archive.read("a.jpg")) == 10_001, "one byte more than is taken"
    assert archive.sample("a.jpg") is None
    taped(tmp_path / "b.tgz", {"a.jpg": bytes(10_000_000)}, "w:gz")
    with pytest.raises(PhotoSetError, match="unpacks to more than"):
        file_archive(str(tmp_path / "b.tgz"))
    monkeypatch.setattr(archives, "_LIST_BYTES_MAX", 70_000)
    packed(tmp_path / "many.zip", {f"{number:0200d}.jpg": b"" for number in range(400)})
    with pytest.raises(PhotoSetError, match="its list is longer than that of any photos"):
        file_archive(str(tmp_path / "many.zip"))
    with tarfile.open(tmp_path / "pax.tar", "w", format=tarfile.PAX_FORMAT, pax_headers={"x": "y" * 80_000}) as tape:
        tape.addfile(tarfile.TarInfo("a.jpg"))
    with pytest.raises(PhotoSetError, match="its list is longer than that of any photos"):
        file_archive(str(tmp_path / "pax.tar"))
    monkeypatch.setattr(archives, "_MEMBERS_MAX", 5)
    file = taped(tmp_path / "c.tar", {f"{number}.jpg": b"" for number in range(7)})
    many = opened(file_archive(str(file)))
    assert (len(many.members), many.damaged.partition("; ")[0]) == (
        5,
        "is damaged, and photos may be missing (more than 5 files",
    )


def test_a_photo_that_leaves_its_archive_is_an_error(tmp_path: Path, opened: Opened) -> None:
    files = opened(FileStore(str(tmp_path)))
    packed(tmp_path / "a.zip", {"a.jpg": b"1", "b.jpg": b"2"})
    assert files.state("a.zip/a.jpg") and files.digest("a.zip/a.jpg")
    packed(tmp_path / "a.zip", {"b.jpg": b"2"})
    assert (files.state("a.zip/a.jpg"), files.digest("a.zip/a.jpg"), files.sample("a.zip/a.jpg", 1)) == (None,) * 3
    with pytest.raises(PhotoError, match=r"a.zip/a.jpg: is no longer in its archive"):
        files.given("a.zip/a.jpg")
    (tmp_path / "a.zip").unlink()
    with pytest.raises(PhotoError, match=r"a.zip/a.jpg"):
        files._members.read("a.zip", "a.jpg")


def test_a_photo_from_an_archive_is_answered_as_its_file_is(tmp_path: Path, opened: Opened) -> None:
    name = "024_both_gray.jpg"
    packed(tmp_path / "a.zip", {name: (SAMPLES / name).read_bytes()})
    identifier = Identifier(reader="none")
    source = opened(FileStore(str(tmp_path))).given(f"a.zip/{name}").source
    assert load(source).name == f"a.zip/{name}"
    inside, outside = identifier.identify(source), identifier.identify(SAMPLES / name)
    assert inside.candidates == outside.candidates and inside.decision is outside.decision
    assert loading.stream_name(source) == f"a.zip/{name}"


@hypothesis.settings(max_examples=150, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["a.zip", "a.tar", "a.tgz"]),
    cut=st.floats(0.02, 1.0),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=6),
)
def test_no_damage_of_an_archive_is_more_than_error_rows(
    tmp_path: Path, kind: str, cut: float, flips: list[tuple[float, int]]
) -> None:
    members = {"a.jpg": b"1" * 700, "deep/b.jpg": bytes(range(256)) * 4, "c.jpg": b""}
    file = tmp_path / kind
    packed(file, members) if kind == "a.zip" else taped(file, members, "w:gz" if kind == "a.tgz" else "w")
    data = bytearray(file.read_bytes()[: max(1, int(cut * file.stat().st_size))])
    for place, bits in flips:
        data[int(place * len(data))] ^= bits
    file.write_bytes(data)
    files = FileStore(str(tmp_path))
    for path in list(files.members(kind, lambda path, why: None)):
        if path == f"{kind}/":
            assert files.why_not_listed(path)
            continue
        assert files.state(path)
        files.sample(path, 100)
        told = why_not_given(files, path)
        assert not told or (told.startswith(display_name(path)) and ";" in told)
    files.close()


def why_not_given(files: FileStore, path: str) -> str:
    try:
        files.given(path)
    except PhotoError as error:
        return str(error)
    return ""
