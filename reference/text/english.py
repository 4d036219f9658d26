"""English names (INN or USAN) of the ingredients that the registers of Korea and Taiwan name in their own words.

The names stand in ``english_names.csv`` beside this file, each with its source; a name that is not there has none: it
is never transliterated. Korean names are composed of a moiety, its salts and words of how it was made; those are parts.
``source`` says where a row is from, ``checked`` which others name the substance so:

- ``mfds:``, ``tfda:`` and a number: the register's own row of that number has both names.
- ``k1``: a list of some 230 Korean names for a search of interactions (DDInter), in a public repository of code.
- ``k2``: the titles of reports of adverse events of the Korean Pharmaceutical Association, in a public app.
- ``c1``: products sold without prescription, with both names (``dl_material``, ``dl_material_en``), as ConnectDI
  publishes them; in GitHub's YOOSUSANG/pillMate, ``PillAllInformation.js`` of commit e699b77.
- ``hand``: written here, for want of a source with both names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from reference.product import FactSource

SOURCE = "pillprint's table of English names, for the register's own"
_BLANKS = re.compile(r"[\s\u3000]+")
# Between the ingredients of one name: a middle dot of any width.
_BETWEEN = re.compile("[·ㆍ‧・、．]")
# Joins two ingredients too, and stands within names: "오메가-3".
_HYPHEN = re.compile("-")
_KEPT = 4096


@dataclass(frozen=True)
class _Names:
    """Whole names; salts after and before a moiety, longest first; words that say nothing of the substance."""

    whole: Mapping[str, str]
    after: tuple[tuple[str, str], ...]
    before: tuple[tuple[str, str], ...]
    out: tuple[str, ...]


@lru_cache(1)
def _names() -> _Names:
    text = resources.files("reference.text").joinpath("english_names.csv").read_text("utf-8")
    rows: dict[str, dict[str, str]] = {"name": {}, "after": {}, "before": {}, "out": {}}
    for row in csv.DictReader(io.StringIO(text)):
        rows[row["kind"]][row["name"]] = row["english"]
    longest = {kind: tuple(sorted(words.items(), key=lambda pair: -len(pair[0]))) for kind, words in rows.items()}
    return _Names(rows["name"], longest["after"], longest["before"], tuple(word for word, _ in longest["out"]))


@lru_cache(_KEPT)
def english_name(ingredient: str) -> str:
    """The English name of one ingredient, its salt after it; empty where the table does not know it.

    ``로수바스타틴칼슘`` is rosuvastatin calcium, ``염산암브록솔`` ambroxol hydrochloride, ``agar`` itself.
    """
    text = _BLANKS.sub("", ingredient)
    return ingredient if text.isascii() else _composed(text)


def named_by_table() -> tuple[FactSource, ...]:
    """Where drug and ingredients come from where the table named them."""
    return tuple(FactSource(field, SOURCE) for field in ("drug", "ingredients"))


def english_names(ingredient: str) -> tuple[str, ...]:
    """The English names of ingredients that a middle dot or a hyphen joins; empty where one of them is not known."""
    for between in (_BETWEEN, _HYPHEN):
        found = tuple(english_name(part) for part in between.split(ingredient) if part.strip())
        if found and all(found):
            return found
    return ()


def _composed(text: str) -> str:
    """A whole name, else what is left of it without a salt or a word of its making, and that salt."""
    names = _names()
    if text in names.whole:
        return names.whole[text]
    for word, salt in names.after:
        if text.endswith(word) and (moiety := _composed(text[: -len(word)])):
            return f"{moiety} {salt}"
    for word, salt in names.before:
        if text.startswith(word) and (moiety := _composed(text[len(word) :])):
            return f"{moiety} {salt}"
    for word in names.out:
        if text.endswith(word) and (moiety := _composed(text[: -len(word)])):
            return moiety
        if text.startswith(word) and (moiety := _composed(text[len(word) :])):
            return moiety
    return ""
