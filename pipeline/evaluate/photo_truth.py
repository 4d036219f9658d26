"""What is known of the pills in a labeled photo."""

from __future__ import annotations

from dataclasses import dataclass

from reference.text.imprints import imprint_key

_BOTH = 2  # faces of a pill


@dataclass(frozen=True)
class CharacterBox:
    """One labeled character: center and size as fractions of the photo's width and height."""

    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class BoundingBox:
    """A pill's upright box as fractions of the photo's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def iou(self, other: BoundingBox) -> float:
        """The intersection with another box over their union, 0-1."""
        wide = max(0.0, min(self.right, other.right) - max(self.left, other.left))
        high = max(0.0, min(self.bottom, other.bottom) - max(self.top, other.top))
        both = wide * high
        return both / (self._area() + other._area() - both)

    def _area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True)
class Surroundings:
    """Where the pills of a photo lie: ``source`` as hand, desk or tray; ``part`` "training" or "validation".

    ``pills`` is how many there are, None where nobody counted them; ``boxes`` has one a pill where they are labeled.
    """

    source: str
    part: str = ""
    pills: int | None = None
    boxes: tuple[BoundingBox, ...] = ()

    @property
    def is_boxed(self) -> bool:
        """Whether it is known where every pill lies; so it is of a photo without one."""
        return bool(self.boxes) or self.pills == 0


@dataclass(frozen=True)
class Truth:
    """What is known of the pill in one photo; None and empty where the set does not say.

    ``imprint`` is the whole pill's, the key into the table; ``shown`` what can be read in THIS photo, None where that
    is not known. ``row_key`` is the product's key in its register (NDC or license), ``faces`` the number of faces
    shown. ``market`` is that of the register the key belongs to, as in ``Product.market``; ``imprint_type`` is SPL's
    ``PRINTED``, ``DEBOSSED`` or ``EMBOSSED``. ``polygons`` are the pills' outlines, ``(x, y)`` as fractions of the
    photo; ``surroundings`` are told of photos as people take them; ``decisions`` are those that are right.
    """

    imprint: str | None = None
    shown: str | None = None
    shape: str | None = None
    colors: frozenset[str] = frozenset()
    size_mm: float | None = None
    score: int | None = None
    row_key: str | None = None
    drug: str | None = None
    faces: int | None = None
    market: str = ""
    imprint_type: str = ""
    boxes: tuple[CharacterBox, ...] = ()
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    surroundings: Surroundings | None = None
    decisions: frozenset[str] = frozenset()

    @property
    def imprint_keys(self) -> tuple[str, ...]:
        """The keys of the imprints that name the pill; none where it bears none or that is not known.

        A license for several tablets that look alike gives their text once for each: where both faces are shown, what
        can be read on them names the pill too.
        """
        texts = (self.imprint, self.shown if self.faces == _BOTH else None)
        return tuple(key for text in texts if text and self.imprint and (key := imprint_key(text)))
