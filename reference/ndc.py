"""National Drug Codes in the forms that people and registers write them.

The FDA's code has 10 digits as 4-4-2, 5-3-2 or 5-4-1; billing pads each segment to 5-4-2. A product is named by
its first two segments. https://www.fda.gov/drugs/drug-approvals-and-databases/national-drug-code-directory
"""

from __future__ import annotations

import re

# Hyphens, dashes and the minus sign that word processors put for the hyphen.
_DASHES = re.compile("[\N{HYPHEN}-\N{HORIZONTAL BAR}\N{MINUS SIGN}]")
_SEGMENTS = re.compile(r"(\d{1,5})-(\d{1,4})(?:-(\d{1,2}))?")


def product_code(ndc: str) -> str:
    """Labeler and product segment padded to 5 + 4 digits; empty where the text does not settle them."""
    codes = possible_product_codes(ndc)
    return codes[0] if len(codes) == 1 else ""


def possible_product_codes(ndc: str) -> tuple[str, ...]:
    """Every 5 + 4 digit product code that the text can mean.

    Eleven digits or dashes mean one; ten digits without dashes can be cut in three ways.
    """
    text = _DASHES.sub("-", ndc.strip())
    found = _SEGMENTS.fullmatch(text)
    if found:
        return (found[1].zfill(5) + found[2].zfill(4),)
    digits = re.sub(r"[\s.-]", "", text)
    if not (digits.isascii() and digits.isdigit()):
        return ()
    if len(digits) in (9, 11):
        return (digits[:9],)
    if len(digits) == 10:
        cuts = ((4, 8), (5, 8), (5, 9))
        return tuple(dict.fromkeys(digits[:a].zfill(5) + digits[a:b].zfill(4) for a, b in cuts))
    return ()
