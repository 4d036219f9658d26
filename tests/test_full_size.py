"""What is asked of a photo's faces at full size is decoded once, the same as if each were decoded alone."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.geometry.sampling import placed
from pipeline.imprint.canvas import face_canvas
from pipeline.imprint.crop import crop_pill
from pipeline.load import detail, load
from pipeline.load.formats import Encoded, parse
from pipeline.measure import conditions_of
from pipeline.records import Photo, PillRegion
from pipeline.segment.close_up import whole_frame
from pipeline.segment.regions import region_of
from pipeline.settings import LoadSettings


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the photos that were opened to be decoded, one for each time."""
    names: list[str] = []

    def noted(data: bytes, name: str) -> Encoded:
        names.append(name)
        return parse(data, name)

    monkeypatch.setattr("pipeline.load.photo.parse", noted)
    return names


def reduced(pixels: NDArray[np.uint8], long_side_px: int) -> Photo:
    """The pixels as a JPEG, loaded at that size."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return load(buffer.getvalue(), LoadSettings(long_side_px_max=long_side_px))


def all_of(photo: Photo) -> tuple[int, int, int, int]:
    return (0, 0, *photo.pixels.shape[:2])


def test_what_lies_in_the_places_of_a_photo_is_decoded_once(decoded: list[str]) -> None:
    photo = reduced(np.random.default_rng(1).integers(0, 255, (901, 1203, 3), np.uint8), 300)
    boxes = [(20, 30, 81, 90), (25, 31, 70, 88), (160, 210, 225, 300), (-5, 20, 30, 50)]
    plain = [detail(photo, box)[0] for box in boxes]
    decoded.clear()
    told = replace(photo, places=((0, 20, 100, 110), (150, 200, 225, 300)))
    kept = [detail(told, box)[0] for box in boxes]
    assert all(np.array_equal(one, other) for one, other in zip(plain, kept, strict=True))
    assert len(decoded) == 1
    outside = (0, 0, 20, 30)
    assert np.array_equal(detail(told, outside)[0], detail(photo, outside)[0])
    assert len(decoded) == 3, "what lies outside is not kept"


def test_one_decoding_serves_both_readers_and_the_sharpness(decoded: list[str]) -> None:
    pixels = np.full((1200, 1600, 3), 60, np.uint8)
    places = [((500, 600), (240, 70), 45), ((1150, 600), (90, 90), 0)]
    for middle, axes, turn_deg in places:
        cv2.ellipse(pixels, middle, axes, turn_deg, 0, 360, (220, 220, 220), -1)
    photo = reduced(pixels, 400)
    pills = [oval(photo, *place) for place in places]
    plain = [conditions_of([photo], [(photo, pill)]) for pill in pills]
    decoded.clear()
    photo = placed(photo, pills)
    for pill, conditions in zip(pills, plain, strict=True):
        face_canvas(photo, pill)
        crop_pill(photo, pill)
        assert conditions_of([photo], [(photo, pill)]) == conditions
    assert len(decoded) == 1


def oval(photo: Photo, middle: tuple[int, int], axes: tuple[int, int], turn_deg: int) -> PillRegion:
    """The region of an ellipse that was drawn at full size."""
    points = np.asarray(cv2.ellipse2Poly(middle, axes, turn_deg, 0, 360, 3), np.float32)
    return region_of(photo, points[:-1, ::-1] / np.float32(photo.reduction), all_of(photo), 0.9)


def test_of_many_faces_a_bounded_part_is_kept_the_smallest_first() -> None:
    photo = load(np.zeros((3000, 4000, 3), np.uint8), LoadSettings(long_side_px_max=1000))
    square = np.array([[0, 0], [0, 90], [90, 90], [90, 0]], np.float32)
    corners = [np.array([row, col], np.float32) for row in range(0, 600, 100) for col in range(0, 900, 100)]
    faces = [region_of(photo, square + corner, all_of(photo), 0.9) for corner in corners]
    kept = placed(photo, [whole_frame(photo, all_of(photo)), *faces]).places
    assert 10 < len(kept) < len(faces)
    assert sum(16 * (bottom - top) * (right - left) for top, left, bottom, right in kept) <= 4_000_000
