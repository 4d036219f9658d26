"""The answer for one pill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pipeline.records.candidate import Candidate, Drug, drugs_of
from pipeline.records.look import Measurements, PillLook
from pipeline.records.photo import PillRegion, Scale
from pipeline.records.reading import Reading
from reference.product import Monograph


@dataclass(frozen=True)
class Face:
    """One face of the pill: where it is, what it looks like, what it says."""

    photo_name: str
    photo_index: int
    region: PillRegion
    measurements: Measurements
    reading: Reading


@dataclass(frozen=True)
class Advice:
    """The one further observation that would tell most, or how to take the photo again.

    ``code`` is stable (``TURN_OVER``, ``COIN_BESIDE``, ...); ``bits`` is how much of what is still open, in bits of
    the candidates' entropy, it would settle on average. Of ``SHARPER``, ``LARGER``, ``MORE_LIGHT``, ``NO_GLARE``,
    ``WHOLE_PILL`` and ``PILL_IN_VIEW`` it is the share of photos that are not answered at this figure and would be at a
    good one.
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
class Doubts:
    """What a photo adds in doubt, whatever was read.

    ``others``: so many pills lie beside the one that is meant. ``cut``: the border cuts it. ``fills``: it fills
    the photo, so that its outline is not seen. ``different``: what says that several photos show two pills.
    ``length_mm``: what the scale makes of the pill's length, where none is so long.
    """

    others: int = 0
    cut: bool = False
    fills: bool = False
    different: str = ""
    length_mm: float | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """Each doubt in a sentence."""
        pills = "one more pill" if self.others == 1 else f"{self.others} more pills"
        length = f"{self.length_mm:.1f} mm" if self.length_mm is not None else ""
        found = (
            "The pill fills the photo, so that its outline is unknown: imprint, shape and size may go on outside."
            if self.fills
            else "",
            f"The photo shows {pills}; photograph one alone, or ask for each." if self.others else "",
            "The border of the photo cuts the pill: imprint, shape and size may go on outside." if self.cut else "",
            f"The photos may show two different pills: {self.different}." if self.different else "",
            f"The scale makes the pill {length} long, which none is; check the scale." if length else "",
        )
        return tuple(filter(None, found))


@dataclass(frozen=True, repr=False)
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
    look: PillLook
    scale: Scale | None
    monograph: Monograph | None
    warnings: tuple[str, ...]
    photos: tuple[str, ...]
    catalog: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    unlisted: float = 1.0
    advice: Advice | None = None
    doubts: Doubts = Doubts()
    catalog_name: str = ""
    catalog_date: str = ""

    @property
    def size_mm(self) -> float | None:
        """The length in mm, or None where the photo carries no scale."""
        return self.look.size.length_mm if self.look.size else None

    @property
    def drugs(self) -> tuple[Drug, ...]:
        """The candidates by drug and strength, in the order of the first of each."""
        return drugs_of(self.candidates)

    @property
    def imprint(self) -> tuple[str, ...]:
        """The tokens read on all faces."""
        return tuple(token for face in self.faces for token in face.reading.tokens)

    def __repr__(self) -> str:
        """The answer in a few words; faces and candidates are many lines each."""
        first = self.drugs[0] if self.candidates else None
        named = f", first {first.first.product.name!r} {first.probability:.4f}" if first else ""
        counts = f"{len(self.candidates)} candidates, {len(self.faces)} faces"
        return (
            f"{type(self).__name__}({self.decision.value}{named}, unlisted {self.unlisted:.4f}, "
            f"imprint {self.imprint}, {counts}, photos {self.photos})"
        )
