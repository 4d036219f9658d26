"""The marker sheet, drawn from its own PDF, is found and measures true."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.cli.marker import marker
from pipeline.errors import InputError
from pipeline.records import Photo, ScaleSource
from pipeline.scale import find_scale
from pipeline.scale.marker import CORNERS_MM, corners_mm, sheet_pdf
from pipeline.scale.references import find_markers
from pipeline.scale.search_copy import SearchCopy

POINT_MM = 25.4 / 72


def drawn(data: bytes, px_per_mm: float) -> np.ndarray:
    """The PDF's rectangles as a printer would lay them on the page, ``(h, w)`` uint8."""
    page = [float(value) * POINT_MM for value in re.search(rb"MediaBox \[0 0 (\S+) (\S+)\]", data).groups()]  # type: ignore[union-attr]
    image = np.full((round(page[1] * px_per_mm), round(page[0] * px_per_mm)), 255, np.uint8)
    for x, y, width, height in re.findall(rb"(\S+) (\S+) (\S+) (\S+) re f", data):
        left, bottom, wide, high = (float(value) * POINT_MM * px_per_mm for value in (x, y, width, height))
        top = image.shape[0] - bottom - high
        image[round(top) : round(top + high), round(left) : round(left + wide)] = 0
    return image


def test_the_printed_sheet_gives_true_millimeters() -> None:
    image = drawn(sheet_pdf(), 5.0)
    found = find_markers(SearchCopy.of(image))
    assert found is not None and len(found[0]) == 4 * len(CORNERS_MM)
    scale = find_scale(Photo(np.dstack([cv2.GaussianBlur(image, (0, 0), 0.7)] * 3), "sheet"), [])
    assert scale is not None and scale.source is ScaleSource.MARKER
    assert scale.mm_per_px == pytest.approx(1 / 5.0, rel=0.003)


def test_the_pdf_is_whole() -> None:
    data = sheet_pdf()
    assert data.startswith(b"%PDF-1.4") and data.endswith(b"%%EOF\n")
    start = int(re.search(rb"startxref\n(\d+)", data).group(1))  # type: ignore[union-attr]
    assert data[start : start + 4] == b"xref"
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", data), 1):
        assert data[int(place) :].startswith(b"%d 0 obj" % number)
    width, height = re.search(rb"MediaBox \[0 0 (\S+) (\S+)\]", data).groups()  # type: ignore[union-attr]
    assert (float(width) * POINT_MM, float(height) * POINT_MM) == pytest.approx((210, 297), abs=0.01)


def test_markers_do_not_overlap() -> None:
    boxes = [(corners_mm(number).min(axis=0), corners_mm(number).max(axis=0)) for number in CORNERS_MM]
    for index, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[index + 1 :]:
            assert np.any(high + 5 < other_low) or np.any(other_high + 5 < low)


def test_the_command_writes_the_sheet_and_says_how_to_print_it(tmp_path: Path) -> None:
    out = tmp_path / "marker.pdf"
    result = CliRunner().invoke(marker, ["--out", str(out)])
    assert result.exit_code == 0 and "100 %" in result.output
    assert out.read_bytes() == sheet_pdf()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(marker, ["--out", str(tmp_path / "none" / "marker.pdf")])
    assert isinstance(result.exception, InputError) and "marker.pdf" in str(result.exception)
