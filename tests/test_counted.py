"""How far the number of pills found can be relied on: drawn disks on plain, shaded and spotted grounds."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.records import PillRegion, Pixels
from pipeline.verify import counted

GROUND, PILL = (112, 124, 140), (235, 235, 230)
_RADIUS = 40


def tray(*centers: tuple[int, int], shade: float = 0.0, radius: int = _RADIUS) -> Pixels:
    """Disks at (x, y) on a ground that is darker to the right by a share."""
    photo = np.full((400, 600, 3), GROUND, np.float64)
    for center in centers:
        cv2.circle(photo, center, radius, PILL, -1)
    photo *= np.linspace(1, 1 - shade, 600)[None, :, None]
    noisy = photo + np.random.default_rng(1).normal(0, 2, photo.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def disk(x: int, y: int, radius: int = _RADIUS) -> PillRegion:
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    outline = np.stack([y + radius * np.sin(turn), x + radius * np.cos(turn)], axis=1).astype(np.float32)
    mask = np.zeros((2 * radius + 1, 2 * radius + 1), np.uint8)
    cv2.circle(mask, (radius, radius), radius, 1, -1)
    return PillRegion(outline, mask.astype(bool), y - radius, x - radius, 0.99)


@pytest.mark.parametrize("shade", [0.0, 0.3])
def test_pills_apart_on_plain_ground_are_counted(shade: float) -> None:
    photo = tray((100, 100), (300, 100), shade=shade)
    assert counted(photo, [disk(100, 100), disk(300, 100)]).is_sure


@pytest.mark.parametrize("shade", [0.0, 0.3])
def test_a_pill_that_was_overlooked_is_a_spot(shade: float) -> None:
    found = counted(tray((100, 100), (300, 100), (500, 300), shade=shade), [disk(100, 100), disk(300, 100)])
    assert not found.is_sure and found.overlooked == 1
    (x, y) = found.spots[0]
    assert abs(x - 500) < 6 and abs(y - 300) < 6
    assert next(found.sentences) == (
        f"At the bottom right of the photo (x {x}, y {y}) lies something that was not taken for a pill, and may be one."
    )
    middle = replace(found, spots=((300, 200),))
    assert next(middle.sentences).startswith("At the middle of the photo (x 300, y 200) lies")
    assert next(replace(middle, size=(0, 0)).sentences).startswith("At x 300, y 200 lies")


def test_a_ruler_and_a_crumb_are_no_pill() -> None:
    photo = tray((100, 100), (300, 100))
    cv2.circle(photo, (450, 60), 6, PILL, -1)
    cv2.rectangle(photo, (50, 300), (550, 380), (250, 250, 250), -1)
    ruler = np.array([(300, 50), (300, 550), (380, 550), (380, 50)], np.float32)
    pills = [disk(100, 100), disk(300, 100)]
    assert counted(photo, pills, [ruler]).is_sure
    assert not counted(photo, pills).is_sure


@pytest.mark.parametrize(("apart", "sure"), [(83, False), (120, True)])
def test_pills_that_nearly_touch_may_hide_one(apart: int, sure: bool) -> None:
    found = counted(tray((100, 100), (100 + apart, 100)), [disk(100, 100), disk(100 + apart, 100)])
    assert found.is_sure is sure
    assert list(found.sentences) == (
        [] if sure else ["Pill 1 and pill 2 nearly touch: they may be one, or hide another."]
    )


def test_parts_of_one_pill_with_no_ground_between_are_one() -> None:
    photo = tray((100, 200), (200, 200))
    cv2.rectangle(photo, (100, 165), (200, 235), (40, 60, 160), -1)
    cv2.circle(photo, (100, 200), _RADIUS, PILL, -1)
    cv2.circle(photo, (200, 200), _RADIUS, PILL, -1)
    assert counted(photo, [disk(100, 200), disk(200, 200)]).touching == ((0, 1),)


def test_shadows_are_neither_pills_nor_between_them() -> None:
    centers, shift = ((100, 100), (200, 100)), 18
    photo = np.full((400, 600, 3), GROUND, np.float64)
    shadow = np.zeros((400, 600), np.float32)
    for x, y in centers:
        cv2.circle(shadow, (x + shift, y + shift), _RADIUS, 1.0, -1)
    photo *= 1 - 0.45 * cv2.GaussianBlur(shadow, (0, 0), 3)[..., None]
    for center in centers:
        cv2.circle(photo, center, _RADIUS, PILL, -1)
    seen = np.clip(photo, 0, 255).astype(np.uint8)
    assert counted(seen, [disk(*center) for center in centers]).is_sure
    cv2.circle(seen, (450, 300), _RADIUS, (70, 78, 88), -1)  # a dark pill away from all others is no shadow
    assert counted(seen, [disk(*center) for center in centers]).overlooked == 1


def test_nothing_found_is_counted_as_nothing() -> None:
    assert counted(tray(), []).is_sure
    assert counted(tray((300, 200)), []).overlooked == 1
