"""Which faces of type are drawn with: those that ship in this project's wheels, and those found on the machine."""

from __future__ import annotations

from pathlib import Path

from PIL import ImageFont

# 18 engravers' styles (`strokes`): width, squareness of the bows, variant of 1 3 4 6 7 9 I J M.
STROKE_FONTS: tuple[str, ...] = tuple(
    f"stroke-{width}-{square}-{variant}"
    for width, square, variant in (
        (60, 20, 0),
        (60, 20, 1),
        (64, 22, 2),
        (56, 22, 3),
        (68, 20, 4),
        (60, 24, 5),
        (52, 26, 6),
        (70, 20, 7),
        (60, 28, 8),
        (56, 20, 9),
        (64, 24, 10),
        (74, 20, 11),
        (50, 24, 12),
        (60, 20, 13),
        (58, 32, 14),
        (66, 20, 15),
        (62, 22, 16),
        (54, 20, 17),
    )
)
BUILT_IN_FONTS: tuple[str, ...] = (*STROKE_FONTS, *STROKE_FONTS, "aileron", "aileron", "rubik")
PRINT_FONTS: tuple[str, ...] = (*STROKE_FONTS[::2], "aileron", "aileron", "aileron", "rubik", "rubik", "rubik-bold")

_DRAWN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/-+.&"


def find_fonts(folder: str | Path) -> tuple[str, ...]:
    """Paths of the font files below a folder, sorted, that open and have every character drawn here."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() in (".ttf", ".otf") and _has_all(path):
            found.append(str(path))
    return tuple(found)


def _has_all(path: Path) -> bool:
    try:
        font = ImageFont.truetype(str(path), 40)
        boxes = [font.getmask(character).getbbox() for character in _DRAWN]
        missing = bytes(font.getmask("\U0010ffff"))
    except (OSError, ValueError):
        return False
    return all(boxes) and not any(bytes(font.getmask(character)) == missing for character in "A8g&")
