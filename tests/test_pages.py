"""Photos within other pictures: letterboxes, white margins, screenshots, a web page, a photo of a screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline import Decision, Identifier
from pipeline.answer import Answer
from pipeline.clock import Clock
from pipeline.load import load
from pipeline.looking import CallerHints, found_in
from pipeline.records import Photo, Pixels
from pipeline.segment.regions import content_box
from pipeline.settings import ScaleSettings
from tests.test_scale import ruler_scene

SAMPLES = Path(__file__).parents[1] / "samples"
NAMES = ("024_both_ruler.jpg", "alprazolam_front.jpg")
BUTTONS = ((66, 133, 244), (219, 68, 55), (244, 180, 0), (15, 157, 88))


def laid(pixels: Pixels, size: tuple[int, int], color: tuple[int, int, int], at: tuple[int, int]) -> Pixels:
    page = np.full((*size, 3), color, np.uint8)
    page[at[0] : at[0] + pixels.shape[0], at[1] : at[1] + pixels.shape[1]] = pixels
    return page


def bars(color: int) -> Callable[[Pixels], Pixels]:
    def made(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        return laid(pixels, (2 * height, width), (color,) * 3, (height // 2, 0))

    return made


def margin(*color: int) -> Callable[[Pixels], Pixels]:
    def made(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        return laid(pixels, (2 * height, 2 * width), (color[0], color[1], color[2]), (height // 3, width // 2))

    return made


def screenshot(ground: int, ink: int) -> Callable[[Pixels], Pixels]:
    """A phone's: a clock and a title above the photo, four round buttons with words below it."""

    def made(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        page = laid(pixels, (height + 2 * width, width), (ground,) * 3, (width // 2, 0))
        size, thick = width / 800, max(1, width // 400)
        for text, row in (("10:24", 0.08), ("My photos", 0.22)):
            cv2.putText(page, text, (width // 20, round(row * width)), 0, size, (ink,) * 3, thick, cv2.LINE_AA)
        for number, color in enumerate(BUTTONS):
            middle = round((0.14 + 0.24 * number) * width), height + round(1.2 * width)
            cv2.circle(page, middle, width // 20, color, -1, cv2.LINE_AA)
            cv2.putText(page, "Share", (middle[0] - 30, middle[1] + width // 8), 0, size, (ink,) * 3, thick)
        return page

    return made


def web_page(pixels: Pixels) -> Pixels:
    """An address above the photo, words beside it and below."""
    height, width = pixels.shape[:2]
    page = laid(pixels, (2 * height, 2 * width), (245, 246, 248), (height // 5, width // 20))
    cv2.putText(page, "https://example.org/pill", (width // 4, height // 10), 0, 1, (60, 60, 60), 2, cv2.LINE_AA)
    for line in range(12):
        place = (round(1.1 * width), height // 4 + line * height // 15)
        cv2.putText(page, "Each tablet holds", place, 0, width / 1000, (70, 70, 70), 1, cv2.LINE_AA)
    return page


def screen(pixels: Pixels) -> Pixels:
    """A photo of a screen on a desk, from a little aside, with the screen's grid and the camera's noise."""
    rng = np.random.default_rng(1)
    photo = cv2.copyMakeBorder(pixels, 60, 60, 90, 90, cv2.BORDER_CONSTANT, value=(40, 42, 46))
    shown = cv2.copyMakeBorder(photo, 25, 35, 25, 25, cv2.BORDER_CONSTANT, value=(12, 12, 13)).astype(np.float32)
    rows, cols = np.indices(shown.shape[:2])
    shown *= (1 + 0.04 * np.sin(1.9 * rows) * np.sin(2.1 * cols))[..., None]
    high, wide = shown.shape[:2]
    size = round(1.3 * wide), round(1.3 * high)
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    moved = corners + np.array([[0.15, 0.13], [0.13, 0.11], [0.12, 0.12], [0.16, 0.11]], np.float32) * [wide, high]
    turn = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    is_screen = cv2.warpPerspective(np.ones((high, wide), np.float32), turn, size)[..., None]
    desk = np.array((120, 92, 66)) + rng.normal(0, 4, (size[1], size[0], 3))
    seen = cv2.warpPerspective(shown, turn, size) * is_screen + desk * (1 - is_screen)
    return np.clip(seen + rng.normal(0, 2, seen.shape), 0, 255).astype(np.uint8)


WAYS: dict[str, Callable[[Pixels], Pixels]] = {
    "black bars": bars(0),
    "white bars": bars(255),
    "gray bars": bars(100),
    "white margin": margin(255, 255, 255),
    "beige margin": margin(240, 235, 220),
    "dark screenshot": screenshot(18, 235),
    "light screenshot": screenshot(255, 30),
    "web page": web_page,
    "photo of a screen": screen,
}


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier()


@pytest.fixture(scope="module")
def plain(identifier: Identifier) -> dict[str, Answer]:
    return {name: identifier.identify(load(SAMPLES / name).pixels) for name in NAMES}


@pytest.mark.parametrize(
    ("way", "name"),
    # A screen and a desk around it tell of another light than the photo's: on a yellow tablet that is another color.
    [(way, name) for way in WAYS for name in NAMES if (way, name) != ("photo of a screen", "alprazolam_front.jpg")],
)
def test_the_answer_is_that_of_the_photo(identifier: Identifier, plain: dict[str, Answer], way: str, name: str) -> None:
    answer, known = identifier.identify(WAYS[way](load(SAMPLES / name).pixels)), plain[name]
    assert answer.candidates[0].product.product_id == known.candidates[0].product.product_id
    assert answer.decision is known.decision
    assert len(answer.faces) == len(known.faces)
    if known.size_mm is not None:
        assert answer.size_mm == pytest.approx(known.size_mm, rel=0.05)


@pytest.mark.parametrize("way", ["gray bars", "beige margin", "dark screenshot", "light screenshot", "web page"])
def test_the_photo_on_a_page_is_what_is_looked_at(way: str) -> None:
    pixels = load(SAMPLES / NAMES[0]).pixels
    top, left, bottom, right = content_box(WAYS[way](pixels))
    assert abs(bottom - top - pixels.shape[0]) <= 2 and abs(right - left - pixels.shape[1]) <= 2


@pytest.mark.parametrize("page", ["web page", "white margin", "long white page"])
@pytest.mark.parametrize("px_per_mm", [3.0, 4.0, 6.0, 8.0])
def test_the_scale_is_that_of_the_photo_on_the_page(page: str, px_per_mm: float) -> None:
    """In the whole page the white around the photo makes its ticks weak, and lines of text beside it may be ticks."""
    photo, pill = ruler_scene(px_per_mm, crossing=(40.0, 430.0), length_mm=30.0, pill_mm=8.0)
    height, width = photo.pixels.shape[:2]
    size = 2 * height if page == "white margin" else 4 * height, 2 * width
    whole = web_page(photo.pixels) if page == "web page" else laid(photo.pixels, size, (255,) * 3, (60, 40))
    top, left = content_box(whole)[:2]
    told = CallerHints(None, None, "rgb")
    found = found_in(
        Photo(whole, page), lambda photo, shown=None: (pill.moved(top, left),), ScaleSettings(), told, Clock()
    )
    assert found.regions[0].top == pill.top + top
    assert found.scale is not None and found.scale.mm_per_px == pytest.approx(1 / px_per_mm, rel=0.03)
    assert found.scale.outline is not None and found.scale.outline[:, 0].min() > top


def test_two_pictures_of_one_size_on_a_page_are_both_looked_at() -> None:
    pixels = load(SAMPLES / NAMES[0]).pixels
    height, width = pixels.shape[:2]
    page = laid(pixels, (3 * height, 2 * width), (30, 60, 90), (height // 4, width // 2))
    page[7 * height // 4 : 11 * height // 4, width // 2 : 3 * width // 2] = pixels
    assert content_box(page) == (0, 0, 3 * height, 2 * width)


def test_a_pill_alone_on_a_plain_ground_is_no_picture_on_a_page() -> None:
    page = np.full((300, 400, 3), 90, np.uint8)
    cv2.circle(page, (200, 150), 70, (230, 230, 225), -1, cv2.LINE_AA)
    assert content_box(page) == (0, 0, 300, 400)


def test_a_region_pointed_at_beside_the_picture_of_a_page_is_looked_at() -> None:
    """On a page with two pictures the larger is what shows; a pill in the other, or across its edge, may be meant."""
    sample = np.asarray(cv2.imread(str(SAMPLES / "024_both_gray.jpg")), np.uint8)[..., ::-1]
    height, width = sample.shape[:2]
    page = np.full((height + 900, 1000, 3), 255, np.uint8)
    page[50:850, 100:900] = np.random.default_rng(3).normal((150, 120, 90), 6, (800, 800, 3)).clip(0, 255)
    page[880 : 880 + height, 200 : 200 + width] = sample
    identifier = Identifier()
    plain = identifier.identify(sample)
    pointed = identifier.identify(page, region=(200, 880, width, height))
    assert pointed.decision is plain.decision is Decision.IDENTIFIED
    assert len(pointed.faces) == len(plain.faces) == 2
    for one, other in zip(pointed.faces, plain.faces, strict=True):
        assert not one.region.cut_by_border and one.region.is_outlined
        assert one.region.box == pytest.approx(np.add(other.region.box, (880, 200, 880, 200)), abs=3)
