"""One verdict a photo, the figures of a set, and the command, with answers made up."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from examples import identification, look, no_pill, product
from PIL import Image
from rich.console import Console

from pipeline.cli.group import cli
from pipeline.errors import PhotoError
from pipeline.evaluate import run
from pipeline.evaluate.judge import Verdict, judge
from pipeline.evaluate.photo_truth import CharacterBox, Truth
from pipeline.evaluate.product_index import ProductIndex, same_drug
from pipeline.evaluate.run import Turn, evaluate_set, turned
from pipeline.evaluate.segmentation import match, outlines_of
from pipeline.evaluate.set_layouts import SetKind
from pipeline.evaluate.sets import LabeledPhoto, PhotoSet
from pipeline.evaluate.show import figures_table
from pipeline.evaluate.summary import KEYS, summarize
from pipeline.records import Candidate, Decision, Identification, PillLook, PillRegion, Probabilities, SizeMeasurement
from reference.product import Product

WANTED = product("54;024", "flecainide", "50 mg", "00054-0024-25")
OTHER = product("024", "baclofen", "10 mg", "11111-0024-01")
TABLE = ProductIndex((WANTED, OTHER))
TRUTH = Truth(
    imprint="54;024",
    shown="54;024",
    shape="ROUND",
    colors=frozenset({"WHITE"}),
    size_mm=7.0,
    score=1,
    row_key="00054-0024-25",
    faces=2,
)
NOTHING_FOUND = {
    *("faces_found", "imprint_exact", "imprint_exact_strict", "token_recall", "imprint_top1", "imprint_top5"),
    *("product_top1", "drug_top1", "shape", "color", "score", "size_found"),
}


def labeled(truth: Truth = TRUTH, name: str = "photos/a.png", folder: Path = Path()) -> LabeledPhoto:
    return LabeledPhoto(name, folder / name, truth)


def ranked(*products: Product, probability: float = 0.8) -> tuple[Candidate, ...]:
    return tuple(Candidate((each,), probability / 2**index, 5.0 - index, ()) for index, each in enumerate(products))


def shares(answer: Identification | None, truth: Truth = TRUTH, table: ProductIndex = TABLE) -> Mapping[str, Any]:
    found = judge(labeled(truth), answer, table).shares
    return {key: over / under if under else None for key, (over, under) in found.items()}


def test_all_right() -> None:
    answer = identification(("54",), ("024",), candidates=ranked(WANTED, OTHER))
    right = shares(answer, Truth(**{**vars(TRUTH), "score": 2}))
    assert all(right[key] == 1 for key in NOTHING_FOUND)
    assert right["cer"] == right["wrong_among_identified"] == right["wrong_product_among_identified"] == 0
    assert "blank_faces_invented" not in right


def test_nothing_found_and_no_answer_are_all_wrong() -> None:
    for answer in (no_pill(), None):
        right = shares(answer)
        assert {key for key, value in right.items() if value == 0} == NOTHING_FOUND
        assert right["cer"] == 1


def test_the_wrong_one_first() -> None:
    answer = identification(("024",), (), candidates=ranked(OTHER, WANTED))
    right = shares(answer)
    assert (right["imprint_exact"], right["token_recall"], right["cer"]) == (0, 0.5, 0.4)
    assert (right["imprint_top1"], right["imprint_top5"]) == (0, 1)
    assert (right["product_top1"], right["drug_top1"], right["wrong_among_identified"]) == (0, 0, 1)


def test_only_identified_answers_can_be_wrong_among_them() -> None:
    answer = identification(("024",), (), candidates=ranked(OTHER), decision=Decision.AMBIGUOUS)
    assert "wrong_among_identified" not in shares(answer)


def test_first_five_count_different_imprints() -> None:
    same = [product("024", f"drug {index}") for index in range(6)]
    others = [product(f"A{index}", "drug") for index in range(4)]
    assert shares(identification(candidates=ranked(*same, *others[:3], WANTED)))["imprint_top5"] == 1
    assert shares(identification(candidates=ranked(*same, *others[:4], WANTED)))["imprint_top5"] == 0


@pytest.mark.parametrize(
    ("imprint", "faces", "forgiving", "strict"),
    [
        ("MYLAN;3422;MYLAN;3422", (("MYLAN", "3422"), ("MYLAN", "3422")), 1, 1),
        ("MYLAN;3422;MYLAN;3422", (("MYLAN", "3422"), ()), 1, 0),
        ("MYLAN;3422", (("MYLAN", "3422"), ("3422", "MYLAN")), 1, 0),
        ("MYLAN;3422", (("MYLAN",), ("3422",)), 1, 1),
        ("9;3;9;3;77", (("93",), ("77",)), 0, 0),
        ("0;5", (("0.5",), ()), 1, 1),
        ("b;451", (("451",), ("B",)), 1, 1),
    ],
)
def test_a_face_that_repeats(imprint: str, faces: tuple[tuple[str, ...], ...], forgiving: int, strict: int) -> None:
    right = shares(identification(*faces), Truth(imprint=imprint, shown=imprint))
    assert (right["imprint_exact"], right["imprint_exact_strict"]) == (forgiving, strict)
    assert (right["cer"] == 0) == bool(forgiving)


@pytest.mark.parametrize(
    ("faces", "invented"),
    [
        ((("024",), ()), 0),
        (((), ("024",)), 0),
        ((("024",), ("C",)), 1),
        ((("024",), ("024",)), None),
        ((("02",), ("4",)), None),
        ((("O24",), ("C",)), None),
    ],
)
def test_text_invented_on_a_blank_face(faces: tuple[tuple[str, ...], ...], invented: int | None) -> None:
    right = shares(identification(*faces), Truth(imprint="024", shown="024", faces=2))
    assert right.get("blank_faces_invented") == invented


def test_unknown_truth_counts_nowhere() -> None:
    assert shares(identification(("024",)), Truth()) == {}
    # What the register does not say is not a blank pill.
    assert "imprint_exact" not in shares(identification(("024",)), Truth(imprint=None, shown=None, faces=2))


def test_one_face_shown_is_ranked_by_the_whole_imprint() -> None:
    truth = Truth(imprint="54;024", shown="024", row_key="00054-0024-25")
    right = shares(identification(("024",), candidates=ranked(WANTED)), truth)
    assert (right["imprint_exact"], right["token_recall"], right["imprint_top1"]) == (1, 1, 1)


def test_colors_and_score() -> None:
    two = Probabilities((("BLUE;WHITE", 0.7),))
    answer = identification(("54",), ("024",), look=look(color=two, score=Probabilities((("4", 0.9),))))
    truth = Truth(colors=frozenset({"WHITE", "BLUE"}), score=2)
    assert shares(answer, truth) == {"color": 1, "score": 1}
    assert shares(answer, Truth(colors=frozenset({"WHITE"}), score=1)) == {"color": 0, "score": 0}
    unknown = identification(look=PillLook())
    assert shares(unknown, Truth(colors=frozenset({"WHITE"}), score=2)) == {"color": 0, "score": 0}


def test_size_error() -> None:
    verdict = judge(labeled(Truth(size_mm=8.0)), identification(look=look(size=SizeMeasurement(7.5, 7.5, 0.1))), TABLE)
    assert verdict.size_error_mm == pytest.approx(0.5)
    assert judge(labeled(), identification(with_size=False), TABLE).size_error_mm is None


def test_characters_in_place() -> None:
    # `identification` writes 28 px high characters at row 120, columns 78, 100, 122 of a 360 x 240 photo.
    def box(text: str, col: float, row: float = 120) -> CharacterBox:
        return CharacterBox(text, col / 360, row / 240, 18 / 360, 28 / 240)

    boxes = (box("0", 78 + 10), box("2", 100, 120 + 20), box("4", 122), box("7", 300))
    found = judge(labeled(Truth(boxes=boxes)), identification(("024",)), TABLE, (240, 360)).shares
    assert found["character_precision"] == (2, 3)
    assert found["character_recall"] == (2, 4)
    assert found["character_f1"] == (4, 7)


def test_confidences() -> None:
    stated = judge(labeled(), identification(("54",), ("024",), candidates=ranked(WANTED)), TABLE).stated
    assert stated == {
        "shape": (0.97, True),
        "color": (0.93, True),
        "score": (0.9, False),
        "answer": (0.8, True),
    }


def test_table_finds_the_row_of_a_kit_by_its_imprint() -> None:
    parts = tuple(product(f"b;45{part}", "norgestimate", "", "00093-2140-62") for part in range(3))
    table = ProductIndex(parts)
    assert table.rows(Truth(row_key="00093-2140-28", imprint="451;b")) == (parts[1],)
    assert table.rows(Truth(row_key="00093-2140-28", imprint="999")) == parts
    assert table.rows(Truth(row_key="00093-9999-28")) == table.rows(Truth()) == ()


def test_table_finds_the_parts_of_a_license() -> None:
    kit = product("CT;LITA", "cimetidine", "200 mg", "")
    parts = tuple(replace(kit, product_id=f"tfda:047612:{part}") for part in (1, 2))
    whole = replace(kit, product_id="tfda:028727")
    table = ProductIndex((*parts, whole))
    assert table.rows(Truth(row_key="047612", imprint="LITA;;;LITA;CT;;;CT")) == parts
    assert table.rows(Truth(row_key="028727")) == (whole,)


def test_a_license_for_several_tablets_names_each_of_them_by_what_one_shows() -> None:
    bearing = product("LITA;CT", "lithium")
    table, told = ProductIndex([bearing]), Truth(imprint="LITA;;;LITA;CT;;;CT", shown="LITA;CT", faces=2)
    answer = identification(("LITA", "CT"), (), candidates=ranked(bearing))
    assert (shares(answer, told, table)["imprint_top1"], shares(answer, told, table)["imprint_top5"]) == (1, 1)
    one_face = replace(told, imprint="LITA;CT;300", shown="LITA;CT", faces=None)
    assert shares(answer, one_face, table)["imprint_top1"] == 0
    licensed = replace(told, row_key="047612")
    ceiling = ProductIndex([replace(bearing, product_id="tfda:047612:1")]).ceiling(licensed)
    assert ceiling is not None and ceiling.imprint_top1 == 1


def test_ceiling() -> None:
    look: dict[str, Any] = {"shape": "ROUND", "colors": ("WHITE",), "size_mm": 7.0}
    table = ProductIndex(
        (
            product("10", "a", "1 mg", "11111-1111-01", **look),
            product("10", "a", "1 mg", "22222-1111-01", **look),
            product("10", "a", "2 mg", "33333-1111-01", **{**look, "size_mm": 8.0}),
            product("10", "b", "1 mg", "44444-1111-01", **{**look, "shape": ""}),
            product("10", "c", "1 mg", "55555-1111-01", **{**look, "colors": ("RED",)}),
        )
    )
    ceiling = table.ceiling(Truth(imprint="10", row_key="11111-1111-01"))
    assert ceiling is not None
    assert (ceiling.imprint_top1, ceiling.product_top1, ceiling.drug_top1) == (1.0, 1 / 3, 1 / 3)
    assert table.ceiling(Truth(imprint="10", row_key="99999-1111-01")) is None


def test_every_accuracy_stands_beside_its_ceiling() -> None:
    answer = identification(("54",), ("024",), candidates=ranked(WANTED))
    figures = summarize([judge(labeled(), answer, TABLE)])
    errors = {"cer", "wrong_among_identified", "wrong_product_among_identified", "blank_faces_invented", "iou"}
    accuracies = figures["counts"].keys() - errors
    assert {"imprint_exact", "imprint_top1", "imprint_top5", "product_top1", "drug_top1", "shape"} <= accuracies
    assert all(figures["ceiling"][key] is not None for key in accuracies)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(figures_table(figures))
    lines = console.export_text().splitlines()
    assert sum(line.rstrip().endswith(" %") and "-" in line for line in lines) >= len(accuracies)


def test_outlines_of_a_photo_that_cannot_be_read_are_missed() -> None:
    triangle = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    assert shares(None, Truth(polygons=(triangle, triangle), faces=2)) == {"faces_found": 0, "iou": 0}


def test_same_drug() -> None:
    assert same_drug(product(drug="baclofen", strength="10 mg"), product(drug="Baclofen", strength="10mg"))
    assert not same_drug(product(drug="baclofen", strength="10 mg"), product(drug="baclofen", strength="20 mg"))
    assert same_drug(product(drug="baclofen", strength="10 mg"), product(drug="baclofen", strength=""))
    assert same_drug(product(drug="x", rxcui="1"), product(drug="y", rxcui="1"))
    assert not same_drug(product(drug="", strength=""), product(drug="", strength=""))


@dataclass(frozen=True)
class Scripted:
    """Gives each photo the answer written for it; raises what is written as an exception."""

    answers: Mapping[str, Identification | Exception] = field(default_factory=dict)

    def identify(self, photo: Any) -> Identification:
        answer = self.answers[Path(photo).name]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_broken_photo_is_a_row_and_the_others_go_on() -> None:
    right = identification(("54",), ("024",), candidates=ranked(WANTED))
    answers = {"a.png": PhotoError("a.png: is damaged"), "b.png": ZeroDivisionError("in a stage"), "c.png": right}
    photos = PhotoSet(Path(), SetKind.RXIMAGE, tuple(labeled(name=name) for name in answers))
    verdicts = list(evaluate_set(photos, Scripted(answers), TABLE))
    assert [verdict.decision for verdict in verdicts] == ["ERROR", "ERROR", "IDENTIFIED"]
    figures = summarize(verdicts, rows=True)
    assert figures["imprint_exact"] == pytest.approx(1 / 3)
    assert figures["errors"] == 2
    assert figures["rows"][0]["error"] == "a.png: is damaged"
    assert figures["rows"][1]["error"] == "b.png: ZeroDivisionError: in a stage"
    assert figures["rows"][2]["right"]["imprint_exact"] == 1


def test_processes_give_the_same_verdicts() -> None:
    answers = {f"{index}.png": identification(("54",), ("024",), candidates=()) for index in range(3)}
    photos = PhotoSet(Path(), SetKind.RXIMAGE, tuple(labeled(name=name) for name in answers))
    verdicts = list(evaluate_set(photos, Scripted(answers), TABLE, workers=2))
    assert [verdict.name for verdict in verdicts] == list(answers)
    assert {tuple(verdict.shares.items()) for verdict in verdicts} == {
        tuple(judge(labeled(), answers["0.png"], TABLE).shares.items())
    }


def test_every_key_is_there_even_for_nothing() -> None:
    figures = summarize([Verdict("a.png", "SEGMENTED")])
    assert set(KEYS) <= set(figures)
    assert "rows" not in figures
    assert figures["photos"] == 1
    assert figures["decisions"] == {"SEGMENTED": 1}
    assert all(figures[key] is None for key in set(KEYS) - {"photos", "decisions"})
    json.dumps(figures, allow_nan=False)


def test_figures_are_sums_over_sums() -> None:
    verdicts = [
        Verdict("a", "IDENTIFIED", shares={"token_recall": (1, 1), "shape": (1, 1)}, size_error_mm=0.1, seconds=1.0),
        Verdict("b", "UNKNOWN", shares={"token_recall": (0, 3)}, size_error_mm=0.5, seconds=3.0),
    ]
    figures = summarize(verdicts)
    assert figures["token_recall"] == 0.25
    assert figures["counts"]["token_recall"] == [1, 4]
    assert figures["counts"]["shape"] == [1, 1]
    assert figures["size_error_mm_median"] == pytest.approx(0.3)
    assert figures["size_error_mm_p95"] == pytest.approx(0.48)
    assert figures["seconds_median"] == 2.0
    assert figures["decisions"] == {"IDENTIFIED": 1, "UNKNOWN": 1}
    low, high = figures["intervals"]["token_recall"]
    assert 0 <= low <= 0.25 <= high <= 1


def test_what_is_taken_for_what() -> None:
    truth = Truth(shape="OVAL", colors=frozenset({"BLUE", "RED"}))
    figures = summarize([judge(labeled(truth), identification(("024",)), TABLE)] * 3)
    assert figures["confusion"]["shape"] == [{"truth": "OVAL", "answer": "ROUND", "photos": 3}]
    assert figures["confusion"]["color"] == [{"truth": "BLUE;RED", "answer": "WHITE", "photos": 3}]
    assert figures["calibration"]["shape"]["ece"] == pytest.approx(0.97)


def test_turning_keeps_the_pill_and_fills_with_the_border() -> None:
    pixels = np.full((40, 60, 3), 200, np.uint8)
    pixels[18:22, 40:56] = 0
    upright = turned(pixels, 90)
    assert upright.shape == (60, 40, 3)
    dark = np.argwhere(upright[:, :, 0] < 100)
    assert np.abs(dark.mean(axis=0) - (11.5, 19.5)).max() < 1.0
    corner = turned(pixels, 30)[0, 0]
    assert tuple(corner) == (200, 200, 200)


def test_random_turns_stay_the_same() -> None:
    turn = Turn(None, seed=7)
    assert turn.of("a.png") == turn.of("a.png") != turn.of("b.png")
    assert Turn(45.0).of("a.png") == 45.0


def test_polygons_against_regions() -> None:
    (square,) = outlines_of([((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))], width=100, height=100)
    same, shifted = (
        PillRegion(square + np.array([0, right], np.float32), np.ones((50, 50), np.bool_), 25, 25 + right, 1.0)
        for right in (0, 10)
    )
    assert match([square], [shifted, same]) == [1.0]
    assert match([square, square], [shifted]) == pytest.approx([0, 40 / 60], abs=0.01)
    assert match([square], []) == [0.0]


RXIMAGE = "file,ndc11,imprint,imprint_type,color,shape,size_mm,score,symbol,generic_name,labeler\n"

FIGURES_SCHEMA = {
    "type": "object",
    "required": [*KEYS, "rows"],
    "properties": {
        "photos": {"type": "integer"},
        "decisions": {"type": "object", "additionalProperties": {"type": "integer"}},
        "rows": {"type": "array", "items": {"required": ["file", "truth", "answer", "decision", "seconds"]}},
        **{key: {"type": ["number", "null"], "minimum": 0} for key in KEYS if key not in ("photos", "decisions")},
    },
}


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (64, 64), "white").save(tmp_path / "photos/a.png")
    (tmp_path / "photos/broken.png").write_bytes(b"no photo")
    rows = [f"photos/{name}.png,00054-0024-25,54;024,,WHITE,ROUND,6,1,,," for name in ("a", "broken")]
    (tmp_path / "labels.csv").write_text(RXIMAGE + "\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_the_command(small_set: Path) -> None:
    from pipeline.cli.evaluate import evaluate

    out = small_set / "out.json"
    done = CliRunner().invoke(evaluate, [str(small_set), "--json", str(out), "--rows"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "2 photos" in done.output
    assert "decisions: ERROR 1, " in done.output
    figures = json.loads(out.read_text("utf-8"))
    jsonschema.validate(figures, FIGURES_SCHEMA)
    assert figures["photos"] == 2
    assert [row["file"] for row in figures["rows"]] == ["photos/a.png", "photos/broken.png"]
    assert "broken.png" in figures["rows"][1]["error"]


@pytest.mark.parametrize("options", [["--turn", "sideways"], ["--turn", "nan"], ["--limit", "0"], ["--rows"]])
def test_options_that_make_no_sense(small_set: Path, options: list[str]) -> None:
    from pipeline.cli.evaluate import evaluate

    assert CliRunner().invoke(evaluate, [str(small_set), *options]).exit_code == 2


def test_a_fault_in_the_identifier_is_not_hidden_from_the_one_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_identified", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(evaluate_set(PhotoSet(Path(), SetKind.RXIMAGE, (labeled(),)), Scripted(), TABLE))


@pytest.mark.parametrize(
    ("errors", "code", "told"),
    [
        ((ZeroDivisionError("in a stage"), PhotoError("b.png: is damaged")), 1, "by a fault of pillprint: a.png: Zero"),
        ((PhotoError("a.png: is damaged"), PhotoError("b.png: is damaged")), 5, "none of the 2 photos can be used"),
    ],
    ids=["a fault of the program", "no photo is usable"],
)
def test_where_every_photo_fails_the_command_does(
    errors: tuple[Exception, Exception], code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = dict(zip(("a.png", "b.png"), errors, strict=True))
    rows = "".join(f"{name},00001-0001-01,54;024\n" for name in answers)
    (tmp_path / "labels.csv").write_text("file,ndc11,imprint\n" + rows, encoding="utf-8")
    monkeypatch.setattr("pipeline.cli.evaluate.CatalogParts", lambda *_: Scripted(answers))
    figures = tmp_path / "figures.json"
    result = CliRunner().invoke(cli, ["evaluate", str(tmp_path), "--json", str(figures)])
    assert result.exit_code == code and told in result.stderr
    assert json.loads(figures.read_text(encoding="utf-8"))["errors"] == 2


def test_one_photo_that_can_be_used_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = identification(("54",), ("024",), candidates=ranked(WANTED))
    (tmp_path / "labels.csv").write_text("file,ndc11\na.png,1-2-3\nb.png,1-2-3\n", encoding="utf-8")
    answers = {"a.png": right, "b.png": ZeroDivisionError("in a stage")}
    monkeypatch.setattr("pipeline.cli.evaluate.CatalogParts", lambda *_: Scripted(answers))
    assert CliRunner().invoke(cli, ["evaluate", str(tmp_path)]).exit_code == 0


def test_the_samples_are_a_set(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    samples = str(Path(__file__).parents[1] / "samples")
    result = CliRunner().invoke(cli, ["evaluate", samples, "--limit", "8", "--json", str(figures)])
    assert result.exit_code == 0, result.output
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert found["counts"]["decision_expected"] == [8, 8] and found["wrong_among_identified"] == 0
