"""The sheet with markers that gives a photo its scale: where they lie on it, and the sheet as a PDF at true size."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

# AprilTag 36h11: eleven bits apart, practically never seen in wood or cloth (Olson, ICRA 2011).
FAMILY = cv2.aruco.DICT_APRILTAG_36h11
MARKER_MM = 20.0
# Where the markers' upper left corners lie on the sheet, (right, down) in mm. The last four of the family's 587 ids:
# other people's sheets begin at 0.
CORNERS_MM = {583: (0.0, 0.0), 584: (80.0, 0.0), 585: (0.0, 80.0), 586: (80.0, 80.0)}

_A4_MM = (210.0, 297.0)
_ORIGIN_MM = (55.0, 60.0)
_POINTS_PER_MM = 72.0 / 25.4
_CELLS = 8  # 36h11: six by six bits and a black border


def dictionary() -> cv2.aruco.Dictionary:
    """The markers' family."""
    return cv2.aruco.getPredefinedDictionary(FAMILY)


def corners_mm(marker: int) -> NDArray[np.float64]:
    """``(4, 2)`` float64 ``(right, down)`` on the sheet: upper left, upper right, lower right, lower left."""
    right, down = CORNERS_MM[marker]
    return np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * MARKER_MM + (right, down)


def sheet_pdf() -> bytes:
    """The sheet, one A4 page: four markers around the pill's place and 50 mm to check the print with."""
    right, bottom = _ORIGIN_MM[0], _ORIGIN_MM[1] + 100.0
    content = ["0 g", *(_rectangle(*box) for box in _black_boxes())]
    content += [_rectangle(right + 25, bottom + 12, 50.0, 0.3)]
    content += [_rectangle(right + 25 + at, bottom + 12, 0.3, 3.0) for at in (0.0, 49.7)]
    content += [_text(right + 25, bottom + 20, "Print at 100 % (no scaling): this line is 50 mm long.")]
    content += [_text(right + 25, _ORIGIN_MM[1] - 6, "pillprint: lay the pill between the markers.")]
    return _pdf("\n".join(content))


def _black_boxes() -> Iterator[tuple[float, float, float, float]]:
    """``(right, down, width, height)`` in mm of the page for every black cell, runs of cells joined."""
    cell = MARKER_MM / _CELLS
    for marker, (right, down) in CORNERS_MM.items():
        bits = cv2.aruco.generateImageMarker(dictionary(), marker, _CELLS)
        for row in range(_CELLS):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], bits[row] == 0, [0]]).astype(int)))
            for start, stop in edges.reshape(-1, 2):
                yield (
                    _ORIGIN_MM[0] + right + start * cell,
                    _ORIGIN_MM[1] + down + row * cell,
                    float(stop - start) * cell,
                    cell,
                )


def _rectangle(right: float, down: float, width: float, height: float) -> str:
    x, y = right * _POINTS_PER_MM, (_A4_MM[1] - down - height) * _POINTS_PER_MM
    return f"{x:.4f} {y:.4f} {width * _POINTS_PER_MM:.4f} {height * _POINTS_PER_MM:.4f} re f"


def _text(right: float, down: float, text: str) -> str:
    x, y = right * _POINTS_PER_MM, (_A4_MM[1] - down) * _POINTS_PER_MM
    return f"BT /F1 9 Tf {x:.2f} {y:.2f} Td ({text.replace('(', chr(92) + '(').replace(')', chr(92) + ')')}) Tj ET"


def _pdf(content: str) -> bytes:
    """A one-page PDF 1.4 (ISO 32000) with that content stream."""
    width, height = (side * _POINTS_PER_MM for side in _A4_MM)
    stream = content.encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.3f} {height:.3f}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return data + head + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
