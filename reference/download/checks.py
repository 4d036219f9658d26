"""Checks what was downloaded, before anything is built from it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from reference.errors import DownloadError
from reference.importers.archive import ZIP_FAULTS

_WEB_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_ZIP = b"PK\3\4"


def check_file(path: Path, is_zip: bool) -> None:
    """Raise ``DownloadError`` where the file is empty, a web page, or a zip of which a byte is wrong.

    ``is_zip``: the register comes as a zip; anything else is refused.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if not head:
        raise DownloadError(f"{path.name}: the server sent an empty file")
    if _WEB_PAGE.match(head):
        raise DownloadError(f"{path.name}: the server sent a web page in place of the file; is there a login between?")
    if head.startswith(_ZIP):
        _check_zip(path)
    elif is_zip:
        raise DownloadError(f"{path.name}: the server sent no zip")


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            is_empty = not archive.namelist()
    except ZIP_FAULTS as error:
        raise DownloadError(f"{path.name}: the zip is damaged ({error})") from error
    if damaged is not None or is_empty:
        raise DownloadError(f"{path.name}: the zip {f'has a damaged part, {damaged}' if damaged else 'is empty'}")
