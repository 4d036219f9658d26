"""Reads the first filled sheet of an Excel workbook as CSV, with openpyxl (extra ``xlsx``).

openpyxl is MIT licensed, pure Python, 0.25 MB with one small dependency; its last release is 3.1.5 of June 2024.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from reference.errors import CatalogError
from reference.importers.archive import RATIO_MAX
from reference.installing import pip_install

# No register has as many columns, and no sheet of one is as large.
COLUMNS_MAX = 1000
SHEET_BYTES_MAX = 1 << 30
_ZEROS = re.compile("0+")


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a zip is an Excel workbook."""
    return "xl/workbook.xml" in archive.namelist()


def sheet(archive: zipfile.ZipFile, path: Path) -> Iterator[bytes]:
    """The rows of the first sheet that has any, as lines of CSV in UTF-8; raises ``CatalogError``.

    A cell is written as the sheet shows it where that keeps zeros (the format ``000``); a date as an ISO day.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise CatalogError(
            f"{path} is an Excel workbook: save it as 'CSV UTF-8' and give that, or install what reads it: "
            f"`{pip_install('openpyxl')}`"
        ) from error
    for member in archive.infolist():
        if member.file_size > min(SHEET_BYTES_MAX, RATIO_MAX * max(member.compress_size, 1024)):
            raise CatalogError(f"{path}: {member.filename} is packed too tightly; save the table as 'CSV UTF-8'")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise CatalogError(f"{path}: a damaged Excel workbook ({error}); save the table as 'CSV UTF-8'") from error
    try:
        yield from _lines(book, path)
    finally:
        book.close()


def _lines(book: Any, path: Path) -> Iterator[bytes]:
    width = 0
    for row in _rows(book, path):
        values = [_text(cell) for cell in row]
        while len(values) > width and not values[-1]:
            values.pop()
        width = width or len(values)
        if values:
            out = io.StringIO()
            csv.writer(out).writerow(values + [""] * (width - len(values)))
            yield out.getvalue().encode("utf-8", "replace")


def _rows(book: Any, path: Path) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet with a filled one, that row first."""
    try:
        for page in book.worksheets:
            page.reset_dimensions()  # what a sheet says of its own size need not be true
            rows = _quiet(page.iter_rows(max_col=COLUMNS_MAX))
            first = next((row for row in rows if any(cell.value is not None for cell in row)), None)
            if first is not None:
                yield from itertools.chain((first,), rows)
                return
    except CatalogError:
        raise
    except Exception as error:  # as above
        raise CatalogError(f"{path}: a damaged Excel workbook ({error}); save the table as 'CSV UTF-8'") from error


def _quiet(rows: Iterator[Any]) -> Iterator[Any]:
    """The same without openpyxl's warnings, of styles and of dates that are none."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            row = next(rows, None)
        if row is None:
            return
        yield row


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        zeros = _ZEROS.fullmatch(str(cell.number_format or ""))
        return f"{value:.15g}".zfill(len(zeros[0]) if zeros else 0)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
