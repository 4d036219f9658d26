"""What parts the cells of a table that a person or a spreadsheet wrote."""

from __future__ import annotations

DELIMITERS = ",;\t"


def delimiter_of(heading: str) -> str:
    """The sign that parts the columns of a heading: a comma, a semicolon as many spreadsheets write, or a tab."""
    return max(DELIMITERS, key=heading.count)
