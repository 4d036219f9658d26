"""A row a pill: several pills of one photo, several photos of one pill, and what is said of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from pretend import answer, inline

from pipeline.batch import BatchSettings, Choice, Summary, Told, open_list, open_photos, run_batch
from pipeline.batch.rows import Row
from pipeline.cli.group import cli
from pipeline.errors import InputError, PhotoSetError
from pipeline.load import sources_of
from pipeline.records import Decision, Identification, Photo
from pipeline.review import content_key, row_key

SAMPLES = Path(__file__).parents[1] / "samples"


@dataclass
class Counting:
    """Sees as many pills in a photo as the first letter of its name says; keeps what it is asked."""

    asked: list[list[str]] = field(default_factory=list)

    def identify(self, photos: object, **told: object) -> Identification:
        names = [Path(str(getattr(each, "name", each))).name for each in sources_of(photos)]  # type: ignore[arg-type]
        self.asked.append(names)
        return answer()

    def identify_each(self, photo: Path, **told: object) -> Sequence[Identification]:
        self.asked.append([photo.name])
        decisions = [Decision.IDENTIFIED, Decision.UNKNOWN, Decision.AMBIGUOUS]
        return [answer(decisions[place]) for place in range(int(photo.name[0]))] or [answer(Decision.NO_PILL)]


@dataclass
class Kept:
    """A report that keeps what it is given."""

    rows: list[tuple[Row, str | None]] = field(default_factory=list)
    key: str = "kept"
    rows_max: int = 100

    def view(self, photos: Sequence[Photo], answers: Sequence[Identification]) -> list[str]:
        return [each.decision.value for each in answers]

    def write(self, rows: object, out: Path) -> Path:
        self.rows = list(rows)  # type: ignore[call-overload]
        return out / "kept"


@dataclass
class Place:
    base: Path
    analyst: Counting = field(default_factory=Counting)
    report: Kept = field(default_factory=Kept)

    def write(self, **names: str) -> None:
        for name, data in names.items():
            file = self.base / "photos" / name.replace("__", "/").replace("_jpg", ".jpg")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(data)

    def run(self, **choice: object) -> Summary:
        self.analyst.asked.clear()
        photos = open_photos(self.base / "photos", Choice(**choice))  # type: ignore[arg-type]
        how = BatchSettings(shard_size=2)
        return run_batch(photos, self.base / "out", self.analyst, {}, how, execute=inline, report=self.report)

    @property
    def rows(self) -> list[Row]:
        return [json.loads(line) for line in (self.base / "out/results.jsonl").read_text().splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# ------------------------------------------------------------------------------------------------ a row for each pill


def test_each_pill_of_a_photo_has_a_row_and_a_view(place: Place) -> None:
    place.write(**{"3a_jpg": "a", "0b_jpg": "b", "1c_jpg": "c", "3d_jpg": "a"})
    summary = place.run(each=True)
    told = [(row["photo"], row["pill"], row["pills"], row["decision"]) for row in place.rows]
    three = [(1, 3, "IDENTIFIED"), (2, 3, "UNKNOWN"), (3, 3, "AMBIGUOUS")]
    assert told == [
        ("0b.jpg", 1, 1, "NO_PILL"),
        ("1c.jpg", 1, 1, "IDENTIFIED"),
        *(("3a.jpg", *pill) for pill in three),
        *(("3d.jpg", *pill) for pill in three),
    ]
    assert (summary.photos, summary.rows, summary.same_as) == (4, 8, 1)
    assert [row.get("same_as") for row in place.rows][-3:] == ["3a.jpg"] * 3
    assert [view for _, view in place.report.rows] == [row["decision"] for row in place.rows]
    assert [row["drug"] for row in place.rows if row["decision"] != "IDENTIFIED"] == [None] * 5
    assert len({row_key(row) for row in place.rows}) == 8
    assert place.run(each=True).photos_this_run == 0
    with pytest.raises(PhotoSetError, match="each: then yes, now None"):
        place.run()


def test_a_row_has_the_boxes_of_its_pill(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name in ("three_024.jpg", "024_front_paper.jpg", "empty_wood.jpg"):
        (tmp_path / "photos" / name).write_bytes((SAMPLES / name).read_bytes())
    out = tmp_path / "out"
    command = ["batch", str(tmp_path / "photos"), "--out", str(out), "--each", "--reader", "none", "--workers", "1"]
    ended = CliRunner().invoke(cli, [*command, "--no-report"])
    assert ended.exit_code == 0, ended.output
    rows = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    empty = rows.pop(1)
    assert (empty["photo"], empty["decision"], empty["pills"], empty["boxes"]) == ("empty_wood.jpg", "NO_PILL", 1, [])
    assert len(rows) > 2 and [row["pill"] for row in rows] == [1, *range(1, rows[-1]["pills"] + 1)]
    assert len({str(row["boxes"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["boxes"] and row["pill"] <= row["pills"]
        for box in row["boxes"]:
            assert 0 <= box["top"] < box["bottom"] and 0 <= box["left"] < box["right"]
            assert box["photo"] == 0 and 0 < box["confidence"] <= 1
    with (out / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        boxes = [cells["boxes"] for cells in csv.DictReader(file)]
    assert all(text.startswith("0: ") for text in boxes if text) and boxes.count("") == 1


# ------------------------------------------------------------------------------------------- several photos of a pill


def test_photos_whose_names_differ_at_the_face_alone_are_one_pill(place: Place) -> None:
    place.write(
        a_front_jpg="1",
        a_back_jpg="2",
        b_front_jpg="3",
        d__a_front_jpg="4",
        other_jpg="5",
        c_front_jpg="6",
        c_back_jpg="7",
    )
    summary = place.run(pairs="{pill}_{face}.jpg")
    pairs = [["a_back.jpg", "a_front.jpg"], ["b_front.jpg"], ["c_back.jpg", "c_front.jpg"]]
    assert place.analyst.asked == [*pairs, ["a_front.jpg"], ["other.jpg"]]
    assert [row["photo"] for row in place.rows] == [
        *("a_back.jpg", "b_front.jpg", "c_back.jpg", "d/a_front.jpg", "other.jpg"),
    ]
    first = place.rows[0]
    assert [part["photo"] for part in first["further"]] == ["a_front.jpg"]
    assert (first["size_bytes"], first["further"][0]["size_bytes"]) == (1, 1)
    assert first["further"][0]["sha256"] and first["further"][0]["mtime_ns"]
    assert (summary.photos, summary.rows, summary.unpaired) == (7, 5, 3)
    assert place.run(pairs="{pill}_{face}.jpg").photos_this_run == 0


def test_a_pair_is_done_again_when_either_photo_changes_or_leaves(place: Place) -> None:
    place.write(a_1_jpg="1", a_2_jpg="2", b_1_jpg="3")
    place.run(pairs="{pill}_{face}.jpg")
    before = content_key(place.rows[0])
    place.write(a_2_jpg="changed")
    assert (place.run(pairs="{pill}_{face}.jpg").photos_this_run, place.analyst.asked) == (1, [["a_1.jpg", "a_2.jpg"]])
    assert content_key(place.rows[0]) != before, "what a person said of the pair is about other photos"
    place.write(b_2_jpg="4")
    place.run(pairs="{pill}_{face}.jpg")
    assert place.analyst.asked == [["b_1.jpg", "b_2.jpg"]]
    (place.base / "photos/a_1.jpg").unlink()
    summary = place.run(pairs="{pill}_{face}.jpg")
    assert (place.analyst.asked, summary.gone) == ([["a_2.jpg"]], 1)
    assert [row["photo"] for row in place.rows] == ["b_1.jpg", "a_2.jpg"], "a photo found later comes after"


def test_a_pattern_with_a_slash_is_of_the_path(place: Place) -> None:
    place.write(p1__front_jpg="1", p1__back_jpg="2", p2__front_jpg="3")
    place.run(pairs="{pill}/{face}.*")
    assert place.analyst.asked == [["back.jpg", "front.jpg"], ["front.jpg"]]


def test_a_pattern_that_fits_too_much_is_an_error_of_each_photo(place: Place) -> None:
    place.write(**{f"img{number}_jpg": str(number) for number in range(6)})
    place.write(solo_jpg="x")
    summary = place.run(pairs="{pill}{face}.jpg")
    assert (summary.photos, summary.error_kinds) == (7, {"InputError": 6})
    assert all("more than 4 photos are said to show one pill" in row["error"] for row in place.rows if row["error"])


def test_a_pattern_that_fits_nothing_is_seen(place: Place) -> None:
    place.write(a_front_jpg="1", a_back_jpg="2", b_front_jpg="3")
    assert place.run(pairs="{pill}-{face}.jpg").unpaired == 3
    command = ["batch", str(place.base / "photos"), "--out", str(place.base / "told"), "--pairs", "{pill}-{face}.jpg"]
    ended = CliRunner().invoke(cli, [*command, "--no-report", "--workers", "1"])
    assert "unpaired     3 (--pairs joins them with no other photo)" in ended.output, ended.output


def test_a_column_joins_photos_of_one_pill(place: Place) -> None:
    place.write(a_jpg="1", b_jpg="2", c_jpg="3", d_jpg="4")
    table = place.base / "photos/list.csv"
    table.write_text("path,pair,ward\na.jpg,x,1\nb.jpg,,2\nc.jpg,x,3\nd.jpg,y,4\n")
    run_batch(open_list(table), place.base / "out", place.analyst, {}, execute=inline)
    assert place.analyst.asked == [["a.jpg", "c.jpg"], ["b.jpg"], ["d.jpg"]]
    assert [row["ward"] for row in place.rows] == ["1", "2", "4"]
    table.write_text("path,pair,mm_per_px\na.jpg,x,0.1\nc.jpg,x,0.2\n")
    summary = run_batch(open_list(table), place.base / "out", place.analyst, {}, execute=inline)
    assert (summary.errors, summary.gone) == (2, 2)
    assert "said to have different scales or coins" in place.rows[0]["error"]
    with pytest.raises(InputError, match="--each looks at each photo alone"):
        open_list(table, choice=Choice(each=True))


# ------------------------------------------------------------------------------------------ what is taken and is said


def test_only_what_is_included_and_not_excluded_is_taken(place: Place) -> None:
    place.write(a_jpg="1", b_jpg="2", old__a_jpg="3", old__c_jpg="4")
    summary = place.run(include=("a.*", "old/*"), exclude=("old/c*",))
    assert [row["photo"] for row in place.rows] == ["a.jpg", "old/a.jpg"]
    assert summary.passed_over == {"left out by --include or --exclude": 2}
    with pytest.raises(PhotoSetError, match="include: then a"):
        place.run()


def test_what_is_said_of_all_photos_is_handed_over_and_part_of_the_fingerprint(place: Place) -> None:
    place.write(a_jpg="1")
    place.run(told=Told(0.05, "us-cent"))
    assert (place.rows[0]["mm_per_px"], place.rows[0]["coin"]) == (0.05, "us-cent")
    with pytest.raises(PhotoSetError, match=r"coin: then us-cent, now None; mm per px: then 0\.05"):
        place.run()


def test_a_choice_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    for choice in ({"pairs": "{pill}.jpg"}, {"pairs": "{pill}{face}{face}"}, {"told": Told(mm_per_px=-1.0)}):
        with pytest.raises(InputError):
            Choice(**choice)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="give one of them"):
        Choice(pairs="{pill}_{face}", each=True)
    ended = CliRunner().invoke(cli, ["batch", str(tmp_path), "--out", str(tmp_path / "o"), "--pairs", "x"])
    assert ended.exit_code == 2 and not (tmp_path / "o").exists()
