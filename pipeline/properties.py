"""The properties of a pill's look, each said once: evidence, words, tables, rows, JSON, overlay and pages follow.

A property that is added is measured (``pipeline.measure``), has its field in ``records.PillLook``, its entry here and
its form in ``report/identification.schema.json``. What it weighs in a match is no part of this table: that is fitted
(``pipeline.match.world``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.figures_in_words import percent
from pipeline.records import PillLook, Probabilities, SizeMeasurement
from reference.product import Product


def spoken(term: str) -> str:
    """A term of a register within a sentence: ``BLUE;WHITE`` is blue and white."""
    return term.lower().replace(";", " and ")


def _term_words(term: str, probability: str) -> str:
    return f"{term.replace(';', ' and ')} {probability}"


@dataclass(frozen=True)
class Terms:
    """A property whose values are terms of the register, each more or less probable.

    Attributes:
        name: its field in ``PillLook``, its key in JSON, its column in rows.
        title: what it is called in words.
        shares: under which name ``weights/match.json`` has how common each term is.
        listed: the term that the register says of a product, "" where it says none.
        shown: a term and its probability, printed.
        note: what is said of a term beside it where it is met first.
        absent: the term of a pill that has no such thing, and the thing's name; seen on one face it says nothing of
            the other. None where every pill has one.
        alike: whether all faces and photos of one pill have the same.
        in_rows: a term as a row's cell.
        said: a term in a sentence, for those who do not know the register's words.
    """

    name: str
    title: str
    shares: str
    listed: Callable[[Product], str]
    shown: Callable[[str, str], str] = _term_words
    note: Callable[[str], str] = lambda term: ""
    absent: tuple[str, str] | None = None
    alike: bool = False
    in_rows: Callable[[str], str | int] = str
    said: Callable[[str], str] = spoken

    @property
    def column(self) -> str:
        """Its column in rows."""
        return self.name

    def of(self, look: PillLook) -> Probabilities:
        """What was measured."""
        found: Probabilities = getattr(look, self.name)
        return found

    def is_known(self, look: PillLook) -> bool:
        """Whether anything was measured."""
        return self.of(look).best is not None

    def words(self, look: PillLook) -> str:
        """The best term with its probability: ``ROUND 97 %``, or ``unknown``."""
        found = self.of(look)
        return "unknown" if found.best is None else self.shown(found.best, percent(found[found.best]))

    def explained(self, look: PillLook) -> str:
        """The same where it is met first; of one face that has no such thing it says that the other was not shown."""
        best = self.of(look).best or ""
        if self.absent and look.faces < 2 and best == self.absent[0]:
            return f"{self.words(look)} (no {self.absent[1]} on the face that was shown)"
        return self.words(look) + self.note(best)

    def cell(self, look: PillLook) -> str | int | None:
        """The best term in a row."""
        best = self.of(look).best
        return None if best is None else self.in_rows(best)


@dataclass(frozen=True)
class Length:
    """A property in millimeters, with its standard deviation; None where it was not measured.

    ``name``, ``title`` and ``listed`` as in ``Terms``.
    """

    name: str
    title: str
    listed: Callable[[Product], float | None]

    @property
    def column(self) -> str:
        """Its column in rows, with the unit."""
        return f"{self.name}_mm"

    def of(self, look: PillLook) -> SizeMeasurement | None:
        """What was measured."""
        found: SizeMeasurement | None = getattr(look, self.name)
        return found

    def is_known(self, look: PillLook) -> bool:
        """Whether anything was measured."""
        return self.of(look) is not None

    def words(self, look: PillLook) -> str:
        """Length, width and one standard deviation in mm."""
        found = self.of(look)
        if found is None:
            return "unknown: no scale in the photo"
        return f"{found.length_mm:.1f} x {found.width_mm:.1f} mm ± {found.sigma_mm:.1f}"

    explained = words

    def said(self, value: str) -> str:
        """A length in a sentence."""
        return f"{value} mm"

    def cell(self, look: PillLook) -> float | None:
        """The length in a row."""
        found = self.of(look)
        return None if found is None else round(found.length_mm, 2)


Property = Terms | Length


def named(each: Property, look: PillLook) -> str:
    """What was measured, by itself: an unknown value says of what."""
    return each.words(look) if each.is_known(look) else f"{each.title} {each.words(look)}"


def _score_words(pieces: str, probability: str) -> str:
    return f"{'not scored' if pieces == '1' else f'scored in {pieces}'}, {probability}"


def _score_said(pieces: str) -> str:
    return {"1": "no line to break it", "2": "a line to break it"}.get(pieces, "lines to break it")


def _score_note(pieces: str) -> str:
    known = {"": "", "1": " (no line to break it along)", "2": " (a line to break it along)"}
    return known.get(pieces, " (lines to break it along)")


SHAPE = Terms("shape", "shape", "shapes", lambda product: product.shape, alike=True)
COLOR = Terms("color", "color", "colors", lambda product: ";".join(sorted(set(product.colors))), alike=True)
SIZE = Length("size", "size", lambda product: product.size_mm)
SCORE = Terms(
    "score",
    "score",
    "pieces",
    lambda product: "" if product.score is None else str(product.score),
    shown=_score_words,
    note=_score_note,
    absent=("1", "score line"),
    in_rows=int,
    said=_score_said,
)
RELIEF = Terms("relief", "imprint type", "reliefs", lambda product: product.imprint_type)

PROPERTIES: tuple[Property, ...] = (SHAPE, COLOR, SIZE, SCORE, RELIEF)
TERMS: tuple[Terms, ...] = tuple(each for each in PROPERTIES if isinstance(each, Terms))
