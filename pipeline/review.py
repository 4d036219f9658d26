"""What a person says of a batch's rows: how it is named in the page, in what the page exports and in the results."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

CONFIRMED, CORRECTED, SET_ASIDE = "confirmed", "corrected", "set aside"
VERDICTS = (CONFIRMED, CORRECTED, SET_ASIDE)

# What makes a verdict: what the person says the pill is (all of it may be empty), who says it and when (ISO 8601, UTC).
VERDICT = ("verdict", "drug", "strength", "product_id", "imprint", "note", "by", "at")

# The columns of the results that a verdict fills.
RESULTS = tuple("verdict" if name == "verdict" else f"verdict_{name}" for name in VERDICT)

# The columns of the export: the row and its photo's content, the verdict, and what was answered when it was given.
EXPORT = ("key", "photo", "pill", "sha256", *VERDICT, "answered", "answered_drug", "run")

_CONTENT_DIGITS = 16


def row_key(row: Mapping[str, Any]) -> str:
    """What a row is known by: its photo and, of several, its pill. A spreadsheet takes it for no number."""
    return "r" + hashlib.sha256(f"{row['photo']}\0{row.get('pill') or 0}".encode()).hexdigest()[:12]


def content_key(row: Mapping[str, Any]) -> str:
    """What tells whether the row's photos are those that the verdict is about; "" where one could not be read."""
    digests = [row.get("sha256"), *(photo.get("sha256") for photo in row.get("further") or ())]
    if not all(digests):
        return ""
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(map(str, digests)).encode()).hexdigest()
    return f"sha256:{digest[:_CONTENT_DIGITS]}"
