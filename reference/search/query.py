"""What a person asks of the catalog: an imprint, a look, a name or a number, each as they write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reference.errors import InputError
from reference.text.imprints import tokens
from reference.text.ndc import possible_product_codes
from reference.text.vocabulary import COLOR_NAMES, SHAPE_NAMES, color_terms, score_pieces, shape_term

# Registers give whole millimeters, so a size without a range means one more or less.
SIZE_TOLERANCE_MM = 1.0
_LOGO = re.compile(r"(?i)\blogo\b")
_SIZE = re.compile(r"(\d{1,2}(?:\.\d+)?)(?:\s*(?:-|to|\.\.)\s*(\d{1,2}(?:\.\d+)?))?\s*(?:mm)?", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """A search of the catalog; what is empty is not asked.

    ``words`` are normalized imprint tokens, ``*`` and ``?`` stand for any characters; ``ndc_codes`` are
    product codes of 5 + 4 digits. Make one with ``query``.
    """

    words: tuple[str, ...] = ()
    logo: bool = False
    shape: str = ""
    colors: tuple[str, ...] = ()
    size_mm_min: float | None = None
    size_mm_max: float | None = None
    score: int | None = None
    drug: str = ""
    labeler: str = ""
    ndc_codes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Query()


def query(
    imprint: str = "",
    *,
    shape: str = "",
    color: str = "",
    size: str = "",
    score: str = "",
    drug: str = "",
    labeler: str = "",
    ndc: str = "",
) -> Query:
    """Make a query of what a person writes; raises ``InputError`` that says what is understood.

    ``imprint`` is the text of one face or both in any order, with ``logo`` for a mark that is no text and
    ``*`` and ``?`` for what cannot be read; ``color`` one or several; ``size`` ``7``, ``6-8`` or ``6.5 mm``;
    ``ndc`` 10 to 12 digits or a product code, with or without dashes.
    """
    smallest, largest = _size_range(size)
    return Query(
        words=_words(_LOGO.sub(" ", imprint)),
        logo=bool(_LOGO.search(imprint)),
        shape=_shape(shape),
        colors=_colors(color),
        size_mm_min=smallest,
        size_mm_max=largest,
        score=_score(score),
        drug=" ".join(drug.casefold().split()),
        labeler=" ".join(labeler.casefold().split()),
        ndc_codes=_ndc_codes(ndc),
    )


def _words(imprint: str) -> tuple[str, ...]:
    """Normalized words; a wildcard stays in its word."""
    words: list[str] = []
    for part in re.split(r"[\s;]+", imprint):
        if re.search(r"[*?]", part):
            kept = "".join(re.findall(r"[0-9A-Z/\-+.&*?]", part.upper()))
            words.append(re.sub(r"\*+", "*", kept))
        else:
            words.extend(tokens(part))
    return tuple(word for word in words if word.strip("*"))


def _shape(text: str) -> str:
    term = shape_term(text)
    if text.strip() and not term:
        raise InputError(f"shape {text!r} is not known; say one of {', '.join(SHAPE_NAMES)}")
    return term


def _colors(text: str) -> tuple[str, ...]:
    parts = [part for part in re.split(r"[;,/\s]+", text) if part and part.lower() != "and"]
    unknown = [part for part in parts if not color_terms(part)]
    if unknown:
        raise InputError(f"color {unknown[0]!r} is not known; say one or several of {', '.join(COLOR_NAMES)}")
    return tuple(sorted({term for part in parts for term in color_terms(part)}))


def _size_range(text: str) -> tuple[float | None, float | None]:
    if not text.strip():
        return None, None
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise InputError(f"size {text!r} is not understood; say millimeters as 7, 6.5 or 6-8")
    first = float(found[1])
    if found[2] is None:
        return first - SIZE_TOLERANCE_MM, first + SIZE_TOLERANCE_MM
    return min(first, float(found[2])), max(first, float(found[2]))


def _score(text: str) -> int | None:
    pieces = score_pieces(text)
    if text.strip() and pieces is None:
        raise InputError(f"score {text!r} is not understood; say the number of equal pieces: 1 (no score), 2, 3 or 4")
    return pieces


def _ndc_codes(text: str) -> tuple[str, ...]:
    codes = possible_product_codes(text)
    if text.strip() and not codes:
        raise InputError(f"NDC {text!r} is not understood; give 10 to 12 digits, or labeler-product as 0054-0010")
    return codes
