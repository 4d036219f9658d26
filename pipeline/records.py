"""The records that cross a stage: frozen, validated, with the units in their names.

Inside the package a place is ``(row, col)`` in pixels of ``Photo.pixels``; OpenCV's ``(x, y)`` occurs only at
OpenCV's calls. A turn is in degrees, counter-clockwise as seen, 0 where text runs left to right. Every
probability and confidence lies in 0-1. Records that hold arrays compare by identity and their arrays are
read-only.

The flow: ``Photo -> PillRegion -> (Measurements, Reading) = Face -> Candidate -> Identification``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.serialize import identification_to_dict, identification_to_json
from reference.grouping import drug_strength, same_drug
from reference.high_alert import HighAlertGroup, high_alert_group
from reference.product import Monograph, Product

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def _freeze(array: NDArray[np.generic]) -> None:
    array.setflags(write=False)


def _check_probability(value: float, name: str) -> None:
    if not 0.0 <= value <= 1.0 + 1e-9:
        raise ValueError(f"{name} is {value}, not a probability between 0 and 1")


@dataclass(frozen=True, eq=False)
class Photo:
    """One photo, decoded upright.

    ``pixels`` is ``(height, width, 3)`` uint8 sRGB, reduced by ``reduction`` (>= 1) from the full size;
    ``encoded`` keeps the file's bytes so that ``load.detail`` can decode one place at full size.
    """

    pixels: Pixels
    name: str
    reduction: float = 1.0
    encoded: bytes | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be (height, width, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")
        _freeze(self.pixels)


class ScaleSource(Enum):
    """Where the millimeters come from."""

    RULER = "ruler"
    MARKER = "marker"
    CARD = "card"
    COIN = "coin"
    CALLER = "caller"


@dataclass(frozen=True, eq=False)
class Scale:
    """Millimeters per pixel of ``Photo.pixels``, with its relative standard deviation.

    ``homography`` (3, 3) float64 maps pixels ``(x, y, 1)`` to millimeters on the table plane, where the
    reference allows it; else None and ``mm_per_px`` holds everywhere.
    """

    mm_per_px: float
    relative_sigma: float
    source: ScaleSource
    homography: NDArray[np.float64] | None = None
    outline: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mm_per_px) and self.mm_per_px > 0):
            raise ValueError(f"mm_per_px is {self.mm_per_px}, not a positive number")
        for array in (self.homography, self.outline):
            if array is not None:
                _freeze(array)


@dataclass(frozen=True, eq=False)
class PillRegion:
    """One pill's face in a photo.

    ``outline`` is ``(n, 2)`` float32 ``(row, col)``, closed, clockwise; ``mask`` is ``(h, w)`` bool, the
    filled outline inside the box whose first pixel is ``(top, left)``.
    """

    outline: NDArray[np.float32]
    mask: Mask
    top: int
    left: int
    confidence: float
    cut_by_border: bool = False

    def __post_init__(self) -> None:
        _check_probability(self.confidence, "confidence")
        _freeze(self.outline)
        _freeze(self.mask)

    @property
    def area(self) -> int:
        """Pixels inside the outline."""
        return int(np.count_nonzero(self.mask))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """``(top, left, bottom, right)``, the last two past the end."""
        return self.top, self.left, self.top + self.mask.shape[0], self.left + self.mask.shape[1]


def _best_first(pairs: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Terms by what they weigh, the heaviest first, and by name."""
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True)
class Probabilities:
    """Calibrated probabilities over terms, best first; terms left out share what is missing from 1."""

    terms: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        for term, value in self.terms:
            _check_probability(value, term)
        if sum(value for _, value in self.terms) > 1.0 + 1e-6:
            raise ValueError("the probabilities add up to more than 1")
        # Terms given best first stay so: weights that differ by their last bit may have one probability.
        if any(before < after for (_, before), (_, after) in pairwise(self.terms)):
            object.__setattr__(self, "terms", _best_first(self.terms))

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Probabilities:
        """Normalize non-negative weights to probabilities."""
        total = sum(weights.values())
        if total <= 0:
            return cls(())
        return cls(tuple((term, weight / total) for term, weight in _best_first(weights.items())))

    @property
    def best(self) -> str | None:
        """The most probable term, or None where nothing is known."""
        return self.terms[0][0] if self.terms else None

    def __getitem__(self, term: str) -> float:
        return next((value for name, value in self.terms if name == term), 0.0)


@dataclass(frozen=True)
class ColorMeasurement:
    """One or two SPL colors of the pill body.

    ``colors`` gives probabilities over keys as ``"WHITE"`` or, for two-color pills, ``"BLUE;WHITE"`` (SPL
    terms in alphabetical order); ``lab`` holds the CIELAB (D65) mean of each color area under the estimated
    light.
    """

    colors: Probabilities
    lab: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class SizeMeasurement:
    """Length (SPL SPLSIZE) along the long axis and width across, in mm, with the length's standard deviation."""

    length_mm: float
    width_mm: float
    sigma_mm: float


