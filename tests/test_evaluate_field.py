"""Photos as people take them: their labels, and what is compared with them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from examples import identification

from pipeline.cli.evaluate import evaluate
from pipeline.errors import PhotoSetError
from pipeline.evaluate.field import field_figures, judge_field
from pipeline.evaluate.photo_truth import BoundingBox, Surroundings, Truth
from pipeline.evaluate.set_layouts import SetKind
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.evaluate.show import figures_table
from pipeline.evaluate.summary import summarize
from pipeline.records import Decision

HEADER = "file,source,part,background,boxes,colors,imprint_this_face,drug,pills\n"
ONE = BoundingBox(0.4, 0.4, 0.6, 0.6)
AWAY = BoundingBox(0.0, 0.0, 0.1, 0.1)


def written(folder: Path, rows: str) -> Path:
    (folder / "labels.csv").write_text(HEADER + rows, encoding="utf-8")
    return folder


def labeled(
    boxes: tuple[BoundingBox, ...] = (),
    pills: int | None = None,
    colors: frozenset[str] = frozenset(),
    shown: str | None = None,
    source: str = "hand",
) -> LabeledPhoto:
    return LabeledPhoto(
        "a.jpg",
        Path("a.jpg"),
        Truth(shown=shown, colors=colors, surroundings=Surroundings(source, "validation", pills, boxes)),
    )


def test_labels(tmp_path: Path) -> None:
    rows = (
        "b.jpg,hand,training,skin,0.5 0.5 0.2 0.1|0.1 0.2 0.1 0.1,WHITE|,,,2\n"
        "a.jpg,palm,validation,palm,,WHITE;BLUE,DMC,aspirin,1\n"
        "c.jpg,desk,validation,cloth,,,,,0\n"
    )
    photos = open_set(written(tmp_path, rows))
    palm, hand, empty = (photo.truth for photo in photos.photos)
    assert photos.kind is SetKind.FIELD
    assert hand.surroundings is not None and palm.surroundings is not None and empty.surroundings is not None
    assert hand.surroundings.boxes[0].iou(BoundingBox(0.4, 0.45, 0.6, 0.55)) == pytest.approx(1)
    assert (hand.surroundings.pills, hand.surroundings.is_boxed, hand.colors) == (2, True, frozenset())
    assert (palm.shown, palm.imprint, palm.colors, palm.drug) == ("DMC", None, {"WHITE", "BLUE"}, "aspirin")
    assert (palm.surroundings.is_boxed, empty.surroundings.is_boxed) == (False, True)
    assert [photo.name for photo in photos.part("validation").photos] == ["a.jpg", "c.jpg"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg,hand,test,skin,,,,,1\n", "not training or validation"),
        ("a.jpg,hand,training,skin,0.5 0.5 0.2,,,,1\n", "not enough values"),
        ("a.jpg,hand,training,skin,0.5 0.5 0 0.2,,,,1\n", "has no area"),
        ("a.jpg,hand,training,skin,,,,,two\n", "two"),
    ],
)
def test_labels_that_make_no_sense(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(PhotoSetError, match=message):
        open_set(written(tmp_path, row))


def test_how_much_two_boxes_share() -> None:
    assert ONE.iou(ONE) == pytest.approx(1)
    assert ONE.iou(AWAY) == 0
    assert BoundingBox(0, 0, 1, 1).iou(BoundingBox(0, 0, 1, 0.5)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("found", "right"),
    [
        ((ONE,), (1, 1, 1)),
        ((), (0, 0, 0)),
        ((ONE, AWAY), (1, 2, 0)),
        ((AWAY,), (0, 1, 0)),
        ((ONE, ONE), (1, 2, 0)),
    ],
    ids=["it alone", "nothing", "a finger too", "a finger alone", "twice"],
)
def test_what_is_found(found: tuple[BoundingBox, ...], right: tuple[int, int, int]) -> None:
    shares = judge_field(labeled((ONE,), 1), identification(()), found).shares
    assert shares["pills_found"] == (right[0], 1)
    assert shares["pills_of_found"] == (right[0], right[1])
    assert shares["only_pill"] == (right[2], 1)


def test_where_no_pill_lies_all_that_is_found_is_none() -> None:
    shares = judge_field(labeled(pills=0), identification(()), (AWAY,)).shares
    assert shares["pills_found"] == (0, 0) and shares["pills_of_found"] == (0, 1)
    assert "only_pill" not in shares


def test_without_boxes_nothing_is_said_about_what_is_found() -> None:
    shares = judge_field(labeled(), identification(()), (ONE,)).shares
    assert "pills_found" not in shares and "only_pill" not in shares


@pytest.mark.parametrize(("found", "right"), [((ONE,), 1), ((ONE, ONE), 0), ((), 0)])
def test_where_one_pill_is_counted_and_not_boxed_one_region_is_right(
    found: tuple[BoundingBox, ...], right: int
) -> None:
    assert judge_field(labeled(pills=1), identification(()), found).shares["only_pill"] == (right, 1)


@pytest.mark.parametrize(
    ("wanted", "right", "misled"), [({"WHITE"}, 1, 0), ({"BLUE"}, 0, 1)], ids=["the right one", "a sure wrong one"]
)
def test_color(wanted: set[str], right: int, misled: int) -> None:
    shares = judge_field(labeled(pills=1, colors=frozenset(wanted)), identification(()), ()).shares
    assert (shares["pill_color"], shares["pill_color_misled"]) == ((right, 1), (misled, 1))


def test_text_in_any_order() -> None:
    shares = judge_field(labeled(shown="b;024"), identification(("024", "B")), ()).shares
    assert shares["text_exact"] == (1, 1)
    assert judge_field(labeled(shown="b;024"), identification(("024",)), ()).shares["text_exact"] == (0, 1)


def test_claims() -> None:
    identified = identification(("024",))
    first = identified.candidates[0].product.imprint
    for shown, is_first, is_wrong in ((first, 1, 0), (first + "9X", 0, 0), ("QQQ", 0, 1)):
        shares = judge_field(labeled(shown=shown), identified, ()).shares
        assert identified.decision is Decision.IDENTIFIED
        assert (shares["text_first"], shares["text_identified"]) == ((is_first, 1), (1, 1))
        assert shares["text_wrong"] == (is_wrong, 1)


def test_a_label_of_one_face_is_a_part_of_the_imprint() -> None:
    identified = identification(("024",))
    first = identified.candidates[0].product.imprint
    for shown, is_part in ((first, 1), (first[:-1], 1), (first + "9", 0)):
        assert judge_field(labeled(shown=shown), identified, ()).shares["text_first_part"] == (is_part, 1)


def test_an_answer_that_is_not_there_is_wrong_throughout() -> None:
    verdict = judge_field(labeled((ONE,), 1, frozenset({"WHITE"}), "024"), None, (), error="a.jpg: broken")
    assert verdict.decision == "ERROR" and verdict.error
    assert {over for over, _ in verdict.shares.values()} == {0}


def test_figures_stand_by_where_the_pills_lie() -> None:
    hands = [judge_field(labeled((ONE,), 1), identification(()), found) for found in ((ONE,), (ONE, AWAY))]
    desk = judge_field(labeled((ONE,), 1, source="desk"), identification(()), ())
    figures = field_figures([*hands, desk])
    assert list(figures) == ["hand", "desk"]
    assert figures["hand"]["pills_of_found"]["counts"] == [2, 3]
    assert figures["hand"]["only_pill"]["share"] == 0.5 and figures["desk"]["only_pill"]["share"] == 0
    assert "text_first" not in figures["hand"]
    assert figures_table(summarize([*hands, desk]))


def test_the_command_reads_such_a_set(tmp_path: Path) -> None:
    rows = "a.png,desk,validation,cloth,0.5 0.5 0.2 0.2,WHITE,,,1\nb.png,desk,training,cloth,,,,,0\n"
    picture = np.full((200, 200, 3), 120, np.uint8)
    cv2.circle(picture, (100, 100), 20, (245, 245, 245), -1, cv2.LINE_AA)
    cv2.imwrite(str(written(tmp_path, rows) / "a.png"), picture)
    told = CliRunner().invoke(evaluate, [str(tmp_path), "--part", "validation", "--json", "-", "--rows"])
    assert told.exit_code == 0, told.output
    assert '"pills_found"' in told.output and '"source": "desk"' in told.output
    shown = CliRunner().invoke(evaluate, [str(tmp_path), "--part", "validation"])
    assert "pills found" in shown.output and "desk 1 photos" in shown.output
    refused = CliRunner().invoke(evaluate, [str(tmp_path), "--open-set"])
    assert refused.exit_code == 2 and "name no register's row" in refused.output
