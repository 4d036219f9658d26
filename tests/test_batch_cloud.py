"""Photos in a bucket: moto's server speaks S3 to the same client that a real one is spoken to with."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image
from pretend import Pretender, inline

from pipeline.batch import BatchSettings, Choice, Summary, open_lines, open_photos, run_batch
from pipeline.batch.engines import run_local
from pipeline.batch.kinds import NO_PHOTO, SIDE_FOLDER
from pipeline.batch.rows import Row
from pipeline.batch.sources import archives, cloud
from pipeline.batch.sources.cloud import CloudStore, is_address
from pipeline.batch.sources.members import NESTED
from pipeline.cli.group import cli
from pipeline.errors import EngineMissingError, InputError, PhotoError, PhotoSetError, UnreachableError

pytest.importorskip("s3fs", reason="needs the extra `cloud`")
boto3 = pytest.importorskip("boto3", reason="needs the extra `cloud`")
moto = pytest.importorskip("moto.server", reason="needs the extra `cloud`")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ONE = BatchSettings(workers=1, shard_size=3, timeout_seconds=60)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a local S3."""
    started = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket, and the keys to it, as a user has them: in the environment."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
    }.items():
        monkeypatch.setenv(name, value)
    made = boto3.resource("s3", endpoint_url=server).Bucket("pills")
    made.create()
    yield made
    made.objects.all().delete()
    made.delete()


def put(bucket: Any, *names: str) -> None:
    for name in names:
        bucket.put_object(Key=name, Body=name.encode())


def run(place: Path, log: Path | None = None, address: str = "s3://pills/ward") -> tuple[Summary, dict[str, Row]]:
    photos = open_photos(address)
    summary = run_batch(photos, place / "out", Pretender(log), {}, ONE, execute=inline)
    lines = (place / "out/results.jsonl").read_text().splitlines()
    return summary, {row["photo"]: row for row in map(json.loads, lines)}


def test_what_is_an_address() -> None:
    assert is_address("s3://b/p") and is_address("gs://b") and is_address("simplecache::s3://b") is False
    assert not any(map(is_address, ("/a/b", "a.jpg", "C:/x", "-", "s3:/b")))


