"""Imprint text as every side of the program compares it: tokens, keys, look-alikes, upside down."""

from __future__ import annotations

import re
import unicodedata

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS = "/-+.&"

# What the Korean register writes inside an imprint: a logo, a score line, a cross score line.
_NOT_TEXT = re.compile("십자분할선|분할선|마크")
_BREAK = re.compile(r"[^0-9A-Z/\-+.&]+")


def tokens(imprint: str) -> tuple[str, ...]:
    """Split a register's imprint into its normalized words, in the order given.

    Upper case, compatibility forms folded (``½`` becomes ``1/2``, full-width letters ASCII), ``Λ`` read as A,
    words parted at ``;``, blanks and every character that is no letter, digit or one of ``/ - + . &``. A word
    of signs alone is dropped.
    """
    text = _NOT_TEXT.sub(";", imprint).replace("Λ", "A").replace("½", "1/2")
    text = unicodedata.normalize("NFKD", text).upper().replace("⁄", "/")
    text = "".join(character for character in text if not unicodedata.combining(character))
    return tuple(word for word in _BREAK.split(text) if any(character in CHARACTERS for character in word))


def characters(imprint: str) -> str:
    """All letters and digits of an imprint, sorted: equal where the same characters were read in any order."""
    return "".join(sorted(character for word in tokens(imprint) for character in word if character in CHARACTERS))


def imprint_key(imprint: str) -> str:
    """The tokens sorted and joined by ``;``."""
    return ";".join(sorted(tokens(imprint)))


# Characters that people and OCR take for one another on pills, 6/9 and M/W also because a face can be turned;
# each class is named by its first member.
_LOOK_ALIKES = ("0ODQ", "1IL", "2Z", "5S", "69G", "8B", "UV", "MNW")
_LOOK_ALIKE_OF = str.maketrans({character: group[0] for group in _LOOK_ALIKES for character in group})

# What a character reads as after half a turn; those left out read as nothing.
_UPSIDE_DOWN = dict(zip("0OQ1ILSZNXHMW5269UC8", "0OQ1I1SZNXHWM5296UC8", strict=True))


def without_signs(token: str) -> str:
    """The letters and digits of a token, in their order."""
    return "".join(character for character in token if character in CHARACTERS)


def look_alike_key(token: str) -> str:
    """The token with every character replaced by the name of its look-alike class."""
    return token.translate(_LOOK_ALIKE_OF)


def upside_down(token: str) -> str | None:
    """The token as it reads after half a turn, or None where a character reads as nothing."""
    turned = [_UPSIDE_DOWN.get(character) for character in reversed(token)]
    return None if None in turned else "".join(character for character in turned if character)
