"""Things of known size other than rulers: the marker sheet and cards of the ID-1 format."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.scale import marker
from pipeline.scale.search_copy import SearchCopy

# ISO/IEC 7810 ID-1: bank cards, driving licenses.
CARD_MM = (85.60, 53.98)
_CARD_CORNER_MM = 3.18
_CARD_ASPECT_TOLERANCE = 0.025
_CARD_SHARE_MIN = 0.04
_CARD_CORNERS_MIN = 3


def find_markers(copy: SearchCopy) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Corners of the sheet's markers: ``(n, 2)`` ``(x, y)`` in pixels of the photo, and ``(n, 2)`` mm on the sheet."""
    small = cv2.GaussianBlur(copy.gray, (0, 0), 0.7)
    parameters = cv2.aruco.DetectorParameters()
    # The window must be wider than a marker's cells, else their insides fall apart.
    parameters.adaptiveThreshWinSizeMin, parameters.adaptiveThreshWinSizeMax = 5, 45
    parameters.adaptiveThreshWinSizeStep = 20
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    found, ids, _ = cv2.aruco.ArucoDetector(marker.dictionary(), parameters).detectMarkers(small)
    pixels, places = [], []
    numbers = np.ravel(ids).tolist() if len(found) else []
    for corners, number in zip(found, map(int, numbers), strict=True):
        if number in marker.CORNERS_MM:
            pixels.append(copy.in_photo(corners.reshape(4, 2)))
            places.append(marker.corners_mm(number))
    return (np.concatenate(pixels), np.concatenate(places)) if pixels else None


def find_card(copy: SearchCopy) -> NDArray[np.float64] | None:
    """The four corners ``(4, 2)`` ``(x, y)``, as of a sharp rectangle, of a card seen nearly from above, or None.

    A card shows by its sides (85.60 to 53.98) and its rounded corners (radius 3.18 mm); a photo, a box or a phone of
    similar sides has others.
    """
    small = cv2.GaussianBlur(copy.gray, (0, 0), 1.2)
    _, marks = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    for mask in (marks, cv2.bitwise_not(marks)):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            if cv2.contourArea(contour) >= _CARD_SHARE_MIN * small.size and _is_card(
                np.asarray(contour, dtype=np.int32), small.shape
            ):
                return copy.in_photo(cv2.boxPoints(cv2.minAreaRect(contour)))
    return None


def _is_card(contour: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    left, top, width, height = cv2.boundingRect(contour)
    if left <= 1 or top <= 1 or left + width >= shape[1] - 1 or top + height >= shape[0] - 1:
        return False
    rectangle = cv2.minAreaRect(contour)
    long, short = max(rectangle[1]) + 1, min(rectangle[1]) + 1
    if abs(long / short / (CARD_MM[0] / CARD_MM[1]) - 1) > _CARD_ASPECT_TOLERANCE:
        return False
    if cv2.contourArea(contour) < 0.975 * long * short:
        return False
    # From the corner of a rectangle to a rounded corner it is (sqrt 2 - 1) radii.
    expected = (np.sqrt(2) - 1) * _CARD_CORNER_MM * long / CARD_MM[0]
    points = contour[:, 0].astype(np.float64)
    gaps = [float(np.hypot(*(points - corner).T).min()) for corner in cv2.boxPoints(rectangle)]
    rounded = sum(0.5 * expected < gap < 1.8 * expected for gap in gaps)
    return bool(rounded >= _CARD_CORNERS_MIN)
