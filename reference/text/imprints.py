"""Imprint text as every side of the program compares it: tokens, keys, look-alikes, upside down."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS = "/-+.&"

# What registers write inside an imprint for a logo and for a score line, in capitals; a cross is two lines.
_LOGO = re.compile(r"마\s?-?크|로\s?고|문양|商標|(?<![A-Z])LOGO(?![A-Z])")
_CROSS = re.compile(r"십자\s?분[할활]\s?선")
_LINE = re.compile(
    r"분[할활]\s?선|(?<![A-Z])(?:SCORE[ -]?LINE|BREAK[ -]?LINE|BISECT(?:ED)?(?:[ -](?:BAR|LINE))?|SCORED)(?![A-Z])"
)
_NOT_TEXT = re.compile("|".join(words.pattern for words in (_CROSS, _LINE, _LOGO)))
# A whole face or word that says that nothing is printed. NA and NO are on pills.
_NOTHING = re.compile(
    r"NO (?:IMPRINT|MARKINGS?|TEXT|CODE|DEBOSSING|ENGRAVING)|NOT (?:IMPRINTED|MARKED)|NONE|N\.?/A\.?|NIL|NULL|BLANK|"
    r"PLAIN|UNMARKED|UNKNOWN|없음|무|無|无|[-‐-―─]+"
)
# "(TM)" and "(R)" are no text: no register means a letter on the pill by them.
_TRADEMARK = re.compile(r"\((?:TM|R|SM)\)|[™®©℠]", re.IGNORECASE)
# Cyrillic and Greek letters that look like Latin ones, typed in their place, and Λ, which makers use for A. Small Greek
# letters are not among them: an α on a pill is an α.
_SAME_LOOK = str.maketrans(
    "АВЕЅІЈКМНОРСТУХѴԚԜавеѕіјкмнорстухѵԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹοΛ",
    "ABESIJKMHOPCTYXVQWABESIJKMHOPCTYXVQWABEZHIKMNOPTYXCOA",
) | {ord("½"): "1/2"}
# The text of a face is asked for several things.
_KEPT = 1024
_BREAK = re.compile(r"[^0-9A-Z/\-+.&]+")


def tokens(imprint: str) -> tuple[str, ...]:
    """Split a register's imprint into its normalized words, in the order given.

    Upper case, compatibility forms folded (``½`` becomes ``1/2``, full-width letters ASCII), ``Λ`` and the letters of
    other alphabets that look like Latin ones read as those, words for a logo or a score line and trademark signs left
    out, words parted at ``;``, blanks and every character that is no letter, digit or one of ``/ - + . &``. A word of
    signs alone is dropped.
    """
    words = _BREAK.split(_NOT_TEXT.sub(";", _capitals(imprint)))
    return tuple(word for word in words if any(character in CHARACTERS for character in word))


@lru_cache(_KEPT)
def _capitals(text: str) -> str:
    """Upper case without trademark signs, accents and other writings of the same letters."""
    text = _TRADEMARK.sub(";", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_SAME_LOOK)).replace("⁄", "/")
        text = "".join(character for character in text if not unicodedata.combining(character))
        text = unicodedata.normalize("NFC", text)  # puts Hangul together again
    return text.upper()


def printed(imprint: str) -> str:
    """A register's imprint without the parts, joined by ``;``, that say that nothing is there (``NO IMPRINT``)."""
    parts = imprint.split(";")
    kept = [part for part in parts if not _NOTHING.fullmatch(_capitals(part).strip(" .()"))]
    return imprint if len(kept) == len(parts) else ";".join(kept)


def without_register_words(imprint: str) -> str:
    """A register's imprint, in capitals, without its words for a logo or a score line."""
    return _NOT_TEXT.sub("", imprint.upper())


def says_logo(imprint: str) -> bool:
    """Whether the register says in words that a logo stands there."""
    return bool(_LOGO.search(_capitals(imprint)))


def says_pieces(imprint: str) -> int | None:
    """Into how many pieces the score lines part the pill that the register names in words; None where it names none."""
    text = _capitals(imprint)
    return 4 if _CROSS.search(text) else 2 if _LINE.search(text) else None


def characters(imprint: str) -> str:
    """All letters and digits of an imprint, sorted: equal where the same characters were read in any order."""
    return "".join(sorted(character for word in tokens(imprint) for character in word if character in CHARACTERS))


def imprint_key(imprint: str) -> str:
    """The tokens sorted and joined by ``;``."""
    return ";".join(sorted(tokens(imprint)))


# Characters that people and OCR take for one another on pills, 6/9 and M/W also because a face can be turned;
# each class is named by its first member.
LOOK_ALIKES = ("0ODQ", "1IL", "2Z", "5S", "69G", "8B", "UV", "MNW")
_LOOK_ALIKE_OF = str.maketrans({character: group[0] for group in LOOK_ALIKES for character in group})

# What a character reads as after half a turn; those left out read as nothing.
UPSIDE_DOWN = dict(zip("0OQ1ILSZNXHMW5269UC8", "0OQ1I1SZNXHWM5296UC8", strict=True))


def without_signs(token: str) -> str:
    """The letters and digits of a token, in their order."""
    return "".join(character for character in token if character in CHARACTERS)


def look_alike_key(token: str) -> str:
    """The token with every character replaced by the name of its look-alike class."""
    return token.translate(_LOOK_ALIKE_OF)


def upside_down(token: str) -> str | None:
    """The token as it reads after half a turn, or None where a character reads as nothing."""
    turned = [UPSIDE_DOWN.get(character) for character in reversed(token)]
    return None if None in turned else "".join(character for character in turned if character)
