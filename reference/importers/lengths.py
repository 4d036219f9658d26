"""The longest dimension of a pill as registers write it, in millimeters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

# Nothing that is swallowed is longer (the FDA's guidance on the size of generic tablets and capsules advises at most
# 22 mm).
LENGTH_MM_MAX = 50
# Nothing is shorter: mini-tablets measure 2 mm. Below it a table means centimeters and does not say so: 23 of Taiwan's
# 6,075 rows have 0.5 to 1.9, two of them photographed beside a ruler: 7.6 mm for 0.8, 8.5 for 0.9.
LENGTH_MM_MIN = 2
# Registers give two decimals at most; what stands behind the third is a float's tail (6.30000019).
_DECIMALS = 3
_CHARACTERS = 200

_UNITS: Mapping[str, float] = MappingProxyType(
    dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres", "밀리미터", "毫米", "公厘"), 1.0)
    | dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres", "센티미터", "公分"), 10.0)
    | dict.fromkeys(("in", "inch", "inches", '"', "″", "”", "吋"), 25.4)
)
_UNIT = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_INCH = "|".join(map(re.escape, sorted((word for word in _UNITS if _UNITS[word] == 25.4), key=len, reverse=True)))
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(\d+),(\d+)(?![\d.,]*\d|,)")
_FRACTION_SIGN = re.compile("[¼½¾⅐-⅞]")
_TOLERANCE = re.compile(r"(?:±|\+/-|\+-)\s*[\d.]+")
_PART = re.compile(
    rf"(?:(?P<wholes>\d{{1,2}})[ -])?(?P<top>\d{{1,2}})/(?P<bottom>[1-9]\d?)(?=\s*(?:{_INCH}))"
    rf"|(?P<number>\d{{1,4}}(?:\.\d+)?(?:e[+-]?\d{{1,2}})?)"
    rf"|(?P<unit>{_UNIT})(?![a-z])"
)
# What may stand between and around measurements; any other word makes the text one that is not understood.
_BETWEEN = re.compile(r"[\s;,.x×*~|/()∼–-]*")


def millimeters(text: str) -> float | None:
    """The longest dimension that a register's text gives, in mm; None where it gives none or is not understood.

    ``15;15``, ``15 x 7`` and ``15.50-15.60`` are several measurements: the largest holds. ``5,8`` is a decimal comma,
    ``0.8 cm`` and ``5/16 in`` are 8 and 7.938 mm; a unit is that of all numbers before it that have none.
    """
    text = _TOLERANCE.sub("", _plain(text))
    found: list[float] = []
    without_unit = 0
    for part in _PART.finditer(text):
        if part["unit"]:
            found[without_unit:] = [number * _UNITS[part["unit"]] for number in found[without_unit:]]
            without_unit = len(found)
        elif part["number"]:
            found.append(float(part["number"]))
        else:
            found.append(int(part["wholes"] or 0) + int(part["top"]) / int(part["bottom"]))
    if not found or not _BETWEEN.fullmatch(_PART.sub("", text)):
        return None
    largest = round(max(found), _DECIMALS)
    return largest if LENGTH_MM_MIN <= largest <= LENGTH_MM_MAX else None


def _plain(text: str) -> str:
    """Lower case, full-width forms and single fraction signs written out, decimal points for decimal commas."""
    text = _FRACTION_SIGN.sub(lambda sign: f" {sign[0]}", text[:_CHARACTERS])
    text = unicodedata.normalize("NFKC", text).replace("⁄", "/").lower()
    return _DECIMAL_COMMA.sub(r"\1.\2", text).strip()
