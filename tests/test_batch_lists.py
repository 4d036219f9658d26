"""Lists of photos: paths on standard input, or a table with what is said of each photo and columns of one's own."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from pretend import answer, inline

from pipeline.batch import BatchSettings, Choice, Photos, Summary, Told, open_lines, open_list, open_photos, run_batch
from pipeline.batch.names import order
from pipeline.batch.rows import Row
from pipeline.batch.sources.index import PHOTOS_A_PILL_MAX, Index, Listed
from pipeline.batch.sources.lists import read_paths
from pipeline.cli.group import cli
from pipeline.errors import InputError, PhotoError
from pipeline.load import sources_of
from pipeline.records import Identification


@dataclass
class Asked:
    """An analyst that keeps what it is asked."""

    calls: list[tuple[list[str], dict[str, object]]] = field(default_factory=list)

    def identify(self, photos: object, **told: object) -> Identification:
        given = sources_of(photos)  # type: ignore[arg-type]
        self.calls.append(([Path(str(getattr(each, "name", each))).name for each in given], told))
        if any(isinstance(each, Path) and not each.exists() for each in given):
            raise PhotoError(f"{given[0]}: there is no such file; check the name")
        return answer()

    def identify_each(self, photo: object, **told: object) -> list[Identification]:
        return [self.identify(photo, **told)]


@dataclass
class Place:
    base: Path
    asked: Asked = field(default_factory=Asked)

    def write(self, *names: str) -> None:
        for name in names:
            (self.base / name).parent.mkdir(parents=True, exist_ok=True)
            (self.base / name).write_bytes(os.fsencode(name))

    def table(self, *lines: str, encoding: str = "utf-8") -> Path:
        file = self.base / "photos.csv"
        file.write_text("\n".join(lines) + "\n", encoding)
        return file

    def run(self, photos: Photos) -> Summary:
        self.asked.calls.clear()
        return run_batch(photos, self.base / "out", self.asked, {}, BatchSettings(shard_size=2), execute=inline)

    @property
    def rows(self) -> dict[str, Row]:
        lines = (self.base / "out/results.jsonl").read_text().splitlines()
        return {row["photo"]: row for row in map(json.loads, lines)}

    @property
    def cells(self) -> list[dict[str, str]]:
        with (self.base / "out/results.csv").open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# ------------------------------------------------------------------------------------------------------- standard input


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_table_is_read_as_spreadsheets_save_it(place: Place, encoding: str) -> None:
    place.write("약.jpg")
    file = place.table("path\tpatient", "약.jpg\tMüller", encoding=encoding)
    assert place.run(open_list(file)).errors == 0
    assert [row["patient"] for row in place.cells] == ["Müller"]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (b"b.jpg\na.jpg\n", ["b.jpg", "a.jpg"]),
        (b"a.jpg\r\n\r\nb c.jpg", ["a.jpg", "b c.jpg"]),
        (b"a\nb.jpg\0c.jpg\0", ["a\nb.jpg", "c.jpg"]),
        (b"\xff.jpg\n", ["\udcff.jpg"]),
        (b"", []),
    ],
)
def test_paths_come_one_a_line_or_with_a_zero_byte_after_each(text: bytes, paths: list[str]) -> None:
    assert [each.path for each in read_paths(io.BytesIO(text))] == paths


def test_what_is_no_list_of_paths_is_refused() -> None:
    with pytest.raises(InputError, match="standard input: has a line that is no path"):
        list(read_paths(io.BytesIO(b"x" * (3 << 20))))


def test_a_list_of_paths_is_done_each_once_and_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.base)
    place.write("a.jpg", "d/b.jpg", "unlisted.jpg")
    with zipfile.ZipFile("c.zip", "w") as archive:
        archive.writestr("in.jpg", b"in")
    whole = str(place.base / "a.jpg")
    lines = f"d/b.jpg\na.jpg\nc.zip/in.jpg\na.jpg\n{whole}\nnone.jpg\n".encode()
    summary = place.run(open_lines(io.BytesIO(lines)))
    assert list(place.rows) == [whole, "a.jpg", "c.zip/in.jpg", "d/b.jpg", "none.jpg"]
    assert (summary.photos, summary.errors, summary.passed_over) == (5, 1, {"listed before": 1})
    assert "no such file" in str(place.rows["none.jpg"]["error"])
    assert place.rows["a.jpg"]["same_as"] == whole
    place.write("none.jpg")
    summary = place.run(open_lines(io.BytesIO(b"a.jpg\nnone.jpg\n")))
    assert (list(place.rows), summary.photos_this_run, summary.gone) == (["a.jpg", "none.jpg"], 1, 3)
    (place.base / "none.jpg").unlink()
    assert place.run(open_lines(io.BytesIO(b"a.jpg\nnone.jpg\n"))).errors == 1


def test_the_command_takes_a_list_on_standard_input(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.base)
    place.write("a.jpg")
    command = ["batch", "-", "--out", "out", "--reader", "none", "--workers", "1"]
    ended = CliRunner().invoke(cli, command, input=b"a.jpg\n")
    assert (ended.exit_code, list(place.rows)) == (0, ["a.jpg"])
    assert "Pills in standard input" in (place.base / "out/report.html").read_text()
    assert CliRunner().invoke(cli, ["batch", "--out", "out"]).exit_code == 2


# --------------------------------------------------------------------------------------------------------------- tables


def test_columns_of_ones_own_are_carried_into_every_row(place: Place) -> None:
    place.write("d/b.jpg", "a.jpg")
    file = place.table("ward;path;drug;=x", "3 west;d/b.jpg;=1+1;é", "4;a.jpg;;", ";;;", encoding="utf-8-sig")
    assert place.run(open_list(file)).photos == 2
    own = {"ward": "3 west", "list_drug": "=1+1", "=x": "é"}
    assert {name: place.rows["d/b.jpg"][name] for name in own} == own
    assert place.rows["d/b.jpg"]["drug"] == "baclofen"
    assert place.cells[1] | {"ward": "3 west", "list_drug": "'=1+1", "'=x": "é"} == place.cells[1]
    assert list(place.cells[0])[-3:] == ["ward", "list_drug", "'=x"]
    place.table("ward,path", "5,d/b.jpg", "5,a.jpg")
    assert place.run(open_list(file)).photos_this_run == 0, "a column of one's own changes no answer"
    assert [row["ward"] for row in place.rows.values()] == ["5", "5"]


def test_what_a_line_says_of_its_photo_is_handed_over_and_a_change_does_it_again(place: Place) -> None:
    place.write("a.jpg", "b.jpg", "c.jpg")
    for name in ("b.jpg", "c.jpg"):
        (place.base / name).write_bytes(b"same")
    file = place.table("photo,mm_per_px,coin", 'a.jpg,"0,05",', "b.jpg,,us-quarter", "c.jpg,,")
    place.run(open_list(file, choice=Choice(told=Told(mm_per_px=0.1))))
    assert place.asked.calls == [
        (["a.jpg"], {"mm_per_px": 0.05}),
        (["b.jpg"], {"mm_per_px": 0.1, "coin": "us-quarter"}),
        (["c.jpg"], {"mm_per_px": 0.1}),
    ], "the same bytes, of which other things are said, are another question"
    assert [(row["mm_per_px"], row.get("coin")) for row in place.rows.values()] == [
        (0.05, None),
        (0.1, "us-quarter"),
        (0.1, None),
    ]
    place.table("photo,mm_per_px,coin", "a.jpg,0.05,", "b.jpg,0.2,", "c.jpg,,")
    assert place.run(open_list(file, choice=Choice(told=Told(mm_per_px=0.1)))).photos_this_run == 1
    assert place.asked.calls == [(["b.jpg"], {"mm_per_px": 0.2})]


def test_a_line_that_makes_no_sense_is_an_error_row_of_its_photo(place: Place) -> None:
    place.write("a.jpg", "b.jpg", "c.jpg")
    file = place.table("path,mm_per_px,coin", "a.jpg,wide,", "b.jpg,,doubloon", ",1,", "c.jpg,,", "d\0.jpg,,")
    summary = place.run(open_list(file))
    told = {name: row["error"] for name, row in place.rows.items() if row["error"]}
    assert set(told) == {"a.jpg", "b.jpg", "line 4", "d\N{REPLACEMENT CHARACTER}.jpg"}
    assert "line 2 of" in told["a.jpg"] and "'wide' in its column mm_per_px is no number" in told["a.jpg"]
    assert "line 3 of" in told["b.jpg"] and "'doubloon' is no coin" in told["b.jpg"]
    assert "line 4 of" in told["line 4"] and "names no photo" in told["line 4"]
    assert (summary.photos, place.run(open_list(file)).photos_this_run) == (5, 0)
    place.table("path,mm_per_px", "a.jpg,0.05", "b.jpg,", "c.jpg,")
    assert place.run(open_list(file)).errors == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name,ward\na.jpg,3\n", "has no column named path or photo or file"),
        (b"", "has no column named path"),
        (b"path,path\na.jpg,b.jpg\n", "has two columns named path"),
        (b"path\n" + b'"' + b"x" * 200_000, "is no CSV that can be read"),
        (b"\x89PNG\r\n\x1a\n\0\0", "has no column named path"),
    ],
)
def test_a_table_that_is_none_is_refused(place: Place, content: bytes, told: str) -> None:
    (place.base / "x.csv").write_bytes(content)
    with pytest.raises(InputError, match=told):
        place.run(open_list(place.base / "x.csv"))


def test_a_table_that_is_not_there_is_told(place: Place) -> None:
    ended = CliRunner().invoke(cli, ["batch", "--list", str(place.base / "no.csv"), "--out", str(place.base / "out")])
    assert ended.exit_code == 2 and not (place.base / "out").exists()


def test_the_folder_of_the_paths_may_be_named(place: Place) -> None:
    place.write("lists/x.csv", "photos/a.jpg")
    (place.base / "lists/x.csv").write_text("path\na.jpg\n")
    assert place.run(open_list(place.base / "lists/x.csv", place.base / "photos")).errors == 0


# ------------------------------------------------------------------------------------------------------------ the index


def test_millions_of_lines_are_sorted_in_little_memory() -> None:
    def lines() -> Iterator[Listed]:
        for number in range(50_000):
            yield Listed(f"{number * 7919 % 50_000:06d}/{number}.jpg", state={"size_bytes": number})

    index = Index()
    index.fill(lines())
    paths = [path for path, again in index.paths() if not again]
    assert len(paths) == 50_000 and paths == sorted(paths, key=order)
    assert index.state("007919/1.jpg") == {"size_bytes": 1} and index.entry("none.jpg") is None
    index.close()


def test_more_photos_than_a_pill_may_have_are_an_error_of_each() -> None:
    index = Index()
    index.fill(Listed(f"{number}.jpg", pill="p") for number in range(PHOTOS_A_PILL_MAX + 1))
    entries = [index.entry(path) for path, _ in index.paths()]
    assert all(entry and "more than 4 photos are said to show one pill" in entry.wrong for entry in entries)
    assert len(entries) == PHOTOS_A_PILL_MAX + 1
    index.close()


def test_a_folder_named_with_a_byte_that_is_no_utf_8_is_listed(place: Place) -> None:
    os.mkdir(os.fsencode(place.base) + b"/\xff")
    place.write(os.fsdecode(b"\xff/a.jpg"))
    assert place.run(open_photos(os.path.join(place.base, os.fsdecode(b"\xff")))).photos == 1
