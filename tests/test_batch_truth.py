"""A list that says what each pill should be: rows say whether it is, disagreements first, by harm."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner
from pretend import Pretender, answer, inline

from pipeline.batch import Choice, Summary, open_list, run_batch
from pipeline.cli.group import cli
from pipeline.errors import InputError
from pipeline.records import Agreement, ExpectedKind
from pipeline.verify import Verification

SAMPLES = Path(__file__).parents[1] / "samples"
LINES = {
    "a.jpg": "right",
    "b.jpg": "unclear",
    "c.jpg": "wrong",
    "d.jpg": "dangerous",
    "e.jpg": "dangerous and unclear",
    "f.jpg": "no such drug",
    "g.jpg": "",
    "bad.jpg": "right",
}
SAID = {
    "right": Agreement.CONSISTENT,
    "wrong": Agreement.CONTRADICTED,
    "dangerous": Agreement.CONTRADICTED,
}


@dataclass(frozen=True)
class Comparing(Pretender):
    """Says of a pill what its expectation's own words say."""

    def verify(self, photos: Path, expected: str) -> Verification:
        found = self.identify(photos)
        if expected == "no such drug":
            raise InputError("no product of catalog made is no such drug. Did you mean none?")
        alert = SimpleNamespace(words="dangerous") if "dangerous" in expected else None
        made = SimpleNamespace(
            agreement=SAID.get(expected, Agreement.CANNOT_TELL),
            reason=f"It is {expected}.",
            expected=SimpleNamespace(high_alert=alert, kind=ExpectedKind.DRUG),
            fits=True,
            advice=None,
            likelihood_ratio=12345.6,
            look_alikes=(),
            others=(),
            better=(),
            question="",
            identification=found,
        )
        return cast(Verification, made)


def place_of(folder: Path, lines: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in lines:
        (folder / name).write_bytes(b"one photo" if name in ("a.jpg", "c.jpg") else name.encode())
    table = folder / "truth.csv"
    rows = [f"{name},{expected},order {place}" for place, (name, expected) in enumerate(lines.items())]
    table.write_text("\n".join(["photo,expected,order", *rows, ""]))
    return table


def batch(table: Path, log: Path | None = None) -> Summary:
    out = table.parent / "out"
    return run_batch(open_list(table, is_truth=True), out, Comparing(log), {}, execute=inline)  # type: ignore[arg-type]


def rows(table: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (table.parent / "out" / "results.jsonl").read_text().splitlines()]


def test_disagreements_come_first_by_harm_with_the_columns_of_the_list(tmp_path: Path) -> None:
    table = place_of(tmp_path / "photos", LINES)
    summary = batch(table)
    found = rows(table)
    first = ["d.jpg", "c.jpg", "bad.jpg", "f.jpg", "g.jpg", "e.jpg", "b.jpg", "a.jpg"]
    assert [row["photo"] for row in found] == first
    assert [row["harm"] for row in found] == [0, 1, 2, 2, 2, 3, 4, 5]
    assert [row["order"] for row in found] == [f"order {list(LINES).index(name)}" for name in first]
    by_photo = {row["photo"]: row for row in found}
    assert by_photo["c.jpg"]["agreement_reason"] == "It is wrong." and by_photo["c.jpg"]["likelihood_ratio"] == 12300
    assert by_photo["c.jpg"]["agreement_next"].startswith(
        "Do not give it, and do not make up the dose from it. Compare it with the label"
    )
    # the same bytes with another expectation are compared for themselves
    assert by_photo["a.jpg"]["agreement"] == "CONSISTENT" and by_photo["a.jpg"]["same_as"] is None
    # what is not understood loses nothing of the answer
    assert by_photo["f.jpg"]["decision"] == "IDENTIFIED" and by_photo["f.jpg"]["agreement"] is None
    assert "no such drug was not compared" in by_photo["f.jpg"]["agreement_reason"]
    assert by_photo["g.jpg"]["agreement"] is None and by_photo["bad.jpg"]["error_kind"] == "PhotoError"
    with (tmp_path / "photos" / "out" / "results.csv").open(encoding="utf-8-sig") as file:
        assert [row["photo"] for row in csv.DictReader(file)] == first
    assert summary.agreements == {"CANNOT_TELL": 2, "CONSISTENT": 1, "CONTRADICTED": 2, "NOT_COMPARED": 3}


def test_a_line_that_expects_something_else_is_done_again_and_no_other(tmp_path: Path) -> None:
    table, log = place_of(tmp_path / "photos", {"b.jpg": "wrong", "d.jpg": "right"}), tmp_path / "log"
    batch(table, log)
    table.write_text(table.read_text().replace("b.jpg,wrong", "b.jpg,right"))
    batch(table, log)
    assert log.read_text().split() == ["b.jpg", "d.jpg", "b.jpg"]
    assert [row["agreement"] for row in rows(table)] == ["CONSISTENT", "CONSISTENT"]


def test_a_list_without_what_is_expected_is_refused(tmp_path: Path) -> None:
    table = place_of(tmp_path / "photos", {"a.jpg": "right"})
    with pytest.raises(InputError, match="--each"):
        open_list(table, choice=Choice(each=True), is_truth=True)
    table.write_text("photo,drug\na.jpg,baclofen\n")
    with pytest.raises(InputError, match="has no column named expected"):
        open_list(table, is_truth=True)
    assert open_list(table).origin.own == ("drug",)


def test_an_answer_s_own_cells_are_as_without_an_expectation(tmp_path: Path) -> None:
    table = place_of(tmp_path / "photos", {"b.jpg": "right"})
    batch(table)
    assert rows(table)[0]["decision"] == answer().decision.value


@pytest.mark.slow
def test_the_command_verifies_every_row(tmp_path: Path) -> None:
    for name in ("024_both_gray.jpg", "024_both_ruler.jpg"):
        shutil.copy(SAMPLES / name, tmp_path)
    table, out = tmp_path / "truth.csv", tmp_path / "out"
    table.write_text(
        "photo;expected;patient\n024_both_gray.jpg;baclofen 10 mg;A\n024_both_ruler.jpg;baclofen 20 mg;B\n"
    )
    done = CliRunner().invoke(cli, ["batch", "--truth", str(table), "--out", str(out), "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert "CONTRADICTED" in done.output
    found = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [(row["patient"], row["agreement"]) for row in found] == [("B", "CONTRADICTED"), ("A", "CONSISTENT")]
    assert '"truth":true' in (out / "report.html").read_text()
    both = CliRunner().invoke(cli, ["batch", "--truth", str(table), "--list", str(table), "--out", str(out)])
    assert both.exit_code == 2 and "give it without --list" in both.output