def test_the_photos_below_an_address_have_rows(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "ward/b.jpg", "ward/a/c d.jpg", "ward/bad.jpg", "other/x.jpg", "ward/é=1+1.jpg")
    put(bucket, "ward/notes.txt", "ward/@eaDir/b.jpg", "ward/", "ward/empty/")
    bucket.put_object(Key="ward/nameless", Body=b"\xff\xd8\xff and so on")
    bucket.put_object(Key="ward/none", Body=b"")
    summary, rows = run(tmp_path)
    assert list(rows) == ["a/c d.jpg", "b.jpg", "bad.jpg", "nameless", "é=1+1.jpg"]
    assert (summary.photos, summary.errors) == (5, 1)
    assert summary.passed_over == {NO_PHOTO: 2, SIDE_FOLDER: 1}
    row = rows["b.jpg"]
    assert row["etag"] == bucket.Object("ward/b.jpg").e_tag.strip('"') and row["size_bytes"] == len("ward/b.jpg")
    assert json.loads((tmp_path / "out/batch.json").read_text())["folder"] == "s3://pills/ward"


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def taped(members: dict[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def test_the_photos_of_archives_in_a_bucket_have_rows(bucket: Any, tmp_path: Path) -> None:
    large = os.urandom(3 * cloud._BLOCK_BYTES)
    members = {"in/x.jpg": large, "bad.jpg": b"", "notes.txt": b"", "__MACOSX/x.jpg": b"", "more.zip": b"PK"}
    bucket.put_object(Key="ward/b.zip", Body=zipped(members))
    bucket.put_object(Key="ward/deep/c.tar", Body=taped({"./y.jpg": b"3", "z.jpg": large[1:]}))
    bucket.put_object(Key="ward/d.tgz", Body=taped({"y.jpg": b"5", "../out.jpg": b"6"}, "w:gz"))
    bucket.put_object(Key="ward/e.tar.bz2", Body=taped({"y.jpg": b"7"}, "w:bz2"))
    put(bucket, "ward/a.jpg", "ward/broken.zip", "ward/f.zip/g.jpg")
    summary, rows = run(tmp_path)
    found = ["a.jpg", "b.zip/bad.jpg", "b.zip/in/x.jpg", "broken.zip/", "d.tgz/../out.jpg", "d.tgz/y.jpg"]
    assert sorted(rows) == [*found, "deep/c.tar/y.jpg", "deep/c.tar/z.jpg", "e.tar.bz2/y.jpg", "f.zip/g.jpg"]
    assert summary.passed_over == {NO_PHOTO: 1, SIDE_FOLDER: 1, NESTED: 1}
    assert [name for name, row in rows.items() if row["error"]] == [found[1], found[3], found[4]]
    assert "broken.zip/: cannot be opened as an archive" in str(rows["broken.zip/"]["error"])
    row = rows["b.zip/in/x.jpg"]
    assert (row["size_bytes"], row["sha256"]) == (len(large), hashlib.sha256(large).hexdigest())
    assert row["etag"] == bucket.Object("ward/b.zip").e_tag.strip('"')
    assert run(tmp_path)[0].photos_this_run == 0


def test_an_archive_that_was_replaced_has_its_new_photos_done_and_the_others_not(bucket: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    bucket.put_object(Key="ward/a.zip", Body=zipped({"x.jpg": b"1", "y.jpg": b"2", "z.jpg": b"3"}))
    bucket.put_object(Key="ward/cut.zip", Body=zipped({"x.jpg": b"4"})[:-9])
    assert "cut.zip/" in run(tmp_path, log)[1]
    log.write_text("")
    bucket.put_object(Key="ward/a.zip", Body=zipped({"x.jpg": b"1", "y.jpg": b"two"}))
    bucket.put_object(Key="ward/cut.zip", Body=zipped({"x.jpg": b"4"}))
    summary, rows = run(tmp_path, log)
    assert sorted(log.read_text().split()) == ["a.zip/y.jpg", "cut.zip/x.jpg"]
    assert (sorted(rows), summary.gone) == (["a.zip/x.jpg", "a.zip/y.jpg", "cut.zip/x.jpg"], 1)


def test_an_archive_in_a_bucket_may_be_named_itself_or_its_photos_in_a_list(bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="ward/a.zip", Body=zipped({"x.jpg": b"1", "y.jpg": b"2"}))
    put(bucket, "ward/b.jpg")
    assert list(run(tmp_path, address="s3://pills/ward/a.zip")[1]) == ["a.zip/x.jpg", "a.zip/y.jpg"]
    photos = open_lines(
        io.BytesIO(b"s3://pills/ward/a.zip/y.jpg\ns3://pills/ward/a.zip/none.jpg\n"), tmp_path, Choice()
    )
    summary = run_batch(photos, tmp_path / "listed", Pretender(), {}, ONE, execute=run_local)
    assert (summary.photos, summary.error_kinds) == (2, {"PhotoError": 1})


def test_a_store_that_does_not_answer_is_no_damage_of_an_archive(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_object(Key="ward/a.zip", Body=zipped({"x.jpg": b"1"}))
    store = CloudStore("s3://pills/ward")
    known = store.state("a.zip/x.jpg")

    def fails(*_: object, **__: object) -> bytes:
        raise ConnectionError("reset by peer")

    with monkeypatch.context() as patched:
        patched.setattr("s3fs.core._fetch_range", fails)
        patched.setattr("s3fs.core._inner_fetch", fails)
        with pytest.raises(UnreachableError, match=r"a.zip: cannot be fetched \(ConnectionError: reset by peer\)"):
            CloudStore("s3://pills/ward").given("a.zip/x.jpg")
        with pytest.raises(UnreachableError):
            run(tmp_path)
        now = CloudStore("s3://pills/ward").state("a.zip/x.jpg")
        assert now is not None and now != known, "not gone, and to be looked at"
    assert run(tmp_path)[0].errors == 0


def test_of_a_photo_in_an_archive_no_more_is_read_than_of_any(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_object(Key="ward/a.zip", Body=zipped({"x.jpg": bytes(300)}))
    store = CloudStore("s3://pills/ward")
    for module in (cloud, archives):
        monkeypatch.setattr(module, "BYTES_MAX", 200)
    given = store.given("a.zip/x.jpg").source
    assert (store.digest("a.zip/x.jpg"), given.read() if isinstance(given, io.BytesIO) else b"") == (None, bytes(201))


def test_an_archive_that_may_not_be_read_is_an_error_row(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_object(Key="ward/a.zip", Body=zipped({"x.jpg": b"1"}))
    put(bucket, "ward/b.jpg")

    def refuses(*_: object, **__: object) -> Any:
        raise PermissionError("Access Denied")

    monkeypatch.setattr("s3fs.S3FileSystem.open", refuses)
    _, rows = run(tmp_path)
    assert list(rows) == ["a.zip/", "b.jpg"]
    assert "a.zip/: cannot be opened (PermissionError: Access Denied)" in str(rows["a.zip/"]["error"])


def test_an_object_that_was_replaced_or_deleted_is_noticed_by_its_tag(bucket: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    put(bucket, "ward/a.jpg", "ward/b.jpg", "ward/c.jpg")
    run(tmp_path, log)
    log.write_text("")
    assert run(tmp_path, log)[0].photos_this_run == 0
    bucket.put_object(Key="ward/b.jpg", Body=b"WARD/B.JPG")  # as many bytes
    bucket.Object("ward/a.jpg").delete()
    bucket.put_object(Key="ward/d.jpg", Body=b"ward/c.jpg")
    put(bucket, "ward/c.jpg")  # the same bytes once more: another time, the same tag
    summary, rows = run(tmp_path, log)
    assert (log.read_text().split(), summary.gone, list(rows)) == (["b.jpg"], 1, ["b.jpg", "c.jpg", "d.jpg"])
    assert rows["d.jpg"]["same_as"] == "c.jpg"


def test_the_same_bytes_are_read_once(bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="ward/a.jpg", Body=b"x" * 10_000)
    bucket.put_object(Key="ward/b.jpg", Body=b"x" * 10_000)
    bucket.put_object(Key="ward/c.jpg", Body=b"x" * 5_000 + b"y" * 5_000)
    summary, rows = run(tmp_path, tmp_path / "log")
    assert (summary.same_as, rows["b.jpg"]["same_as"], rows["c.jpg"]["same_as"]) == (1, "a.jpg", None)


def test_workers_fetch_what_they_read_themselves(bucket: Any, tmp_path: Path) -> None:
    put(bucket, *(f"ward/{number}.jpg" for number in range(6)))
    summary = run_batch(open_photos("s3://pills/ward"), tmp_path / "out", Pretender(), {}, ONE, execute=run_local)
    assert (summary.photos, summary.errors) == (6, 0)


def test_a_list_may_name_objects_beside_files(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "ward/a.jpg")
    (tmp_path / "b.jpg").write_bytes(b"b")
    lines = io.BytesIO(b"b.jpg\ns3://pills/ward/a.jpg\ns3://pills/ward/none.jpg\n")
    photos = open_lines(lines, tmp_path, Choice())
    summary = run_batch(photos, tmp_path / "out", Pretender(), {}, ONE, execute=inline)
    lines_out = (tmp_path / "out/results.jsonl").read_text().splitlines()
    rows = {row["photo"]: row for row in map(json.loads, lines_out)}
    assert (summary.photos, summary.errors) == (3, 1)
    assert "there is no such object" in str(rows["s3://pills/ward/none.jpg"]["error"])


def test_what_cannot_be_listed_ends_the_batch_with_its_reason(bucket: Any, tmp_path: Path) -> None:
    with pytest.raises(PhotoSetError, match=r"s3://no-such-bucket/x: cannot be listed \(.*; see that the address"):
        run(tmp_path, address="s3://no-such-bucket/x")
    put(bucket, "ward/a.jpg")
    with pytest.raises(PhotoSetError, match=r"s3://pills/ward/a.jpg: is one object and no folder"):
        run(tmp_path / "one", address="s3://pills/ward/a.jpg")
    with pytest.raises(InputError, match="fsspec knows no nonsense://"):
        open_photos("nonsense://x")


def test_a_store_that_does_not_answer_is_told_and_tried_again(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "ward/a.jpg", "ward/b.jpg")
    store = CloudStore("s3://pills/ward")

    def fails(*_: object, **__: object) -> bytes:
        raise ConnectionError("reset by peer")

    with monkeypatch.context() as patched:
        patched.setattr(store._files, "cat_file", fails)
        with pytest.raises(UnreachableError, match=r"a.jpg: cannot be fetched \(ConnectionError: reset by peer\)"):
            store.given("a.jpg")
        assert (store.sample("a.jpg", 5), store.digest("a.jpg")) == (None, None)
    read, calls = CloudStore._read, list[str]()

    def fails_once(self: CloudStore, path: str) -> bytes:
        calls.append(path)
        if len(calls) == 1:
            raise UnreachableError(f"{path}: cannot be fetched")
        return read(self, path)

    monkeypatch.setattr(CloudStore, "_read", fails_once)
    summary, rows = run(tmp_path)
    assert (summary.errors, rows["a.jpg"]["tries"], rows["b.jpg"]["tries"]) == (0, 2, 1)
    monkeypatch.setattr(cloud, "BYTES_MAX", 3)
    monkeypatch.setattr(CloudStore, "_read", read)
    with pytest.raises(PhotoError, match=r"a.jpg: .*is above the limit"):
        store.given("a.jpg")


def test_without_fsspec_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(EngineMissingError, match=r"s3://b/p: needs fsspec; .*pip install s3fs"):
        open_photos("s3://b/p")


def test_the_command_takes_an_address(bucket: Any, tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (200, 160), "white").save(picture, "JPEG")
    bucket.put_object(Key="ward/a.jpg", Body=picture.getvalue())
    out = tmp_path / "out"
    command = ["batch", "s3://pills/ward", "--out", str(out), "--reader", "none", "--workers", "1"]
    ended = CliRunner().invoke(cli, command)
    assert (ended.exit_code, json.loads((out / "results.jsonl").read_text())["decision"]) == (0, "NO_PILL")
    assert "Pills in s3://pills/ward" in (out / "report.html").read_text()
    assert os.listdir(tmp_path) == ["out"]
