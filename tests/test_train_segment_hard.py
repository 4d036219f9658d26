"""Labels of photos on which the segmentation fails: other views of a photo, and mended outlines."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

from pipeline.records import Photo
from pipeline.segment import segment
from pipeline.train.segment.hard import mended, views


def test_what_is_seen_in_any_view_is_told_where_the_photo_has_it() -> None:
    pixels = np.full((260, 340, 3), 110, np.uint8)
    cv2.circle(pixels, (90, 150), 45, (235, 230, 225), cv2.FILLED, cv2.LINE_AA)
    shown = 0
    for view, back in views(Photo(pixels, "disc")):
        for region in segment(view):
            shown += 1
            assert np.abs(back(region).mean(axis=0) - [150, 90]).max() < 3
    assert shown >= 12


def test_a_round_outline_with_a_lobe_becomes_its_circle() -> None:
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 40 + np.where(angles < 1.2, 9 * np.sin(angles / 1.2 * math.pi), 0)
    outline = np.stack([60 + radius * np.sin(angles), 70 + radius * np.cos(angles)], axis=1).astype(np.float32)
    circle = mended(outline, "ROUND")
    assert circle is not None
    assert np.abs(np.hypot(*(circle - [60, 70]).T) - 40).max() < 1.5


def test_an_outline_far_from_itself_after_half_a_turn_is_left_out() -> None:
    triangle = np.array([[0, 0], [0, 60], [50, 30]], np.float32)
    assert mended(triangle, None) is None
