"""Measurements and answers in short words, the same on a photo, in a table and on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.figures_in_words import percent
from pipeline.match.observed import BLANK
from pipeline.properties import PROPERTIES, Length
from pipeline.records import (
    Candidate,
    Decision,
    Doubts,
    Drug,
    Face,
    Identification,
    named_drugs,
)
from pipeline.serialize import text as valid_text
from reference.text.shown import name_shown

# Labelers in the line that lists them; --json has all.
_SELLERS_SHOWN = 8


def plain(words: str) -> str:
    """One line of printable text: line breaks, control characters and undecodable bytes of a name made harmless."""
    return "".join(sign if sign.isprintable() else " " for sign in valid_text(words))


def reading_words(face: Face) -> str:
    """What the face says, and how sure the least certain character is, by the figure that stands at the character."""
    if not face.reading.tokens:
        found = "a mark that is not read" if _bears_a_mark(face) else "no text"
        return f"{found} (blank {percent(face.reading.blank)})"
    least = min(line.confidence for line in face.reading.lines)
    return f"reads {plain(' / '.join(face.reading.tokens))} (least sure {whole_percent(least)} %)"


def _bears_a_mark(face: Face) -> bool:
    """Whether a face without text is rather not blank, by the reader or by its relief."""
    relief = face.measurements.look.relief
    return face.reading.blank < BLANK or relief.best not in (None, "BLANK")


def whole_percent(confidence: float) -> int:
    """A confidence where there is room for two digits only: 1 to 99."""
    return max(1, min(round(100 * confidence), 99))


def candidate_name(candidate: Candidate) -> str:
    """Drug and strength, or the product's name where the drug is not known."""
    return plain(name_shown(candidate.product))


def candidate_named(candidate: Candidate) -> str:
    """``candidate_name``, with the product's name in the register's own language beside it where it is another."""
    own = plain(candidate.product.own_name)
    name = candidate_name(candidate)
    return f"{name} ({own})" if own and own.casefold() != name.casefold() else name


def answer_names(answer: Identification) -> list[str]:
    """The drugs the answer claims: one where it is IDENTIFIED, the likely ones where AMBIGUOUS, else none.

    An UNKNOWN answer has candidates too, but naming the nearest of them in large letters would claim it.
    """
    if answer.decision is Decision.IDENTIFIED:
        return [candidate_name(drug.first) for drug in answer.drugs[:1]]
    if answer.decision is not Decision.AMBIGUOUS:
        return []
    return list(dict.fromkeys(candidate_name(drug.first) for drug in named_drugs(answer.candidates)))


def headline(answer: Identification) -> str:
    """What stands beside the decision: the drug and how sure it is, those that it could be, or nothing."""
    names = " or ".join(answer_names(answer))
    if names and answer.decision is Decision.IDENTIFIED:
        return f"{names}, {percent(answer.drugs[0].probability)}"
    return names


def sellers(answer: Identification) -> str:
    """Who sells the drug that was identified, where several do."""
    drugs = answer.drugs[:1] if answer.decision is Decision.IDENTIFIED else ()
    return next((labelers(drug, _SELLERS_SHOWN) for drug in drugs if len(drug.labelers) > 1), "")


def further_warnings(answer: Identification) -> list[str]:
    """The warnings that the reason does not give already."""
    return [warning for warning in answer.warnings if warning not in answer.reason]


def candidates_title(answer: Identification) -> str:
    """What stands above the list of candidates; where nothing fits it says so."""
    if answer.decision in (Decision.IDENTIFIED, Decision.AMBIGUOUS):
        return "Candidates"
    return "Nearest in the catalog; not an identification"


def unlisted_words(answer: Identification) -> str:
    """How probable it is that the catalog lacks the pill; nothing where the catalog was not the question."""
    if not answer.candidates and answer.decision is not Decision.UNKNOWN:
        return ""
    return percent(answer.unlisted) if answer.imprint else "unknown: no imprint was read"


def asked_words(answer: Identification) -> str:
    """Which catalog answered: name, date and fingerprint."""
    if not answer.catalog:
        return ""
    named = f"catalog {plain(answer.catalog_name)}".strip()
    dated = f" of {plain(answer.catalog_date)}" if answer.catalog_date else ""
    return f"{named}{dated}, fingerprint {plain(answer.catalog)}"


def labelers(drug: Drug, shown: int = 1) -> str:
    """Who sells it: the first few, and how many more."""
    names = [plain(name) for name in drug.labelers]
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def imprints(drug: Drug) -> str:
    """What its tablets bear."""
    return " or ".join(plain(imprint) or "no text" for imprint in drug.imprints)


def imprint_words(answer: Identification) -> str:
    """The tokens by face; ``blank`` for a face without text, ``not read`` for one that seems to bear some."""
    faces = [
        plain(" ".join(face.reading.tokens)) or ("not read" if _bears_a_mark(face) else "blank")
        for face in answer.faces
    ]
    return " | ".join(faces) or "none"


BITS = "each bit doubles the odds; they add up"
_MATCHES = {
    "exact": "the text read is the imprint's",
    "all tokens": "each of its words was found, if not each character for sure",
    "all that was read": "what was read is on it, and it has more",
    "partly": "something was read that it does not have",
}


def match_words(drugs: Iterable[Drug]) -> str:
    """What the words in the column ``match`` mean, those that occur."""
    tiers = {drug.first.tier for drug in drugs}
    return "; ".join(f"{tier}: {meaning}" for tier, meaning in _MATCHES.items() if tier in tiers)


def look_words(answer: Identification) -> Iterator[tuple[str, str]]:
    """Each property of the look under its title; of a size that is not reported why."""
    for each in PROPERTIES:
        why = _why_no_length(answer.doubts) if isinstance(each, Length) and not each.is_known(answer.look) else ""
        yield each.title, f"unknown: {why}" if why else each.explained(answer.look)


def _why_no_length(doubts: Doubts) -> str:
    if doubts.length_mm is not None:
        return f"the scale makes it {doubts.length_mm:.1f} mm long, which no pill is"
    return "the pill's outline is not seen" if doubts.fills else ""
