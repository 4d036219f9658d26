"""Verdicts given in the page come into the results, with who and when, as long as the photo is the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from pretend import Pretender

from pipeline.batch import BatchSettings, read_verdicts, run_batch
from pipeline.errors import InputError
from pipeline.review import EXPORT, content_key, row_key

IDENTITY = {"catalog": "test"}
ONE = BatchSettings(workers=1)
ADA = {"verdict": "corrected", "drug": "baclofen", "strength": "20 mg", "imprint": "025", "by": "Ada"}


def folder_of(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


def results(out: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    return {row["photo"]: row for row in rows}


def exported(file: Path, *verdicts: dict[str, Any], delimiter: str = ",", encoding: str = "utf-8-sig") -> Path:
    with file.open("w", encoding=encoding, newline="") as stream:
        table = csv.DictWriter(stream, EXPORT, restval="", delimiter=delimiter)
        table.writeheader()
        table.writerows(verdicts)
    return file


def said(row: dict[str, Any], at: str = "2026-11-29T09:30:00.000Z", **others: str) -> dict[str, Any]:
    return {"key": row_key(row), "photo": row["photo"], "sha256": content_key(row), "at": at, **ADA, **others}


def test_a_verdict_is_merged_stays_and_goes_with_the_photo_it_is_about(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, "a.jpg", "b.jpg", "bad.jpg"), tmp_path / "out"
    run_batch(folder, out, Pretender(), IDENTITY, ONE)
    rows = results(out)
    other = {**rows["b.jpg"], "photo": "elsewhere.jpg"}
    file = exported(tmp_path / "v.csv", said(rows["a.jpg"]), said(rows["bad.jpg"], verdict="set aside"), said(other))
    summary = run_batch(folder, out, Pretender(), IDENTITY, ONE, verdicts=read_verdicts(file))
    assert (summary.verdicts, summary.verdicts_left, summary.photos_this_run) == (2, 1, 0)
    row = results(out)["a.jpg"]
    names = ("verdict", "verdict_drug", "verdict_strength", "verdict_imprint", "verdict_by", "verdict_at")
    assert [row[name] for name in names] == [
        *("corrected", "baclofen", "20 mg", "025", "Ada"),
        "2026-11-29T09:30:00+00:00",
    ]
    assert row["drug"] == "baclofen" and row["strength"] == "10 mg", "what was answered stays"
    assert results(out)["bad.jpg"]["verdict"] == "set aside" and results(out)["b.jpg"]["verdict"] is None
    with (out / "results.csv").open(newline="") as stream:
        assert [line["verdict_by"] for line in csv.DictReader(stream)] == ["Ada", "", "Ada"]
    (folder / "a.jpg").write_bytes(b"another pill")
    summary = run_batch(folder, out, Pretender(), IDENTITY, ONE)
    assert (summary.verdicts, summary.verdicts_left) == (1, 2)
    assert results(out)["a.jpg"]["verdict"] is None


def test_an_error_cannot_be_confirmed(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, "a.jpg", "bad.jpg"), tmp_path / "out"
    run_batch(folder, out, Pretender(), IDENTITY, ONE)
    file = exported(tmp_path / "v.csv", *(said(row, verdict="confirmed") for row in results(out).values()))
    summary = run_batch(folder, out, Pretender(), IDENTITY, ONE, verdicts=read_verdicts(file))
    assert (summary.verdicts, summary.verdicts_left) == (1, 1)
    assert [results(out)[name]["verdict"] for name in ("a.jpg", "bad.jpg")] == ["confirmed", None]


def test_of_two_verdicts_the_later_holds_in_whatever_order_they_are_merged(tmp_path: Path) -> None:
    folder, out = folder_of(tmp_path, "a.jpg"), tmp_path / "out"
    run_batch(folder, out, Pretender(), IDENTITY, ONE)
    row = results(out)["a.jpg"]
    later = read_verdicts(exported(tmp_path / "v.csv", said(row, "2026-11-29T11:00:00+02:00", by="Bo")))
    earlier = read_verdicts(exported(tmp_path / "w.csv", said(row, "2026-11-29T08:59:00Z")))
    for verdicts in (later, earlier):
        run_batch(folder, out, Pretender(), IDENTITY, ONE, verdicts=verdicts)
        assert results(out)["a.jpg"]["verdict_by"] == "Bo"


def test_what_a_spreadsheet_saved_is_read_and_defused_cells_are_what_they_were(tmp_path: Path) -> None:
    row = {"photo": "=1+1.jpg", "sha256": "1234567890123456" * 4}
    file = exported(tmp_path / "v.csv", said(row, note="'=cmd()", by="'+Ada"), delimiter=";", encoding="utf-8")
    (verdict,) = read_verdicts(file)
    assert (verdict["note"], verdict["by"], verdict["sha256"]) == ("=cmd()", "+Ada", "sha256:1234567890123456")
    assert not verdict["key"].isnumeric()


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"verdict": "yes"}, "line 2: verdict is 'yes'; it must be one of confirmed, corrected, set aside"),
        ({"by": ""}, "line 2: by is empty"),
        ({"at": "noon"}, "line 2: at is 'noon'; it must be a time like"),
    ],
)
def test_a_line_that_is_no_verdict_is_told_before_anything_is_done(
    tmp_path: Path, others: dict[str, str], told: str
) -> None:
    file = exported(tmp_path / "v.csv", {**said({"photo": "a.jpg"}), **others})
    with pytest.raises(InputError, match=told):
        read_verdicts(file)


def test_a_file_that_the_page_did_not_export_is_told(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("photo,verdict\na.jpg,confirmed\n")
    with pytest.raises(InputError, match=r"v.csv: has no column key, sha256, drug, .*; use the file that report.html"):
        read_verdicts(tmp_path / "v.csv")
    with pytest.raises(InputError, match=r"none.csv: cannot be read \(No such file.*\); export the verdicts again"):
        read_verdicts(tmp_path / "none.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_verdicts_are_read_in_the_encoding_that_a_spreadsheet_saves(tmp_path: Path, encoding: str) -> None:
    (verdict,) = read_verdicts(exported(tmp_path / "v.csv", said({"photo": "a.jpg"}, by="Müller"), encoding=encoding))
    assert verdict["by"] == "Müller"
