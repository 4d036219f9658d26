"""Crops and close-ups: a pill that fills the photo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw, ImageFont

from pipeline import Identifier
from pipeline.cli.identify import identify
from pipeline.errors import InputError
from pipeline.load import load
from pipeline.records import Decision, Pixels
from pipeline.report.plain_text import seen
from pipeline.segment import Segmenter
from pipeline.segment.close_up import is_piece, whole_frame
from pipeline.segment.regions import content_box
from pipeline.serialize import identification_to_dict

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier()


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter()


def crops(name: str, segmenter: Segmenter, margin: float) -> list[Pixels]:
    """The pills of a sample photo cut out, with a share of their sides more (or less, below 0) on each side."""
    photo = load(SAMPLES / name)
    cut = []
    for pill in segmenter(photo):
        top, left, bottom, right = pill.box
        more = np.array([bottom - top, right - left]) * margin
        low = np.maximum(np.round(np.array([top, left]) - more), 0).astype(int)
        high = np.round(np.array([bottom, right]) + more).astype(int)
        cut.append(np.ascontiguousarray(photo.pixels[low[0] : high[0], low[1] : high[1]]))
    return cut


def drawn(noise: float = 1.0, size: tuple[int, int] = (60, 80)) -> Pixels:
    """A smooth surface in a light from the side, with noise."""
    rng = np.random.default_rng(3)
    light = np.linspace(0.8, 1.0, size[1])[None, :, None]
    return np.clip(np.array([60, 110, 200]) * light + rng.normal(0, noise, (*size, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("margin", [-0.05, -0.1])
@pytest.mark.parametrize("name", ["024_both_gray.jpg", "024_both_large.jpg"])
def test_a_pill_cut_out_tightly_is_read_and_never_identified(
    identifier: Identifier, segmenter: Segmenter, name: str, margin: float
) -> None:
    answers = [identifier.identify(pixels) for pixels in crops(name, segmenter, margin)]
    assert answers
    assert {"024"} <= {"".join(answer.imprint) for answer in answers}
    for answer in answers:
        assert len(answer.faces) <= 1
        assert not answer.faces or answer.doubts.fills or answer.doubts.cut
        assert answer.decision is not Decision.IDENTIFIED


def test_an_outline_that_is_not_seen_weighs_nothing(identifier: Identifier, segmenter: Segmenter) -> None:
    answers = [identifier.identify(pixels, mm_per_px=0.05) for pixels in crops("024_both_large.jpg", segmenter, -0.1)]
    answer = next(answer for answer in answers if answer.imprint == ("024",))
    assert answer.doubts.fills
    assert not answer.faces[0].region.is_outlined
    assert answer.look.shape.best is None
    assert answer.look.score.best is None
    assert answer.look.size is None
    assert answer.look.color.best == "WHITE"
    bits = {row.kind: row.bits for row in answer.candidates[0].evidence}
    assert bits["shape"] == bits["size"] == bits["score"] == 0
    assert answer.advice is not None and answer.advice.code == "WHOLE_PILL"
    assert any("outline is unknown" in warning for warning in answer.warnings)
    plain = identification_to_dict(answer)
    assert plain["doubts"]["fills"] is True and plain["faces"][0]["region"]["is_outlined"] is False


def test_a_small_piece_of_a_smooth_surface_is_a_part_of_a_pill(identifier: Identifier) -> None:
    answer = identifier.identify(drawn())
    assert answer.decision is Decision.UNREADABLE
    assert answer.faces[0].region.box == (0, 0, 60, 80)
    assert answer.doubts.fills and not answer.doubts.cut


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(drawn(noise=40), id="noise"),
        pytest.param(drawn(size=(300, 400)), id="a large surface"),
        pytest.param(np.full((60, 80, 3), 128, np.uint8), id="a drawn plain color"),
        pytest.param(cv2.circle(np.zeros((60, 80, 3), np.uint8), (30, 28), 22, (255,) * 3, 5), id="a drawn letter"),
    ],
)
def test_what_is_no_piece_of_a_surface_shows_no_pill(identifier: Identifier, pixels: Pixels) -> None:
    assert not is_piece(pixels)
    assert identifier.identify(pixels).decision is Decision.NO_PILL


@pytest.mark.parametrize("text", ["024", "STOP", "A"])
def test_a_sign_that_fills_the_photo_is_no_pill(identifier: Identifier, text: str) -> None:
    sign = Image.new("RGB", (800, 560), (180, 180, 175))
    ImageDraw.Draw(sign).text((400, 280), text, (40, 40, 60), ImageFont.load_default(200), anchor="mm")
    grain = np.random.default_rng(1).normal(0, 2, (560, 800, 1))
    pixels = np.clip(np.asarray(sign) + grain, 0, 255).astype(np.uint8)
    assert identifier.identify(pixels).decision is Decision.NO_PILL


@pytest.mark.parametrize("name", ["024_both_gray.jpg", "024_front_paper.jpg", "alprazolam_both.jpg"])
def test_an_ordinary_photo_is_not_filled(segmenter: Segmenter, name: str) -> None:
    assert all(pill.is_outlined for pill in segmenter(load(SAMPLES / name)))


def boxes(name: str, segmenter: Segmenter, margin: float = 0.0) -> list[tuple[int, int, int, int]]:
    """Boxes ``(x, y, width, height)`` around the pills of a sample photo, with a share of their sides more."""
    found = []
    for pill in segmenter(load(SAMPLES / name)):
        top, left, bottom, right = pill.box
        high, wide = round((bottom - top) * margin), round((right - left) * margin)
        found.append((left - wide, top - high, right - left + 2 * wide, bottom - top + 2 * high))
    return found


@pytest.mark.parametrize("margin", [0.1, 0.0, -0.1])
def test_a_region_is_answered_as_the_pill_that_lies_there(
    identifier: Identifier, segmenter: Segmenter, margin: float
) -> None:
    """With its outline, and the scale of the whole photo: the box cuts nothing off."""
    photo = SAMPLES / "024_both_ruler.jpg"
    each = {answer.imprint: answer for answer in identifier.identify_each(photo)}
    whole = identifier.identify(photo)
    for box in boxes(photo.name, segmenter, margin):
        answer = identifier.identify(photo, region=box)
        assert len(answer.faces) == 1 and answer.faces[0].region.is_outlined and not answer.doubts.cut
        assert answer.size_mm == pytest.approx(whole.size_mm, rel=0.05)
        assert answer.imprint in {("024",), ()} | set(each)
    assert len(identifier.identify_each(photo, region=box)) == 1


def test_a_region_in_which_no_pill_is_found_is_all_of_it_the_pill(identifier: Identifier) -> None:
    pixels = drawn(size=(300, 400))
    assert identifier.identify(pixels).decision is Decision.NO_PILL
    answer = identifier.identify(pixels, region=(50, 60, 200, 100))
    assert answer.decision is Decision.UNREADABLE
    assert answer.faces[0].region.box == (60, 50, 160, 250)
    assert answer.doubts.fills


def test_a_region_is_in_pixels_of_the_full_photo(identifier: Identifier) -> None:
    pixels = np.ascontiguousarray(np.repeat(np.repeat(load(SAMPLES / "024_front_paper.jpg").pixels, 6, 0), 6, 1))
    assert max(pixels.shape) > 2048
    (pill,) = identifier.identify(SAMPLES / "024_front_paper.jpg").faces
    top, left, bottom, right = (6 * edge for edge in pill.region.box)
    answer = identifier.identify(pixels, region=(left, top, right - left, bottom - top))
    assert answer.imprint == ("024",)
    assert answer.faces[0].region.is_outlined


@pytest.mark.parametrize(
    ("region", "told"),
    [
        ((0, 0, 10, 300), "less than 16 pixels"),
        ((10_000, 0, 300, 300), "less than 16 pixels lie in the photo of"),
        ((0, 0, -5, 300), "less than 16 pixels"),
        ((0, 0, float("nan"), 300), "is no box"),
        ((0, 0, 300), "is no box"),
    ],
)
def test_a_region_that_is_no_box_of_the_photo_is_refused(
    identifier: Identifier, region: tuple[float, float, float, float], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        identifier.identify(SAMPLES / "024_front_paper.jpg", region=region)


def test_a_region_of_several_photos_is_refused(identifier: Identifier) -> None:
    with pytest.raises(InputError, match="of one photo"):
        identifier.identify([SAMPLES / "024_front_paper.jpg"] * 2, region=(0, 0, 100, 100))


def test_the_command_takes_a_region() -> None:
    photo = str(SAMPLES / "024_both_gray.jpg")
    shown = CliRunner().invoke(identify, [photo, "--region", "0,0,2000,2000", "--json"])
    assert shown.exit_code == 0, shown.output
    assert "024" in shown.output
    for arguments, told in ((["--region", "1,2,3"], "is no box"), ([photo, "--region", "0,0,90,90"], "one photo")):
        refused = CliRunner().invoke(identify, [photo, *arguments])
        assert refused.exit_code == 2 and told in refused.output


def test_a_pill_on_a_sheet_of_paper_that_fills_the_photo_is_what_is_found(
    segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = load(SAMPLES / "024_both_wood.jpg")
    alone = segmenter(photo)[1:]
    box = content_box(photo.pixels)
    paper = whole_frame(photo, box)
    monkeypatch.setattr(segmenter, "_close_up", lambda photo, box, parts: paper)
    assert segmenter._filling(photo, alone, box) == ()
    assert segmenter._filling(photo, (), box) == (paper,)


def test_a_size_that_is_not_reported_is_explained(identifier: Identifier) -> None:
    """Where no pill is so long, and where no outline is seen: in the words, the page and the JSON."""
    photo = SAMPLES / "024_front_paper.jpg"
    for mm_per_px, told in ((0.005, "0.6 mm"), (1.0, "119.7 mm")):
        answer = identifier.identify(photo, mm_per_px=mm_per_px)
        assert dict(seen(answer))["size"] == f"unknown: the scale makes it {told} long, which no pill is"
        assert any(told in warning for warning in answer.warnings)
        assert answer.size_mm is None and answer.to_dict()["look"]["size"] is None
        assert answer.to_dict()["doubts"]["length_mm"] == pytest.approx(float(told.split()[0]), abs=0.05)
        assert answer.decision is not Decision.IDENTIFIED
    assert dict(seen(identifier.identify(drawn(), mm_per_px=0.1)))["size"] == "unknown: the pill's outline is not seen"
    assert dict(seen(identifier.identify(photo)))["size"] == "unknown: no scale in the photo"