@dataclass(frozen=True)
class ScoreMeasurement:
    """Probabilities over ``"1"`` (no score), ``"2"``, ``"3"``, ``"4"`` equal pieces (SPL SPLSCORE).

    ``lines`` are the score lines found, each ``((row, col), (row, col))`` in photo pixels.
    """

    pieces: Probabilities
    lines: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()


@dataclass(frozen=True)
class Measurements:
    """What one face looks like before any letter is read.

    ``relief`` gives probabilities over ``BLANK``, ``DEBOSSED``, ``EMBOSSED``, ``PRINTED``; ``axis_deg`` is
    the turn of the long axis; the names of the region figures are those of scikit-image's regionprops.
    """

    shape: Probabilities
    color: ColorMeasurement
    score: ScoreMeasurement
    relief: Probabilities
    size: SizeMeasurement | None
    axis_deg: float
    axis_major_length_px: float
    axis_minor_length_px: float
    solidity: float


@dataclass(frozen=True)
class PillLook:
    """What one pill looks like, all its faces taken together.

    ``relief`` is the kind of its imprint (DEBOSSED, EMBOSSED, PRINTED), of the faces that bear one; ``faces`` is how
    many were seen.
    """

    shape: Probabilities
    color: Probabilities
    score: Probabilities
    size: SizeMeasurement | None
    relief: Probabilities
    faces: int


@dataclass(frozen=True)
class Character:
    """One character found on a face.

    ``alternatives`` are the probable characters, best first; their probabilities and that of "not a
    character" add up to at most 1. ``row``, ``col`` is its center in photo pixels, ``turn_deg`` the
    direction its line runs.
    """

    alternatives: tuple[tuple[str, float], ...]
    row: float
    col: float
    height_px: float
    width_px: float
    turn_deg: float

    @property
    def text(self) -> str:
        """The most probable character."""
        return self.alternatives[0][0]

    @property
    def confidence(self) -> float:
        """The probability of ``text``."""
        return self.alternatives[0][1]


@dataclass(frozen=True)
class Line:
    """Characters in reading order."""

    characters: tuple[Character, ...]

    @property
    def text(self) -> str:
        """The characters' best reading, without blanks."""
        return "".join(character.text for character in self.characters)

    @property
    def confidence(self) -> float:
        """The least certain character's confidence."""
        return min((character.confidence for character in self.characters), default=0.0)


@dataclass(frozen=True)
class Reading:
    """What one engine read on one face.

    ``hypotheses`` are alternative sets of lines (upside down, another grouping) with their probabilities,
    best first; the first is the answer where one is wanted. ``blank`` is the probability that the face
    carries no character at all; ``symbol`` that it carries a logo.
    """

    engine: str
    hypotheses: tuple[tuple[tuple[Line, ...], float], ...]
    blank: float
    symbol: float = 0.0

    @property
    def lines(self) -> tuple[Line, ...]:
        """The most probable lines."""
        return self.hypotheses[0][0] if self.hypotheses else ()

    @property
    def characters(self) -> tuple[Character, ...]:
        """The characters of the most probable lines, one after the other."""
        return tuple(character for line in self.lines for character in line.characters)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The text of the most probable lines."""
        return tuple(line.text for line in self.lines)


@dataclass(frozen=True)
class Face:
    """One face of the pill: where it is, what it looks like, what it says."""

    photo_name: str
    photo_index: int
    region: PillRegion
    measurements: Measurements
    reading: Reading


@dataclass(frozen=True)
class EvidenceRow:
    """One observation weighed for one candidate.

    ``bits`` is the match weight, log2 of the Bayes factor; 0 where either side is unknown. The rows of a
    candidate add up to its score.
    """

    kind: str
    observed: str
    expected: str
    bits: float
    sentence: str


@dataclass(frozen=True)
class Candidate:
    """Products that are the same tablet, with the evidence for them."""

    products: tuple[Product, ...]
    probability: float
    score_bits: float
    evidence: tuple[EvidenceRow, ...]
    tier: str = ""

    def __post_init__(self) -> None:
        if not self.products:
            raise ValueError("a candidate names at least one product")
        _check_probability(self.probability, "probability")

    @property
    def product(self) -> Product:
        """The product that stands for the group."""
        return self.products[0]

    @property
    def labelers(self) -> tuple[str, ...]:
        """Everyone who sells this tablet, each once, in the group's order."""
        return tuple(dict.fromkeys(product.labeler for product in self.products if product.labeler))

    @property
    def high_alert(self) -> HighAlertGroup | None:
        """Why a mix-up with it does most harm; None where it is not known to be a high-alert drug."""
        return next(filter(None, map(high_alert_group, self.products)), None)


