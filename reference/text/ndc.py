"""National Drug Codes in the forms that people and registers write them.

The FDA's code has 10 digits as 4-4-2, 5-3-2 or 5-4-1; billing pads each segment to 5-4-2. From 7 March 2033 it has 12
digits as 6-4-2, those of before with zeros put before their segments. A product is named by its first two segments.
https://www.fda.gov/drugs/drug-approvals-and-databases/national-drug-code-directory
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Hyphens, dashes, the minus sign that word processors put for the hyphen, and what else stands between segments.
_DASHES = re.compile("\\s*[\N{HYPHEN}-\N{HORIZONTAL BAR}\N{MINUS SIGN}\N{SOFT HYPHEN}_/.-]\\s*|\\s+")
_SEGMENTS = re.compile(r"([0-9]{1,6})-([0-9]{1,4})(?:-[0-9]{1,2})?")
# What stands before a code: its name, N4 in claims (and at once 11 digits), an apostrophe of a spreadsheet.
_BEFORE = re.compile(r"\A(?:NDC(?:-?1[012](?=[ :#=]))?[ :#.=]*|N4(?=\d{11}\Z)|['*])+(?=\d)", re.IGNORECASE)
_CHARACTERS = 60
_FLOAT = re.compile(r"(\d+)\.0+")


@lru_cache(maxsize=4096)  # the products of one imprint are grouped again with each photo that may show them
def product_code(ndc: str) -> str:
    """Labeler and product segment padded to 5 + 4 digits; empty where the text does not settle them."""
    codes = possible_product_codes(ndc)
    return codes[0] if len(codes) == 1 else ""


def possible_product_codes(ndc: str) -> tuple[str, ...]:
    """Every product code of 5 + 4 digits, for labelers of 6 digits 6 + 4, that the text can mean.

    Segments, 11 and 12 digits mean one; ten digits without dashes can be cut in three ways.
    """
    text = _BEFORE.sub("", unicodedata.normalize("NFKC", ndc[:_CHARACTERS]).strip())
    text = _FLOAT.sub(r"\1", text) if _FLOAT.fullmatch(text) else _DASHES.sub("-", text.strip())
    found = _SEGMENTS.fullmatch(text)
    if found:
        return (_code(found[1], found[2]),)
    digits = text.replace("-", "")
    if not (digits.isascii() and digits.isdigit()):
        return ()
    if len(digits) == 12:
        return (_code(digits[:6], digits[6:10]),)
    if len(digits) in (9, 11):
        return (digits[:9],)
    if len(digits) == 10:
        cuts = ((4, 8), (5, 8), (5, 9))
        return tuple(dict.fromkeys(_code(digits[:a], digits[a:b]) for a, b in cuts))
    return ()


def _code(labeler: str, product: str) -> str:
    return (labeler[1:] if len(labeler) == 6 and labeler[0] == "0" else labeler).zfill(5) + product.zfill(4)
