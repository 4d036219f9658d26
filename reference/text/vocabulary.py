"""The terms of the look of a pill: FDA SPL shapes, colors and scores with their codes.

Codes are those of the NCI Thesaurus (code system 2.16.840.1.113883.3.26.1.1) as the FDA lists them for SPL:
https://www.fda.gov/industry/structured-product-labeling-resources/spl-shape and ``/spl-color``. The text
variants are those that occur in DailyMed, NLM Pillbox, NLM C3PI and the registers of Taiwan (TFDA) and Korea
(MFDS). A word that does not name one SPL term, such as the Taiwanese 四邊形 (any four-sided outline) or
"other", maps to nothing: a shape is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Term:
    """One SPL term with its NCI code and the other words that registers use for it."""

    name: str
    code: str
    variants: tuple[str, ...] = ()


SHAPES = (
    Term("BULLET", "C48335"),
    Term("CAPSULE", "C48336", ("膠囊", "캡슐형")),
    Term("CLOVER", "C48337"),
    Term("DIAMOND", "C48338", ("菱形", "마름모형")),
    Term("DOUBLE CIRCLE", "C48339", ("雙圓形",)),
    Term("FREEFORM", "C48340"),
    Term("GEAR", "C48341"),
    Term("HEPTAGON (7 SIDED)", "C48342", ("七邊形", "칠각형")),
    Term("HEXAGON (6 SIDED)", "C48343", ("六邊形", "육각형")),
    Term("OCTAGON (8 SIDED)", "C48344", ("八邊形", "팔각형")),
    # 장방형 is the long rounded outline of caplets: the FDA files capsule-shaped tablets under OVAL.
    Term("OVAL", "C48345", ("ELLIPTICAL", "ELLIPSE", "OBLONG", "CAPLET", "橢圓形", "타원형", "장방형")),
    Term("PENTAGON (5 SIDED)", "C48346", ("五邊形", "오각형")),
    Term("RECTANGLE", "C48347", ("RECTANGULAR",)),
    Term("ROUND", "C48348", ("CIRCLE", "CIRCULAR", "圓形", "원형")),
    Term("SEMI-CIRCLE", "C48349", ("SEMICIRCLE", "半圓形", "반원형")),
    Term("SQUARE", "C48350", ("正方形", "정사각형")),
    Term("TEAR", "C48351", ("TEARDROP", "水滴形", "물방울형")),
    Term("TRAPEZOID", "C48352", ("梯形", "사다리꼴형")),
    Term("TRIANGLE", "C48353", ("TRIANGULAR", "三角形", "삼각형")),
)

COLORS = (
    Term("BLACK", "C48323", ("黑", "검정")),
    Term("BLUE", "C48333", ("藍", "파랑", "남색")),
    Term("BROWN", "C48332", ("棕", "갈색")),
    Term("GRAY", "C48324", ("GREY", "灰", "회색")),
    Term("GREEN", "C48329", ("綠", "초록", "연두")),
    Term("ORANGE", "C48331", ("橘", "橙", "주황")),
    Term("PINK", "C48328", ("粉", "粉紅", "분홍")),
    Term("PURPLE", "C48327", ("VIOLET", "紫", "보라", "자주")),
    Term("RED", "C48326", ("紅", "빨강")),
    Term("TURQUOISE", "C48334", ("藍綠", "청록")),
    Term("WHITE", "C48325", ("白", "하양")),
    Term("YELLOW", "C48330", ("黃", "노랑")),
)

SHAPE_NAMES = tuple(term.name for term in SHAPES)
COLOR_NAMES = tuple(term.name for term in COLORS)

# Schedules of the US Controlled Substances Act as NCI codes (SPL ``policy``).
DEA_SCHEDULES: Mapping[str, str] = MappingProxyType(
    {"C48672": "CI", "C48675": "CII", "C48676": "CIII", "C48677": "CIV", "C48679": "CV"}
)

_SIDES = re.compile(r"\s*\(?\b\d\s*SIDE[SD]?\)?|\s*\(\d\s*\)")


def _plain(text: str) -> str:
    """Upper case, one blank between words, without the count of sides."""
    return " ".join(_SIDES.sub("", text.upper()).split())


def _index(terms: tuple[Term, ...]) -> Mapping[str, str]:
    return MappingProxyType(
        {_plain(word): term.name for term in terms for word in (term.name, term.code, *term.variants)}
    )


_SHAPE_OF = _index(SHAPES)
_COLOR_OF = _index(COLORS)
_CODE_OF: Mapping[str, str] = MappingProxyType({term.name: term.code for term in (*SHAPES, *COLORS)})
_COLOR_BREAK = re.compile(r"[;,|/、+&]|\bAND\b")
# What a register writes for the number of equal pieces in words.
_PIECES: Mapping[str, int] = MappingProxyType({"NONE": 1, "無": 1, "LINE": 2, "直線": 2, "CROSS": 4, "十字": 4})
# 2, and 2.0 as a float has it.
_COUNT = re.compile(r"([1-4])(?:\.0+)?")


def code_of(name: str) -> str:
    """The NCI code of a shape or color term, empty where it is none."""
    return _CODE_OF.get(name, "")


def shape_term(text: str) -> str:
    """The SPL shape that a register's word or NCI code names, empty where it names none.

    ``HEXAGON (6 sided)``, ``hexagon`` and ``육각형`` all give ``HEXAGON (6 SIDED)``. Values joined by ``;``
    (several photos or parts) give a term only where they agree.
    """
    found = {_SHAPE_OF.get(_plain(part), "") for part in text.split(";") if part.strip()}
    return found.pop() if len(found) == 1 else ""


def color_terms(text: str) -> tuple[str, ...]:
    """The SPL colors that a register's text or NCI codes name: each once, in alphabetical order.

    Words that name no SPL color (transparent, pale, deep) are passed over.
    """
    words = (_plain(part) for part in _COLOR_BREAK.split(text.upper()))
    return tuple(sorted({_COLOR_OF[word] for word in words if word in _COLOR_OF}))


def score_pieces(text: str) -> int | None:
    """The number of equal pieces (SPL SPLSCORE; 1 is not scored), or None where the text names none."""
    found = {_pieces(part.strip().upper()) for part in text.split(";") if part.strip()}
    return found.pop() if len(found) == 1 else None


def _pieces(word: str) -> int | None:
    if word in _PIECES:
        return _PIECES[word]
    found = _COUNT.fullmatch(word)
    return int(found[1]) if found else None