@dataclass(frozen=True)
class Drug:
    """Candidates that are one drug in one strength, the likeliest first: what an answer names in words.

    Its probability is that of drug and strength, whoever sells it: the one that decides, and the one shown.
    """

    candidates: tuple[Candidate, ...]

    @property
    def first(self) -> Candidate:
        """The tablet that stands for it."""
        return self.candidates[0]

    @property
    def probability(self) -> float:
        """That the pill is this drug in this strength."""
        return min(sum(candidate.probability for candidate in self.candidates), 1.0)

    @property
    def labelers(self) -> tuple[str, ...]:
        """Everyone who sells it, each once."""
        return tuple(dict.fromkeys(name for candidate in self.candidates for name in candidate.labelers))

    @property
    def imprints(self) -> tuple[str, ...]:
        """What its tablets bear, each once."""
        return tuple(dict.fromkeys(" ".join(candidate.product.tokens) for candidate in self.candidates))

    @property
    def high_alert(self) -> HighAlertGroup | None:
        """Why a mix-up with it does most harm; None where it is not known to be a high-alert drug."""
        return next(filter(None, (candidate.high_alert for candidate in self.candidates)), None)


# A drug less likely than this is not named among those that it could be, nor more than so many.
_NAMED_FROM, _NAMED_MAX = 0.02, 5


def drugs_of(candidates: Iterable[Candidate]) -> tuple[Drug, ...]:
    """Candidates by drug and strength, in the order of the first of each; one without a drug's name alone.

    A product of the same imprint and drug whose register names no strength is taken as the same.
    """
    found: list[list[Candidate]] = []
    for candidate in candidates:
        drug = next((drug for drug in found if _is_one_drug(candidate.product, drug[0].product)), None)
        if drug is None:
            found.append([candidate])
        else:
            drug.append(candidate)
    return tuple(Drug(tuple(each)) for each in found)


def _is_one_drug(one: Product, other: Product) -> bool:
    drug, strength = drug_strength(one)
    if drug and (drug, strength) == drug_strength(other):
        return True
    return one.imprint_key == other.imprint_key and same_drug(one, other)


def named_drugs(candidates: Iterable[Candidate]) -> tuple[Drug, ...]:
    """The drugs that are probable enough to be named."""
    return tuple(drug for drug in drugs_of(candidates) if drug.probability > _NAMED_FROM)[:_NAMED_MAX]


@dataclass(frozen=True)
class Advice:
    """The one further observation that would tell most.

    ``code`` is stable (``TURN_OVER``, ``COIN_BESIDE``, ...); ``bits`` is how much of what is still open, in bits of
    the candidates' entropy, it would settle on average.
    """

    code: str
    sentence: str
    bits: float


class Decision(Enum):
    """What the answer claims."""

    IDENTIFIED = "IDENTIFIED"
    AMBIGUOUS = "AMBIGUOUS"
    UNKNOWN = "UNKNOWN"
    UNREADABLE = "UNREADABLE"
    NO_PILL = "NO_PILL"


@dataclass(frozen=True)
class Identification:
    """The answer for one pill.

    ``monograph`` is there for IDENTIFIED only (and for AMBIGUOUS when all probable candidates are the same
    drug). ``unlisted`` is the probability that the pill is in no row of the catalog. ``catalog`` is the fingerprint of
    the catalog that was asked, with its name and its date (ISO, "" where it says none). ``seconds`` by stage.
    """

    decision: Decision
    reason: str
    candidates: tuple[Candidate, ...]
    faces: tuple[Face, ...]
    shape: Probabilities
    color: Probabilities
    size: SizeMeasurement | None
    score: Probabilities
    scale: Scale | None
    monograph: Monograph | None
    warnings: tuple[str, ...]
    photos: tuple[str, ...]
    catalog: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    unlisted: float = 1.0
    advice: Advice | None = None
    catalog_name: str = ""
    catalog_date: str = ""

    @property
    def size_mm(self) -> float | None:
        """The length in mm, or None where the photo carries no scale."""
        return self.size.length_mm if self.size else None

    @property
    def drugs(self) -> tuple[Drug, ...]:
        """The candidates by drug and strength, in the order of the first of each."""
        return drugs_of(self.candidates)

    @property
    def imprint(self) -> tuple[str, ...]:
        """The tokens read on all faces."""
        return tuple(token for face in self.faces for token in face.reading.tokens)

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values, in the form of ``pipeline/report/identification.schema.json``."""
        return identification_to_dict(self)

    def to_json(self, indent: int | None = None) -> str:
        """The answer as JSON text, in the same form.

        Raises:
            ValueError: a figure is not finite.
        """
        return identification_to_json(self, indent)


def tokens_of(lines: Iterable[Line]) -> tuple[str, ...]:
    """The texts of some lines."""
    return tuple(line.text for line in lines)
