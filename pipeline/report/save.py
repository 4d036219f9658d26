"""Writes what a report draws: the sheet of a photo, the page of some answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.errors import InputError
from pipeline.load import display_name
from pipeline.records import Identification, Photo, Pixels
from pipeline.report.overlay import overlay
from pipeline.report.page import answers_page
from pipeline.report.page.view import PictureOf

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def save_overlay(
    file: Path, photos: Sequence[Photo], answers: Sequence[Identification], picture_of: PictureOf | None = None
) -> None:
    """Draw the photos one below the other and save them; the name's ending gives the format.

    Args:
        file: ends in .png, .jpg, .jpeg or .webp.
        photos: as they were loaded for the answers, in their order.
        answers: one, or one for each pill of the one photo.
        picture_of: is not needed here; every form of ``output_forms.OUTPUTS`` is given it.

    Raises:
        InputError: another ending, or the file cannot be written.
    """
    form = _FORMATS.get(file.suffix.lower())
    if form is None:
        raise InputError(f"{display_name(file)}: the name must end in one of {', '.join(_FORMATS)}")
    image = Image.fromarray(sheets(photos, answers))
    _write(file, lambda part: image.save(part, form))


def save_html(
    file: Path, photos: Sequence[Photo], answers: Sequence[Identification], picture_of: PictureOf | None = None
) -> None:
    """Save the answers as one HTML page, the photos drawn with what was found.

    ``picture_of`` is ``Catalog.picture_of``, where the labels' photos of the candidates are to be shown.

    Raises:
        InputError: the file cannot be written.
    """
    save_page(file, answers_page(answers, photos, picture_of=picture_of))


def save_page(file: Path, page: str) -> None:
    """Save the text of a page.

    Raises:
        InputError: the file cannot be written.
    """
    _write(file, lambda part: part.write_bytes(page.encode("utf-8")))


def sheets(photos: Sequence[Photo], answers: Sequence[Identification]) -> Pixels:
    """The photos of some answers drawn one below the other, ``(height, 1200, 3)`` uint8 sRGB."""
    return np.concatenate([overlay(photo, answers, index) for index, photo in enumerate(photos)])


def _write(file: Path, write: Callable[[Path], object]) -> None:
    """Write beside the file and move into place: a stopped run leaves no half of a page."""
    part = file.with_name(f".{os.getpid()}.{file.name}")
    try:
        try:
            write(part)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{display_name(file)}: cannot be written ({reason}); choose another place") from error
