"""Measurements and answers in short words, the same on a photo, in a table and on a page."""

from __future__ import annotations

from pipeline.records import Candidate, Decision, Face, Identification, Probabilities, SizeMeasurement
from pipeline.serialize import text as valid_text


def plain(words: str) -> str:
    """One line of printable text: line breaks, control characters and undecodable bytes of a name made harmless."""
    return "".join(sign if sign.isprintable() else " " for sign in valid_text(words))


def percent(probability: float) -> str:
    """A probability in percent; neither 0 nor 100 % unless it is that."""
    if 0 < probability < 0.001:
        return "< 0.1 %"
    if 0.999 < probability < 1:
        return "> 99.9 %"
    return f"{100 * probability:.3g} %"


def likely(found: Probabilities, name: str) -> str:
    """The best term with its probability: ``ROUND 97 %``, or ``shape unknown``."""
    best = found.best
    return f"{name} unknown" if best is None else f"{best.replace(';', ' and ')} {percent(found[best])}"


def score_words(pieces: Probabilities) -> str:
    """The score: ``scored in 2, 90 %``, or ``score unknown``."""
    best = pieces.best
    if best is None:
        return "score unknown"
    return f"{'not scored' if best == '1' else f'scored in {best}'}, {percent(pieces[best])}"


def size_words(size: SizeMeasurement | None) -> str:
    """Length, width and one standard deviation in mm."""
    if size is None:
        return "size unknown: no scale in the photo"
    return f"{size.length_mm:.1f} x {size.width_mm:.1f} mm ± {size.sigma_mm:.1f}"


def reading_words(face: Face) -> str:
    """What the face says, and how sure the least certain character is."""
    if not face.reading.tokens:
        return f"no text (blank {percent(face.reading.blank)})"
    least = min(line.confidence for line in face.reading.lines)
    return f"reads {plain(' / '.join(face.reading.tokens))} (least sure {percent(least)})"


def candidate_name(candidate: Candidate) -> str:
    """Drug and strength, or the product's name where the drug is not known."""
    product = candidate.product
    return plain(f"{product.drug} {product.strength}".strip() or product.name or product.product_id)


# Candidates an AMBIGUOUS answer is drawn between: those at least this likely beside the first.
_NAMED_FROM = 0.1
_NAMED_MAX = 3


def answer_names(answer: Identification) -> list[str]:
    """The drugs the answer claims: one where it is IDENTIFIED, the likely ones where AMBIGUOUS, else none.

    An UNKNOWN answer has candidates too, but naming the nearest of them in large letters would claim it.
    """
    if answer.decision is Decision.IDENTIFIED:
        return [candidate_name(candidate) for candidate in answer.candidates[:1]]
    if answer.decision is not Decision.AMBIGUOUS:
        return []
    likely_ones = [each for each in answer.candidates[1:] if each.probability >= _NAMED_FROM]
    names = dict.fromkeys(candidate_name(each) for each in (*answer.candidates[:1], *likely_ones))
    return list(names)[:_NAMED_MAX]


def candidates_title(answer: Identification) -> str:
    """What stands above the list of candidates; where nothing fits it says so."""
    if answer.decision in (Decision.IDENTIFIED, Decision.AMBIGUOUS):
        return "Candidates"
    return "Nearest in the catalog; not an identification"


def labelers(candidate: Candidate, shown: int = 1) -> str:
    """Who sells it: the first few, and how many more."""
    names = [plain(name) for name in candidate.labelers]
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def imprint_words(answer: Identification) -> str:
    """The tokens by face, ``blank`` for a face without text."""
    faces = [plain(" ".join(face.reading.tokens)) or "blank" for face in answer.faces]
    return " | ".join(faces) or "none"
