"""Downloads a register that comes in pages of JSON and wants a key: Korea's, at data.go.kr.

An answer is ``{"header": {"resultCode": "00", ...}, "body": {"totalCount": n, "items": [...]}}``; where the key is
refused it may be XML with ``returnAuthMsg`` in its place.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import requests

from reference.download.addresses import HOW_TO_GET_A_KEY, Address
from reference.download.fetch import Progress, fetch, forget, shown
from reference.errors import DownloadError

# The most that the interface gives at once.
ROWS_A_PAGE = 100
# Far above any register (Korea's has some 25,000 rows).
_ROWS_MAX = 1_000_000
_REFUSED = re.compile(r"<(?:returnAuthMsg|errMsg)>([^<]{1,200})<")


def fetch_pages(
    address: Address, url: str, key: str, path: Path, session: requests.Session, progress: Progress
) -> None:
    """Download every page to ``path``, one JSON list; pages that an earlier call left stay while page 1 is the same.

    ``progress`` is called with rows. Raises ``DownloadError`` where there is no key, it is refused, or rows are
    missing.
    """
    if not key:
        raise DownloadError(HOW_TO_GET_A_KEY)
    folder = path.with_name(f"{path.stem}.pages")
    first_path = _page_path(folder, 1)
    before = first_path.read_bytes() if first_path.is_file() else None
    forget(first_path)
    total, rows = _page(_page_url(url, key, 1), first_path, session)
    if first_path.read_bytes() != before:
        for page in folder.glob("*"):
            if page != first_path:
                page.unlink()
    for number in range(2, math.ceil(total / ROWS_A_PAGE) + 1):
        progress(len(rows), total)
        same_total, more = _page(_page_url(url, key, number), _page_path(folder, number), session)
        rows += more
        if same_total != total:
            break
    progress(len(rows), total)
    if len({json.dumps(row, sort_keys=True) for row in rows}) != total:
        shutil.rmtree(folder, ignore_errors=True)
        raise DownloadError(
            f"{shown(url)}: {len(rows):,} rows came, some more than once, where {total:,} were promised; the register "
            f"may have changed meanwhile: run the same command again"
        )
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    partial.replace(path)
    shutil.rmtree(folder, ignore_errors=True)


def _page_url(url: str, key: str, number: int) -> str:
    # The page of the register shows the key both as it is and with its signs escaped.
    asked = {"serviceKey": unquote(key), "pageNo": number, "numOfRows": ROWS_A_PAGE, "type": "json"}
    return f"{url}?{urlencode(asked)}"


def _page_path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.json"


def _page(url: str, path: Path, session: requests.Session) -> tuple[int, list[Any]]:
    """The number of all rows, and the rows of the page; one that is no page is deleted."""
    if not path.is_file():
        fetch(url, path, session)
    try:
        return _rows(path.read_text("utf-8", "replace"), url)
    except DownloadError:
        forget(path)
        raise


def _rows(text: str, url: str) -> tuple[int, list[Any]]:
    refused = _REFUSED.search(text)
    if refused:
        raise DownloadError(f"{shown(url)}: the register refuses ({refused[1].strip()}). {HOW_TO_GET_A_KEY}")
    try:
        answer = json.loads(text)
        answer = answer.get("response", answer)
        code, body = str(answer["header"]["resultCode"]), answer.get("body") or {}
        if code.strip("0"):
            told = str(answer["header"].get("resultMsg", ""))[:200]
            raise DownloadError(f"{shown(url)}: the register refuses ({code} {told}). {HOW_TO_GET_A_KEY}")
        total, rows = int(body["totalCount"]), body["items"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DownloadError(f"{shown(url)}: no page of the register came: {text[:60]!r}") from error
    if isinstance(rows, dict):
        rows = rows.get("item", [])
    rows = [row.get("item", row) if isinstance(row, dict) else row for row in rows] if isinstance(rows, list) else []
    if not 0 < total <= _ROWS_MAX or not rows:
        raise DownloadError(f"{shown(url)}: the register says that it holds {total:,} rows, and sends {len(rows)}")
    return total, rows
