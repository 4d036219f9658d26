"""Downloads the labels of one drug from DailyMed, one zip a label."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import requests

from reference.download.addresses import LABEL_ZIP, LABELS_OF_DRUG
from reference.download.checks import check_file
from reference.download.fetch import Progress, fetch, forget, shown
from reference.errors import DownloadError

# The most labels that the web service gives on a page, and more pages than any drug has.
_LABELS_A_PAGE, _PAGES_MAX = 100, 50
# A set id becomes a file name.
_SET_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def fetch_labels(drug: str, folder: Path, mirror: str, session: requests.Session, progress: Progress) -> None:
    """Download every label of the drug to ``folder``; those that are there and unchanged stay.

    ``mirror`` is an address whose ``spls.json`` and ``downloadzipfile.cfm`` are asked in place of DailyMed's, empty for
    DailyMed's own. ``progress`` is called with labels. Raises ``DownloadError`` where DailyMed has no label of the
    drug.
    """
    set_ids = tuple(_set_ids(drug, folder, _at(LABELS_OF_DRUG, mirror), session))
    if not set_ids:
        raise DownloadError(f"DailyMed has no label of {drug!r}; is it spelled as in the US?")
    for number, set_id in enumerate(set_ids):
        progress(number, len(set_ids))
        path = folder / f"{set_id}.zip"
        fetch(f"{_at(LABEL_ZIP, mirror)}?{urlencode({'setId': set_id})}", path, session)
        checked(path, is_zip=True)
    progress(len(set_ids), len(set_ids))


def checked(path: Path, is_zip: bool) -> None:
    """Check the file; one that is not what was asked for is deleted, so that the next call asks for it again."""
    try:
        check_file(path, is_zip)
    except DownloadError:
        forget(path)
        raise


def _at(url: str, mirror: str) -> str:
    return f"{mirror.rstrip('/')}/{url.rpartition('/')[2]}" if mirror else url


def _set_ids(drug: str, folder: Path, url: str, session: requests.Session) -> Iterator[str]:
    path = folder / "labels.json"
    for number in range(1, _PAGES_MAX + 1):
        forget(path)
        asked = {"drug_name": drug, "pagesize": _LABELS_A_PAGE, "page": number}
        fetch(f"{url}?{urlencode(asked)}", path, session)
        try:
            answer = json.loads(path.read_bytes())
            found, pages = [str(row["setid"]) for row in answer["data"]], int(answer["metadata"]["total_pages"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise DownloadError(f"{shown(url)}: no list of labels came") from error
        finally:
            forget(path)
        if not all(map(_SET_ID.fullmatch, found)):
            raise DownloadError(f"{shown(url)}: a label's number is none")
        yield from map(str.lower, found)
        if number >= pages:
            return
